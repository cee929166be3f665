#include "harness/store/record_rules.h"

#include <algorithm>

namespace qbench::store {
namespace {

Status NotThere(std::string_view what, int64_t id) {
  return Error(StatusCode::kInvalidArgument, "{} {} refers to a record that is not there", what,
               id);
}

}  // namespace

Status CheckSplit(const DatasetSplit& split) {
  const auto labels = static_cast<int64_t>(split.labels.size());
  for (const Image& image : split.images) {
    if (image.label < 0 || image.label >= labels) {
      return Error(StatusCode::kInvalidArgument,
                   "image '{}' of data set '{}' has label {}, but there are {} labels", image.path,
                   split.name, image.label, labels);
    }
  }
  return OkStatus();
}

Status CheckPredictions(const Measurement& measurement, size_t images, int64_t labels) {
  const size_t count = measurement.predictions.size();
  if (count == 0 && measurement.confidences.empty()) return OkStatus();
  if (count != images || measurement.confidences.size() != images) {
    return Error(StatusCode::kInvalidArgument,
                 "a measurement of cell {} has {} predictions and {} confidences for {} images",
                 measurement.cell_id, count, measurement.confidences.size(), images);
  }
  for (int32_t predicted : measurement.predictions) {
    if (predicted < -1 || predicted >= labels) {
      return Error(StatusCode::kInvalidArgument,
                   "a measurement of cell {} predicts class {}, but there are {} classes",
                   measurement.cell_id, predicted, labels);
    }
  }
  return OkStatus();
}

Status CheckLayers(const LayerComparison& comparison) {
  for (size_t i = 0; i < comparison.layers.size(); ++i) {
    const ComparedLayer& layer = comparison.layers[i];
    const bool sound = std::ranges::all_of(
        layer.inputs, [&](int32_t input) { return input >= 0 && static_cast<size_t>(input) < i; });
    if (!sound) {
      return Error(StatusCode::kInvalidArgument,
                   "layer \"{}\" of a comparison reads a layer that does not run before it",
                   layer.name);
    }
  }
  return OkStatus();
}

Status CheckCell(const RunData& run, const CellData& data) {
  const Cell& cell = data.cell;
  if (!run.models.contains(cell.model_id) || !run.splits.contains(cell.split_id) ||
      !run.plugins.contains(cell.quantizer_id) || !run.plugins.contains(cell.runtime_id) ||
      (cell.artifact_id && !run.artifacts.contains(*cell.artifact_id))) {
    return NotThere("cell", cell.id);
  }
  const DatasetSplit& split = run.splits.at(cell.split_id);
  for (const Measurement& measurement : data.measurements) {
    QB_RETURN_IF_ERROR(CheckPredictions(measurement, split.images.size(),
                                        static_cast<int64_t>(split.labels.size())));
  }
  return OkStatus();
}

Status CheckRun(const RunData& run) {
  for (const auto& [id, split] : run.splits) QB_RETURN_IF_ERROR(CheckSplit(split));
  for (const auto& [id, artifact] : run.artifacts) {
    if (!run.models.contains(artifact.model_id) || !run.plugins.contains(artifact.quantizer_id)) {
      return NotThere("artifact", id);
    }
  }
  for (const auto& [artifact, comparison] : run.comparisons) {
    if (!run.artifacts.contains(artifact)) return NotThere("the comparison of artifact", artifact);
    QB_RETURN_IF_ERROR(CheckLayers(comparison));
  }
  return OkStatus();
}

}  // namespace qbench::store
