// How likely so much slowness is by chance: the one-sided tests that the intervals of
// sample_ratio.h and paired_ratio.h invert, and what becomes of their answers when many cells are
// tested at once. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace qbench::stats {

// The one-sided exact Mann-Whitney test: the probability of as many pairs (i, j) with
// variant[j] > bound * base[i] as there are or more, were the variant `bound` times as slow as the
// base. Small = it is slower than that. Ties count as not slower, so they make the answer larger,
// never smaller. Beyond kMaxExact (sample_ratio.h) values on a side, from the normal approximation
// with a correction for continuity. Mann and Whitney, Annals of Mathematical Statistics 18 (1947);
// Hollander, Wolfe and Chicken, "Nonparametric Statistical Methods", 3rd edition, section 4.1.
// 1 where a side is empty, where a value or the bound is not a positive number.
double SlowerP(std::span<const double> base, std::span<const double> variant, double bound = 1);

// The same of values that were measured in pairs, by the exact Wilcoxon signed-rank test: the
// probability of as many positive Walsh averages of the log ratios as there are, or more (Tukey's
// form of W+; section 3.1 there). Averages of 0 count as not slower.
// 1 also where the sides differ in length or are longer than kMaxPairs (paired_ratio.h).
double PairedSlowerP(std::span<const double> base, std::span<const double> variant,
                     double bound = 1);

// The smallest answers that the two can give: 1 / C(m + n, m), and 2^-n. 1 for none.
double LeastSlowerP(size_t base, size_t variant);
double LeastPairedSlowerP(size_t pairs);

// Holm's adjustment, in the order given: with the values in ascending order p(1) <= … <= p(k), that
// of p(i) is the largest of min(1, (k - j + 1) p(j)), j <= i. Calling those below a level keeps the
// probability of calling any of them wrongly below that level, however they depend on each other.
// Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
// Statistics 6 (1979).
std::vector<double> HolmAdjusted(std::span<const double> p);

}  // namespace qbench::stats
