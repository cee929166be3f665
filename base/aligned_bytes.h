// Bytes at an address that is a multiple of 64, as runtimes want their models.
#pragma once

#include <cstring>
#include <memory>
#include <new>
#include <span>

#include "base/bytes.h"

namespace qbench {

// Movable; the address stays.
class AlignedBytes {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBytes() = default;
  // A copy of `bytes`.
  explicit AlignedBytes(ByteSpan bytes) : AlignedBytes(bytes.size()) {
    if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
  }
  // `size` bytes with whatever is in them, to be written through data().
  static AlignedBytes OfSize(size_t size) { return AlignedBytes(size); }

  ByteSpan span() const { return {data_.get(), size_}; }
  std::span<uint8_t> data() { return {data_.get(), size_}; }
  // Forgets what is behind the first `size` bytes; size <= span().size().
  void Shorten(size_t size) { size_ = size; }

 private:
  explicit AlignedBytes(size_t size)
      : data_(static_cast<uint8_t*>(::operator new (size + 1, std::align_val_t{kAlignment}))),
        size_(size) {}

  struct Free {
    void operator()(uint8_t* data) const { ::operator delete (data, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<uint8_t, Free> data_;
  size_t size_ = 0;
};

}  // namespace qbench
