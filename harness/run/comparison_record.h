// Converts a comparison of layers to its record in the store. Pure functions.
#pragma once

#include "harness/jobs/run_job.h"
#include "harness/store/layer_records.h"

namespace qbench::run {

// What a comparison of layers found; or, with another status than ok and a reason, why there is
// nothing to be found: the file is not quantized, or computes what is no number. Run, artifact,
// runtime and data set are the caller's.
store::LayerComparison ComparisonRecord(const jobs::DifferenceResult& result);
// The same of a job that may have failed.
store::LayerComparison ComparisonRecord(const jobs::JobOutcome& outcome);

}  // namespace qbench::run
