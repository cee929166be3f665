#include "harness/run/step_work.h"

#include <numeric>
#include <set>

#include "harness/run/run_records.h"
#include "harness/stats/descriptive.h"

namespace qbench::run {
namespace {

// A job that runs a cell's artifact. The cell has not stopped, so there is one.
template <typename Job>
Job CellJob(const RunState& state, const Step& step) {
  const plan::PlannedCell& cell = state.plan.cells[step.cell];
  Job job;
  job.artifact = state.FindArtifact(cell)->file;
  job.artifact_sha256 = state.FindArtifact(cell)->sha256;
  job.runtime = state.plan.selection.runtimes[cell.runtime].Use();
  job.threads = cell.threads;
  job.samples = state.samples[cell.model].test;
  return job;
}

// Nothing of it is stored, and what fails here fails again where it is measured.
class LookWork : public StepWork {
 public:
  explicit LookWork(RunState& state) : state_(state) {}

  bool LooksDone(const Step& step) const override {
    const CellState& cell = state_.cells[step.cell];
    return cell.stopped || cell.inference_seconds > 0;
  }
  std::string Doing(const Step& step) const override {
    return "timing an inference: " + state_.plan.CellName(state_.plan.cells[step.cell]);
  }
  jobs::Job MakeJob(const Step& step) const override {
    auto job = CellJob<jobs::LatencyJob>(state_, step);
    job.settings = {.min_samples = kLookRuns - 1,
                    .min_seconds = 0,
                    .warmup_runs = 1,
                    .warmup_seconds = 0,
                    .max_seconds = 1};
    return job;
  }
  Status Finish(const Step& step, const std::string& /*started_at*/,
                jobs::JobOutcome outcome) override {
    if (!outcome.ok()) return OkStatus();
    store::Measurement look;
    FillMeasurement(std::get<jobs::LatencyResult>(outcome.result), look);
    if (look.samples_ns.empty()) return OkStatus();
    const double invoked = std::accumulate(look.samples_ns.begin(), look.samples_ns.end(),
                                           look.first_ms.value_or(0) * 1e6) /
                           1e9;
    TimeEstimate& estimate = state_.clock.estimate();
    estimate.LearnInference(step.cell, stats::Median(look.samples_ns) / 1e9);
    estimate.LearnOverhead(step.cell, outcome.wall_seconds - invoked);
    return OkStatus();
  }

 private:
  RunState& state_;
};

// A measurement of one cell, which is stored as such.
class MeasureWork : public StepWork {
 public:
  MeasureWork(RunState& state, StepKind kind) : state_(state), kind_(*MeasurementOf(kind)) {}

  bool LooksDone(const Step& step) const override {
    return state_.cells[step.cell].stopped || state_.IsMeasured(step.cell, kind_, step.repetition);
  }
  Status Finish(const Step& step, const std::string& started_at,
                jobs::JobOutcome outcome) override {
    store::Measurement measurement;
    measurement.kind = kind_;
    measurement.repetition = step.repetition;
    measurement.started_at = started_at;
    if (outcome.ok()) Fill(step, std::move(outcome.result), measurement);
    return state_.Commit(step.cell, std::move(measurement), outcome);
  }

 protected:
  // Puts what the job measured into the measurement.
  virtual void Fill(const Step& step, jobs::JobResult result,
                    store::Measurement& measurement) const = 0;

  const plan::Plan& plan() const { return state_.plan; }
  const plan::PlannedCell& CellOf(const Step& step) const { return plan().cells[step.cell]; }
  std::string CellName(const Step& step) const { return plan().CellName(CellOf(step)); }

  RunState& state_;

 private:
  store::MeasurementKind kind_;
};

class AccuracyWork : public MeasureWork {
 public:
  explicit AccuracyWork(RunState& state) : MeasureWork(state, StepKind::kAccuracy) {}

  std::string Doing(const Step& step) const override { return "accuracy: " + CellName(step); }
  jobs::Job MakeJob(const Step& step) const override {
    auto job = CellJob<jobs::AccuracyJob>(state_, step);
    job.float_model = plan().models[CellOf(step).model].tflite;
    return job;
  }

