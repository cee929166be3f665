#include "harness/run/run_engine.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/interrupt.h"
#include "datasets/tensor_cache.h"
#include "harness/jobs/outcome.h"
#include "harness/jobs/samples_ref.h"
#include "harness/run/artifact_cache.h"
#include "harness/run/artifact_key.h"
#include "harness/run/cell_state.h"
#include "harness/run/comparison_record.h"
#include "harness/run/run_cells.h"
#include "harness/run/run_records.h"
#include "harness/run/run_steps.h"
#include "harness/stats/descriptive.h"

namespace qbench::plan {
namespace {

using store::Outcome;

// An artifact that this invocation made, or took from the cache.
struct MadeArtifact {
  std::filesystem::path file;
  int64_t id = 0;  // in the store
};

class RunEngine {
 public:
  RunEngine(const Plan& plan, const RunOptions& options, const JobRunner& run_job,
            const RunEvents& events, store::Store& store)
      : plan_(plan),
        options_(options),
        run_job_(run_job),
        events_(events),
        store_(store),
        artifacts_(options.folders.cache),
        steps_(PlanSteps(plan)),
        clock_(plan, steps_, options.inference_history, events.progress) {}

  Result<int64_t> Execute() {
    const Status status = Run();
    if (status.ok()) return run_id_;
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
    QB_ASSIGN_OR_RETURN(cells_, AddCells(plan_, run_id_, store_));
    LearnFromStored();
    QB_RETURN_IF_ERROR(PrepareSamples());
    MarkDoneSteps();
    for (size_t i = 0; i < steps_.size(); ++i) {
      QB_RETURN_IF_ERROR(CheckCancelled());
      QB_RETURN_IF_ERROR(TakeTimed(i));
    }
    return store_.FinishRun(run_id_, UtcNow());
  }

  // --- Beginning --------------------------------------------------------------------------------
  Status BeginOrResume();
  void LearnFromStored();
  Status PrepareSamples();
  bool AnyQuantizer(bool host::PluginDescriptor::*needs) const;
  Result<worker::SamplesRef> PrepareSplit(const datasets::Split& split, const PlannedModel& model,
                                          uint64_t seed, std::string* content);

  // --- Steps ------------------------------------------------------------------------------------
  // Tells the estimate what is there already.
  void MarkDoneSteps();
  // Takes step `index`, and tells the estimate how long it took.
  Status TakeTimed(size_t index);
  Status Take(const Step& step);
  Status Look(const Step& step);
  Status Quantize(const Step& step);
  // The images that the artifact was calibrated on; empty where there were none.
  Json CalibrationImages(const PlannedCell& cell, const store::Artifact& artifact) const;
  // Is there still a cell that would run this cell's artifact?
  bool IsNeeded(const PlannedCell& artifact) const;
  Result<worker::JobOutcome> MakeArtifact(const PlannedCell& cell, const std::string& key);
  std::string KeyOf(const PlannedCell& cell) const {
    return ArtifactCache::Key(ArtifactKeyContent(plan_, cell, samples_[cell.model]));
  }
  Status StoreArtifact(size_t index, const worker::JobOutcome& outcome);
  Status Accuracy(const Step& step);
  Status Diff(const Step& step);
  Status Latency(const Step& step);
  Status Peak();
  Status Profile(const Step& step);

  // Starts a measurement of a step's cell: kind, repetition, start time.
  store::Measurement Begin(const Step& step, store::MeasurementKind kind) const;
  // Ends it with the outcome of its job and stores it with the cell's outcome.
  Status Commit(size_t cell, store::Measurement measurement, const worker::JobOutcome& outcome);

  worker::JobOutcome RunJob(const worker::Job& job, const std::string& doing);
  bool WantsToStop() const {
    return InterruptRequested() || (events_.cancelled && events_.cancelled());
  }
  Status CheckCancelled() const;
  // Was the job stopped by the user? One that finished all the same counts, and is committed.
  Status CheckStopped(const worker::JobOutcome& outcome) const;
  Status Warn(const std::string& line);

