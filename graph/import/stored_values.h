// The bytes of a tensor in another format, little endian, as the numbers that qbench computes with.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace qbench::graph::import {

// convert(value) of each whole T in `bytes`, which need not be aligned.
template <typename T, typename Out, typename Convert>
std::vector<Out> ConvertedValues(std::string_view bytes, Convert convert) {
  std::vector<Out> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = convert(value);
  }
  return values;
}

template <typename T>
std::vector<int64_t> WholeNumbers(std::string_view bytes) {
  return ConvertedValues<T, int64_t>(bytes, [](T value) { return static_cast<int64_t>(value); });
}

inline std::vector<float> FloatsOfDoubles(std::string_view bytes) {
  return ConvertedValues<double, float>(bytes,
                                        [](double value) { return static_cast<float>(value); });
}

inline float FromBFloat16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

}  // namespace qbench::graph::import
