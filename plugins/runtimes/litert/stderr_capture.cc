#include "plugins/runtimes/litert/stderr_capture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace qbench::litert {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 16;

std::mutex& CaptureMutex() {
  static std::mutex mutex;
  return mutex;
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

std::vector<std::string> ErrorLines(const std::string& text, std::string& others) {
  constexpr std::string_view kError = "ERROR: ";
  std::vector<std::string> errors;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with(kError)) {
      std::string error = line.substr(kError.size());
      if (std::ranges::find(errors, error) == errors.end()) errors.push_back(std::move(error));
    } else if (!line.starts_with("INFO: ") && !line.starts_with("WARNING: ") &&
               !line.starts_with("VERBOSE: ")) {
      others += line + "\n";
    }
  }
  return errors;
}

StderrCapture::StderrCapture() : lock_(CaptureMutex()) {
  std::fflush(stderr);
  file_ = memfd_create("litert-log", MFD_CLOEXEC);
  saved_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (file_ < 0 || saved_ < 0 || dup2(file_, STDERR_FILENO) < 0) (void)GiveBack();
}

StderrCapture::~StderrCapture() { (void)Finish(); }

std::string StderrCapture::GiveBack() {
  std::string text;
  if (saved_ >= 0) {
    std::fflush(stderr);
    dup2(saved_, STDERR_FILENO);
    close(std::exchange(saved_, -1));
  }
  if (file_ < 0) return text;
  std::array<char, 4096> buffer{};
  off_t offset = 0;
  while (text.size() < kMaxBytes) {
    const ssize_t bytes = pread(file_, buffer.data(), buffer.size(), offset);
    if (bytes <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(bytes));
    offset += bytes;
  }
  close(std::exchange(file_, -1));
  return text;
}

std::vector<std::string> StderrCapture::Finish() {
  if (!lock_.owns_lock()) return {};
  std::string others;
  std::vector<std::string> errors = ErrorLines(GiveBack(), others);
  WriteAll(STDERR_FILENO, others);
  lock_.unlock();
  return errors;
}

}  // namespace qbench::litert
