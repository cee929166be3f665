// The engine with a fake in the place of the worker processes: what is stored, in which order, and
// what is repeated after an interruption.
#include "harness/plan/run_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/sha256.h"
#include "harness/plan/inference_history.h"
#include "harness/store/summary.h"

namespace qbench::plan {
namespace {

using store::Outcome;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using worker::JobOutcome;
using worker::OutcomeKind;

// Answers every job at once, as told.
class FakeWorkers {
 public:
  // What a job of this description ("latency 1 int8") answers instead of success.
  std::map<std::string, std::pair<OutcomeKind, std::string>> failures;
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
  std::vector<worker::QuantizeJob> quantize_jobs;
  std::vector<std::string> runtime_warnings;  // of accuracy, latency, profile and layers
  std::vector<std::string> failure_log;       // of a job that does not succeed
  std::vector<std::string> failure_warnings;

  bool cancelled() const { return pressed_ || static_cast<int>(jobs.size()) >= cancel_after; }

  JobOutcome Run(const worker::Job& job, const worker::JobCallbacks& callbacks) {
    const std::string name = Describe(job);
    jobs.push_back(name);
    if (name == progress_of) callbacks.progress("classifying", 12, 100);
    JobOutcome outcome;
    if (name == stopped_job) {
      pressed_ = true;
      outcome.kind = OutcomeKind::kCancelled;
      outcome.reason = "stopped by the user";
      return outcome;
    }
    if (const auto failure = failures.find(name); failure != failures.end()) {
      outcome.kind = failure->second.first;
      outcome.reason = failure->second.second;
      outcome.log = failure_log;
      outcome.warnings = failure_warnings;
      return outcome;
    }
    pressed_ = name == cancel_when_done;
    outcome.kind = OutcomeKind::kOk;
    outcome.log = {"info: engine: log of " + name};
    outcome.result = std::visit([&](const auto& j) { return Answer(j); }, job);
    return outcome;
  }

 private:
  bool pressed_ = false;

  static std::string ArtifactOf(const std::filesystem::path& artifact) {
    return *ReadTextFile(artifact);
  }
  std::string Describe(const worker::Job& job) const {
    if (const auto* quantize = std::get_if<worker::QuantizeJob>(&job)) {
      return "quantize " + quantize->quantizer.id;
    }
    if (const auto* accuracy = std::get_if<worker::AccuracyJob>(&job)) {
      return "accuracy " + ArtifactOf(accuracy->artifact);
    }
    if (const auto* latency = std::get_if<worker::LatencyJob>(&job)) {
      const bool look = latency->settings.min_seconds == 0;
      return (look ? "look " : "latency ") + ArtifactOf(latency->artifact);
    }
    if (const auto* profile = std::get_if<worker::ProfileJob>(&job)) {
      return "profile " + ArtifactOf(profile->artifact);
    }
    if (std::holds_alternative<worker::PeakJob>(job)) return "peak";
    if (const auto* difference = std::get_if<worker::DifferenceJob>(&job)) {
      return "layers " + ArtifactOf(difference->quantized_model);
    }
    return "other";
  }

