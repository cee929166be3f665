// How long an inference took in earlier runs on the same machine, for the first estimate of a run's
// time.
#pragma once

#include <cstddef>
#include <map>

#include "base/status.h"
#include "harness/plan/run_plan.h"
#include "harness/store/store.h"

namespace qbench::run {

// Seconds of an inference by cell of the plan, where one of the newest runs of this machine in the
// store timed the same model, quantizer, runtime (each with the same options) and threads: the
// median of its last latency process. Errors are the store's.
Result<std::map<size_t, double>> InferenceHistory(const plan::Plan& plan, store::Store& store);

}  // namespace qbench::run
