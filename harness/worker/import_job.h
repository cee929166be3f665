// Importing a model file: see ImportJob.
#pragma once

#include "harness/jobs/jobs.h"

namespace qbench::worker {

// kNotFound, kCorrupt, kUnsupported, …: the message names the file and the next step.
Result<ImportResult> RunImport(const ImportJob& job);

}  // namespace qbench::worker
