// The parent's side: runs one job in a process of its own and says what became of it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/jobs/jobs.h"

namespace qbench::jobs {

struct JobLimits {
  std::chrono::milliseconds time{0};  // 0: DefaultTimeLimit(job)
  uint64_t memory_bytes = 0;          // of resident memory; 0: DefaultMemoryLimit()
};

// 80 % of the memory that is available now, so that the worker dies before the board swaps itself
// to a standstill; at least 64 MiB.
uint64_t DefaultMemoryLimit();

// A minute for a probe, ten for an import, two hours for quantizing and accuracy (a model that is
// trained anew, the reference runtime on a slow board); for latency what its settings allow, twice,
// and twenty minutes.
std::chrono::seconds DefaultTimeLimit(const Job& job);

struct JobCallbacks {
  // For a progress bar: "calibrating", 12 of 100. May be empty, like the others. All are called on
  // RunJob's thread.
  std::function<void(const std::string& doing, uint64_t done, uint64_t total)> progress = {};
  // A line of the log, of the worker or of the plugin in it.
  std::function<void(int severity, const std::string& line)> log = {};  // severity: qbench/host.h
  // Asked some 20 times a second, as is base/interrupt.h; true stops the job. The worker is asked
  // to end (qbench.host.cancel) and killed half a second later: an answer in between counts.
  std::function<bool()> cancelled = {};
};

struct JobSettings {
  // The folder of qbench-worker and qbench-import; empty: that of the running program.
  std::filesystem::path programs = {};
  std::filesystem::path scratch = {};  // where the job folder is made; empty: the temporary folder
  JobLimits limits = {};
  // "NAME=value", for the worker, beside or instead of the parent's.
  std::vector<std::string> environment = {};
};

// How a job ended.
struct JobOutcome {
  // As it is stored and shown; kNotMeasured where the user stopped the job. Never kInvalid: what a
  // result is worth, its reader says.
  store::Outcome status = store::Outcome::kFailed;
  // The same as a Status has it: the worker's own code where it answered with a failure, else
  // kCrashed, kTimeout or kCancelled.
  StatusCode code = StatusCode::kInternal;
  // One line: what happened, in which plugin and which of its functions. Empty for kOk.
  std::string reason;
  // The last lines of its log and of what it wrote to its standard streams; see LastLines.
  std::vector<std::string> log;
  // Of a job that left no result (with one, they are in it): what its plugins warned of before.
  std::vector<std::string> warnings;
  double wall_seconds = 0;
  uint64_t peak_rss_bytes = 0;  // of the process, as the parent saw it
  JobResult result;             // std::monostate unless ok()

  bool ok() const { return status == store::Outcome::kOk; }
  bool stopped() const { return status == store::Outcome::kNotMeasured; }  // by the user
  // For a command that cannot go on without the result.
  Status ToStatus() const { return ok() ? OkStatus() : Status(code, reason); }
};

// Blocks until the job has ended, one way or another. A crash, a hang, memory without end and
// closed descriptors are outcomes, not failures of this function. After InterruptRequested() no
// process is started: stopped(). A worker that only looks (import, probe) and is killed from
// outside is started once more. Several jobs may run at once, on several threads.
JobOutcome RunJob(const Job& job, const JobSettings& settings = {},
                  const JobCallbacks& callbacks = {});

}  // namespace qbench::jobs
