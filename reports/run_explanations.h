// Why the variants of a run are as fast as they are: explanation.h over the run's records.
#pragma once

#include <vector>

#include "reports/explanation.h"
#include "reports/variants.h"

namespace qbench::reports {

struct ExplainedVariant {
  const Variant* variant;  // of the RunView
  Explanation explanation;
};

// Those that were profiled, in the order of the run's variants; float variants are what the others
// are compared with and have none of their own, unless the run has nothing but float.
std::vector<ExplainedVariant> ExplainRun(const RunView& run);

}  // namespace qbench::reports
