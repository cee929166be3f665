// Inference about proportions: the interval of an accuracy, and the paired test of two of them.
// Pure functions; any thread.
#pragma once

#include <cstdint>

namespace qbench::stats {

struct Interval {
  double low = 0;
  double high = 0;
};

// The Wilson score interval of successes / n, two-sided. With z the normal quantile of
// 1 - (1 - confidence) / 2 and p = successes / n:
//   (p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)
// Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22 (1927);
// recommended by Brown, Cai and DasGupta, Statistical Science 16 (2001), section 5.
// 0 <= successes <= n and n > 0; otherwise [0, 1], which says nothing.
Interval WilsonInterval(int64_t successes, int64_t n, double confidence = 0.95);

// The one-sided exact McNemar test: the probability of at least `lost` losses among the
// lost + gained images whose verdict changed, were losses and gains equally likely. Small = the new
// variant is worse. 1 where nothing changed. McNemar, Psychometrika 12 (1947), with the binomial
// distribution in place of its approximation.
double McNemarOneSidedP(int64_t lost, int64_t gained);

}  // namespace qbench::stats
