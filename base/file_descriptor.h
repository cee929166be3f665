// An open file descriptor, closed when its owner goes.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <utility>

#include "base/bytes.h"

namespace qbench {

// Movable; one thread.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  // Takes over `fd`; -1 (what a failed open gives): none.
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { Close(); }

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  // 0, or -1 with errno where what was written did not get through.
  int Close() { return fd_ >= 0 ? close(std::exchange(fd_, -1)) : 0; }

 private:
  int fd_ = -1;
};

// Writes all of it at `offset`, whatever the descriptor's position. 0, or the errno.
int WriteAllAt(int descriptor, ByteSpan bytes, uint64_t offset);

}  // namespace qbench
