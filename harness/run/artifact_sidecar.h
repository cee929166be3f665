// What the sidecar of an artifact says: labels and preprocessing of the model it was made of, and
// where it comes from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "datasets/sidecar.h"
#include "harness/plan/model_source.h"

namespace qbench::run {

// Where an artifact's ranges were measured.
struct CalibrationOrigin {
  std::string runtime;  // jobs::QuantizeResult::calibration_runtime
  std::string dataset;
  uint64_t seed = 0;
  std::vector<std::string> images;  // paths below the calibration split's folder, in their order
};

struct ArtifactOrigin {
  std::string sha256;
  std::string quantizer;  // SelectedPlugin::Name
  std::string quantizer_version;
  Json option_files = Json::object();  // SelectedPlugin::FileHashes
  std::string invalid_accuracy;        // why its accuracy means nothing; empty: it means something
  std::optional<CalibrationOrigin> calibration;  // none: it was not calibrated on images
};

// `model`'s sidecar with [origin] added: float_model, float_model_sha256, artifact_sha256,
// quantizer, quantizer_version, invalid_accuracy, option_files, and calibration (runtime, dataset,
// split, seed, images).
datasets::Sidecar ArtifactSidecar(const plan::PlannedModel& model, const ArtifactOrigin& origin);

}  // namespace qbench::run
