#include "harness/results/summary.h"

#include <gtest/gtest.h>

#include "harness/store/plugin_facts.h"
#include "tests/store/sample_run.h"

namespace qbench::results {
namespace {

// Two cells, float and int8, of four images of two classes.
class SummaryTest : public ::testing::Test {
 protected:
  SummaryTest() {
    run_.run.id = 7;
    run_.run.host_id = "host";
    run_.models[1] = {1, "m", "m.h5", "model-sha", "sidecar-sha", "float-sha"};
    run_.splits[1] = {1,          "d",        "test",
                      "data-sha", {"a", "b"}, {{"a/0", 0}, {"a/1", 0}, {"b/2", 1}, {"b/3", 1}}};
    run_.plugins[1] = {1, store::PluginKind::kQuantizer, "float", "", "", "", {}};
    run_.plugins[2] = {2, store::PluginKind::kQuantizer, "int8", "", "", "", {}};
    run_.plugins[3] = {3, store::PluginKind::kRuntime, "litert", "", "", "", {}};
    run_.artifacts[1] = Made(1, 4000);
    run_.artifacts[2] = Made(2, 1000);
    run_.cells = {MakeCell(1), MakeCell(2)};
  }

  static store::Artifact Made(int64_t id, int64_t bytes) {
    store::Artifact artifact;
    artifact.id = id;
    artifact.sha256 = "artifact-" + std::to_string(id);
    artifact.file_bytes = bytes;
    return artifact;
  }

  static store::CellData MakeCell(int64_t id) {
    store::CellData data;
    data.cell.id = id;
    data.cell.run_id = 7;
    data.cell.model_id = 1;
    data.cell.split_id = 1;
    data.cell.quantizer_id = id;
    data.cell.runtime_id = 3;
    data.cell.artifact_id = id;
    data.cell.status = store::Outcome::kOk;
    return data;
  }

  void AddLatency(size_t cell, std::vector<double> samples_ms,
                  store::Outcome status = store::Outcome::kOk) {
    store::Measurement latency;
    latency.repetition = static_cast<int32_t>(run_.cells[cell].measurements.size());
    latency.status = status;
    latency.load_ms = 10.0 * (latency.repetition + 1);
    latency.first_ms = 20.0 * (latency.repetition + 1);
    latency.peak_rss_bytes = 1000 - latency.repetition;
    for (double ms : samples_ms) latency.samples_ns.push_back(ms * 1e6);
    run_.cells[cell].measurements.push_back(latency);
  }

  void AddAccuracy(size_t cell, std::vector<int32_t> predictions) {
    store::Measurement accuracy;
    accuracy.kind = store::MeasurementKind::kAccuracy;
    accuracy.predictions = std::move(predictions);
    accuracy.confidences.assign(accuracy.predictions.size(), 1);
    run_.cells[cell].measurements.push_back(accuracy);
  }

