// After a run: whether other inputs than the sidecars' suit its models better.
#pragma once

#include "cli/progress.h"
#include "harness/plan/run_plan.h"
#include "harness/store/store.h"

namespace qbench::cli {

// Of each model whose accuracy was measured (harness/run/input_trial.h). What is better is added to
// the run as a note that warns, in the store and in `run`. What keeps it from being tried is a note
// as well, and ends nothing. Errors are the store's.
Status TryOtherInputs(const plan::Plan& plan, const plan::Folders& folders,
                      ProgressDisplay& display, store::Store& store, store::RunData* run);

}  // namespace qbench::cli
