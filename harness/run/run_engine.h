// Carries a plan out: decodes, quantizes, measures, and commits each measurement as it finishes.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "harness/plan/run_plan.h"
#include "harness/run/run_clock.h"
#include "harness/store/store.h"

namespace qbench::run {

// How the caller follows a run. All are called on the thread that called ExecuteRun, and may be
// empty.
struct RunEvents {
  std::function<void(const RunProgress& progress)> progress;
  // Once: an inference of every cell was timed, and the rest takes about so long.
  std::function<void(double seconds)> looked;
  std::function<void(const std::string& line)> warning;
  std::function<bool()> cancelled;
};

struct RunOptions {
  plan::Folders folders;
  bool resume = false;  // continue the newest unfinished run with the plan's hash
  std::vector<std::string> command_line;
  std::map<size_t, double> inference_history;  // of the cells, for the estimate of the time left
  std::filesystem::path decode_program;        // empty: qbench-decode beside the running program
  // Of a plan with a baseline: `gate` is stored among the run's settings under that name;
  // `suspects` says, when every pair was measured once, which of the run's own cells (by their ids
  // in the store) are measured once more; `conclude` is called before the run ends. Neither is
  // empty then.
  Json gate = {};
  std::function<Result<std::vector<int64_t>>(int64_t run)> suspects = {};
  std::function<Status(int64_t run)> conclude = {};
};

// About how long the plan takes, in seconds, with nothing cached: from the inferences that
// `history` (InferenceHistory) knows, and a guess from the models' sizes where it knows none.
double EstimateSeconds(const plan::Plan& plan, const std::map<size_t, double>& history);

// Decodes what is missing in the cache, makes the artifacts, measures accuracy cell by cell,
// compares the artifacts' layers where the plan says so, then latency: every cell once, then every
// cell again in another order, so that a board that warms up slows all cells alike. A job that
// fails costs its cell, which gets the reason; the run goes on. Returns the run's id.
//
// kNotFound: --resume, and there is nothing to resume. kCancelled: `cancelled` said so; what was
// measured is stored, and the run can be resumed. kIo and others: the store or the cache cannot be
// written, or no image can be decoded; what was stored stays.
Result<int64_t> ExecuteRun(const plan::Plan& plan, const RunOptions& options,
                           const plan::JobRunner& run_job, const RunEvents& events,
                           store::Store& store);

}  // namespace qbench::run
