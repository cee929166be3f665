// From how a worker ended to what the user is told.
#pragma once

#include <string>

#include "base/process.h"
#include "harness/jobs/run_job.h"

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

// Why a job did not end well, one line. Of one that ended without an answer (it crashed, it hung)
// the last line of its log too, which often says why.
std::string ReasonOf(const JobOutcome& outcome);

}  // namespace qbench::worker
