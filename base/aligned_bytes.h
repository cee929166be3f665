// Bytes at an address that is a multiple of 64, as runtimes want their models.
#pragma once

#include <cstring>
#include <memory>
#include <new>

#include "base/bytes.h"

namespace qbench {

// A fixed copy of `bytes`. Movable; the address stays.
class AlignedBytes {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBytes() = default;
  explicit AlignedBytes(ByteSpan bytes)
      : data_(
            static_cast<uint8_t*>(::operator new (bytes.size() + 1, std::align_val_t{kAlignment}))),
        size_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
  }

  ByteSpan span() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(uint8_t* data) const { ::operator delete (data, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<uint8_t, Free> data_;
  size_t size_ = 0;
};

}  // namespace qbench
