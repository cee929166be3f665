#include "harness/stats/proportions.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace qbench::stats {

Interval WilsonInterval(int64_t successes, int64_t n, double confidence) {
  if (n <= 0 || successes < 0 || successes > n || confidence <= 0 || confidence >= 1) return {0, 1};
  const double z = boost::math::quantile(boost::math::normal(), 1 - (1 - confidence) / 2);
  const auto count = static_cast<double>(n);
  const double p = static_cast<double>(successes) / count;
  const double z2 = z * z;
  const double center = p + z2 / (2 * count);
  const double half = z * std::sqrt(p * (1 - p) / count + z2 / (4 * count * count));
  const double scale = 1 + z2 / count;
  // At 0 and n successes the bound is exactly 0 and 1; rounding must not push it past.
  return {successes == 0 ? 0 : std::max(0.0, (center - half) / scale),
          successes == n ? 1 : std::min(1.0, (center + half) / scale)};
}

double McNemarOneSidedP(int64_t lost, int64_t gained) {
  const int64_t changed = lost + gained;
  if (lost <= 0 || gained < 0) return 1;
  const boost::math::binomial changes(static_cast<double>(changed), 0.5);
  return boost::math::cdf(boost::math::complement(changes, static_cast<double>(lost - 1)));
}

}  // namespace qbench::stats