  const Plan& plan_;
  const RunOptions& options_;
  const JobRunner& run_job_;
  const RunEvents& events_;
  store::Store& store_;
  ArtifactCache artifacts_;
  std::vector<Step> steps_;
  RunClock clock_;
  bool worked_ = false;              // a job of the current step did its work
  std::optional<size_t> last_look_;  // the last of the steps that look at a cell
  int64_t run_id_ = 0;
  std::vector<CellState> cells_;
  std::vector<ModelSamples> samples_;                                  // one a model
  std::map<std::pair<size_t, size_t>, MadeArtifact> made_;             // by (model, quantizer)
  std::map<std::pair<size_t, size_t>, std::string> invalid_accuracy_;  // the same → why
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
    run_id_ = *unfinished;
    return store_.AddNote({0, run_id_, UtcNow(), store::NoteSeverity::kInfo, "resumed"});
  }
  QB_ASSIGN_OR_RETURN(run_id_, store_.BeginRun(RunRecord(plan_, options_.command_line)));
  QB_RETURN_IF_ERROR(store_.AddNote(
      {0, run_id_, UtcNow(), store::NoteSeverity::kInfo,
       fmt::format("splits of {}: {}", plan_.dataset.name, plan_.dataset.split_rule)}));
  for (const std::string& warning : plan_.warnings) QB_RETURN_IF_ERROR(Warn(warning));
  return OkStatus();
}

// What an interrupted run timed need not be looked at again.
void RunEngine::LearnFromStored() {
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i].inference_seconds <= 0) continue;
    clock_.estimate().LearnInference(i, cells_[i].inference_seconds);
  }
}

Result<worker::SamplesRef> RunEngine::PrepareSplit(const datasets::Split& split,
                                                   const PlannedModel& model, uint64_t seed,
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
    QB_RETURN_IF_ERROR(Warn(broken));
  }
  if (content != nullptr) *content = tensors.content_sha256();
  return worker::MakeSamplesRef(split, tensors, model.sidecar.input, model.label_outputs, seed);
}

bool RunEngine::AnyQuantizer(bool host::PluginDescriptor::*needs) const {
  return std::ranges::any_of(plan_.selection.quantizers, [&](const SelectedPlugin& quantizer) {
    return quantizer.plugin.descriptor.*needs;
  });
}

Status RunEngine::PrepareSamples() {
  const bool calibrate =
      AnyQuantizer(&host::PluginDescriptor::needs_samples) || plan_.diff_runtime.has_value();
  const bool train = AnyQuantizer(&host::PluginDescriptor::needs_train);
  for (const PlannedModel& model : plan_.models) {
    ModelSamples samples;
    QB_ASSIGN_OR_RETURN(samples.test, PrepareSplit(plan_.Test(), model, 0, nullptr));
    const datasets::Split* calibration = plan_.FindSplit("calibration");
    if (calibrate && calibration != nullptr && !calibration->images.empty()) {
      QB_ASSIGN_OR_RETURN(
          samples.calibration,
          PrepareSplit(*calibration, model, plan_.calibration_seed, &samples.calibration_content));
    }
    if (train) {  // the plan has made sure that there is such a split
      QB_ASSIGN_OR_RETURN(samples.train,
                          PrepareSplit(*plan_.FindSplit("train"), model, plan_.calibration_seed,
                                       &samples.train_content));
    }
    samples_.push_back(std::move(samples));
  }
  return OkStatus();
}

void RunEngine::MarkDoneSteps() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const PlannedCell& cell = plan_.cells[step.cell];
    bool done = cells_[step.cell].stopped;
    if (step.kind == StepKind::kQuantize) {
      std::error_code error;
      done = !IsNeeded(cell) || std::filesystem::exists(artifacts_.Folder(KeyOf(cell)), error);
    } else if (step.kind == StepKind::kLook) {
      done = done || cells_[step.cell].inference_seconds > 0;
      if (!done) last_look_ = i;
    } else if (const auto kind = MeasurementOf(step.kind)) {
      done = done || cells_[step.cell].measured.contains({*kind, step.repetition});
    }
    if (done) clock_.estimate().MarkDone(i);
  }
}

