// What looks like a sidecar that does not fit: in plain words, with the keys to look at.
#pragma once

#include <string>
#include <vector>

#include "harness/results/input_doubts.h"
#include "reports/variants.h"

namespace qbench::reports {

struct InputWarning {
  results::InputDoubt doubt;
  const Variant* variant = nullptr;  // that it is told from
  std::vector<std::string> keys;     // of the sidecar, the likeliest first: "mean", "labels"
  std::string text;                  // all of it, one line
};

// Of results::FindInputDoubts, in its order.
std::vector<InputWarning> InputWarnings(const RunView& run);

}  // namespace qbench::reports