  store::RunData run_;
};

TEST_F(SummaryTest, LatencyIsTheMedianOfTheProcessMedians) {
  AddLatency(0, {4, 2, 3});        // median 3
  AddLatency(0, {1, 1, 1});        // median 1
  AddLatency(0, {9, 10, 11, 12});  // median 10.5
  const CellSummary summary = Summarize(run_)[0];
  EXPECT_DOUBLE_EQ(*summary.median_ms, 3);
  EXPECT_DOUBLE_EQ(*summary.mad_ms, 2);  // of 3, 1, 10.5: distances 0, 2, 7.5
  EXPECT_EQ(summary.samples, 10);
  EXPECT_EQ(summary.processes, 3);
  EXPECT_DOUBLE_EQ(*summary.load_ms, 20);
  EXPECT_DOUBLE_EQ(*summary.first_ms, 40);
  EXPECT_EQ(summary.peak_rss_bytes, 1000);
}

// MLPerf's loadgen asks for 64 samples before it names a 90th percentile.
TEST_F(SummaryTest, APercentileNeedsItsSamples) {
  std::vector<double> samples_ms;
  for (int i = 63; i > 0; --i) samples_ms.push_back(i);
  AddLatency(0, samples_ms);
  EXPECT_EQ(Summarize(run_)[0].p90_ms, std::nullopt);
  AddLatency(0, {64});                                 // pooled over the processes
  EXPECT_DOUBLE_EQ(*Summarize(run_)[0].p90_ms, 57.7);  // index 56.7 of 1 to 64
}

TEST_F(SummaryTest, ASingleProcessHasNoDeviationAndItsRatioNoInterval) {
  AddLatency(0, {4, 5, 6});
  AddLatency(1, {2, 2, 2});
  auto summaries = Summarize(run_);
  EXPECT_EQ(summaries[0].mad_ms, std::nullopt);
  EXPECT_DOUBLE_EQ(*summaries[1].median_ratio_to_float, 0.4);
  EXPECT_EQ(summaries[1].ratio_low, std::nullopt);
  AddLatency(0, {4});
  AddLatency(1, {3});
  summaries = Summarize(run_);
  EXPECT_DOUBLE_EQ(*summaries[0].mad_ms, 0.5);
  EXPECT_DOUBLE_EQ(*summaries[1].ratio_low, 2.0 / 5);
  EXPECT_DOUBLE_EQ(*summaries[1].ratio_high, 3.0 / 4);
  EXPECT_NEAR(*summaries[1].ratio_confidence, 2.0 / 3, 1e-12);
  EXPECT_EQ(summaries[0].ratio_low, std::nullopt);  // float against itself
}

TEST_F(SummaryTest, TheRangeOfAllRatiosOfThreeProcessesCoversNineTenths) {
  for (const double ms : {10, 11, 12}) AddLatency(0, {ms});
  for (const double ms : {5.0, 5.5, 6.0}) AddLatency(1, {ms});
  EXPECT_DOUBLE_EQ(*Summarize(run_)[1].ratio_low, 5.0 / 12);
  EXPECT_DOUBLE_EQ(*Summarize(run_)[1].ratio_high, 6.0 / 10);
  EXPECT_DOUBLE_EQ(*Summarize(run_)[1].ratio_confidence, 0.9);
  run_.cells[0].cell.latency_status =
      store::Outcome::kInvalid;  // a throttled board has no interval
  EXPECT_EQ(Summarize(run_)[1].ratio_low, std::nullopt);
}

TEST_F(SummaryTest, ComparesImageByImageWithFloat) {
  AddAccuracy(0, {0, 0, 1, 0});
  AddAccuracy(1, {1, 1, 1, 1});
  const auto summaries = Summarize(run_);
  EXPECT_EQ(summaries[1].images_lost, 2);
  EXPECT_EQ(summaries[1].images_gained, 1);
  EXPECT_DOUBLE_EQ(*summaries[1].loss_p, 0.5);  // at least 2 of 3
  EXPECT_GT(*summaries[1].top1_drop_high, 0.25);
  EXPECT_EQ(summaries[0].images_lost, std::nullopt);
}

TEST_F(SummaryTest, FailedLatencyProcessesDoNotCountAndInvalidOnesDo) {
  AddLatency(0, {100}, store::Outcome::kCrashed);
  AddLatency(0, {2}, store::Outcome::kInvalid);
  const CellSummary summary = Summarize(run_)[0];
  EXPECT_DOUBLE_EQ(*summary.median_ms, 2);
  EXPECT_EQ(summary.processes, 1);
}

TEST_F(SummaryTest, WhatWasNotMeasuredIsEmpty) {
  const CellSummary summary = Summarize(run_)[0];
  EXPECT_FALSE(summary.median_ms || summary.p90_ms || summary.mad_ms || summary.samples ||
               summary.images || summary.top1 || summary.agreement_with_float ||
               summary.top1_difference_to_float || summary.median_ratio_to_float);
}

TEST_F(SummaryTest, AccuracyLeavesOutImagesWithoutAPrediction) {
  AddAccuracy(0, {0, 1, 1, -1});
  const CellSummary summary = Summarize(run_)[0];
  EXPECT_EQ(summary.images, 3);
  EXPECT_DOUBLE_EQ(*summary.top1, 2.0 / 3);
  EXPECT_NEAR(*summary.top1_low, 0.2077, 5e-5);  // Wilson, 2 of 3
  EXPECT_NEAR(*summary.top1_high, 0.9385, 5e-5);
  const store::DatasetSplit& split = run_.splits.at(1);
  EXPECT_EQ(Confusion(run_.cells[0], split), (ConfusionMatrix{{1, 1}, {0, 1}}));
  const auto classes = PerClassAccuracy(run_.cells[0], split);
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0].label, "a");
  EXPECT_EQ(classes[0].images, 2);
  EXPECT_EQ(classes[0].right, 1);
  EXPECT_EQ(classes[1].images, 1);
}

