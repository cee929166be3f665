#include "harness/jobs/job_log.h"

#include <algorithm>
#include <fstream>
#include <system_error>

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

}  // namespace

std::string JobLog::ReadEnd() const {
  std::ifstream file(file_, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<size_t>(std::max<std::streamoff>(file.tellg(), 0));
  const size_t wanted = std::min(size, kEndBytes);
  std::string text(wanted, '\0');
  file.seekg(static_cast<std::streamoff>(size - wanted));
  file.read(text.data(), static_cast<std::streamsize>(wanted));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

void JobLog::Bound(size_t most_bytes) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file_, error);
  if (error || size <= most_bytes) return;
  earlier_ = ReadEnd();
  std::filesystem::resize_file(file_, 0, error);
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
