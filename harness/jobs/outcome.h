// From how a worker ended to what is stored and what the user is told. There are two vocabularies
// for how something ended: Status inside a process, and store::Outcome for what is stored and
// shown. Here the one becomes the other, and nowhere else.
#pragma once

#include <optional>
#include <string>

#include "base/process.h"
#include "harness/jobs/run_job.h"

namespace qbench::jobs {

// "segmentation fault", "aborted", ….
std::string SignalText(int signal);

// The exit status of a worker that could not take over the memory for its answer (EX_OSERR of
// sysexits.h); its log says why.
inline constexpr int kCannotAnswerStatus = 71;

// What is known of a worker that has ended.
struct WorkerEnd {
  ChildEnd child = {};  // counts only where there is no answer
  // What it answered: OK with a result, or why there is none. None: it left no answer.
  std::optional<Status> answer = {};
  bool asked_to_stop = false;  // by the user
  std::string where = {};      // Breadcrumb::Where()
  std::string log = {};        // what it wrote to its standard streams
};

// Sets status, code and reason. A failure that the worker answers with is kUnsupported or kFailed;
// without an answer it is kCrashed (a memory limit too), kTimeout, or kFailed where it has
// no place for an answer. A sanitizer's report in the log is the reason. Whatever fails after the
// user asked the job to stop was stopped; a result counts all the same.
JobOutcome OutcomeOf(const WorkerEnd& end);

// Why a job did not end well, one line. Of one that ended without an answer (it crashed, it hung)
// the last line of its log too, which often says why.
std::string ReasonOf(const JobOutcome& outcome);

}  // namespace qbench::jobs
