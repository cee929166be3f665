// The exact distributions of the two rank statistics, for the intervals and tests that go by them
// (sample_ratio.h, paired_ratio.h, rank_tests.h). Sums of whole numbers and halves: the same bits
// on every machine. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace qbench::stats {

// [u]: in how many of the C(m + n, m) orders of m and n values Mann and Whitney's U is u, 0 <= u <=
// m n. Exact up to where the counts pass 2^53, and a double's rounding beyond. m and n are at
// least 1.
std::vector<double> MannWhitneyCounts(size_t m, size_t n);

// [w]: the probability that Wilcoxon's W+ of n differences is w, where each is positive or negative
// with probability 1/2: W+ is then the sum of a random subset of the ranks 1 to n.
std::vector<double> SignedRankProbabilities(size_t n);

}  // namespace qbench::stats
