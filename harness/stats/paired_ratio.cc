#include "harness/stats/paired_ratio.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "harness/stats/rank_distributions.h"

namespace qbench::stats {
namespace {

// The largest k with P(W+ <= k) <= tail, where every difference is positive or negative with
// probability 1/2. Nothing where even P(W+ <= 0) = 2^-n is above it.
std::optional<size_t> LowerCriticalValue(size_t n, double tail) {
  const std::vector<double> probability = SignedRankProbabilities(n);
  std::optional<size_t> critical;
  double below = 0;
  for (size_t sum = 0; sum < probability.size(); ++sum) {
    below += probability[sum];
    if (below > tail) break;
    critical = sum;
  }
  return critical;
}

// exp of the Walsh averages of the logarithms, in their order: without a logarithm the last bit is
// everywhere the same.
std::vector<double> GeometricWalshAverages(const std::vector<double>& ratios) {
  std::vector<double> averages;
  averages.reserve(ratios.size() * (ratios.size() + 1) / 2);
  for (size_t i = 0; i < ratios.size(); ++i) {
    for (size_t j = i; j < ratios.size(); ++j) {
      averages.push_back(i == j ? ratios[i] : std::sqrt(ratios[i] * ratios[j]));
    }
  }
  std::sort(averages.begin(), averages.end());
  return averages;
}

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

}  // namespace

Result<RatioEstimate> PairedRatio(std::span<const double> base, std::span<const double> variant,
                                  double confidence) {
  if (base.size() != variant.size() || base.size() > kMaxPairs) {
    return Error(StatusCode::kInvalidArgument, "{} and {} values are not up to {} pairs",
                 base.size(), variant.size(), kMaxPairs);
  }
  std::vector<double> ratios;
  for (size_t i = 0; i < base.size(); ++i) {
    if (!IsPositive(base[i]) || !IsPositive(variant[i])) {
      return Error(StatusCode::kInvalidArgument, "pair {} is not two positive numbers", i);
    }
    ratios.push_back(variant[i] / base[i]);
  }
  const auto critical = LowerCriticalValue(ratios.size(), (1 - confidence) / 2);
  if (!critical) {
    return Error(StatusCode::kInvalidArgument, "{} pairs are too few for an interval of {} %",
                 ratios.size(), confidence * 100);
  }
  const std::vector<double> averages = GeometricWalshAverages(ratios);
  const double middle = averages[averages.size() / 2];
  return RatioEstimate{
      .ratio =
          averages.size() % 2 == 1 ? middle : std::sqrt(averages[averages.size() / 2 - 1] * middle),
      .interval = {averages[*critical], averages[averages.size() - 1 - *critical]}};
}

}  // namespace qbench::stats
