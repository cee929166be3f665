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

// The upper bound of the drop in accuracy, (lost - gained) / n in the long run, one-sided: the drop
// that Tango's score test for paired proportions just does not reject,
//   (lost - gained - n d) / sqrt(n (2 q + d (1 - d))) = -z,
// with z the normal quantile of `confidence` and q the likeliest share of gains were the drop d:
//   4 n q = sqrt(B² - 8 n C) - B,  B = (2 n - lost + gained) d - lost - gained,
//   C = -gained d (1 - d).
// Tango, "Equivalence test and confidence interval for the difference in proportions for the
// paired-sample design", Statistics in Medicine 17 (1998), equations 2 to 8.
// n > 0 and lost + gained <= n, neither negative; otherwise 1, which says nothing.
double PairedDropBound(int64_t lost, int64_t gained, int64_t n, double confidence = 0.95);

}  // namespace qbench::stats
