// What the commands share that run one job: a quantizer named by the user, and the job's progress.
#pragma once

#include <string>

#include "base/status.h"
#include "harness/jobs/jobs.h"
#include "harness/plan/catalogue.h"

namespace qbench::cli {

// The one quantizer that `text` names, with options as after --plugins. kInvalidArgument where it
// names several, or a runtime; else the errors of plan::SelectPlugins and plan::CheckOptionValues.
Result<plan::SelectedPlugin> OneQuantizer(const std::string& text,
                                          const plan::Catalogue& catalogue);

// Runs the job, which Ctrl-C stops; its progress is shown on standard error unless `quiet`. The
// result is that of the job's kind.
Result<jobs::JobResult> RunWithProgress(const jobs::Job& job, bool quiet);

}  // namespace qbench::cli
