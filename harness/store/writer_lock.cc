#include "harness/store/writer_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "harness/store/store_errors.h"

namespace qbench::store {
namespace {

// " (process 1234)", from the text its holder wrote; empty where that is missing.
std::string HolderOf(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t length = pread(descriptor, text.data(), text.size(), 0);
  std::string_view digits(text.data(), length > 0 ? static_cast<size_t>(length) : 0);
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  return digits.empty() ? "" : " (process " + std::string(digits) + ")";
}

}  // namespace

Result<WriterLock> WriterLock::Acquire(const std::filesystem::path& database) {
  const std::string path = database.string() + ".lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (descriptor < 0) return CannotWrite(database, errno);
  WriterLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return CannotWrite(database, errno);
    return Error(StatusCode::kTimeout,
                 "another qbench{} is writing to '{}': wait until it ends, or name another "
                 "database with --db FILE",
                 HolderOf(descriptor), database.string());
  }
  // The process id only serves the message above: on a full disk it is missing, no more.
  const std::string holder = std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor, holder.data(), holder.size(), 0);
  }
  return lock;
}

WriterLock::WriterLock(WriterLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

WriterLock& WriterLock::operator=(WriterLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

WriterLock::~WriterLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace qbench::store
