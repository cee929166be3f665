// What lost accuracy beyond what chance explains, and why where that is known: what a reader must
// see before any other figure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/results/summary.h"
#include "reports/known_faults.h"
#include "reports/variants.h"

namespace qbench::reports {

// The levels of the paired test below which a loss is called real, and likely.
inline constexpr double kRealLoss = 0.01;
inline constexpr double kLikelyLoss = 0.05;
// A real loss of less than half a percentage point is within what quantizing is known to cost; one
// of more than two points is named where it is likely, although the images are too few to call it
// real.
inline constexpr double kLossBudget = 0.005;
inline constexpr double kLargeLoss = 0.02;

struct Loss {
  std::vector<const Variant*> variants;  // all with the same predictions
  // What they are held against: their float variant; of a float variant, and where there is none,
  // the most accurate float variant of the same model on another runtime.
  const Variant* base = nullptr;
  results::PairedVerdicts paired;
  double drop = 0;       // (lost - gained) / images
  double p = 1;          // one-sided exact McNemar test
  double drop_high = 1;  // its upper bound, 95 %, one-sided
  std::optional<KnownFault> fault;
  // On which the same file does not lose, where there is one: then the loss is not the file's.
  const Variant* same_file = nullptr;
  std::string text;  // all of it in plain words, one line
};

// The real losses of at least kLossBudget, and the likely ones of more than kLargeLoss; the largest
// first.
std::vector<Loss> Losses(const RunView& run);

// "p = 0.0042", and never "p = 0.000".
std::string PValue(double p);

}  // namespace qbench::reports
