#include "harness/jobs/job_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "base/one_line.h"
#include "fmt/format.h"

namespace qbench::jobs {
namespace {

constexpr size_t kEndBytes = 65536;
constexpr size_t kMostLines = 20;
constexpr size_t kMostLineBytes = 500;

// The last `bytes` of the text.
std::string_view EndOf(std::string_view text, size_t bytes) {
  return text.substr(text.size() - std::min(text.size(), bytes));
}

size_t SizeOf(const FileDescriptor& file) {
  struct stat info {};
  return fstat(file.get(), &info) == 0 ? static_cast<size_t>(info.st_size) : 0;
}

}  // namespace

Result<JobLog> JobLog::Create(const std::filesystem::path& path) {
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.ok()) return WriteError(path.string(), errno);
  return JobLog(std::move(file));
}

std::string JobLog::ReadEnd() const {
  const size_t size = SizeOf(file_);
  const size_t wanted = std::min(size, kEndBytes);
  std::string text(wanted, '\0');
  const ssize_t count = pread(file_.get(), text.data(), wanted, static_cast<off_t>(size - wanted));
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return text;
}

void JobLog::Bound(size_t most_bytes) {
  if (SizeOf(file_) <= most_bytes) return;
  earlier_ = ReadEnd();
  // Where that fails the log is as long as it is.
  [[maybe_unused]] const int ignored = ftruncate(file_.get(), 0);
}

std::string JobLog::End() const {
  const std::string text = earlier_ + ReadEnd();
  return std::string(EndOf(text, kEndBytes));
}

std::vector<std::string> LastLines(std::string_view log) {
  struct Line {
    std::string text;
    size_t times = 1;
  };
  std::vector<Line> lines;  // the last one first
  while (!log.empty()) {
    const size_t start = log.find_last_of('\n') + 1;  // npos + 1 is 0
    std::string text = Shortened(SafeLine(log.substr(start)), kMostLineBytes);
    log = log.substr(0, start == 0 ? 0 : start - 1);
    if (text.empty()) continue;
    if (!lines.empty() && lines.back().text == text) {
      ++lines.back().times;
    } else if (lines.size() < kMostLines) {
      lines.push_back({std::move(text)});
    } else {
      break;
    }
  }
  std::vector<std::string> result;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    result.push_back(line->times == 1 ? line->text
                                      : fmt::format("{} ({} times)", line->text, line->times));
  }
  return result;
}

}  // namespace qbench::jobs
