// Importing a model file: see ImportJob.
#pragma once

#include "harness/jobs/jobs.h"

namespace qbench::worker {

// kNotFound, kCorrupt, kUnsupported, …: the message names the file and the next step.
Result<jobs::ImportResult> RunImport(const jobs::ImportJob& job);

}  // namespace qbench::worker
