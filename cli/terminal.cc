#include "cli/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/one_line.h"
#include "cli/exit_status.h"

namespace qbench::cli {
namespace {

int output_error = 0;  // errno of the first failure on standard output

// Nobody reads any more: a closed pipe, or a terminal that hung up (on a disk, EIO is a fault).
bool ReaderHasGone(int error) {
  struct stat info {};
  const bool device = fstat(STDOUT_FILENO, &info) == 0 && S_ISCHR(info.st_mode);
  return error == EPIPE || (error == EIO && device);
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

void Print(std::string_view text) {
  if (output_error == 0) output_error = WriteAll(STDOUT_FILENO, AsBytes(SafeText(text)));
}

// There is nobody to tell where this fails.
void PrintError(std::string_view text) {
  [[maybe_unused]] const int ignored = WriteAll(STDERR_FILENO, AsBytes(SafeText(text)));
}

void ClearErrorLine() {
  [[maybe_unused]] const int ignored = WriteAll(STDERR_FILENO, AsBytes("\r\x1b[K"));
}

Status FinishOutput() {
  const bool gone = ReaderHasGone(output_error);
  // Some file systems say only now that there was no room.
  if (close(STDOUT_FILENO) != 0 && output_error == 0) output_error = errno;
  if (output_error == 0 || gone) return OkStatus();  // EINTR: the user did not wait for the reader
  return WriteError("standard output", output_error);
}

void TakeStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1) continue;
    // open() takes the lowest number that is free: this one. Read-only, so that printing fails.
    [[maybe_unused]] const int opened =
        open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

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
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGINT, Stop);
  std::signal(SIGTERM, Stop);
  std::signal(SIGALRM, [](int) { _exit(kInterrupted); });
}

bool Interrupted() { return InterruptRequested(); }

}  // namespace qbench::cli
