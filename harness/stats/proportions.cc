#include "harness/stats/proportions.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace qbench::stats {
namespace {

// Up to here 2^changed and its binomial coefficients are numbers of a double; the sum needs nothing
// of which the last bit differs between machines.
constexpr int64_t kMostSummed = 1000;

}  // namespace

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
  if (changed <= kMostSummed) {
    double orders = 1;  // C(changed, k), k = 0 first: as many gains
    double sum = 0;
    for (int64_t k = 0; k <= gained; ++k) {
      sum += std::ldexp(orders, -static_cast<int>(changed));
      orders *= static_cast<double>(changed - k) / static_cast<double>(k + 1);
    }
    return std::min(sum, 1.0);
  }
  const boost::math::binomial changes(static_cast<double>(changed), 0.5);
  return boost::math::cdf(boost::math::complement(changes, static_cast<double>(lost - 1)));
}

namespace {

// How many standard errors the observed drop lies above `drop`, were that the truth.
double DropScore(double lost, double gained, double n, double drop) {
  const double b = (2 * n - lost + gained) * drop - lost - gained;
  const double c = -gained * drop * (1 - drop);
  const double gains = (std::sqrt(std::max(0.0, b * b - 8 * n * c)) - b) / (4 * n);
  const double variance = n * (2 * std::max(0.0, gains) + drop * (1 - drop));
  const double distance = lost - gained - n * drop;
  return variance > 0 ? distance / std::sqrt(variance) : 0;
}

}  // namespace

double PairedDropBound(int64_t lost, int64_t gained, int64_t n, double confidence) {
  if (n <= 0 || lost < 0 || gained < 0 || lost + gained > n || confidence <= 0.5 ||
      confidence >= 1) {
    return 1;
  }
  const auto count = static_cast<double>(n);
  const double z = boost::math::quantile(boost::math::normal(), confidence);
  double low = static_cast<double>(lost - gained) / count;  // the score is 0 here, and falls
  double high = 1;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    const bool rejected =
        DropScore(static_cast<double>(lost), static_cast<double>(gained), count, middle) < -z;
    (rejected ? high : low) = middle;
  }
  return high;
}

}  // namespace qbench::stats
