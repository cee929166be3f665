// What to take in place of a variant that is slower than float: the scheme beside it that the
// measurements tell is faster.
#pragma once

#include <optional>
#include <string>

#include "reports/variants.h"

namespace qbench::reports {

struct FasterScheme {
  const Variant* variant;  // of the RunView
  std::string text;        // which, by how much and how sure: a sentence
};

// The quickest (by its median) of the quantized variants of the same model, data set, runtime and
// threads whose latency lies beyond chance below this one's (ComparePace) and which are not among
// the run's Losses: what is fast and wrong is no advice. None where there is no such variant. Float
// is none: that it is faster is what the explanation begins with.
std::optional<FasterScheme> FindFasterScheme(const RunView& run, const Variant& slow);

}  // namespace qbench::reports
