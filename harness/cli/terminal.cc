#include "harness/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/interrupt.h"
#include "harness/cli/exit_status.h"

namespace qbench::cli {
namespace {

void Write(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0) return;  // the terminal is gone, or the disk behind a redirection is full
    text.remove_prefix(static_cast<size_t>(written));
  }
}

// The first Ctrl-C is a wish that whatever takes long looks at; the second ends the process, and
// with it its children (PR_SET_PDEATHSIG). What is written to a file or the store is whole or not
// there at any moment, so that nothing is lost but the temporary folders' removal. The alarm is for
// what should have looked and did not.
void Stop(int /*signal*/) {
  constexpr unsigned kLongestSeconds = 3;
  if (InterruptRequested()) _exit(kInterrupted);
  RequestInterrupt();
  alarm(kLongestSeconds);
}

}  // namespace

void Print(std::string_view text) { Write(STDOUT_FILENO, text); }
void PrintError(std::string_view text) { Write(STDERR_FILENO, text); }

void PrintWarnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) PrintError("warning: " + warning + "\n");
}

bool ErrorIsTerminal() {
  if (isatty(STDERR_FILENO) == 0) return false;
  const char* kind = std::getenv("TERM");
  return kind != nullptr && std::string_view(kind) != "dumb";
}

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

void HandleSignals() {
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, Stop);
  std::signal(SIGTERM, Stop);
  std::signal(SIGALRM, [](int) { _exit(kInterrupted); });
}

bool Interrupted() { return InterruptRequested(); }

}  // namespace qbench::cli
