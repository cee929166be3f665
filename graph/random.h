// Repeatable random numbers: the same seed gives the same numbers on every machine, which the
// distributions of the standard library do not promise.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace qbench::graph {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int32_t Int(int32_t low, int32_t high) {  // both ends included
    return low + static_cast<int32_t>(engine_() % static_cast<uint32_t>(high - low + 1));
  }
  bool Coin() { return Int(0, 1) == 1; }
  float Real(float low, float high) {
    return low + (high - low) * static_cast<float>(engine_()) / 4294967296.0F;
  }
  template <typename T>
  std::vector<T> Values(int64_t count, int32_t low, int32_t high) {
    std::vector<T> values(static_cast<size_t>(count));
    for (T& value : values) value = static_cast<T>(Int(low, high));
    return values;
  }
  std::vector<float> Reals(int64_t count, float low, float high) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = Real(low, high);
    return values;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace qbench::graph
