// Adds the rows of a new run to the store: one for each cell of the plan.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "harness/plan/run_plan.h"
#include "harness/run/cell_state.h"
#include "harness/run/run_state.h"
#include "harness/store/store.h"

namespace qbench::run {

// Adds the plan's cells to the run, those that it has already excepted, and where the plan has them
// the rows of the models' own files. Returns the states of the plan's cells, in their order, with
// what an interrupted run has measured. Errors are the store's.
Result<std::vector<CellState>> AddCells(const plan::Plan& plan, int64_t run_id,
                                        store::Store& store);

// Makes the artifacts of the plan's baseline those of its cells, in the store and in the state,
// which has its cells. Errors are the store's.
Status AddPinnedArtifacts(RunState& state);

}  // namespace qbench::run
