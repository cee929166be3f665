// Cells that predict the same thing for every image (other threads, often another runtime) shown
// as one.
#pragma once

#include <string>
#include <vector>

#include "reports/variants.h"

namespace qbench::reports {

struct PredictionGroup {
  std::string names;     // "float, fp16"
  const Variant* first;  // stands for all of them
};

// The cells with predictions, grouped by model, split and predictions, in the run's order.
std::vector<PredictionGroup> GroupByPredictions(const RunView& run);

}  // namespace qbench::reports
