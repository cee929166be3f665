// Where the level of a series changes: a piecewise constant function is fitted to it, with a price
// for every change (a Potts functional), so that noise and single outliers are no changes.
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace qbench::stats {

struct StepRules {
  // Values that a level has at least; so a step is found when so many came after it.
  size_t min_length = 3;
  // Smaller changes of the level are none, however certain.
  double min_size = 0;
  // Standard deviation that the values are known to have at least; the series' own is used where it
  // is larger.
  double noise = 0;
};

struct Step {
  size_t at = 0;      // index of the first value of the new level, in the series as it was given
  double before = 0;  // the levels: medians of their values
  double after = 0;
};

struct StepFit {
  std::vector<Step> steps;  // in their order
  double noise = 0;         // standard deviation that the penalty was made of
  double gamma = 0;         // the price of a step; 0: there are too few values for any
};

// The piecewise constant f with the least  gamma (number of steps) + sum |y[i] - f[i]|,  exactly,
// by dynamic programming over the end of the last level (Friedrich, Kempe, Liebscher and Winkler,
// "Complexity Penalized M-Estimation: Fast Computation", Journal of Computational and Graphical
// Statistics 17, 2008; asv's step detection minimizes the same). Absolute deviations, so that a
// level is a median and one wild value moves nothing. Gaps (no value, or one that is no finite
// number) are passed over: they are part of no level.
//
// gamma = noise (3.2 + ln n), n the number of values. Under Gaussian noise a step that is none
// saves 0.31 noise chi^2 of the sum (chi^2 of one degree, the largest over all places), so this is
// that a constant series has a step once in some 500 series (the tests hold it to that). The noise
// is 1.4826 / sqrt 2 times the median absolute deviation of the differences of successive values
// from their median, which neither a step nor a creep makes larger. O(n^2 log n) time, O(n) memory.
StepFit FindSteps(std::span<const std::optional<double>> values, const StepRules& rules);

}  // namespace qbench::stats