  worker::JobResult Answer(const worker::QuantizeJob& job) {
    std::filesystem::create_directories(job.output);
    quantize_jobs.push_back(job);
    worker::QuantizeResult result;
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
  worker::JobResult Answer(const worker::AccuracyJob&) {
    worker::AccuracyResult result;
    result.predicted = {0, 1, 1};
    result.confidence = {0.9F, 0.8F, 0.7F};
    result.warnings = runtime_warnings;
    return result;
  }
  worker::JobResult Answer(const worker::LatencyJob& job) {
    worker::LatencyResult result;
    result.load_ms = 3;
    result.first_ms = 2;
    result.samples.ns = {1'000'000, 1'100'000, 1'200'000};
    result.warnings = runtime_warnings;
    result.samples.warmup_runs = 4;
    result.samples.warmup_seconds = 0.625;
    if (ArtifactOf(job.artifact) == invalid_latency_of) result.invalid_reason = "throttled";
    return result;
  }
  worker::JobResult Answer(const worker::ProbeJob&) { return std::monostate(); }
  worker::JobResult Answer(const worker::ImportJob&) { return std::monostate(); }
  worker::JobResult Answer(const worker::ProfileJob&) {
    worker::ProfileResult result;
    result.operators = {{.op = 0, .kind = "CONV_2D", .partition = 0, .median_us = 12.5}};
    result.delegate = "XNNPACK";
    result.warnings = runtime_warnings;
    result.invoke_ns = {13000, 14000, 15000};
    return result;
  }
  worker::JobResult Answer(const worker::PeakJob& job) {
    worker::PeakResult result;
    for (const int threads : job.threads) {
      result.measured.peaks.push_back(
          {measure::PeakKind::kMultiplyAdd, "int8", threads, 1e9 * threads, "avx2"});
    }
    return result;
  }
  worker::JobResult Answer(const worker::ModelsJob&) { return std::monostate(); }
  worker::JobResult Answer(const worker::CheckJob&) { return std::monostate(); }
  worker::JobResult Answer(const worker::DifferenceJob& job) {
    worker::DifferenceResult result;
    result.images = 3;
    result.warnings = runtime_warnings;
    result.quantized_is_quantized = ArtifactOf(job.quantized_model) != nothing_quantized_in;
    for (const char* name : {"first", "second"}) {
      worker::DifferenceResult::Layer layer;
      layer.name = name;
      if (!result.layers.empty()) layer.inputs = {0};
      layer.sums = {.count = 10, .aa = 100, .bb = 100, .ab = 100, .dd = 1};
      if (name == not_a_number_in) layer.sums.dd = std::nan("");
      result.layers.push_back(layer);
    }
    return result;
  }
};

SelectedPlugin Plugin(host::PluginKind kind, const std::string& id) {
  SelectedPlugin selected;
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
    PlannedModel model;
    model.stem = "net";
    model.sha256 = "hash of net";
    model.sidecar.labels = plan_.dataset.labels;
    model.sidecar.input.width = model.sidecar.input.height = 8;
    model.sidecar.input.mean = model.sidecar.input.std = {1, 1, 1};
    model.label_outputs = {0, 1, 2};
    plan_.models = {model};
    plan_.selection.quantizers = {Plugin(host::PluginKind::kQuantizer, "float"),
                                  Plugin(host::PluginKind::kQuantizer, "int8")};
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
    const JobRunner run_job = [&](const worker::Job& job, const worker::JobSettings&,
                                  const worker::JobCallbacks& callbacks) {
      return workers_.Run(job, callbacks);
    };
    return ExecuteRun(plan_, options_, run_job, events, store_);
  }

  std::vector<store::CellSummary> Rows(int64_t run) {
    const Result<store::RunData> data = store_.LoadRun(run);
    EXPECT_TRUE(data.ok()) << data.status().message();
    return store::Summarize(*data);
  }