 protected:
  void Fill(const Step& step, jobs::JobResult result,
            store::Measurement& measurement) const override {
    FillMeasurement(std::get<jobs::AccuracyResult>(std::move(result)), measurement);
    const std::string& invalid = state_.FindArtifact(CellOf(step))->invalid_accuracy;
    if (invalid.empty()) return;
    measurement.status = store::Outcome::kInvalid;
    measurement.reason = "accuracy means nothing: " + invalid;
  }
};

class LatencyWork : public MeasureWork {
 public:
  explicit LatencyWork(RunState& state) : MeasureWork(state, StepKind::kLatency) {}

  bool LooksDone(const Step& step) const override {
    if (IsRepeat(plan(), step) && !state_.repeated.contains(step.cell)) return true;
    return MeasureWork::LooksDone(step);
  }
  std::string Doing(const Step& step) const override {
    const int rounds = plan().measure.repetitions;
    return fmt::format("latency{} {}/{}: {}", IsRepeat(plan(), step) ? " once more" : "",
                       step.repetition % rounds + 1, rounds, CellName(step));
  }
  jobs::Job MakeJob(const Step& step) const override {
    auto job = CellJob<jobs::LatencyJob>(state_, step);
    job.settings = plan().measure.latency;
    return job;
  }

 protected:
  void Fill(const Step& /*step*/, jobs::JobResult result,
            store::Measurement& measurement) const override {
    FillMeasurement(std::get<jobs::LatencyResult>(result), measurement);
  }
};

// A process of its own, since profiling costs time and memory.
class ProfileWork : public MeasureWork {
 public:
  explicit ProfileWork(RunState& state) : MeasureWork(state, StepKind::kProfile) {}

  std::string Doing(const Step& step) const override { return "profile: " + CellName(step); }
  jobs::Job MakeJob(const Step& step) const override {
    auto job = CellJob<jobs::ProfileJob>(state_, step);
    if (!plan().measure.profile) job.runs = 1;
    return job;
  }

 protected:
  void Fill(const Step& /*step*/, jobs::JobResult result,
            store::Measurement& measurement) const override {
    FillMeasurement(std::get<jobs::ProfileResult>(std::move(result)), measurement);
    if (!plan().measure.profile) ForgetTimes(measurement);
  }
};

// What profiles are held against. Without it a report says less, and the run goes on.
class PeakWork : public StepWork {
 public:
  explicit PeakWork(RunState& state) : state_(state) {}

  bool LooksDone(const Step& /*step*/) const override { return false; }
  Result<bool> IsDone(const Step& /*step*/) const override {
    QB_ASSIGN_OR_RETURN(const auto measured, state_.store.MachinePeaks(state_.run_id));
    return !measured.empty();
  }
  std::string Doing(const Step& /*step*/) const override { return "measuring the machine's peak"; }
  jobs::Job MakeJob(const Step& /*step*/) const override {
    std::set<int> threads;
    for (const plan::PlannedCell& cell : state_.plan.cells) threads.insert(cell.threads);
    jobs::PeakJob job;
    job.threads.assign(threads.begin(), threads.end());
    return job;
  }
  Status Finish(const Step& /*step*/, const std::string& /*started_at*/,
                jobs::JobOutcome outcome) override {
    if (!outcome.ok()) {
      return state_.WarnAndNote("the machine's peak is not known: " + outcome.reason);
    }
    const auto& result = std::get<jobs::PeakResult>(outcome.result);
    return state_.store.SetMachinePeaks(state_.run_id, result.measured.peaks);
  }

 private:
  RunState& state_;
};

}  // namespace

std::unique_ptr<StepWork> MakeStepWork(StepKind kind, RunState& state) {
  switch (kind) {
    case StepKind::kQuantize:
      return MakeQuantizeWork(state);
    case StepKind::kLook:
      return std::make_unique<LookWork>(state);
    case StepKind::kAccuracy:
      return std::make_unique<AccuracyWork>(state);
    case StepKind::kDiff:
      return MakeDiffWork(state);
    case StepKind::kLatency:
      return std::make_unique<LatencyWork>(state);
    case StepKind::kPeak:
      return std::make_unique<PeakWork>(state);
    case StepKind::kProfile:
      return std::make_unique<ProfileWork>(state);
  }
  return nullptr;
}

}  // namespace qbench::run
