// Remembers the SHA-256 of files by path, size, time of change and inode, so that a nightly run
// does not read every image again. Losing the cache costs time and nothing else: a cache that
// cannot be read or written, or is not what was written, is as good as an empty one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>

#include "base/status.h"

namespace qbench::datasets {

class HashCache {
 public:
  // `file` holds what was remembered; empty: nothing is kept.
  explicit HashCache(std::filesystem::path file);

  // The file's hash, from memory or from reading it. kNotFound, kIo, kCancelled (base/interrupt.h).
  Result<std::string> Hash(const std::filesystem::path& file);

  // How many files were read.
  size_t misses() const { return misses_; }

  // Writes what was learned, best effort.
  void Save();

 private:
  struct Entry {
    uint64_t size = 0;
    int64_t mtime_ns = 0;
    uint64_t inode = 0;
    std::string sha256;
  };
  void Load();

  std::filesystem::path file_;
  std::unordered_map<std::string, Entry> entries_;
  size_t misses_ = 0;
};

}  // namespace qbench::datasets
