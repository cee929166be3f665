#include "harness/checks/guarded_bytes.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace qbench::checks {

Result<GuardedBytes> GuardedBytes::Make(size_t size, size_t alignment) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t rounded = (size + alignment - 1) / alignment * alignment;
  const size_t readable = (rounded + page - 1) / page * page;
  void* mapping =
      mmap(nullptr, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) {
    return Error(StatusCode::kOutOfMemory, "no memory for {} bytes of a check", size);
  }
  GuardedBytes bytes;
  bytes.mapping_ = {static_cast<uint8_t*>(mapping), readable + page};
  bytes.bytes_ = bytes.mapping_.subspan(readable - rounded, size);
  if (mprotect(bytes.mapping_.data() + readable, page, PROT_NONE) != 0) {
    return Error(StatusCode::kInternal, "the memory of a check cannot be guarded");
  }
  return bytes;
}

Result<GuardedBytes> GuardedBytes::ReadOnly(ByteSpan bytes, size_t alignment) {
  QB_ASSIGN_OR_RETURN(GuardedBytes guarded, Make(bytes.size(), alignment));
  if (!bytes.empty()) std::memcpy(guarded.bytes_.data(), bytes.data(), bytes.size());
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (mprotect(guarded.mapping_.data(), guarded.mapping_.size() - page, PROT_READ) != 0) {
    return Error(StatusCode::kInternal, "the memory of a check cannot be guarded");
  }
  return guarded;
}

GuardedBytes::~GuardedBytes() {
  if (!mapping_.empty()) munmap(mapping_.data(), mapping_.size());
}

}  // namespace qbench::checks
