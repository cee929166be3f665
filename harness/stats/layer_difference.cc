#include "harness/stats/layer_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace qbench::stats {

void AddDifference(std::span<const float> a, std::span<const float> b, double low, double high,
                   DifferenceSums& sums) {
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    if (sums.count == 0) {
      sums.a_min = sums.a_max = x;
      sums.b_min = sums.b_max = y;
    }
    ++sums.count;
    sums.aa += x * x;
    sums.bb += y * y;
    sums.ab += x * y;
    sums.dd += (x - y) * (x - y);
    sums.a_min = std::min(sums.a_min, x);
    sums.a_max = std::max(sums.a_max, x);
    sums.b_min = std::min(sums.b_min, y);
    sums.b_max = std::max(sums.b_max, y);
    if (x < low || x > high) ++sums.saturated;
  }
}

double Cosine(const DifferenceSums& sums) {
  if (sums.aa == 0 && sums.bb == 0) return 1.0;
  if (sums.aa == 0 || sums.bb == 0) return 0.0;
  return sums.ab / std::sqrt(sums.aa * sums.bb);
}

std::optional<double> SqnrDb(const DifferenceSums& sums) {
  if (sums.dd == 0) return std::nullopt;
  return 10.0 * std::log10(sums.aa / sums.dd);
}

std::optional<double> SqnrDb(double noise_share) {
  if (noise_share == 0) return std::nullopt;
  return -10.0 * std::log10(noise_share);
}

double Rmse(const DifferenceSums& sums) {
  return sums.count == 0 ? 0.0 : std::sqrt(sums.dd / static_cast<double>(sums.count));
}

double NoiseShare(const DifferenceSums& sums) {
  if (sums.dd == 0) return 0.0;
  return sums.aa == 0 ? std::numeric_limits<double>::infinity() : sums.dd / sums.aa;
}

namespace {

double LargestInput(std::span<const LayerNoise> layers, size_t layer) {
  double largest = 0;
  for (const size_t input : layers[layer].inputs) largest = std::max(largest, layers[input].share);
  return largest;
}

}  // namespace

double AddedNoise(std::span<const LayerNoise> layers, size_t layer) {
  if (layers[layer].own) return *layers[layer].own;
  return std::max(layers[layer].share - LargestInput(layers, layer), 0.0);
}

std::optional<size_t> FindJump(std::span<const LayerNoise> layers) {
  for (size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].share > kLoud && layers[i].share > kJump * LargestInput(layers, i)) return i;
  }
  return std::nullopt;
}

std::vector<size_t> LayersToKeep(std::span<const LayerNoise> layers, size_t count) {
  std::vector<size_t> order(layers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  double total = 0;
  for (const size_t i : order) total += AddedNoise(layers, i);
  const double least = std::max(kWorthKeeping, 0.1 * total);
  std::erase_if(order, [&](size_t i) {
    const double added = AddedNoise(layers, i);
    return added < least || std::ranges::any_of(layers[i].inputs, [&](size_t input) {
             const double before = AddedNoise(layers, input);
             return before >= least && added <= kJump * before;
           });
  });
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](size_t i) { return AddedNoise(layers, i); });
  if (order.size() > count) order.resize(count);
  return order;
}

}  // namespace qbench::stats
