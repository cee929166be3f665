// An artifact for all cells that run it: made, or taken from the cache.
#include <system_error>

#include "harness/run/run_records.h"
#include "harness/run/step_work.h"

namespace qbench::run {
namespace {

// What the host adds to what a quantizer emitted.
Json EmittedByHost(const char* name, Json value) {
  return {{"name", name}, {"type", "application/json"}, {"value", std::move(value)}};
}

class QuantizeWork : public StepWork {
 public:
  explicit QuantizeWork(RunState& state) : state_(state) {}

  bool LooksDone(const Step& step) const override {
    std::error_code error;
    return !state_.IsArtifactNeeded(CellOf(step)) ||
           std::filesystem::exists(state_.artifacts.Folder(KeyOf(step)), error);
  }
  // Not needed: it failed before the run was interrupted.
  Result<bool> IsDone(const Step& step) const override {
    return !state_.IsArtifactNeeded(CellOf(step));
  }
  std::string Doing(const Step& step) const override {
    return fmt::format("quantizing {} with {}", ModelOf(step).stem, QuantizerOf(step).Name());
  }
  std::optional<jobs::JobOutcome> FindOutcome(const Step& step) override {
    std::optional<jobs::QuantizeResult> cached = state_.artifacts.Find(KeyOf(step));
    is_cached_ = cached.has_value();
    if (!cached) return std::nullopt;
    jobs::JobOutcome outcome;
    outcome.status = store::Outcome::kOk;
    outcome.result = std::move(*cached);
    return outcome;
  }
  jobs::Job MakeJob(const Step& step) const override;
  Status Finish(const Step& step, const std::string& started_at, jobs::JobOutcome outcome) override;

 private:
  const plan::PlannedCell& CellOf(const Step& step) const { return state_.plan.cells[step.cell]; }
  const plan::PlannedModel& ModelOf(const Step& step) const {
    return state_.plan.models[CellOf(step).model];
  }
  const plan::SelectedPlugin& QuantizerOf(const Step& step) const {
    return state_.plan.selection.quantizers[CellOf(step).quantizer];
  }
  std::string KeyOf(const Step& step) const {
    const plan::PlannedCell& cell = CellOf(step);
    return ArtifactCache::Key(ArtifactKeyContent(state_.plan, cell, state_.samples[cell.model]));
  }
  // The images that the artifact was calibrated on; empty where there were none.
  Json CalibrationImages(const Step& step, const store::Artifact& artifact) const;
  Status StoreArtifact(const Step& step, const jobs::QuantizeResult& result);

  RunState& state_;
  bool is_cached_ = false;  // the outcome of the step that is under way
};

jobs::Job QuantizeWork::MakeJob(const Step& step) const {
  const plan::SelectedPlugin& quantizer = QuantizerOf(step);
  const host::PluginDescriptor& descriptor = quantizer.plugin.descriptor;
  const ModelSamples& samples = state_.samples[CellOf(step).model];
  jobs::QuantizeJob job;
  job.model = ModelOf(step).tflite;
  job.model_sha256 = ModelOf(step).tflite_sha256;
  job.quantizer = quantizer.Use();
  job.output = state_.artifacts.Folder(KeyOf(step));
  if (descriptor.needs_samples) job.calibration = samples.calibration;
  if (descriptor.needs_train) job.train = samples.train;
  if (descriptor.UsesSamples()) job.calibration_runtime = state_.plan.calibration_runtime->Use();
  return job;
}

Status QuantizeWork::Finish(const Step& step, const std::string& started_at,
                            jobs::JobOutcome outcome) {
  store::Measurement measurement;
  measurement.kind = store::MeasurementKind::kQuantize;
  measurement.repetition = step.repetition;
  measurement.started_at = started_at;
  if (outcome.ok()) {
    const auto& result = std::get<jobs::QuantizeResult>(outcome.result);
    if (!is_cached_) QB_RETURN_IF_ERROR(state_.artifacts.Save(KeyOf(step), result));
    QB_RETURN_IF_ERROR(StoreArtifact(step, result));
    measurement.wall_seconds = result.wall_seconds;
    measurement.peak_rss_bytes = static_cast<int64_t>(result.peak_rss_bytes);
  }
  for (size_t i = 0; i < state_.cells.size(); ++i) {
    if (!SameArtifact(state_.plan.cells[i], CellOf(step))) continue;
    QB_RETURN_IF_ERROR(state_.Commit(i, measurement, outcome));
  }
  return OkStatus();
}

Json QuantizeWork::CalibrationImages(const Step& step, const store::Artifact& artifact) const {
  const std::optional<jobs::SamplesRef>& calibration =
      state_.samples[CellOf(step).model].calibration;
  const datasets::Split* split = state_.plan.FindSplit("calibration");
  if (!calibration.has_value() || split == nullptr) return Json::array();
  return ImagesUsed(artifact, *split, *calibration);
}

Status QuantizeWork::StoreArtifact(const Step& step, const jobs::QuantizeResult& result) {
  const plan::PlannedCell& cell = CellOf(step);
  const plan::SelectedPlugin& quantizer = QuantizerOf(step);
  store::Store& store = state_.store;
  QB_ASSIGN_OR_RETURN(store::Artifact artifact, ArtifactRecord(result));
  MadeArtifact made{result.artifact, result.sha256, 0,
                    InvalidAccuracy(artifact, ModelOf(step).sidecar)};
  if (const Json images = CalibrationImages(step, artifact); !images.empty()) {
    artifact.emitted.push_back(EmittedByHost("calibration_images", images));
  }
  if (quantizer.plugin.descriptor.needs_train) {
    const datasets::Split& train = *state_.plan.FindSplit("train");
    artifact.emitted.push_back(EmittedByHost(
        "training_split", {{"images", train.images.size()}, {"sha256", train.sha256}}));
  }
  if (!quantizer.files.empty()) {
    artifact.emitted.push_back(EmittedByHost("option_files", quantizer.FileHashes()));
  }
  QB_ASSIGN_OR_RETURN(artifact.model_id, store.UpsertModel(ModelRecord(ModelOf(step))));
  QB_ASSIGN_OR_RETURN(artifact.quantizer_id, store.UpsertPlugin(PluginRecord(quantizer)));
  artifact.quantizer_options = quantizer.StoredOptions();
  QB_ASSIGN_OR_RETURN(made.id, store.UpsertArtifact(artifact));
  for (size_t i = 0; i < state_.cells.size(); ++i) {
    if (!SameArtifact(state_.plan.cells[i], cell)) continue;
    QB_RETURN_IF_ERROR(store.SetCellArtifact(state_.cells[i].id, made.id));
  }
  state_.made[{cell.model, cell.quantizer}] = std::move(made);
  return OkStatus();
}

}  // namespace

std::unique_ptr<StepWork> MakeQuantizeWork(RunState& state) {
  return std::make_unique<QuantizeWork>(state);
}

}  // namespace qbench::run
