#include "harness/stats/rank_tests.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "harness/stats/paired_ratio.h"
#include "harness/stats/rank_distributions.h"
#include "harness/stats/sample_ratio.h"

namespace qbench::stats {
namespace {

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

bool AreUsable(std::span<const double> base, std::span<const double> variant, double bound) {
  return !base.empty() && !variant.empty() && IsPositive(bound) &&
         std::ranges::all_of(base, IsPositive) && std::ranges::all_of(variant, IsPositive);
}

// Of weights [from] and up, the share of all.
double UpperShare(const std::vector<double>& weights, size_t from) {
  const auto at = weights.begin() + static_cast<std::ptrdiff_t>(std::min(from, weights.size()));
  // The small ones first, as they are at the end.
  const double above = std::accumulate(weights.rbegin(), std::make_reverse_iterator(at), 0.0);
  return std::min(1.0, above / std::accumulate(weights.begin(), weights.end(), 0.0));
}

}  // namespace

double SlowerP(std::span<const double> base, std::span<const double> variant, double bound) {
  if (!AreUsable(base, variant, bound)) return 1;
  size_t slower = 0;
  for (const double b : base) {
    for (const double v : variant) slower += v > b * bound ? 1 : 0;
  }
  if (std::max(base.size(), variant.size()) <= kMaxExact) {
    return UpperShare(MannWhitneyCounts(base.size(), variant.size()), slower);
  }
  const auto m = static_cast<double>(base.size());
  const auto n = static_cast<double>(variant.size());
  const double deviation = std::sqrt(m * n * (m + n + 1) / 12);
  const double distance = (static_cast<double>(slower) - 0.5 - m * n / 2) / deviation;
  return boost::math::cdf(boost::math::complement(boost::math::normal(), distance));
}

double PairedSlowerP(std::span<const double> base, std::span<const double> variant, double bound) {
  if (base.size() != variant.size() || base.size() > kMaxPairs ||
      !AreUsable(base, variant, bound)) {
    return 1;
  }
  // log r[i] + log r[j] > 0 where r[i] r[j] > 1: without a logarithm the last bit is everywhere
  // the same.
  std::vector<double> ratios;
  for (size_t i = 0; i < base.size(); ++i) ratios.push_back(variant[i] / (base[i] * bound));
  size_t positive = 0;
  for (size_t i = 0; i < ratios.size(); ++i) {
    for (size_t j = i; j < ratios.size(); ++j) positive += ratios[i] * ratios[j] > 1 ? 1 : 0;
  }
  return UpperShare(SignedRankProbabilities(ratios.size()), positive);
}

double LeastSlowerP(size_t base, size_t variant) {
  if (base == 0 || variant == 0) return 1;
  double orders = 1;  // C(base + variant, base)
  for (size_t i = 1; i <= base; ++i) {
    orders *= static_cast<double>(variant + i) / static_cast<double>(i);
  }
  return 1 / orders;
}

double LeastPairedSlowerP(size_t pairs) { return std::ldexp(1.0, -static_cast<int>(pairs)); }

std::vector<double> HolmAdjusted(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  double highest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double one = p[order[rank]] * static_cast<double>(p.size() - rank);
    highest = std::max(highest, std::min(1.0, one));
    adjusted[order[rank]] = highest;
  }
  return adjusted;
}

}  // namespace qbench::stats
