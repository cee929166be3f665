#include "harness/run/run_engine.h"

#include "harness/store/plugin_facts.h"
#include "tests/run/run_engine_fixture.h"

namespace qbench::run {
namespace {

TEST_F(RunEngineTest, MeasuresEveryCellAndRotatesTheLatencyRounds) {
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_THAT(workers_.jobs,
              ElementsAre("quantize float", "quantize int8", "look float", "look int8",
                          "accuracy float", "accuracy int8", "latency float", "latency int8",
                          "latency int8", "latency float", "profile float", "profile int8"));
  for (const results::CellSummary& row : Rows(*run)) {
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
  workers_.failures["accuracy int8"] = {Outcome::kCrashed, "segmentation fault"};
  workers_.failures["quantize float"] = {Outcome::kFailed, "gave up"};
  workers_.failure_log = {"warning: engine: first", "printed last"};
  workers_.failure_warnings = {"engine: first"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const std::vector<results::CellSummary> rows = Rows(*run);
  EXPECT_EQ(rows[0].reason, "gave up");  // its own words
  EXPECT_EQ(rows[1].reason, "segmentation fault; its log ends with \"printed last\"");
  EXPECT_THAT(rows[0].warnings, ElementsAre("engine: first"));
  EXPECT_THAT(rows[1].warnings, ElementsAre("engine: first"));
  const Result<store::RunData> data = store_.LoadRun(*run);
  EXPECT_THAT(data->cells[1].measurements.back().log,
              ElementsAre("warning: engine: first", "printed last"));
}

TEST_F(RunEngineTest, TheBaselineIsStoredWithThePlugin) {
  plan_.selection.quantizers[0].plugin.descriptor.id = "as_it_is";
  plan_.diff_runtime = plan_.selection.runtimes[0];
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(std::ranges::count(workers_.jobs, "layers as_it_is"), 0);
  const Result<store::RunData> data = store_.LoadRun(*run);
  ASSERT_TRUE(data.ok());
  const auto facts = [&](size_t cell) {
    return data->plugins.at(data->cells[cell].cell.quantizer_id).facts;
  };
  EXPECT_EQ(facts(0), Json({{store::kBaselineFact, true}}));
  EXPECT_EQ(facts(1), Json::object());
  EXPECT_EQ(*Rows(*run)[1].median_ratio_to_float, 1);
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
  const jobs::QuantizeJob& calibrates = workers_.quantize_jobs[0];
  EXPECT_TRUE(calibrates.calibration.has_value());
  EXPECT_FALSE(calibrates.train.has_value());
  const jobs::QuantizeJob& trains = workers_.quantize_jobs[1];
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
  plan::SelectedPlugin quantizer = plan_.selection.quantizers[1];
  EXPECT_TRUE(plan::CheckTrainSplit(quantizer, plan_.dataset).ok());
  quantizer.plugin.descriptor.needs_train = true;
  const Status status = plan::CheckTrainSplit(quantizer, plan_.dataset);
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
  const auto latency = results::LatencyOf(data->cells.at(0));
  ASSERT_EQ(latency.size(), 2U);
  EXPECT_EQ(latency[1]->warmup_runs, 4);
  EXPECT_EQ(latency[1]->warmup_seconds, 0.625);
}

TEST_F(RunEngineTest, WithoutAProfileItLooksWhatIsDelegated) {
  workers_.failures["profile int8"] = {Outcome::kUnsupported, "engine cannot say where"};
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
  const results::CellSummary row = Rows(*run)[1];
  EXPECT_EQ(row.delegate, "XNNPACK");
  EXPECT_EQ(row.operators, 1);
  EXPECT_EQ(row.undelegated_operators, 0);
  EXPECT_EQ(row.partitions, 1);
  EXPECT_DOUBLE_EQ(*row.median_ms, 1.1);  // the profile's times are not among them
}

TEST_F(RunEngineTest, ARuntimeThatCannotBeProfiledMeasuresAllTheSame) {
  plan_.measure.profile = true;
  workers_.failures["profile int8"] = {Outcome::kUnsupported, "engine cannot say where"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  const results::CellSummary row = Rows(*run)[1];
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
  workers_.failures["peak"] = {Outcome::kFailed, "no memory"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(warnings_, ElementsAre("the machine's peak is not known: no memory"));
  EXPECT_THAT(workers_.jobs, ::testing::Contains("profile int8"));
}

TEST_F(RunEngineTest, ALookThatFailsCostsNothing) {
  workers_.failures["look int8"] = {Outcome::kCrashed, "crashed once"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(Rows(*run), Each(::testing::Field(&results::CellSummary::status, Outcome::kOk)));
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
  workers_.failures["quantize int8"] = {Outcome::kCrashed, "segmentation fault in quantize"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const std::vector<results::CellSummary> rows = Rows(*run);
  EXPECT_EQ(rows[0].status, Outcome::kOk);
  EXPECT_EQ(rows[1].status, Outcome::kCrashed);
  EXPECT_EQ(rows[1].reason, "segmentation fault in quantize");
  EXPECT_EQ(rows[1].accuracy_status, Outcome::kNotMeasured);
  EXPECT_THAT(workers_.jobs, ::testing::Not(::testing::Contains("accuracy int8")));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("segmentation fault in quantize")));
}

TEST_F(RunEngineTest, AFailedRuntimeKeepsWhatWasMeasuredBefore) {
  workers_.failures["latency int8"] = {Outcome::kTimeout, "no answer after 9 s"};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  const results::CellSummary row = Rows(*run)[1];
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
  const results::CellSummary row = Rows(*run)[1];
  EXPECT_EQ(row.status, Outcome::kOk);
  EXPECT_EQ(row.latency_status, Outcome::kInvalid);
  EXPECT_EQ(row.reason, "throttled");
}

TEST_F(RunEngineTest, AnArtifactForTimingAloneHasNoAccuracy) {
  workers_.made_up_ranges_of = "int8";
  for (int round = 0; round < 2; ++round) {  // the second from the cache
    const Result<int64_t> run = Execute();
    ASSERT_TRUE(run.ok());
    const results::CellSummary row = Rows(*run)[1];
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
  workers_.failures["latency int8"] = {Outcome::kTimeout, "no answer after 9 s"};
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
  workers_.failures["layers int8"] = {Outcome::kCrashed, reason};
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok());
  EXPECT_THAT(Rows(*run), Each(::testing::Field(&results::CellSummary::status, Outcome::kOk)));
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
  const std::vector<results::CellSummary> rows = Rows(*run);
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
  for (const results::CellSummary& row : Rows(*run)) {
    EXPECT_EQ(row.accuracy_status, Outcome::kInvalid);
    EXPECT_EQ(row.reason, "accuracy means nothing: made up");
    EXPECT_FALSE(row.top1.has_value());
  }
}

}  // namespace
}  // namespace qbench::run