Status RunEngine::TakeTimed(size_t index) {
  const Step& step = steps_[index];
  clock_.BeginStep(index);
  worked_ = false;
  QB_RETURN_IF_ERROR(Take(step));
  if (step.kind == StepKind::kLatency) LearnFromStored();
  clock_.EndStep(worked_);
  clock_.DropStopped(cells_);
  if (last_look_ == index && events_.looked) events_.looked(clock_.SecondsLeft());
  return OkStatus();
}

Status RunEngine::Take(const Step& step) {
  switch (step.kind) {
    case StepKind::kLook:
      return Look(step);
    case StepKind::kQuantize:
      return Quantize(step);
    case StepKind::kAccuracy:
      return Accuracy(step);
    case StepKind::kDiff:
      return Diff(step);
    case StepKind::kLatency:
      return Latency(step);
    case StepKind::kPeak:
      return Peak();
    case StepKind::kProfile:
      return Profile(step);
  }
  return OkStatus();
}

Result<worker::JobOutcome> RunEngine::MakeArtifact(const PlannedCell& cell,
                                                   const std::string& key) {
  if (std::optional<worker::QuantizeResult> cached = artifacts_.Find(key); cached.has_value()) {
    worker::JobOutcome outcome;
    outcome.status = Outcome::kOk;
    outcome.result = std::move(*cached);
    return outcome;
  }
  const PlannedModel& model = plan_.models[cell.model];
  const SelectedPlugin& quantizer = plan_.selection.quantizers[cell.quantizer];
  worker::QuantizeJob job;
  job.model = model.tflite;
  job.quantizer = quantizer.Use();
  job.output = artifacts_.Folder(key);
  const host::PluginDescriptor& descriptor = quantizer.plugin.descriptor;
  if (descriptor.needs_samples) job.calibration = samples_[cell.model].calibration;
  if (descriptor.needs_train) job.train = samples_[cell.model].train;
  if (descriptor.UsesSamples()) job.calibration_runtime = plan_.calibration_runtime->Use();
  worker::JobOutcome outcome =
      RunJob(job, fmt::format("quantizing {} with {}", model.stem, quantizer.Name()));
  if (outcome.ok()) {
    QB_RETURN_IF_ERROR(artifacts_.Save(key, std::get<worker::QuantizeResult>(outcome.result)));
  }
  return outcome;
}

Status RunEngine::StoreArtifact(size_t index, const worker::JobOutcome& outcome) {
  const PlannedCell& cell = plan_.cells[index];
  const SelectedPlugin& quantizer = plan_.selection.quantizers[cell.quantizer];
  const auto& result = std::get<worker::QuantizeResult>(outcome.result);
  QB_ASSIGN_OR_RETURN(store::Artifact artifact, ArtifactRecord(result));
  if (const std::string reason = InvalidAccuracy(artifact, plan_.models[cell.model].sidecar);
      !reason.empty()) {
    invalid_accuracy_[{cell.model, cell.quantizer}] = reason;
  }
  if (const Json images = CalibrationImages(cell, artifact); !images.empty()) {
    artifact.emitted.push_back(
        {{"name", "calibration_images"}, {"type", "application/json"}, {"value", images}});
  }
  if (quantizer.plugin.descriptor.needs_train) {
    const datasets::Split& train = *plan_.FindSplit("train");
    artifact.emitted.push_back(
        {{"name", "training_split"},
         {"type", "application/json"},
         {"value", {{"images", train.images.size()}, {"sha256", train.sha256}}}});
  }
  if (!quantizer.files.empty()) {
    artifact.emitted.push_back({{"name", "option_files"},
                                {"type", "application/json"},
                                {"value", quantizer.FileHashes()}});
  }
  QB_ASSIGN_OR_RETURN(artifact.model_id, store_.UpsertModel(ModelRecord(plan_.models[cell.model])));
  QB_ASSIGN_OR_RETURN(artifact.quantizer_id, store_.UpsertPlugin(PluginRecord(quantizer)));
  artifact.quantizer_options = quantizer.StoredOptions();
  QB_ASSIGN_OR_RETURN(const int64_t id, store_.UpsertArtifact(artifact));
  made_[{cell.model, cell.quantizer}] = {result.artifact, id};
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (SameArtifact(plan_.cells[i], cell)) {
      QB_RETURN_IF_ERROR(store_.SetCellArtifact(cells_[i].id, id));
    }
  }
  return OkStatus();
}

