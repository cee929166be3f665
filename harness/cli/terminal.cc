#include "harness/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace qbench::cli {
namespace {

std::atomic<bool> interrupted = false;

void Write(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0) return;  // the terminal is gone, or the disk behind a redirection is full
    text.remove_prefix(static_cast<size_t>(written));
  }
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
  const auto stop = [](int) { interrupted = true; };
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
}

bool Interrupted() { return interrupted; }

}  // namespace qbench::cli
