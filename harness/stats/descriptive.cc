#include "harness/stats/descriptive.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace qbench::stats {
namespace {

constexpr double kOutlierDeviations = 14.826;

std::vector<double> DistancesFromMedian(std::span<const double> values) {
  const double median = Median(values);
  std::vector<double> distances;
  distances.reserve(values.size());
  for (double value : values) distances.push_back(std::abs(value - median));
  return distances;
}

}  // namespace

double Quantile(std::span<const double> values, double p) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> sorted(values.begin(), values.end());
  const double h = static_cast<double>(sorted.size() - 1) * p;
  const auto below = static_cast<size_t>(h);
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (below + 1 == sorted.size()) return *middle;
  const double above = *std::min_element(middle + 1, sorted.end());
  return *middle + (h - static_cast<double>(below)) * (above - *middle);
}

double QuantileOfSorted(std::span<const double> sorted, double p) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double h = static_cast<double>(sorted.size() - 1) * p;
  const auto below = static_cast<size_t>(h);
  if (below + 1 == sorted.size()) return sorted[below];
  return sorted[below] + (h - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double Median(std::span<const double> values) { return Quantile(values, 0.5); }

double GroupedMedian(std::span<const double> values, double resolution) {
  if (!(resolution > 0) || values.empty()) return Median(values);
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[(sorted.size() - 1) / 2];
  const double high = sorted[sorted.size() / 2];
  if (low != high) return (low + high) / 2;  // the two middle values, in intervals of their own
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), low);
  const auto below = static_cast<double>(first - sorted.begin());
  const auto inside = static_cast<double>(last - first);
  const double half = static_cast<double>(sorted.size()) / 2;
  return std::max(0.0, low - resolution / 2 + (half - below) / inside * resolution);
}

double MedianAbsoluteDeviation(std::span<const double> values) {
  return Median(DistancesFromMedian(values));
}

size_t CountOutliers(std::span<const double> values) {
  if (values.empty()) return 0;
  const std::vector<double> distances = DistancesFromMedian(values);
  const double limit = kOutlierDeviations * Median(distances);
  return static_cast<size_t>(
      std::count_if(distances.begin(), distances.end(), [&](double d) { return d > limit; }));
}

}  // namespace qbench::stats