Json RunEngine::CalibrationImages(const PlannedCell& cell, const store::Artifact& artifact) const {
  const std::optional<worker::SamplesRef>& calibration = samples_[cell.model].calibration;
  const datasets::Split* split = plan_.FindSplit("calibration");
  if (!calibration.has_value() || split == nullptr) return Json::array();
  return ImagesUsed(artifact, *split, *calibration);
}

bool RunEngine::IsNeeded(const PlannedCell& artifact) const {
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (SameArtifact(plan_.cells[i], artifact) && !cells_[i].stopped) return true;
  }
  return false;
}

Status RunEngine::Quantize(const Step& step) {
  const PlannedCell& cell = plan_.cells[step.cell];
  if (!IsNeeded(cell)) return OkStatus();  // it failed before the run was interrupted
  const store::Measurement begun = Begin(step, store::MeasurementKind::kQuantize);
  QB_ASSIGN_OR_RETURN(const worker::JobOutcome outcome, MakeArtifact(cell, KeyOf(cell)));
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  if (outcome.ok()) QB_RETURN_IF_ERROR(StoreArtifact(step.cell, outcome));
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (!SameArtifact(plan_.cells[i], cell)) continue;
    store::Measurement measurement = begun;
    if (outcome.ok()) {
      const auto& result = std::get<worker::QuantizeResult>(outcome.result);
      measurement.wall_seconds = result.wall_seconds;
      measurement.peak_rss_bytes = static_cast<int64_t>(result.peak_rss_bytes);
    }
    QB_RETURN_IF_ERROR(Commit(i, std::move(measurement), outcome));
  }
  return OkStatus();
}

// Nothing of it is stored, and what fails here fails again where it is measured.
Status RunEngine::Look(const Step& step) {
  const PlannedCell& cell = plan_.cells[step.cell];
  const CellState& state = cells_[step.cell];
  if (state.stopped || state.inference_seconds > 0) return OkStatus();
  worker::LatencyJob job;
  job.artifact = made_.at({cell.model, cell.quantizer}).file;
  job.runtime = plan_.selection.runtimes[cell.runtime].Use();
  job.threads = cell.threads;
  job.samples = samples_[cell.model].test;
  job.settings = {.min_samples = kLookRuns - 1,
                  .min_seconds = 0,
                  .warmup_runs = 1,
                  .warmup_seconds = 0,
                  .max_seconds = 1};
  const worker::JobOutcome outcome = RunJob(job, "timing an inference: " + plan_.CellName(cell));
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  if (!outcome.ok()) return OkStatus();
  store::Measurement look;
  TakeResult(std::get<worker::LatencyResult>(outcome.result), look);
  if (look.samples_ns.empty()) return OkStatus();
  const double invoked = std::accumulate(look.samples_ns.begin(), look.samples_ns.end(),
                                         look.first_ms.value_or(0) * 1e6) /
                         1e9;
  clock_.estimate().LearnInference(step.cell, stats::Median(look.samples_ns) / 1e9);
  clock_.estimate().LearnOverhead(step.cell, outcome.wall_seconds - invoked);
  return OkStatus();
}

Status RunEngine::Accuracy(const Step& step) {
  const PlannedCell& cell = plan_.cells[step.cell];
  const CellState& state = cells_[step.cell];
  if (state.stopped || state.measured.contains({store::MeasurementKind::kAccuracy, 0})) {
    return OkStatus();
  }
  store::Measurement measurement = Begin(step, store::MeasurementKind::kAccuracy);
  worker::AccuracyJob job;
  job.artifact = made_.at({cell.model, cell.quantizer}).file;
  job.runtime = plan_.selection.runtimes[cell.runtime].Use();
  job.threads = cell.threads;
  job.samples = samples_[cell.model].test;
  worker::JobOutcome outcome = RunJob(job, fmt::format("accuracy: {}", plan_.CellName(cell)));
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  if (outcome.ok()) {
    TakeResult(std::get<worker::AccuracyResult>(std::move(outcome.result)), measurement);
    if (const auto found = invalid_accuracy_.find({cell.model, cell.quantizer});
        found != invalid_accuracy_.end()) {
      measurement.status = Outcome::kInvalid;
      measurement.reason = "accuracy means nothing: " + found->second;
    }
  }
  return Commit(step.cell, std::move(measurement), outcome);
}

