// Runs made by hand, in memory: as many cells as a test names, each with the sizes, times and
// predictions that it gives.
#pragma once

#include <string>
#include <vector>

#include "harness/store/store.h"

namespace qbench::store {

struct MadeCell {
  std::string quantizer = "int8";
  std::string quantizer_options = {};
  std::string runtime = "litert";
  std::string runtime_options = {};
  int32_t threads = 1;
  int64_t file_bytes = 1000;
  std::string sha256 = {};              // empty: made of quantizer, options and size
  std::vector<double> medians_ms = {};  // one a process
  std::vector<int32_t> predictions = {};
  Outcome status = Outcome::kOk;
  Outcome accuracy_status = Outcome::kOk;
  Outcome latency_status = Outcome::kOk;
  std::string reason = {};
  std::string model = "m";
};

class MadeRun {
 public:
  // Of `images` images of the classes "a", "b" and "c" in turn.
  explicit MadeRun(int64_t id, int images = 6) {
    data_.run.id = id;
    data_.run.started_at = "2025-11-2" + std::to_string(id % 10) + "T21:04:05Z";
    data_.run.finished_at = "2025-11-2" + std::to_string(id % 10) + "T21:19:44Z";
    data_.run.qbench_version = "0.1.0";
    data_.run.command_line = {"qbench", "run", "--dataset", "d"};
    data_.run.host_id = "host";
    data_.run.host = {{"board.model", "Raspberry Pi 5 Model B Rev 1.0"},
                      {"cpu.name", "Cortex-A76"},
                      {"cpu.cores", "4"},
                      {"cpu.governor", "performance"}};
    data_.run.settings = {{"repetitions", 3}};
    DatasetSplit split{1, "d", "test", "split-sha", {"a", "b", "c"}, {}};
    for (int i = 0; i < images; ++i) {
      const std::string label = split.labels[static_cast<size_t>(i % 3)];
      split.images.push_back({label + "/" + std::to_string(i) + ".jpg", i % 3});
    }
    data_.splits[1] = split;
  }

  // What the labels are: predictions without a mistake.
  std::vector<int32_t> Right() const {
    std::vector<int32_t> predictions;
    for (const Image& image : data_.splits.at(1).images) predictions.push_back(image.label);
    return predictions;
  }

  MadeRun& Add(const MadeCell& made) {
    CellData data;
    Cell& cell = data.cell;
    cell.id = static_cast<int64_t>(data_.cells.size()) + 1;
    cell.run_id = data_.run.id;
    cell.model_id = ModelOf(made.model);
    cell.split_id = 1;
    cell.quantizer_id = PluginOf(PluginKind::kQuantizer, made.quantizer);
    cell.quantizer_options = made.quantizer_options;
    cell.runtime_id = PluginOf(PluginKind::kRuntime, made.runtime);
    cell.runtime_options = made.runtime_options;
    cell.threads = made.threads;
    cell.status = made.status;
    cell.accuracy_status = made.accuracy_status;
    cell.latency_status = made.latency_status;
    cell.reason = made.reason;
    if (made.file_bytes > 0) {
      Artifact artifact;
      artifact.id = cell.id;
      artifact.model_id = cell.model_id;
      artifact.quantizer_id = cell.quantizer_id;
      artifact.sha256 = !made.sha256.empty() ? made.sha256
                                             : made.quantizer + made.quantizer_options + "-" +
                                                   std::to_string(made.file_bytes);
      artifact.file_bytes = made.file_bytes;
      data_.artifacts[artifact.id] = artifact;
      cell.artifact_id = artifact.id;
    }
    if (!made.predictions.empty()) {
      Measurement accuracy;
      accuracy.kind = MeasurementKind::kAccuracy;
      accuracy.predictions = made.predictions;
      for (size_t i = 0; i < made.predictions.size(); ++i) {
        accuracy.confidences.push_back(0.5F + 0.01F * static_cast<float>(i % 40));
      }
      data.measurements.push_back(accuracy);
    }
    for (const double& ms : made.medians_ms) {
      Measurement latency;
      latency.repetition = static_cast<int32_t>(&ms - made.medians_ms.data());
      latency.samples_ns = {ms * 1e6};
      latency.peak_rss_bytes = 20'000'000;
      data.measurements.push_back(latency);
    }
    data_.cells.push_back(data);
    return *this;
  }

  RunData& data() { return data_; }
  operator RunData() const { return data_; }  // NOLINT(google-explicit-constructor)

 private:
  int64_t ModelOf(const std::string& stem) {
    for (const auto& [id, model] : data_.models) {
      if (model.stem == stem) return id;
    }
    const int64_t id = static_cast<int64_t>(data_.models.size()) + 1;
    data_.models[id] = {id, stem, stem + ".h5", stem + "-sha", stem + "-sidecar", stem + "-float"};
    return id;
  }
  int64_t PluginOf(PluginKind kind, const std::string& name) {
    for (const auto& [id, plugin] : data_.plugins) {
      if (plugin.kind == kind && plugin.name == name) return id;
    }
    const int64_t id = static_cast<int64_t>(data_.plugins.size()) + 1;
    data_.plugins[id] = {id, kind, name, "0.1.0", name + ".so", name + "-sha", Json::object()};
    return id;
  }

  RunData data_;
};

}  // namespace qbench::store
