// Robust figures of a sample: median, quantiles, median absolute deviation, outliers.
// An empty sample has no figures: every function here then returns NaN (CountOutliers 0).
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <span>

namespace qbench::stats {

// The p-quantile, 0 <= p <= 1, with linear interpolation between order statistics: with n values
// x[0] <= … <= x[n-1] and h = (n - 1) p, it is x[floor h] + (h - floor h) (x[floor h + 1] - x[floor
// h]). This is definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The
// American Statistician 50 (1996), the default of NumPy and R.
double Quantile(std::span<const double> values, double p);

// The same of values that ascend, without a copy.
double QuantileOfSorted(std::span<const double> sorted, double p);

// The 0.5-quantile: the middle value, or the mean of the two middle values.
double Median(std::span<const double> values);

// The median of values that a coarse clock gave: each value v stands for an interval of the width
// `resolution` around v, over which the values that fell into it are taken to be spread evenly.
// With n values, L the lower end of the interval that holds the middle one, below and inside the
// numbers of values below and in it, it is L + (n / 2 - below) / inside * resolution ("median of
// grouped data", e.g. Yule and Kendall, "An Introduction to the Theory of Statistics", chapter 5),
// and at least 0. With resolution 0 or values that do not repeat it is close to Median; of a step
// that takes 0.3 of a tick it is some 0.3 ticks, where Median says 0. Sorts a copy.
double GroupedMedian(std::span<const double> values, double resolution);

// The median of |x - median|, as it is: not multiplied by 1.4826 to estimate a standard deviation.
double MedianAbsoluteDeviation(std::span<const double> values);

// How many values lie further than 14.826 median absolute deviations from the median: ten standard
// deviations, were the sample normal (1.4826 = 1 / Phi^-1(3/4); Iglewicz and Hoaglin, "How to
// Detect and Handle Outliers", 1993, section 3, with the threshold that the tool hyperfine uses).
size_t CountOutliers(std::span<const double> values);

}  // namespace qbench::stats
