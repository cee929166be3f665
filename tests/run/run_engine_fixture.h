// A plan of two quantizers and one runtime, workers that are made up, and a store in a folder of
// its own.
#pragma once

#include "harness/run/run_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/sha256.h"
#include "harness/results/summary.h"
#include "harness/run/inference_history.h"

namespace qbench::run {

using jobs::JobOutcome;
using store::Outcome;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Answers every job at once, as told.
class FakeWorkers {
 public:
  // What a job of this description ("latency 1 int8") answers instead of success.
  std::map<std::string, std::pair<Outcome, std::string>> failures;
  // After so many jobs the user presses Ctrl-C.
  int cancel_after = 1 << 30;
  // The user presses Ctrl-C while this job runs, which is then stopped.
  std::string stopped_job;
  // The same, but the job finishes before it hears of it.
  std::string cancel_when_done;
  std::string progress_of;         // this job says how far it is
  std::string invalid_latency_of;  // a quantizer's artifact
  std::string made_up_ranges_of;   // the same
  std::string nothing_quantized_in;
  std::string not_a_number_in;  // a layer
  std::vector<std::string> jobs;
  std::vector<jobs::QuantizeJob> quantize_jobs;
  std::vector<std::string> runtime_warnings;  // of accuracy, latency, profile and layers
  std::vector<std::string> failure_log;       // of a job that does not succeed
  std::vector<std::string> failure_warnings;

  bool cancelled() const { return pressed_ || static_cast<int>(jobs.size()) >= cancel_after; }

  JobOutcome Run(const jobs::Job& job, const jobs::JobCallbacks& callbacks) {
    const std::string name = Describe(job);
    jobs.push_back(name);
    if (name == progress_of) callbacks.progress("classifying", 12, 100);
    JobOutcome outcome;
    if (name == stopped_job) {
      pressed_ = true;
      outcome.status = Outcome::kNotMeasured;
      outcome.reason = "stopped by the user";
      return outcome;
    }
    if (const auto failure = failures.find(name); failure != failures.end()) {
      outcome.status = failure->second.first;
      outcome.reason = failure->second.second;
      outcome.log = failure_log;
      outcome.warnings = failure_warnings;
      return outcome;
    }
    pressed_ = name == cancel_when_done;
    outcome.status = Outcome::kOk;
    outcome.log = {"info: engine: log of " + name};
    outcome.result = std::visit([&](const auto& j) { return Answer(j); }, job);
    return outcome;
  }

 private:
  bool pressed_ = false;

  static std::string ArtifactOf(const std::filesystem::path& artifact) {
    return *ReadTextFile(artifact);
  }
  std::string Describe(const jobs::Job& job) const {
    if (const auto* quantize = std::get_if<jobs::QuantizeJob>(&job)) {
      return "quantize " + quantize->quantizer.id;
    }
    if (const auto* accuracy = std::get_if<jobs::AccuracyJob>(&job)) {
      return "accuracy " + ArtifactOf(accuracy->artifact);
    }
    if (const auto* latency = std::get_if<jobs::LatencyJob>(&job)) {
      const bool look = latency->settings.min_seconds == 0;
      return (look ? "look " : "latency ") + ArtifactOf(latency->artifact);
    }
    if (const auto* profile = std::get_if<jobs::ProfileJob>(&job)) {
      return "profile " + ArtifactOf(profile->artifact);
    }
    if (std::holds_alternative<jobs::PeakJob>(job)) return "peak";
    if (const auto* difference = std::get_if<jobs::DifferenceJob>(&job)) {
      return "layers " + ArtifactOf(difference->quantized_model);
    }
    return "other";
  }

