#include "harness/stats/binomial.h"

#include <boost/math/distributions/binomial.hpp>

namespace qbench::stats {
namespace {

bool IsDistribution(int64_t n, double p) { return n >= 0 && p >= 0 && p <= 1; }

}  // namespace

double AtLeast(int64_t successes, int64_t n, double p) {
  if (!IsDistribution(n, p) || successes <= 0) return 1;
  if (successes > n) return 0;
  const boost::math::binomial trials(static_cast<double>(n), p);
  return boost::math::cdf(boost::math::complement(trials, static_cast<double>(successes - 1)));
}

double AtMost(int64_t successes, int64_t n, double p) {
  if (!IsDistribution(n, p) || successes >= n) return 1;
  if (successes < 0) return 0;
  return boost::math::cdf(boost::math::binomial(static_cast<double>(n), p),
                          static_cast<double>(successes));
}

}  // namespace qbench::stats
