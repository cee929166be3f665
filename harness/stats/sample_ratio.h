// How many times as slow: the ratio of two variants from the medians of their fresh processes,
// which were not measured in pairs (paired_ratio.h is for those that were). Pure functions; any
// thread.
#pragma once

#include <span>

#include "base/status.h"
#include "harness/stats/proportions.h"

namespace qbench::stats {

struct SampleRatio {
  double ratio = 1;   // of the variant to the base
  Interval interval;  // two-sided
  // The share of such intervals that hold the truth, where nothing but chance lies between the
  // processes of one variant: at least what was asked for, or less where there are too few values.
  // 0 with one value a side: the interval is then the ratio itself and says nothing.
  double coverage = 0;
};

// exp of the Hodges-Lehmann estimate of the shift of the logarithms: the median of the m n
// differences log(variant[j] / base[i]). The interval inverts the exact Mann-Whitney test: it runs
// from the (k+1)-th to the (m n - k)-th of the ordered differences, k the largest number with
// P(U <= k) <= (1 - confidence) / 2, and covers 1 - 2 P(U <= k). 10 values against 10 at 99 %: the
// 17th to the 84th of 100. Where even P(U <= 0) = 1 / C(m + n, m) is above that, it is the range of
// all ratios, with the coverage that this has: 3 against 3 90 %, 2 against 2 67 %.
// Beyond kMaxExact values on a side, k comes from the normal approximation of U with a correction
// for continuity. It assumes that the two distributions differ in nothing but their place.
// Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", 3rd edition, sections 4.1 to
// 4.3.
// kInvalidArgument: an empty span, a value that is not a positive number, a confidence that is not
// between 0 and 1.
inline constexpr size_t kMaxExact = 40;
Result<SampleRatio> RatioOfSamples(std::span<const double> base, std::span<const double> variant,
                                   double confidence = 0.99);

}  // namespace qbench::stats
