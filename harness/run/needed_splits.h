// The splits whose images a run decodes.
#pragma once

#include <vector>

#include "harness/plan/run_plan.h"

namespace qbench::run {

// Into the plan's data set.
struct NeededSplits {
  const datasets::Split* test = nullptr;
  const datasets::Split* calibration = nullptr;  // null: nobody asks for it, or it has no images
  const datasets::Split* train = nullptr;        // null: nobody asks for it

  std::vector<const datasets::Split*> All() const;
};

NeededSplits SplitsOf(const plan::Plan& plan);

}  // namespace qbench::run
