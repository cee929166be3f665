// Tails of the binomial distribution, for exact tests of counts. Pure functions; any thread.
#pragma once

#include <cstdint>

namespace qbench::stats {

// The probability of at least `successes` among `n` independent trials that succeed with
// probability `p` each. 1 where successes <= 0, 0 where they are more than n. n >= 0 and
// 0 <= p <= 1; otherwise 1, which says nothing.
double AtLeast(int64_t successes, int64_t n, double p);

// The same of at most `successes`.
double AtMost(int64_t successes, int64_t n, double p);

}  // namespace qbench::stats
