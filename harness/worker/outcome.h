// From how a worker ended to what the user is told.
#pragma once

#include <string>

#include "base/process.h"
#include "harness/worker/run_job.h"

namespace qbench::worker {

// "segmentation fault", "aborted", ….
std::string SignalText(int signal);

// The exit status of a worker that could not write its answer (EX_IOERR of sysexits.h).
inline constexpr int kCannotAnswerStatus = 74;

// What became of a worker that left no answer. `where` is Breadcrumb::Where(), `log` what it wrote
// to its standard streams (a sanitizer's report is looked for in it). Only kind and reason are set.
JobOutcome DescribeEnd(const ChildEnd& end, const std::string& where, const std::string& log);

// What became of a worker that answered with a failure.
JobOutcome DescribeFailure(const Status& status);

}  // namespace qbench::worker
