// Memory that ends at a page which nobody may touch, so that who reads or writes beyond its end
// dies there and not later.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::checks {

// Movable; the address stays.
class GuardedBytes {
 public:
  GuardedBytes() = default;
  // Room for `size` bytes, all zero. The address is a multiple of `alignment` (a power of two, at
  // most a page); with an alignment that divides the size the very next byte is out of bounds.
  // kOutOfMemory.
  static Result<GuardedBytes> Make(size_t size, size_t alignment = 1);
  // A copy of `bytes` that cannot be written to.
  static Result<GuardedBytes> ReadOnly(ByteSpan bytes, size_t alignment);

  GuardedBytes(GuardedBytes&& other) noexcept
      : mapping_(std::exchange(other.mapping_, {})), bytes_(std::exchange(other.bytes_, {})) {}
  GuardedBytes& operator=(GuardedBytes&& other) noexcept {
    std::swap(mapping_, other.mapping_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~GuardedBytes();

  std::span<uint8_t> span() { return bytes_; }
  ByteSpan bytes() const { return bytes_; }

 private:
  std::span<uint8_t> mapping_;
  std::span<uint8_t> bytes_;
};

}  // namespace qbench::checks
