// What the system says of a file without its being read: which one it is, and when it changed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

namespace qbench {

// Two equal states of a path are the same file with the same content, unless the clock stood still:
// nobody can set the time of the last change (ctime).
struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  bool operator==(const FileState&) const = default;
};

// All zero, with errno set, where there is no such file, or it may not be looked at.
FileState StateOf(const std::filesystem::path& file);

}  // namespace qbench
