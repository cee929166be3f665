#include "harness/stats/paired_ratio.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "harness/stats/descriptive.h"

namespace qbench::stats {
namespace {

// The largest k with P(W+ <= k) <= tail, where every difference is positive or negative with
// probability 1/2: W+ is the sum of a random subset of the ranks 1 to n. Nothing where even
// P(W+ <= 0) = 2^-n is above it.
std::optional<size_t> LowerCriticalValue(size_t n, double tail) {
  const size_t total = n * (n + 1) / 2;
  std::vector<double> probability(total + 1, 0.0);  // of each sum, with the ranks so far
  probability[0] = 1;
  for (size_t rank = 1; rank <= n; ++rank) {
    for (size_t sum = rank * (rank + 1) / 2 + 1; sum-- > 0;) {
      const double with = sum >= rank ? probability[sum - rank] : 0.0;
      probability[sum] = (probability[sum] + with) / 2;
    }
  }
  std::optional<size_t> critical;
  double below = 0;
  for (size_t sum = 0; sum <= total; ++sum) {
    below += probability[sum];
    if (below > tail) break;
    critical = sum;
  }
  return critical;
}

std::vector<double> WalshAverages(const std::vector<double>& differences) {
  std::vector<double> averages;
  averages.reserve(differences.size() * (differences.size() + 1) / 2);
  for (size_t i = 0; i < differences.size(); ++i) {
    for (size_t j = i; j < differences.size(); ++j) {
      averages.push_back((differences[i] + differences[j]) / 2);
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
  std::vector<double> differences;
  for (size_t i = 0; i < base.size(); ++i) {
    if (!IsPositive(base[i]) || !IsPositive(variant[i])) {
      return Error(StatusCode::kInvalidArgument, "pair {} is not two positive numbers", i);
    }
    differences.push_back(std::log(variant[i] / base[i]));
  }
  const auto critical = LowerCriticalValue(differences.size(), (1 - confidence) / 2);
  if (!critical) {
    return Error(StatusCode::kInvalidArgument, "{} pairs are too few for an interval of {} %",
                 differences.size(), confidence * 100);
  }
  const std::vector<double> averages = WalshAverages(differences);
  return RatioEstimate{.ratio = std::exp(Median(averages)),
                       .interval = {std::exp(averages[*critical]),
                                    std::exp(averages[averages.size() - 1 - *critical])}};
}

}  // namespace qbench::stats
