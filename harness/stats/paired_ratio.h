// How many times as slow: the ratio of two variants that were measured in pairs, one right after
// the other, so that what slows the machine for a while slows both.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/status.h"
#include "harness/stats/proportions.h"

namespace qbench::stats {

struct RatioEstimate {
  double ratio = 1;   // of the variant to the base
  Interval interval;  // two-sided
};

// The most pairs that PairedRatio takes, and the fewest that give an interval of 99 %.
inline constexpr size_t kMaxPairs = 500;
inline constexpr size_t kMinPairs99 = 8;

// exp of the Hodges-Lehmann estimate of the shift of the log ratios d = log(variant[i] / base[i]):
// the median of the Walsh averages (d[i] + d[j]) / 2, i <= j. The interval inverts the exact
// Wilcoxon signed-rank test: of the m ordered averages it runs from the (k+1)-th to the (m-k)-th,
// k the largest number with P(W+ <= k) <= (1 - confidence) / 2. It assumes that the log ratios lie
// symmetrically around their center. Hollander, Wolfe and Chicken, "Nonparametric Statistical
// Methods", 3rd edition, sections 3.1 to 3.3.
// kInvalidArgument: spans of different lengths, a value that is not a positive number, more than
// kMaxPairs pairs, or too few for an interval of this confidence.
Result<RatioEstimate> PairedRatio(std::span<const double> base, std::span<const double> variant,
                                  double confidence = 0.99);

}  // namespace qbench::stats
