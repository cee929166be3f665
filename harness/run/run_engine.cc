#include "harness/run/run_engine.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/interrupt.h"
#include "base/utc_time.h"
#include "datasets/tensor_cache.h"
#include "harness/jobs/outcome.h"
#include "harness/jobs/samples_ref.h"
#include "harness/run/file_watch.h"
#include "harness/run/needed_splits.h"
#include "harness/run/run_cells.h"
#include "harness/run/run_records.h"
#include "harness/run/run_state.h"
#include "harness/run/run_steps.h"
#include "harness/run/step_work.h"

namespace qbench::run {
namespace {

class RunEngine {
 public:
  RunEngine(const plan::Plan& plan, const RunOptions& options, const plan::JobRunner& run_job,
            const RunEvents& events, store::Store& store)
      : plan_(plan),
        options_(options),
        run_job_(run_job),
        events_(events),
        store_(store),
        steps_(PlanSteps(plan)),
        clock_(plan, steps_, options.inference_history, events.progress),
        state_{.plan = plan,
               .store = store,
               .clock = clock_,
               .warning = events.warning,
               .artifacts = ArtifactCache(options.folders.cache)} {
    for (const auto* plugins : {&plan.selection.quantizers, &plan.selection.runtimes}) {
      for (const plan::SelectedPlugin& selected : *plugins) files_.Add(selected.plugin);
    }
    for (const auto* selected : {&plan.calibration_runtime, &plan.diff_runtime}) {
      if (selected->has_value()) files_.Add((*selected)->plugin);
    }
    for (const Step& step : steps_) {
      std::unique_ptr<StepWork>& work = work_[step.kind];
      if (work == nullptr) work = MakeStepWork(step.kind, state_);
    }
  }

  Result<int64_t> Execute() {
    const Status status = Run();
    if (status.ok()) return state_.run_id;
    if (status.code() != StatusCode::kCancelled) return status;
    return Error(StatusCode::kCancelled,
                 "interrupted; what was measured is in {}: go on with the same command and "
                 "--resume",
                 store_.path().string());
  }

 private:
  // Everything, from the run's beginning. kCancelled: the user wishes to stop.
  Status Run() {
    QB_RETURN_IF_ERROR(BeginOrResume());
    QB_ASSIGN_OR_RETURN(state_.cells, AddCells(plan_, state_.run_id, store_));
    QB_RETURN_IF_ERROR(AddPinnedArtifacts(state_));
    LearnFromStored();
    QB_RETURN_IF_ERROR(PrepareSamples());
    MarkDoneSteps();
    for (size_t i = 0; i < steps_.size(); ++i) {
      QB_RETURN_IF_ERROR(CheckCancelled());
      if (IsRepeat(plan_, steps_[i])) QB_RETURN_IF_ERROR(ChooseRepeated());
      QB_RETURN_IF_ERROR(RunTimed(i));
    }
    if (plan_.baseline) QB_RETURN_IF_ERROR(options_.conclude(state_.run_id));
    return store_.FinishRun(state_.run_id, UtcNow());
  }

  // --- Beginning --------------------------------------------------------------------------------
  Status BeginOrResume();
  void LearnFromStored();
  Status PrepareSamples();
  Result<jobs::SamplesRef> PrepareSplit(const datasets::Split& split,
                                        const plan::PlannedModel& model, uint64_t seed,
                                        std::string* content);

  // --- Steps ------------------------------------------------------------------------------------
  // Tells the estimate what is there already.
  void MarkDoneSteps();
  // Which cells looked worse and are measured again; once.
  Status ChooseRepeated();
  // Runs step `index`, and tells the estimate how long it took.
  Status RunTimed(size_t index);
  Status RunStep(const Step& step);
  jobs::JobOutcome RunJob(const jobs::Job& job, const Step& step, const std::string& doing);

  bool WantsToStop() const {
    return InterruptRequested() || (events_.cancelled && events_.cancelled());
  }
  Status CheckCancelled() const {
    return WantsToStop() ? InterruptStatus("measuring") : OkStatus();
  }

