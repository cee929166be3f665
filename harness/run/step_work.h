// What is done in a step of each kind: the job that it runs, and what becomes of the job's result.
// The engine does the rest, the same for all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "harness/jobs/run_job.h"
#include "harness/run/run_state.h"
#include "harness/run/run_steps.h"

namespace qbench::run {

// One kind of step. A new kind is a class of this and a line in MakeStepWork; where in a run its
// steps come, PlanSteps says, and how long one is expected to take, TimeEstimate.
class StepWork {
 public:
  virtual ~StepWork() = default;

  // For the estimate, before the first step: is there nothing left to do, as far as can be told?
  virtual bool LooksDone(const Step& step) const = 0;
  // The same, when it is the step's turn. Errors are the store's.
  virtual Result<bool> IsDone(const Step& step) const { return LooksDone(step); }
  // "accuracy: net · int8 · litert · 1 thread", for people.
  virtual std::string Doing(const Step& step) const = 0;
  // How the job ended, where that is known without running it.
  virtual std::optional<jobs::JobOutcome> FindOutcome(const Step& /*step*/) { return std::nullopt; }
  virtual jobs::Job MakeJob(const Step& step) const = 0;
  // Takes how the job ended into the run and its store. Not called where the user stopped the job.
  virtual Status Finish(const Step& step, const std::string& started_at,
                        jobs::JobOutcome outcome) = 0;
};

// `state` outlives it.
std::unique_ptr<StepWork> MakeStepWork(StepKind kind, RunState& state);

// For MakeStepWork: a file each.
std::unique_ptr<StepWork> MakeQuantizeWork(RunState& state);
std::unique_ptr<StepWork> MakeDiffWork(RunState& state);

}  // namespace qbench::run