  TempDir folder_ = *TempDir::Create("run-engine-test");
  store::Store store_ =
      *store::Store::Open(folder_.path() / "test.sqlite", store::OpenMode::kReadWrite);
  Plan plan_;
  RunOptions options_;
  FakeWorkers workers_;
  std::vector<std::string> warnings_;
  std::vector<RunProgress> progress_;
  int looked_ = 0;
};

TEST_F(RunEngineTest, MeasuresEveryCellAndRotatesTheLatencyRounds) {
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_THAT(workers_.jobs,
              ElementsAre("quantize float", "quantize int8", "look float", "look int8",
                          "accuracy float", "accuracy int8", "latency float", "latency int8",
                          "latency int8", "latency float", "profile float", "profile int8"));
  for (const store::CellSummary& row : Rows(*run)) {
    EXPECT_EQ(row.status, Outcome::kOk);
    EXPECT_EQ(row.accuracy_status, Outcome::kOk);
    EXPECT_EQ(row.latency_status, Outcome::kOk);
    EXPECT_EQ(row.processes, 2);
    EXPECT_DOUBLE_EQ(*row.median_ms, 1.1);
    EXPECT_DOUBLE_EQ(*row.top1, 2.0 / 3);
  }
  EXPECT_TRUE(store_.LoadRun(*run)->run.finished_at.has_value());
}

TEST_F(RunEngineTest, WhatRuntimesWarnOfAndLogStandsWithEveryMeasurement) {
  workers_.runtime_warnings = {"engine: slow kernels"};
  plan_.diff_runtime = plan_.selection.runtimes[0];
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const Result<store::RunData> data = store_.LoadRun(*run);
  ASSERT_TRUE(data.ok()) << data.status().message();
  std::set<store::MeasurementKind> kinds;
  for (const store::Measurement& measurement : data->cells[1].measurements) {
    kinds.insert(measurement.kind);
    const std::string job = std::string(Name(measurement.kind)) + " int8";
    EXPECT_THAT(measurement.log, ElementsAre("info: engine: log of " + job));
    if (measurement.kind == store::MeasurementKind::kQuantize) continue;  // the artifact's
    EXPECT_THAT(measurement.warnings, ElementsAre("engine: slow kernels"));
  }
  EXPECT_EQ(kinds.size(), 4U);
  EXPECT_THAT(Rows(*run)[1].warnings, ElementsAre("engine: slow kernels"));
  ASSERT_EQ(data->comparisons.size(), 1U);
  EXPECT_THAT(data->comparisons.begin()->second.warnings, ElementsAre("engine: slow kernels"));
  EXPECT_THAT(data->comparisons.begin()->second.log,
              ElementsAre("info: engine: log of layers int8"));
}

TEST_F(RunEngineTest, TheLastLinesOfACrashAreInItsRow) {
  workers_.failures["accuracy int8"] = {OutcomeKind::kCrashed, "segmentation fault"};
  workers_.failures["quantize float"] = {OutcomeKind::kFailed, "gave up"};
  workers_.failure_log = {"warning: engine: first", "printed last"};
  workers_.failure_warnings = {"engine: first"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const std::vector<store::CellSummary> rows = Rows(*run);
  EXPECT_EQ(rows[0].reason, "gave up");  // its own words
  EXPECT_EQ(rows[1].reason, "segmentation fault; its log ends with \"printed last\"");
  EXPECT_THAT(rows[0].warnings, ElementsAre("engine: first"));
  EXPECT_THAT(rows[1].warnings, ElementsAre("engine: first"));
  const Result<store::RunData> data = store_.LoadRun(*run);
  EXPECT_THAT(data->cells[1].measurements.back().log,
              ElementsAre("warning: engine: first", "printed last"));
}

TEST_F(RunEngineTest, OnlyAQuantizerThatTrainsGetsTheTrainingSplit) {
  datasets::Split train = plan_.dataset.splits[0];
  train.name = "train";
  plan_.dataset.splits.push_back(train);
  datasets::Split calibration = plan_.dataset.splits[0];
  calibration.name = "calibration";
  plan_.dataset.splits.push_back(calibration);
  plan_.selection.quantizers[0].plugin.descriptor.needs_samples = true;
  plan_.selection.quantizers[1].plugin.descriptor.needs_train = true;
  plan_.calibration_runtime = plan_.selection.runtimes[0];
  ASSERT_TRUE(Execute().ok());
  ASSERT_EQ(workers_.quantize_jobs.size(), 2U);
  const worker::QuantizeJob& calibrates = workers_.quantize_jobs[0];
  EXPECT_TRUE(calibrates.calibration.has_value());
  EXPECT_FALSE(calibrates.train.has_value());
  const worker::QuantizeJob& trains = workers_.quantize_jobs[1];
  EXPECT_FALSE(trains.calibration.has_value());
  ASSERT_TRUE(trains.train.has_value());
  EXPECT_EQ(trains.train->order.size(), 3U);
  EXPECT_TRUE(trains.calibration_runtime.has_value());

  // The same images again: from the cache. Other training images: made again, by that one alone.
  ASSERT_TRUE(Execute().ok());
  EXPECT_EQ(workers_.quantize_jobs.size(), 2U);
  plan_.dataset.splits[1].images.pop_back();
  plan_.dataset.splits[1].sha256 = datasets::SplitSha256(plan_.dataset.splits[1].images);
  ASSERT_TRUE(Execute().ok());
  ASSERT_EQ(workers_.quantize_jobs.size(), 3U);
  EXPECT_EQ(workers_.quantize_jobs[2].quantizer.id, "int8");
}

TEST_F(RunEngineTest, WithoutATrainingSplitAQuantizerThatTrainsIsRefused) {
  SelectedPlugin quantizer = plan_.selection.quantizers[1];
  EXPECT_TRUE(CheckTrainSplit(quantizer, plan_.dataset).ok());
  quantizer.plugin.descriptor.needs_train = true;
  const Status status = CheckTrainSplit(quantizer, plan_.dataset);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "int8 trains, and data set three has no training images: give it a folder train with "
            "one sub-folder a class, or leave int8 out");
}

TEST_F(RunEngineTest, StoresWhatTheWarmUpTook) {
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const Result<store::RunData> data = store_.LoadRun(*run);
  ASSERT_TRUE(data.ok()) << data.status().message();
  const auto latency = store::LatencyOf(data->cells.at(0));
  ASSERT_EQ(latency.size(), 2U);
  EXPECT_EQ(latency[1]->warmup_runs, 4);
  EXPECT_EQ(latency[1]->warmup_seconds, 0.625);
}

TEST_F(RunEngineTest, WithoutAProfileItLooksWhatIsDelegated) {
  workers_.failures["profile int8"] = {OutcomeKind::kUnsupported, "engine cannot say where"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const Result<store::RunData> data = store_.LoadRun(*run);
  const store::Measurement& profile = data->cells[0].measurements.back();
  EXPECT_EQ(profile.kind, store::MeasurementKind::kProfile);
  EXPECT_TRUE(profile.samples_ns.empty());
  EXPECT_EQ(profile.operators.at(0).median_us, 0);
  EXPECT_EQ(Rows(*run)[0].partitions, 1);
  EXPECT_FALSE(Rows(*run)[1].partitions.has_value());
  EXPECT_THAT(warnings_, ::testing::IsEmpty());  // nobody asked for it
}

TEST_F(RunEngineTest, OraclesAreProfiledOnlyOnDemand) {
  plan_.selection.runtimes[0].plugin.descriptor.oracle = true;
  ASSERT_TRUE(Execute().ok());
  EXPECT_EQ(workers_.jobs.size(), 10U);
  workers_.jobs.clear();
  plan_.measure.profile = true;
  ASSERT_TRUE(Execute().ok());
  EXPECT_THAT(workers_.jobs, ::testing::Contains("profile int8"));
}

TEST_F(RunEngineTest, ProfilesComeLast) {
  plan_.measure.profile = true;
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  ASSERT_EQ(workers_.jobs.size(), 13U);
  EXPECT_EQ(workers_.jobs[10], "peak");
  EXPECT_EQ(workers_.jobs[11], "profile float");
  EXPECT_EQ(workers_.jobs[12], "profile int8");
  const Result<store::RunData> data = store_.LoadRun(*run);
  const store::Measurement& profile = data->cells[1].measurements.back();
  EXPECT_EQ(profile.kind, store::MeasurementKind::kProfile);
  EXPECT_EQ(profile.status, Outcome::kOk);
  ASSERT_EQ(profile.operators.size(), 1U);
  EXPECT_EQ(profile.operators[0].median_us, 12.5);
  EXPECT_EQ(profile.conditions.at("delegate"), "XNNPACK");
  const store::CellSummary row = Rows(*run)[1];
  EXPECT_EQ(row.delegate, "XNNPACK");
  EXPECT_EQ(row.operators, 1);
  EXPECT_EQ(row.undelegated_operators, 0);
  EXPECT_EQ(row.partitions, 1);
  EXPECT_DOUBLE_EQ(*row.median_ms, 1.1);  // the profile's times are not among them
}

TEST_F(RunEngineTest, ARuntimeThatCannotBeProfiledMeasuresAllTheSame) {
  plan_.measure.profile = true;
  workers_.failures["profile int8"] = {OutcomeKind::kUnsupported, "engine cannot say where"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const store::CellSummary row = Rows(*run)[1];
  EXPECT_EQ(row.status, Outcome::kOk);
  EXPECT_EQ(row.reason, "");
  EXPECT_FALSE(row.operators.has_value());
  const store::Measurement profile = store_.LoadRun(*run)->cells[1].measurements.back();
  EXPECT_EQ(profile.status, Outcome::kUnsupported);
  EXPECT_EQ(profile.reason, "engine cannot say where");
}

TEST_F(RunEngineTest, AProfileThatWasInterruptedIsResumed) {
  plan_.measure.profile = true;
  workers_.stopped_job = "profile float";
  ASSERT_FALSE(Execute().ok());
  workers_ = FakeWorkers();
  const Result<int64_t> run = Execute(/*resume=*/true);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_THAT(workers_.jobs, ElementsAre("profile float", "profile int8"));
}

TEST_F(RunEngineTest, ProfilesAfterTheMachinesPeak) {
  plan_.measure.profile = true;
  plan_.measure.repetitions = 1;
  plan_.cells = {{0, 0, 0, 1}, {0, 1, 0, 4}};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_THAT(workers_.jobs,
              ElementsAre("quantize float", "quantize int8", "look float", "look int8",
                          "accuracy float", "accuracy int8", "latency float", "latency int8",
                          "peak", "profile float", "profile int8"));
  const Result<store::RunData> data = store_.LoadRun(*run);
  ASSERT_EQ(data->machine_peaks.size(), 2U);
  EXPECT_EQ(data->machine_peaks[1].threads, 4);
  EXPECT_EQ(data->machine_peaks[1].kind, store::PeakKind::kMultiplyAdd);
  EXPECT_EQ(data->machine_peaks[1].per_second, 4e9);
  EXPECT_EQ(data->machine_peaks[1].compiled_for, "avx2");
  EXPECT_EQ(data->cells[1].measurements.back().operators.size(), 1U);
}

TEST_F(RunEngineTest, APeakThatFailsIsAWarning) {
  plan_.measure.profile = true;
  workers_.failures["peak"] = {OutcomeKind::kFailed, "no memory"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(warnings_, ElementsAre("the machine's peak is not known: no memory"));
  EXPECT_THAT(workers_.jobs, ::testing::Contains("profile int8"));
}

TEST_F(RunEngineTest, ALookThatFailsCostsNothing) {
  workers_.failures["look int8"] = {OutcomeKind::kCrashed, "crashed once"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(Rows(*run), Each(::testing::Field(&store::CellSummary::status, Outcome::kOk)));
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

TEST_F(RunEngineTest, TellsWhatWorkersSayOfThemselvesAndTheTimeThatIsLeft) {
  workers_.progress_of = "accuracy int8";
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const auto said = std::ranges::find(progress_, "classifying 12 of 100", &RunProgress::detail);
  ASSERT_NE(said, progress_.end());
  EXPECT_EQ(said->doing, "accuracy: net · int8 · engine · 1 thread");
  EXPECT_GT(said->fraction, 0);
  EXPECT_LT(said->fraction, 1);
  EXPECT_GT(said->seconds_left, 0);
  EXPECT_NE(progress_.back().detail, said->detail);
  EXPECT_EQ(looked_, 1);
}

TEST_F(RunEngineTest, AFailedQuantizerCostsItsCellsAlone) {
  workers_.failures["quantize int8"] = {OutcomeKind::kCrashed, "segmentation fault in quantize"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const std::vector<store::CellSummary> rows = Rows(*run);
  EXPECT_EQ(rows[0].status, Outcome::kOk);
  EXPECT_EQ(rows[1].status, Outcome::kCrashed);
  EXPECT_EQ(rows[1].reason, "segmentation fault in quantize");
  EXPECT_EQ(rows[1].accuracy_status, Outcome::kNotMeasured);
  EXPECT_THAT(workers_.jobs, ::testing::Not(::testing::Contains("accuracy int8")));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("segmentation fault in quantize")));
}

TEST_F(RunEngineTest, AFailedRuntimeKeepsWhatWasMeasuredBefore) {
  workers_.failures["latency int8"] = {OutcomeKind::kTimeout, "no answer after 9 s"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const store::CellSummary row = Rows(*run)[1];
  EXPECT_EQ(row.status, Outcome::kTimeout);
  EXPECT_EQ(row.accuracy_status, Outcome::kOk);
  EXPECT_EQ(row.latency_status, Outcome::kTimeout);
  EXPECT_TRUE(row.top1.has_value());
  EXPECT_EQ(std::ranges::count(workers_.jobs, "latency int8"), 1);  // not tried again
}

TEST_F(RunEngineTest, AThrottledBoardSpoilsLatencyAlone) {
  workers_.invalid_latency_of = "int8";
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const store::CellSummary row = Rows(*run)[1];
  EXPECT_EQ(row.status, Outcome::kOk);
  EXPECT_EQ(row.latency_status, Outcome::kInvalid);
  EXPECT_EQ(row.reason, "throttled");
}

TEST_F(RunEngineTest, AnArtifactForTimingAloneHasNoAccuracy) {
  workers_.made_up_ranges_of = "int8";
  for (int round = 0; round < 2; ++round) {  // the second from the cache
    const Result<int64_t> run = Execute();
    ASSERT_TRUE(run.ok());
    const store::CellSummary row = Rows(*run)[1];
    EXPECT_EQ(row.status, Outcome::kOk);
    EXPECT_EQ(row.accuracy_status, Outcome::kInvalid);
    EXPECT_EQ(row.reason, "accuracy means nothing: made up");
    EXPECT_FALSE(row.top1.has_value());
    EXPECT_FALSE(row.agreement_with_float.has_value());
    EXPECT_TRUE(row.median_ms.has_value());
    EXPECT_EQ(Rows(*run)[0].accuracy_status, Outcome::kOk);
  }
}

TEST_F(RunEngineTest, AnArtifactWhoseInvalidAccuracyIsGoneIsMadeAgain) {
  workers_.made_up_ranges_of = "int8";
  ASSERT_TRUE(Execute().ok());
  std::vector<std::filesystem::path> documents;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(options_.folders.cache / "artifacts")) {
    if (entry.path().filename() == "invalid_accuracy.json") documents.push_back(entry.path());
  }
  ASSERT_EQ(documents.size(), 1U);
  std::filesystem::remove(documents[0]);
  workers_.jobs.clear();
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(Rows(*run)[1].accuracy_status, Outcome::kInvalid);
  EXPECT_FALSE(Rows(*run)[1].top1.has_value());
  EXPECT_EQ(std::ranges::count(workers_.jobs, "quantize int8"), 1);
  EXPECT_EQ(std::ranges::count(workers_.jobs, "quantize float"), 0);
}

TEST_F(RunEngineTest, ARowNamesEachCauseOnce) {
  workers_.made_up_ranges_of = "int8";
  workers_.invalid_latency_of = "int8";
  ASSERT_GT(plan_.measure.repetitions, 1);
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(Rows(*run)[1].reason, "accuracy means nothing: made up; throttled");
  workers_.failures["latency int8"] = {OutcomeKind::kTimeout, "no answer after 9 s"};
  const Result<int64_t> failing = Execute();
  ASSERT_TRUE(failing.ok());
  EXPECT_EQ(Rows(*failing)[1].reason, "accuracy means nothing: made up; no answer after 9 s");
}

TEST_F(RunEngineTest, ComparesTheLayersOfEachArtifactOnce) {
  plan_.diff_runtime = plan_.selection.runtimes[0];
  plan_.cells.push_back({0, 1, 0, 4});  // int8 on four threads
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(std::ranges::count(workers_.jobs, "layers int8"), 1);
  EXPECT_EQ(std::ranges::count(workers_.jobs, "layers float"), 0);
  EXPECT_EQ(workers_.jobs[8], "layers int8");  // after all accuracy, before all latency
  const store::RunData data = *store_.LoadRun(*run);
  ASSERT_EQ(data.comparisons.size(), 1U);
  const store::LayerComparison& comparison = data.comparisons.begin()->second;
  EXPECT_EQ(comparison.artifact_id, data.cells[1].cell.artifact_id);
  EXPECT_EQ(comparison.runtime, "engine");
  EXPECT_EQ(comparison.split, "test");  // there is no other
  ASSERT_EQ(comparison.layers.size(), 2U);
  EXPECT_DOUBLE_EQ(comparison.layers[1].noise, 0.01);
  EXPECT_THAT(comparison.layers[1].inputs, ElementsAre(0));
}

TEST_F(RunEngineTest, AFailedComparisonCostsItselfAlone) {
  plan_.diff_runtime = plan_.selection.runtimes[0];
  const std::string reason = "segmentation fault in invoke";
  workers_.failures["layers int8"] = {OutcomeKind::kCrashed, reason};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(Rows(*run), Each(::testing::Field(&store::CellSummary::status, Outcome::kOk)));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr(reason)));
  const store::RunData data = *store_.LoadRun(*run);
  ASSERT_EQ(data.comparisons.size(), 1U);
  const store::LayerComparison& crashed = data.comparisons.begin()->second;
  EXPECT_EQ(crashed.status, Outcome::kCrashed);
  EXPECT_EQ(crashed.reason, reason);
  EXPECT_TRUE(crashed.layers.empty());
}

TEST_F(RunEngineTest, WhereNothingIsQuantizedThereIsNothingToCompare) {
  plan_.diff_runtime = plan_.selection.runtimes[0];
  workers_.nothing_quantized_in = "int8";  // as with a recipe that keeps all in float
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const store::LayerComparison found = store_.LoadRun(*run)->comparisons.begin()->second;
  EXPECT_EQ(found.status, Outcome::kUnsupported);
  EXPECT_EQ(found.reason, "nothing in the artifact is quantized");
}

TEST_F(RunEngineTest, AComparisonWithoutNumbersIsInvalid) {
  plan_.diff_runtime = plan_.selection.runtimes[0];
  workers_.not_a_number_in = "second";
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const store::LayerComparison found = store_.LoadRun(*run)->comparisons.begin()->second;
  EXPECT_EQ(found.status, Outcome::kInvalid);
  EXPECT_THAT(found.reason, HasSubstr("\"second\" computes values that are no numbers"));
}

TEST_F(RunEngineTest, AnAliasAndTheModelsOwnFileAreRows) {
  plan_.selection.quantizers[1].alias = "DEFAULT";
  plan_.selection.source_rows = true;
  plan_.models[0].path = folder_.path() / "net.h5";
  ASSERT_TRUE(WriteFileAtomically(plan_.models[0].path, "eleven byte").ok());
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const std::vector<store::CellSummary> rows = Rows(*run);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].quantizer, "int8");
  EXPECT_EQ(rows[1].quantizer_options, "alias=DEFAULT");
  EXPECT_EQ(rows[2].quantizer, "source");
  EXPECT_EQ(rows[2].runtime, "none");
  EXPECT_EQ(rows[2].file_bytes, 11);
  EXPECT_EQ(rows[2].artifact_sha256, "hash of net");
  EXPECT_EQ(rows[2].status, Outcome::kOk);
  EXPECT_EQ(rows[2].accuracy_status, Outcome::kNotMeasured);
  EXPECT_EQ(rows[2].latency_status, Outcome::kNotMeasured);
}

TEST_F(RunEngineTest, AModelThatWasMadeForTimingAloneHasNoAccuracy) {
  plan_.models[0].sidecar.origin.insert("invalid_accuracy", "made up");
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  for (const store::CellSummary& row : Rows(*run)) {
    EXPECT_EQ(row.accuracy_status, Outcome::kInvalid);
    EXPECT_EQ(row.reason, "accuracy means nothing: made up");
    EXPECT_FALSE(row.top1.has_value());
  }
}

TEST_F(RunEngineTest, ResumesWhereverItWasInterruptedAndRepeatsNothing) {
  plan_.diff_runtime = plan_.selection.runtimes[0];
  const Result<int64_t> whole = Execute();
  ASSERT_TRUE(whole.ok());
  const std::vector<std::string> all_jobs = workers_.jobs;
  for (int stop = 1; stop < static_cast<int>(all_jobs.size()); ++stop) {
    std::filesystem::remove_all(options_.folders.cache / "artifacts");
    workers_ = FakeWorkers();
    workers_.cancel_after = stop;
    const Result<int64_t> interrupted = Execute();
    ASSERT_FALSE(interrupted.ok());
    EXPECT_EQ(interrupted.status().code(), StatusCode::kCancelled);
    EXPECT_THAT(interrupted.status().message(), HasSubstr("--resume"));
    workers_.cancel_after = 1 << 30;
    const Result<int64_t> run = Execute(/*resume=*/true);
    ASSERT_TRUE(run.ok()) << run.status().message();
    // The job that was under way when Ctrl-C came finished all the same. Looks are not stored.
    std::erase_if(workers_.jobs, [](const std::string& job) { return job.starts_with("look "); });
    EXPECT_EQ(workers_.jobs.size(), all_jobs.size() - 2) << "stopped after " << stop;
    const std::vector<store::CellSummary> rows = Rows(*run);
    EXPECT_THAT(rows, Each(::testing::Field(&store::CellSummary::status, Outcome::kOk)));
    EXPECT_THAT(rows, Each(::testing::Field(&store::CellSummary::processes, 2)));
    EXPECT_EQ(store_.LoadRun(*run)->comparisons.size(), 1U);
  }
}

TEST_F(RunEngineTest, AJobThatFinishedWhileTheUserStoppedIsCommitted) {
  for (const std::string last : {"quantize int8", "accuracy float", "latency float"}) {
    std::filesystem::remove_all(options_.folders.cache / "artifacts");
    workers_ = FakeWorkers();
    workers_.cancel_when_done = last;
    const Result<int64_t> run = Execute();
    ASSERT_EQ(run.status().code(), StatusCode::kCancelled);
    EXPECT_EQ(workers_.jobs.back(), last);
    workers_ = FakeWorkers();
    ASSERT_TRUE(Execute(/*resume=*/true).ok());
    std::erase_if(workers_.jobs, [](const std::string& job) { return job.starts_with("look "); });
    EXPECT_NE(workers_.jobs.front(), last);
  }
}

TEST_F(RunEngineTest, AJobThatWasStoppedIsNoRow) {
  for (const std::string stopped : {"quantize int8", "accuracy float", "latency int8"}) {
    std::filesystem::remove_all(options_.folders.cache / "artifacts");
    workers_ = FakeWorkers();
    workers_.stopped_job = stopped;
    const Result<int64_t> run = Execute();
    ASSERT_EQ(run.status().code(), StatusCode::kCancelled);
    EXPECT_EQ(workers_.jobs.back(), stopped);
    EXPECT_THAT(warnings_, ::testing::IsEmpty());
    workers_ = FakeWorkers();
    ASSERT_TRUE(Execute(/*resume=*/true).ok());
    std::erase_if(workers_.jobs, [](const std::string& job) { return job.starts_with("look "); });
    EXPECT_EQ(workers_.jobs.front(), stopped);
  }
}

TEST_F(RunEngineTest, AFailureBeforeTheInterruptionStaysAFailure) {
  workers_.failures["accuracy float"] = {OutcomeKind::kCrashed, "crashed once"};
  workers_.cancel_when_done = "accuracy int8";
  ASSERT_FALSE(Execute().ok());
  workers_ = FakeWorkers();
  const Result<int64_t> run = Execute(/*resume=*/true);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(Rows(*run)[0].status, Outcome::kCrashed);
  EXPECT_EQ(Rows(*run)[1].status, Outcome::kOk);
}

TEST_F(RunEngineTest, RemembersWhatAnInferenceTook) {
  EXPECT_THAT(*InferenceHistory(plan_, store_), ::testing::IsEmpty());
  workers_.failures["latency int8"] = {OutcomeKind::kCrashed, "crashed"};
  ASSERT_TRUE(Execute().ok());
  const std::map<size_t, double> history = *InferenceHistory(plan_, store_);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_DOUBLE_EQ(history.at(0), 0.0011);
  // What is known of a run of tens of seconds an inference makes it a long one.
  EXPECT_GT(EstimateSeconds(plan_, {{0, 30.0}}), EstimateSeconds(plan_, history) + 60);
  plan_.selection.runtimes[0].options = {{"kernels", "other"}};
  EXPECT_THAT(*InferenceHistory(plan_, store_), ::testing::IsEmpty());
  plan_.selection.runtimes[0].options.clear();
  plan_.host = {{"machine", "another"}};
  EXPECT_THAT(*InferenceHistory(plan_, store_), ::testing::IsEmpty());
}

TEST_F(RunEngineTest, NothingToResumeIsAnError) {
  const Result<int64_t> run = Execute(/*resume=*/true);
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(run.status().message(), HasSubstr("nothing to resume"));
}

TEST_F(RunEngineTest, AnArtifactIsMadeOnceForTheSameInputs) {
  ASSERT_TRUE(Execute().ok());
  workers_.jobs.clear();
  ASSERT_TRUE(Execute().ok());
  EXPECT_THAT(workers_.jobs, ::testing::Not(::testing::Contains(HasSubstr("quantize"))));
}

}  // namespace
}  // namespace qbench::plan
