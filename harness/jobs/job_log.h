// What a worker and the plugins in it wrote to their log and to their standard streams: a file,
// since what was written to it before a crash is there afterwards. Of it the end is kept.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace qbench::jobs {

// The parent's view of the file. The worker appends to it.
class JobLog {
 public:
  explicit JobLog(std::filesystem::path file) : file_(std::move(file)) {}

  // To be called now and then while the worker runs: empties the file once it is larger than
  // `most_bytes`, and keeps its end, so that a plugin that writes without end does not fill the
  // disk.
  void Bound(size_t most_bytes = size_t{4} << 20);
  // The last 64 KiB at most, as they were written.
  std::string End() const;

 private:
  std::string ReadEnd() const;

  std::filesystem::path file_;
  std::string earlier_;  // the end of what Bound() removed
};

// The last lines of a log, for people: at most 20 of at most 500 bytes each, without control
// characters and empty lines. A line that follows itself stands there once, with how often.
std::vector<std::string> LastLines(std::string_view log);

}  // namespace qbench::jobs
