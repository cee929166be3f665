#include "harness/plan/plan_checks.h"

#include <algorithm>
#include <map>

#include "base/files.h"
#include "base/interrupt.h"
#include "datasets/model_fit.h"

namespace qbench::plan {
namespace {

// The plugins of one file. kInvalidArgument: one of them refuses its options.
Status TryOptions(const std::filesystem::path& file,
                  const std::vector<const SelectedPlugin*>& plugins, const JobRunner& run_job) {
  jobs::ProbeJob job{.plugin = file, .try_runtimes = false};
  for (const SelectedPlugin* plugin : plugins) {
    job.tries.push_back(
        {plugin->plugin.descriptor.kind, plugin->plugin.descriptor.id, plugin->Use().options});
  }
  jobs::JobSettings settings;
  settings.limits.time = kProbeTime;
  settings.limits.memory_bytes = kProbeMemory;
  const jobs::JobOutcome outcome = run_job(job, settings, {});
  if (outcome.stopped()) return InterruptStatus("looking at the options");
  if (!outcome.ok()) return OkStatus();
  const auto& refusals = std::get<jobs::ProbeResult>(outcome.result).refusals;
  for (size_t i = 0; i < std::min(refusals.size(), plugins.size()); ++i) {
    if (refusals[i].empty()) continue;
    return Error(StatusCode::kInvalidArgument, "{}: {} (qbench plugin list shows the options)",
                 plugins[i]->Name(), refusals[i]);
  }
  return OkStatus();
}

Status CheckClasses(const PlannedModel& model, const datasets::Dataset& dataset) {
  QB_RETURN_IF_ERROR(datasets::CheckClassCounts(model.output_shape, model.sidecar.labels.size(),
                                                dataset.labels.size()));
  const bool binary =
      std::ranges::all_of(model.output_shape, [](int32_t side) { return side < 2; });
  if (!binary || model.output_operator == "LOGISTIC") return OkStatus();
  return Error(StatusCode::kUnsupported,
               "the model's one output is computed by {}, so it is no probability of the second "
               "class: end the model with a sigmoid",
               model.output_operator);
}

}  // namespace

Status CheckInput(const PlannedModel& model) {
  QB_RETURN_IF_ERROR(CheckClassifier(model).status());
  return datasets::CheckInputShape(model.input_shape, model.sidecar.input)
      .WithContext(model.path.string());
}

Result<std::vector<int>> LabelOutputs(const PlannedModel& model, const datasets::Dataset& dataset) {
  QB_RETURN_IF_ERROR(CheckInput(model));
  QB_RETURN_IF_ERROR(CheckClasses(model, dataset).WithContext(model.path.string()));
  Result<std::vector<int>> outputs = datasets::CheckLabels(model.sidecar.labels, dataset.labels);
  if (outputs.ok()) return outputs;
  return outputs.status().WithContext(
      fmt::format("{} and data set {}", model.path.string(), dataset.name));
}

Status CheckOptionValues(const std::vector<SelectedPlugin>& plugins, const JobRunner& run_job) {
  std::map<std::filesystem::path, std::vector<const SelectedPlugin*>> by_file;
  for (const SelectedPlugin& plugin : plugins) {
    if (!plugin.options.empty()) by_file[plugin.plugin.file].push_back(&plugin);
  }
  for (const auto& [file, selected] : by_file) {
    QB_RETURN_IF_ERROR(TryOptions(file, selected, run_job));
  }
  return OkStatus();
}

Status CheckCalibration(const JobRunner& run_job, Plan& plan) {
  const datasets::Split* split = plan.FindSplit("calibration");
  if (split != nullptr && !split->images.empty()) return OkStatus();
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("qbench-plan-"));
  const auto why = plan.dataset.why_missing.find("calibration");
  const std::string lack =
      fmt::format("data set {} has no calibration images{}{}", plan.dataset.name,
                  why == plan.dataset.why_missing.end() ? "" : " (",
                  why == plan.dataset.why_missing.end() ? "" : why->second + ")");
  for (const SelectedPlugin& quantizer : plan.selection.quantizers) {
    if (!quantizer.plugin.descriptor.needs_samples) continue;
    jobs::QuantizeJob job;
    job.model = plan.models.front().tflite;
    job.quantizer = quantizer.Use();
    job.calibration_runtime = plan.calibration_runtime->Use();
    job.output = scratch.path() / "artifact";
    jobs::JobSettings settings;
    settings.limits = plan.measure.limits;
    const jobs::JobOutcome outcome = run_job(job, settings, {});
    if (outcome.stopped()) return InterruptStatus("looking at quantizers");
    if (outcome.status == store::Outcome::kFailed) {
      return Error(StatusCode::kInvalidArgument,
                   "{}, which {} needs: add some, or leave {} out ({})", lack, quantizer.Name(),
                   quantizer.Name(), outcome.reason);
    }
    if (outcome.ok()) plan.warnings.push_back(lack + "; " + quantizer.Name() + " does without");
  }
  return OkStatus();
}

}  // namespace qbench::plan
