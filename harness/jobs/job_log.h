// What a worker and the plugins in it wrote to their log and to their standard streams: a file,
// since what was written to it before a crash is there afterwards. Of it the end is kept.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace qbench::jobs {

// The parent's view of the file, by a descriptor of its own: a plugin may put a pipe or a link in
// the file's place. The worker appends to it. Movable.
class JobLog {
 public:
  // Makes the file, which must not be there. WriteError on failure.
  static Result<JobLog> Create(const std::filesystem::path& path);

  // To be called now and then while the worker runs: empties the file once it is larger than
  // `most_bytes`, and keeps its end, so that a plugin that writes without end does not fill the
  // disk.
  void Bound(size_t most_bytes = size_t{4} << 20);
  // The last 64 KiB at most, as they were written.
  std::string End() const;

 private:
  explicit JobLog(FileDescriptor file) : file_(std::move(file)) {}
  std::string ReadEnd() const;

  FileDescriptor file_;
  std::string earlier_;  // the end of what Bound() removed
};

// The last lines of a log, for people: at most 20 of at most 500 bytes each, without control
// characters and empty lines. A line that follows itself stands there once, with how often.
std::vector<std::string> LastLines(std::string_view log);

}  // namespace qbench::jobs