Status RunEngine::Diff(const Step& step) {
  const PlannedCell& cell = plan_.cells[step.cell];
  const auto made = made_.find({cell.model, cell.quantizer});
  const SelectedPlugin& quantizer = plan_.selection.quantizers[cell.quantizer];
  if (made == made_.end() || quantizer.plugin.descriptor.baseline) return OkStatus();
  QB_ASSIGN_OR_RETURN(const std::set<int64_t> compared, store_.ComparedArtifacts(run_id_));
  if (compared.contains(made->second.id)) return OkStatus();
  const ModelSamples& samples = samples_[cell.model];
  worker::DifferenceJob job;
  job.float_model = plan_.models[cell.model].tflite;
  job.quantized_model = made->second.file;
  job.runtime = plan_.diff_runtime->Use();
  job.samples = samples.calibration.value_or(samples.test);
  job.images = kDiffImages;
  const std::string name = plan_.models[cell.model].stem + " · " + quantizer.Name();
  const worker::JobOutcome outcome = RunJob(job, "layers: " + name);
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  store::LayerComparison comparison = ComparisonRecord(outcome);
  const std::string& reason = comparison.reason;
  if (!reason.empty() && events_.warning) events_.warning("layers of " + name + ": " + reason);
  comparison.run_id = run_id_;
  comparison.artifact_id = made->second.id;
  comparison.runtime = plan_.diff_runtime->Name();
  comparison.dataset = plan_.dataset.name;
  comparison.split = samples.calibration ? "calibration" : "test";
  return store_.AddComparison(comparison);
}

Status RunEngine::Latency(const Step& step) {
  const PlannedCell& cell = plan_.cells[step.cell];
  const CellState& state = cells_[step.cell];
  if (state.stopped ||
      state.measured.contains({store::MeasurementKind::kLatency, step.repetition})) {
    return OkStatus();
  }
  store::Measurement measurement = Begin(step, store::MeasurementKind::kLatency);
  worker::LatencyJob job;
  job.artifact = made_.at({cell.model, cell.quantizer}).file;
  job.runtime = plan_.selection.runtimes[cell.runtime].Use();
  job.threads = cell.threads;
  job.samples = samples_[cell.model].test;
  job.settings = plan_.measure.latency;
  const worker::JobOutcome outcome =
      RunJob(job, fmt::format("latency {}/{}: {}", step.repetition + 1, plan_.measure.repetitions,
                              plan_.CellName(cell)));
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  if (outcome.ok()) {
    TakeResult(std::get<worker::LatencyResult>(outcome.result), measurement);
  }
  return Commit(step.cell, std::move(measurement), outcome);
}

// What profiles are held against. Without it a report says less, and the run goes on.
Status RunEngine::Peak() {
  QB_ASSIGN_OR_RETURN(const auto measured, store_.MachinePeaks(run_id_));
  if (!measured.empty()) return OkStatus();
  std::set<int> threads;
  for (const PlannedCell& cell : plan_.cells) threads.insert(cell.threads);
  worker::PeakJob job;
  job.threads.assign(threads.begin(), threads.end());
  worker::JobOutcome outcome = RunJob(job, "measuring the machine's peak");
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  if (!outcome.ok()) return Warn("the machine's peak is not known: " + outcome.reason);
  return store_.SetMachinePeaks(run_id_,
                                PeakRecords(std::get<worker::PeakResult>(outcome.result).measured));
}

