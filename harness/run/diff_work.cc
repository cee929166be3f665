// The layers of an artifact against those of the float model it was made of.
#include <set>

#include "harness/run/comparison_record.h"
#include "harness/run/step_work.h"

namespace qbench::run {
namespace {

class DiffWork : public StepWork {
 public:
  explicit DiffWork(RunState& state) : state_(state) {}

  bool LooksDone(const Step& step) const override { return state_.cells[step.cell].stopped; }
  Result<bool> IsDone(const Step& step) const override {
    const MadeArtifact* made = state_.FindArtifact(CellOf(step));
    if (made == nullptr || QuantizerOf(step).plugin.descriptor.baseline) return true;
    QB_ASSIGN_OR_RETURN(const std::set<int64_t> compared,
                        state_.store.ComparedArtifacts(state_.run_id));
    return compared.contains(made->id);
  }
  std::string Doing(const Step& step) const override { return "layers: " + Name(step); }
  jobs::Job MakeJob(const Step& step) const override {
    const plan::PlannedCell& cell = CellOf(step);
    const ModelSamples& samples = state_.samples[cell.model];
    jobs::DifferenceJob job;
    job.float_model = state_.plan.models[cell.model].tflite;
    job.quantized_model = state_.FindArtifact(cell)->file;
    job.runtime = state_.plan.diff_runtime->Use();
    job.samples = samples.calibration.value_or(samples.test);
    job.images = kDiffImages;
    return job;
  }
  Status Finish(const Step& step, const std::string& /*started_at*/,
                jobs::JobOutcome outcome) override {
    const plan::PlannedCell& cell = CellOf(step);
    store::LayerComparison comparison = ComparisonRecord(outcome);
    if (!comparison.reason.empty()) {
      state_.Warn("layers of " + Name(step) + ": " + comparison.reason);
    }
    comparison.run_id = state_.run_id;
    comparison.artifact_id = state_.FindArtifact(cell)->id;
    comparison.runtime = state_.plan.diff_runtime->Name();
    comparison.dataset = state_.plan.dataset.name;
    comparison.split = state_.samples[cell.model].calibration ? "calibration" : "test";
    return state_.store.AddComparison(comparison);
  }

 private:
  const plan::PlannedCell& CellOf(const Step& step) const { return state_.plan.cells[step.cell]; }
  const plan::SelectedPlugin& QuantizerOf(const Step& step) const {
    return state_.plan.selection.quantizers[CellOf(step).quantizer];
  }
  std::string Name(const Step& step) const {
    return state_.plan.models[CellOf(step).model].stem + " · " + QuantizerOf(step).Name();
  }

  RunState& state_;
};

}  // namespace

std::unique_ptr<StepWork> MakeDiffWork(RunState& state) {
  return std::make_unique<DiffWork>(state);
}

}  // namespace qbench::run