TEST_F(SummaryTest, ComparesWithTheFloatCellOfTheSameConfiguration) {
  AddAccuracy(0, {0, 0, 1, 0});
  AddAccuracy(1, {0, 1, 1, -1});
  AddLatency(0, {8});
  AddLatency(1, {2});
  const auto summaries = Summarize(run_);
  EXPECT_DOUBLE_EQ(*summaries[1].agreement_with_float, 2.0 / 3);
  EXPECT_DOUBLE_EQ(*summaries[1].top1_difference_to_float, 2.0 / 3 - 0.75);
  EXPECT_DOUBLE_EQ(*summaries[1].size_ratio_to_float, 0.25);
  EXPECT_DOUBLE_EQ(*summaries[1].median_ratio_to_float, 0.25);
  const PairedVerdicts paired = ComparePaired(run_.cells[0], run_.cells[1], run_.splits.at(1));
  EXPECT_EQ(paired.images, 3);
  EXPECT_EQ(paired.lost, 1);
  EXPECT_EQ(paired.gained, 0);
  EXPECT_DOUBLE_EQ(*summaries[0].agreement_with_float, 1);
  EXPECT_DOUBLE_EQ(*summaries[0].size_ratio_to_float, 1);
}

TEST_F(SummaryTest, TheBaselineIsKnownByItsFactAndInOldRowsByItsName) {
  EXPECT_EQ(FloatCellOf(run_, 1), 0U);
  run_.plugins[1].name = "as_it_is";
  EXPECT_FALSE(FloatCellOf(run_, 1).has_value());
  run_.plugins[1].facts[store::kBaselineFact] = true;
  EXPECT_EQ(FloatCellOf(run_, 1), 0U);
  run_.plugins[1].facts[store::kBaselineFact] = "yes";  // what a plugin says in its own words
  EXPECT_FALSE(FloatCellOf(run_, 1).has_value());
}

TEST_F(SummaryTest, ComparesWithNothingElse) {
  AddAccuracy(0, {0, 0, 1, 0});
  AddAccuracy(1, {0, 1, 1, 1});
  run_.cells[1].cell.threads = 4;
  EXPECT_FALSE(Summarize(run_)[1].agreement_with_float);
  run_.cells[1].cell.threads = 1;
  run_.cells[1].cell.runtime_options = "kernels=builtin";
  EXPECT_FALSE(Summarize(run_)[1].size_ratio_to_float);
}

TEST_F(SummaryTest, NamesWhatWasMeasured) {
  const CellSummary summary = Summarize(run_)[1];
  EXPECT_EQ(summary.run_id, 7);
  EXPECT_EQ(summary.model, "m");
  EXPECT_EQ(summary.quantizer, "int8");
  EXPECT_EQ(summary.runtime, "litert");
  EXPECT_EQ(summary.dataset, "d");
  EXPECT_EQ(summary.split, "test");
  EXPECT_EQ(summary.artifact_sha256, "artifact-2");
  EXPECT_EQ(summary.model_sha256, "model-sha");
  EXPECT_EQ(summary.sidecar_sha256, "sidecar-sha");
  EXPECT_EQ(summary.dataset_sha256, "data-sha");
  EXPECT_EQ(summary.host_id, "host");
}

TEST_F(SummaryTest, RuntimeFactsAreThoseOfTheCellAlone) {
  run_.plugins[3].facts = {{"library", "l.so"}, {"operators", "none loaded"}};
  AddAccuracy(0, {0, 0, 1, 1});
  run_.cells[0].measurements[0].conditions = {{"runtime", {{"operators", "of accuracy"}}}};
  EXPECT_EQ(Summarize(run_)[0].runtime_facts, "operators: of accuracy");
  AddLatency(0, {1});
  AddLatency(0, {1});
  run_.cells[0].measurements[2].conditions = {
      {"runtime", {{"library", "l.so"}, {"operators", "3"}, {"time_on_kernels", "2.0 %"}}}};
  EXPECT_EQ(Summarize(run_)[0].runtime_facts, "operators: 3; time_on_kernels: 2.0 %");
  EXPECT_EQ(Summarize(run_)[1].runtime_facts, "");
}

TEST(Summary, SampleRunIsPlausible) {
  const auto summaries = Summarize(store::LoadSampleRun({}));
  ASSERT_EQ(summaries.size(), 3U);
  EXPECT_LT(*summaries[2].median_ratio_to_float, 0.5);
  EXPECT_GT(*summaries[2].agreement_with_float, 0.95);
  EXPECT_GE(*summaries[0].outlier_samples, 1);  // the interrupt in its first process
}

}  // namespace
}  // namespace qbench::results