// A process of its own, since profiling costs time and memory.
Status RunEngine::Profile(const Step& step) {
  const PlannedCell& cell = plan_.cells[step.cell];
  const CellState& state = cells_[step.cell];
  if (state.stopped || state.measured.contains({store::MeasurementKind::kProfile, 0})) {
    return OkStatus();
  }
  store::Measurement measurement = Begin(step, store::MeasurementKind::kProfile);
  worker::ProfileJob job;
  job.artifact = made_.at({cell.model, cell.quantizer}).file;
  job.runtime = plan_.selection.runtimes[cell.runtime].Use();
  job.threads = cell.threads;
  job.samples = samples_[cell.model].test;
  if (!plan_.measure.profile) job.runs = 1;
  worker::JobOutcome outcome = RunJob(job, fmt::format("profile: {}", plan_.CellName(cell)));
  QB_RETURN_IF_ERROR(CheckStopped(outcome));
  if (outcome.ok()) {
    TakeResult(std::get<worker::ProfileResult>(std::move(outcome.result)), measurement);
    if (!plan_.measure.profile) ForgetTimes(measurement);
  }
  return Commit(step.cell, std::move(measurement), outcome);
}

store::Measurement RunEngine::Begin(const Step& step, store::MeasurementKind kind) const {
  store::Measurement measurement;
  measurement.kind = kind;
  measurement.repetition = step.repetition;
  measurement.started_at = UtcNow();
  return measurement;
}

Status RunEngine::Commit(size_t cell, store::Measurement measurement,
                         const worker::JobOutcome& outcome) {
  if (cells_[cell].measured.contains({measurement.kind, measurement.repetition})) {
    return OkStatus();  // an artifact that a resumed run took from the cache
  }
  measurement.log = outcome.log;
  if (!outcome.ok()) {
    measurement.status = outcome.status;
    measurement.reason = ReasonOf(outcome);
    measurement.warnings = outcome.warnings;
    // Nobody asked for the profile of a runtime that has none.
    const bool expected = measurement.kind == store::MeasurementKind::kProfile &&
                          measurement.status == Outcome::kUnsupported && !plan_.measure.profile;
    if (events_.warning && !expected) {
      events_.warning(fmt::format("{}: {}", plan_.CellName(plan_.cells[cell]), measurement.reason));
    }
  }
  measurement.cell_id = cells_[cell].id;
  measurement.finished_at = UtcNow();
  if (!measurement.wall_seconds.has_value()) measurement.wall_seconds = outcome.wall_seconds;
  TakeMeasurement(measurement, plan_.measure.repetitions, cells_[cell]);
  return store_.CommitMeasurement(measurement, cells_[cell].outcome);
}

worker::JobOutcome RunEngine::RunJob(const worker::Job& job, const std::string& doing) {
  clock_.Report(doing);
  worker::JobSettings settings;
  settings.limits = plan_.measure.limits;
  worker::JobCallbacks callbacks;
  callbacks.progress = [&](const std::string& what, uint64_t done, uint64_t total) {
    clock_.Report(doing, what, done, total);
  };
  callbacks.cancelled = [&] {
    clock_.Report(doing);
    return WantsToStop();
  };
  worker::JobOutcome outcome = run_job_(job, settings, callbacks);
  worked_ = outcome.ok();
  return outcome;
}

Status RunEngine::CheckCancelled() const {
  return WantsToStop() ? InterruptStatus("measuring") : OkStatus();
}

Status RunEngine::CheckStopped(const worker::JobOutcome& outcome) const {
  return outcome.stopped() ? CheckCancelled() : OkStatus();
}

Status RunEngine::Warn(const std::string& line) {
  if (events_.warning) events_.warning(line);
  return store_.AddNote({0, run_id_, UtcNow(), store::NoteSeverity::kWarning, line});
}

}  // namespace

double EstimateSeconds(const Plan& plan, const std::map<size_t, double>& history) {
  return RunClock(plan, PlanSteps(plan), history, {}).SecondsLeft();
}

Result<int64_t> ExecuteRun(const Plan& plan, const RunOptions& options, const JobRunner& run_job,
                           const RunEvents& events, store::Store& store) {
  return RunEngine(plan, options, run_job, events, store).Execute();
}

}  // namespace qbench::plan