  const plan::Plan& plan_;
  const RunOptions& options_;
  const plan::JobRunner& run_job_;
  const RunEvents& events_;
  store::Store& store_;
  std::vector<Step> steps_;
  RunClock clock_;
  RunState state_;
  std::map<StepKind, std::unique_ptr<StepWork>> work_;
  FileWatch files_;
  bool chose_repeated_ = false;
  bool worked_ = false;              // a job of the current step did its work
  std::optional<size_t> last_look_;  // the last of the steps that look at a cell
};

Status RunEngine::BeginOrResume() {
  if (options_.resume) {
    QB_ASSIGN_OR_RETURN(const std::optional<int64_t> unfinished,
                        store_.FindUnfinishedRun(plan_.hash));
    if (!unfinished.has_value()) {
      return Error(StatusCode::kNotFound,
                   "nothing to resume in {}: no unfinished run has this command, these models, "
                   "images and plugins; run it without --resume",
                   store_.path().string());
    }
    state_.run_id = *unfinished;
    return store_.AddNote({0, state_.run_id, UtcNow(), store::NoteSeverity::kInfo, "resumed"});
  }
  store::Run record = RunRecord(plan_, options_.command_line);
  if (plan_.baseline) record.settings["gate"] = options_.gate;
  QB_ASSIGN_OR_RETURN(state_.run_id, store_.BeginRun(record));
  QB_RETURN_IF_ERROR(store_.AddNote(
      {0, state_.run_id, UtcNow(), store::NoteSeverity::kInfo,
       fmt::format("splits of {}: {}", plan_.dataset.name, plan_.dataset.split_rule)}));
  for (const std::string& warning : plan_.warnings) QB_RETURN_IF_ERROR(state_.WarnAndNote(warning));
  return OkStatus();
}

// What an interrupted run timed need not be looked at again.
void RunEngine::LearnFromStored() {
  for (size_t i = 0; i < state_.cells.size(); ++i) {
    if (state_.cells[i].inference_seconds <= 0) continue;
    clock_.estimate().LearnInference(i, state_.cells[i].inference_seconds);
  }
}

Result<jobs::SamplesRef> RunEngine::PrepareSplit(const datasets::Split& split,
                                                 const plan::PlannedModel& model, uint64_t seed,
                                                 std::string* content) {
  const std::string doing =
      fmt::format("decoding {} images of {}", split.images.size(), split.name);
  datasets::DecodeOptions decode;
  decode.program = options_.decode_program;
  clock_.BeginDecoding(split.images.size());
  decode.progress = [&](size_t done, size_t total) {
    clock_.Report(doing, "", done, total);
    return !WantsToStop();
  };
  QB_ASSIGN_OR_RETURN(
      const datasets::TensorCache tensors,
      datasets::EnsureTensors(split, model.sidecar.input, options_.folders.cache, decode));
  clock_.EndDecoding();
  if (const std::string broken = datasets::DescribeBroken(split, tensors); !broken.empty()) {
    QB_RETURN_IF_ERROR(state_.WarnAndNote(broken));
  }
  if (content != nullptr) *content = tensors.content_sha256();
  return jobs::MakeSamplesRef(split, tensors, model.sidecar.input, model.label_outputs, seed);
}

Status RunEngine::PrepareSamples() {
  const NeededSplits splits = SplitsOf(plan_);
  for (const plan::PlannedModel& model : plan_.models) {
    ModelSamples samples;
    QB_ASSIGN_OR_RETURN(samples.test, PrepareSplit(*splits.test, model, 0, nullptr));
    if (model.pinned) {  // made already
      state_.samples.push_back(std::move(samples));
      continue;
    }
    if (splits.calibration != nullptr) {
      QB_ASSIGN_OR_RETURN(samples.calibration,
                          PrepareSplit(*splits.calibration, model, plan_.calibration_seed,
                                       &samples.calibration_content));
    }
    if (splits.train != nullptr) {
      QB_ASSIGN_OR_RETURN(samples.train, PrepareSplit(*splits.train, model, plan_.calibration_seed,
                                                      &samples.train_content));
    }
    state_.samples.push_back(std::move(samples));
  }
  return OkStatus();
}

void RunEngine::MarkDoneSteps() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (work_.at(steps_[i].kind)->LooksDone(steps_[i])) {
      clock_.estimate().MarkDone(i);
    } else if (steps_[i].kind == StepKind::kLook) {
      last_look_ = i;
    }
  }
}

