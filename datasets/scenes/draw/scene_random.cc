#include "datasets/scenes/draw/scene_random.h"

#include <algorithm>

namespace qbench::scenes {

double SceneRandom::Uniform(double low, double high) {
  constexpr double kTwoToMinus53 = 0x1p-53;
  const double unit = static_cast<double>(engine_() >> 11U) * kTwoToMinus53;
  return low + (high - low) * unit;
}

int SceneRandom::Integer(int low, int high) {
  const int offset = static_cast<int>(Uniform(0.0, high - low + 1.0));
  return std::min(low + offset, high);
}

double SceneRandom::Normal() {
  double sum = -6.0;
  for (int i = 0; i < 12; ++i) sum += Uniform(0.0, 1.0);
  return sum;
}

int SceneRandom::Weighted(std::initializer_list<double> weights) {
  double total = 0.0;
  for (const double weight : weights) total += weight;
  double left = Uniform(0.0, total);
  int index = 0;
  for (const double weight : weights) {
    left -= weight;
    if (left < 0.0) return index;
    ++index;
  }
  return index - 1;
}

std::uint64_t MixSeed(std::uint64_t seed, std::uint64_t value) {
  std::uint64_t z = seed + (value + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace qbench::scenes
