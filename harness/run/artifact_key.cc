#include "harness/run/artifact_key.h"

namespace qbench::run {

Json ArtifactKeyContent(const plan::Plan& plan, const plan::PlannedCell& cell,
                        const ModelSamples& samples) {
  const plan::SelectedPlugin& quantizer = plan.selection.quantizers[cell.quantizer];
  Json content = {{"qbench", QBENCH_VERSION},
                  {"model", plan.models[cell.model].tflite_sha256},
                  {"quantizer", quantizer.ContentName()},
                  {"library", quantizer.plugin.sha256}};
  const host::PluginDescriptor& descriptor = quantizer.plugin.descriptor;
  if (!descriptor.UsesSamples()) return content;
  if (descriptor.needs_samples) content["calibration_tensors"] = samples.calibration_content;
  if (descriptor.needs_samples && samples.calibration.has_value()) {
    content["calibration_order"] = samples.calibration->order;
    content["mean"] = samples.calibration->mean;
    content["std"] = samples.calibration->std;
  }
  if (descriptor.needs_train && samples.train.has_value()) {
    content["train_tensors"] = samples.train_content;
    content["train_order"] = samples.train->order;
    content["train_labels"] = samples.train->label_outputs;
    content["mean"] = samples.train->mean;
    content["std"] = samples.train->std;
  }
  content["runtime"] = plan.calibration_runtime->Name();
  content["runtime_library"] = plan.calibration_runtime->plugin.sha256;
  content["runtime_facts"] = plan::FactsJson(plan.calibration_runtime->plugin.facts);
  content["cpu"] = measure::FactValue(plan.host, "cpu.features");
  return content;
}

}  // namespace qbench::run