  jobs::JobResult Answer(const jobs::QuantizeJob& job) {
    std::filesystem::create_directories(job.output);
    quantize_jobs.push_back(job);
    jobs::QuantizeResult result;
    result.artifact = job.output / "model.tflite";
    EXPECT_TRUE(WriteFileAtomically(result.artifact, job.quantizer.id).ok());
    result.sha256 = Sha256Hex(std::string_view(job.quantizer.id));
    result.file_bytes = job.quantizer.id.size();
    if (job.quantizer.id == made_up_ranges_of) {
      const std::filesystem::path entry = job.output / "invalid_accuracy.json";
      const std::string_view said = R"({"reason": "made up"})";
      EXPECT_TRUE(WriteFileAtomically(entry, said).ok());
      result.entries.push_back(
          {"invalid_accuracy", "application/json", entry, Sha256Hex(said), said.size()});
    }
    return result;
  }
  jobs::JobResult Answer(const jobs::AccuracyJob&) {
    jobs::AccuracyResult result;
    result.predicted = {0, 1, 1};
    result.confidence = {0.9F, 0.8F, 0.7F};
    result.warnings = runtime_warnings;
    return result;
  }
  jobs::JobResult Answer(const jobs::LatencyJob& job) {
    jobs::LatencyResult result;
    result.measured.load_ms = 3;
    result.measured.first_ms = 2;
    result.measured.warmup_runs = 4;
    result.measured.warmup_seconds = 0.625;
    result.samples.ns = {1'000'000, 1'100'000, 1'200'000};
    result.warnings = runtime_warnings;
    if (ArtifactOf(job.artifact) == invalid_latency_of) result.invalid_reason = "throttled";
    return result;
  }
  jobs::JobResult Answer(const jobs::ProbeJob&) { return std::monostate(); }
  jobs::JobResult Answer(const jobs::ImportJob&) { return std::monostate(); }
  jobs::JobResult Answer(const jobs::ProfileJob&) {
    jobs::ProfileResult result;
    result.operators = {{.op = 0, .kind = "CONV_2D", .partition = 0, .median_us = 12.5}};
    result.delegate = "XNNPACK";
    result.warnings = runtime_warnings;
    result.invoke_ns = {13000, 14000, 15000};
    return result;
  }
  jobs::JobResult Answer(const jobs::PeakJob& job) {
    jobs::PeakResult result;
    for (const int threads : job.threads) {
      result.measured.peaks.push_back(
          {0, 0, store::PeakKind::kMultiplyAdd, "int8", threads, 1e9 * threads, "avx2"});
    }
    return result;
  }
  jobs::JobResult Answer(const jobs::ModelsJob&) { return std::monostate(); }
  jobs::JobResult Answer(const jobs::CheckJob&) { return std::monostate(); }
  jobs::JobResult Answer(const jobs::DifferenceJob& job) {
    jobs::DifferenceResult result;
    result.images = 3;
    result.warnings = runtime_warnings;
    result.quantized_is_quantized = ArtifactOf(job.quantized_model) != nothing_quantized_in;
    for (const char* name : {"first", "second"}) {
      jobs::DifferenceResult::Layer layer;
      layer.name = name;
      if (!result.layers.empty()) layer.inputs = {0};
      layer.sums = {.count = 10, .aa = 100, .bb = 100, .ab = 100, .dd = 1};
      if (name == not_a_number_in) layer.sums.dd = std::nan("");
      result.layers.push_back(layer);
    }
    return result;
  }
};

inline plan::SelectedPlugin Plugin(host::PluginKind kind, const std::string& id) {
  plan::SelectedPlugin selected;
  selected.plugin.descriptor.kind = kind;
  selected.plugin.descriptor.id = id;
  selected.plugin.descriptor.version = "1";
  selected.plugin.sha256 = "hash of " + id;
  return selected;
}

class RunEngineTest : public ::testing::Test {
 protected:
  // One model, three images of the shipped data set, the quantizers float and int8, one runtime.
  void SetUp() override {
    const std::filesystem::path scenes =
        std::filesystem::path(QBENCH_SOURCE_DIR) / "datasets/scenes/test";
    datasets::Split split;
    split.name = "test";
    split.folder = scenes;
    for (const char* label : {"buildings", "forest", "sea"}) {
      for (const auto& entry : std::filesystem::directory_iterator(scenes / label)) {
        const auto index = static_cast<int>(split.images.size());
        split.images.push_back({fmt::format("{}/{}", label, entry.path().filename().string()),
                                entry.path(), index, *Sha256HexOfFile(entry.path())});
        break;
      }
    }
    split.sha256 = datasets::SplitSha256(split.images);
    plan_.dataset.name = "three";
    plan_.dataset.labels = {"buildings", "forest", "sea"};
    plan_.dataset.splits = {split};
    plan::PlannedModel model;
    model.stem = "net";
    model.sha256 = "hash of net";
    model.sidecar.labels = plan_.dataset.labels;
    model.sidecar.input.width = model.sidecar.input.height = 8;
    model.sidecar.input.mean = model.sidecar.input.std = {1, 1, 1};
    model.label_outputs = {0, 1, 2};
    plan_.models = {model};
    plan_.selection.quantizers = {Plugin(host::PluginKind::kQuantizer, "float"),
                                  Plugin(host::PluginKind::kQuantizer, "int8")};
    plan_.selection.quantizers[0].plugin.descriptor.baseline = true;
    plan_.selection.runtimes = {Plugin(host::PluginKind::kRuntime, "engine")};
    plan_.cells = {{0, 0, 0, 1}, {0, 1, 0, 1}};
    plan_.measure.repetitions = 2;
    plan_.hash = "plan";
    options_.folders.cache = folder_.path() / "cache";
    options_.decode_program = std::filesystem::path(QBENCH_BINARY_DIR) / "bin/qbench-decode";
  }

  Result<int64_t> Execute(bool resume = false) {
    options_.resume = resume;
    RunEvents events;
    events.cancelled = [&] { return workers_.cancelled(); };
    events.warning = [&](const std::string& line) { warnings_.push_back(line); };
    events.progress = [&](const RunProgress& progress) { progress_.push_back(progress); };
    events.looked = [&](double) { ++looked_; };
    const plan::JobRunner run_job = [&](const jobs::Job& job, const jobs::JobSettings&,
                                        const jobs::JobCallbacks& callbacks) {
      return workers_.Run(job, callbacks);
    };
    return ExecuteRun(plan_, options_, run_job, events, store_);
  }

  std::vector<results::CellSummary> Rows(int64_t run) {
    const Result<store::RunData> data = store_.LoadRun(run);
    EXPECT_TRUE(data.ok()) << data.status().message();
    return results::Summarize(*data);
  }

  TempDir folder_ = *TempDir::Create("run-engine-test");
  store::Store store_ =
      *store::Store::Open(folder_.path() / "test.sqlite", store::OpenMode::kReadWrite);
  plan::Plan plan_;
  RunOptions options_;
  FakeWorkers workers_;
  std::vector<std::string> warnings_;
  std::vector<RunProgress> progress_;
  int looked_ = 0;
};

}  // namespace qbench::run
