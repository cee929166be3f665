// The lock that makes a database have one writer. Internal to the store.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace qbench::store {

// An exclusive flock on "<database>.lock", a file of its own because closing any descriptor of the
// database itself would drop SQLite's locks. The kernel releases it when the process ends, however
// it ends, so a lock file left behind blocks nobody. Movable.
class WriterLock {
 public:
  // kTimeout where another process (named, where known) or another Store of this process holds it;
  // kIo where the lock file cannot be made.
  static Result<WriterLock> Acquire(const std::filesystem::path& database);
  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&& other) noexcept;
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock();

 private:
  explicit WriterLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace qbench::store
