// Bytes in memory. Multi-byte numbers in files are little endian, and so is every machine that
// qbench runs on (asserted here, once), so readers copy them out as they are.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace qbench {

static_assert(std::endian::native == std::endian::little, "qbench runs on little-endian machines");

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

template <typename T>
ByteSpan AsBytes(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)};
}

// Copies a T from the first bytes of `bytes`, whatever its alignment; bytes.size() >= sizeof(T).
template <typename T>
T LoadUnaligned(ByteSpan bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

}  // namespace qbench