Status RunEngine::ChooseRepeated() {
  if (chose_repeated_) return OkStatus();
  chose_repeated_ = true;
  QB_ASSIGN_OR_RETURN(const std::vector<int64_t> suspects, options_.suspects(state_.run_id));
  for (size_t i = 0; i < plan_.OwnCells(); ++i) {
    if (std::ranges::find(suspects, state_.cells[i].id) == suspects.end()) continue;
    state_.repeated.insert(i);
    if (const auto baseline = plan_.BaselineOf(i)) state_.repeated.insert(*baseline);
  }
  return OkStatus();
}

Status RunEngine::RunTimed(size_t index) {
  const Step& step = steps_[index];
  clock_.BeginStep(index);
  worked_ = false;
  QB_RETURN_IF_ERROR(RunStep(step));
  if (step.kind == StepKind::kLatency) LearnFromStored();
  clock_.EndStep(worked_);
  clock_.DropStopped(state_.cells);
  if (last_look_ == index && events_.looked) events_.looked(clock_.SecondsLeft());
  return OkStatus();
}

Status RunEngine::RunStep(const Step& step) {
  StepWork& work = *work_.at(step.kind);
  QB_ASSIGN_OR_RETURN(const bool done, work.IsDone(step));
  if (done) return OkStatus();
  const std::string started_at = UtcNow();
  std::optional<jobs::JobOutcome> outcome = work.FindOutcome(step);
  if (!outcome) {
    const jobs::Job job = work.MakeJob(step);
    const Status files = files_.Check(job);
    outcome = files.ok() ? RunJob(job, step, work.Doing(step)) : jobs::OutcomeOf({.answer = files});
  }
  // A job that finished although the user stopped it counts, and is committed.
  if (outcome->stopped()) QB_RETURN_IF_ERROR(CheckCancelled());
  // A full disk is a state of the machine, not a result: the cell stays to be measured.
  if (outcome->code == StatusCode::kNoSpace) {
    return Error(StatusCode::kNoSpace,
                 "{}; what was measured is in {}: make room, and go on with the same command and "
                 "--resume",
                 outcome->reason, store_.path().string());
  }
  return work.Finish(step, started_at, std::move(*outcome));
}

jobs::JobOutcome RunEngine::RunJob(const jobs::Job& job, const Step& step,
                                   const std::string& doing) {
  clock_.Report(doing);
  jobs::JobSettings settings;
  settings.limits = plan_.measure.limits;
  settings.environment = plan_.selection.runtimes[plan_.cells[step.cell].runtime].environment;
  jobs::JobCallbacks callbacks;
  callbacks.progress = [&](const std::string& what, uint64_t done, uint64_t total) {
    clock_.Report(doing, what, done, total);
  };
  callbacks.cancelled = [&] {
    clock_.Report(doing);
    return WantsToStop();
  };
  jobs::JobOutcome outcome = run_job_(job, settings, callbacks);
  worked_ = outcome.ok();
  return outcome;
}

}  // namespace

double EstimateSeconds(const plan::Plan& plan, const std::map<size_t, double>& history) {
  return RunClock(plan, PlanSteps(plan), history, {}).SecondsLeft();
}

Result<int64_t> ExecuteRun(const plan::Plan& plan, const RunOptions& options,
                           const plan::JobRunner& run_job, const RunEvents& events,
                           store::Store& store) {
  return RunEngine(plan, options, run_job, events, store).Execute();
}

}  // namespace qbench::run
