#include "harness/stats/sample_ratio.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "harness/stats/rank_distributions.h"

namespace qbench::stats {
namespace {

// How many differences the interval leaves out at each end, and P(U <= that).
struct Cut {
  size_t left_out = 0;
  double tail = 0;
};

Cut ExactCut(size_t m, size_t n, double tail) {
  const std::vector<double> orders = MannWhitneyCounts(m, n);
  const double all = std::accumulate(orders.begin(), orders.end(), 0.0);
  Cut cut{0, orders[0] / all};
  double below = 0;
  for (size_t u = 0; u < orders.size(); ++u) {
    below += orders[u];
    if (below / all > tail) break;
    cut = {u, below / all};
  }
  return cut;
}

Cut ApproximateCut(double m, double n, double tail) {
  const boost::math::normal normal;
  const double center = m * n / 2;
  const double deviation = std::sqrt(m * n * (m + n + 1) / 12);
  const double k = std::floor(center - 0.5 + boost::math::quantile(normal, tail) * deviation);
  return {static_cast<size_t>(std::max(k, 0.0)),
          boost::math::cdf(normal, (std::max(k, 0.0) + 0.5 - center) / deviation)};
}

bool IsPositive(double value) { return std::isfinite(value) && value > 0; }

}  // namespace

Result<SampleRatio> RatioOfSamples(std::span<const double> base, std::span<const double> variant,
                                   double confidence) {
  if (base.empty() || variant.empty() || !(confidence > 0 && confidence < 1)) {
    return Error(StatusCode::kInvalidArgument,
                 "{} and {} values give no interval of {} %: there must be one on each side, and "
                 "the confidence between 0 and 100 %",
                 base.size(), variant.size(), confidence * 100);
  }
  if (!std::ranges::all_of(base, IsPositive) || !std::ranges::all_of(variant, IsPositive)) {
    return Error(StatusCode::kInvalidArgument, "a value is not a positive number");
  }
  // Ratios have the order of the differences of the logarithms, and their last bit is everywhere
  // the same.
  std::vector<double> ratios;
  ratios.reserve(base.size() * variant.size());
  for (const double b : base) {
    for (const double v : variant) ratios.push_back(v / b);
  }
  std::sort(ratios.begin(), ratios.end());
  const double tail = (1 - confidence) / 2;
  const bool exact = std::max(base.size(), variant.size()) <= kMaxExact;
  const Cut cut = exact ? ExactCut(base.size(), variant.size(), tail)
                        : ApproximateCut(static_cast<double>(base.size()),
                                         static_cast<double>(variant.size()), tail);
  const double middle = ratios[ratios.size() / 2];
  return SampleRatio{
      .ratio = ratios.size() % 2 == 1 ? middle : std::sqrt(ratios[ratios.size() / 2 - 1] * middle),
      .interval = {ratios[cut.left_out], ratios[ratios.size() - 1 - cut.left_out]},
      .coverage = std::max(0.0, 1 - 2 * cut.tail)};
}

}  // namespace qbench::stats
