// The cells of a pinned baseline in a plan.
#pragma once

#include "base/status.h"
#include "harness/baseline/pinned_baseline.h"
#include "harness/plan/run_plan.h"

namespace qbench::plan {

// Adds to a plan, whose own cells are there, those cells of the baseline that have the same model,
// quantizer, runtime, options and threads, each with its artifact, sidecar and runtime; a warning
// names the rest. kInvalidArgument: the baseline's images are not the plan's, or no cell is in
// both; the errors of TryPinnedRuntime, LoadModel and LabelOutputs. All name the baseline, and what
// to do.
Status AddBaseline(const baseline::Baseline& baseline, const Folders& folders,
                   const JobRunner& run_job, Plan& plan);

}  // namespace qbench::plan
