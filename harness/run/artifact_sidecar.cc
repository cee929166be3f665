#include "harness/run/artifact_sidecar.h"

namespace qbench::run {
namespace {

toml::table CalibrationTable(const CalibrationOrigin& calibration) {
  toml::array images;
  for (const std::string& image : calibration.images) images.push_back(image);
  toml::table table;
  table.insert("runtime", calibration.runtime);
  table.insert("dataset", calibration.dataset);
  table.insert("split", "calibration");
  table.insert("seed", static_cast<int64_t>(calibration.seed));
  table.insert("images", std::move(images));
  return table;
}

}  // namespace

datasets::Sidecar ArtifactSidecar(const plan::PlannedModel& model, const ArtifactOrigin& origin) {
  datasets::Sidecar sidecar = model.sidecar;
  toml::table& table = sidecar.origin;
  table.insert_or_assign("float_model", model.path.filename().string());
  table.insert_or_assign("float_model_sha256", model.sha256);
  table.insert_or_assign("artifact_sha256", origin.sha256);
  table.insert_or_assign("quantizer", origin.quantizer);
  table.insert_or_assign("quantizer_version", origin.quantizer_version);
  if (!origin.invalid_accuracy.empty()) {
    table.insert_or_assign("invalid_accuracy", origin.invalid_accuracy);
  }
  if (!origin.option_files.empty()) {
    toml::table files;
    for (const auto& [option, sha256] : origin.option_files.items()) {
      files.insert(option, sha256.get<std::string>());
    }
    table.insert_or_assign("option_files", std::move(files));
  }
  if (origin.calibration) {
    table.insert_or_assign("calibration", CalibrationTable(*origin.calibration));
  }
  return sidecar;
}

}  // namespace qbench::run
