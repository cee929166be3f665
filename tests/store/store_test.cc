#include "harness/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "harness/results/peak_lookup.h"
#include "tests/store/child_process.h"
#include "tests/store/same_fields.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("qbench-store-test");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(folder).value());
  }
  std::filesystem::path path() const { return folder_->path() / "qbench.sqlite"; }

  Store Open(OpenMode mode = OpenMode::kReadWrite) {
    auto store = Store::Open(path(), mode);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return std::move(store).value();
  }

  // A small run with one cell whose measurements are all still to come.
  static int64_t AddEmptyCell(Store& store) {
    store::Run run;
    run.plan_hash = "plan";
    Cell cell;
    cell.run_id = *store.BeginRun(run);
    cell.model_id = *store.UpsertModel({0, "m", "m.h5", "1", "", "2"});
    cell.split_id = *store.UpsertDatasetSplit(
        {0, "d", "test", "3", {"a", "b"}, {{"a/1.jpg", 0}, {"b/2.jpg", 1}}});
    cell.quantizer_id =
        *store.UpsertPlugin({0, PluginKind::kQuantizer, "float", "1", "f.so", "4", {}});
    cell.runtime_id =
        *store.UpsertPlugin({0, PluginKind::kRuntime, "litert", "1", "l.so", "5", {}});
    return *store.AddCell(cell);
  }

  static Measurement Latency(int64_t cell_id, int32_t repetition) {
    Measurement measurement;
    measurement.cell_id = cell_id;
    measurement.repetition = repetition;
    measurement.samples_ns.assign(500, 1.5e6 + repetition);
    return measurement;
  }

  std::optional<TempDir> folder_;
};

TEST_F(StoreTest, GivesBackEveryFieldOfEveryRecord) {
  SampleRunOptions options;
  options.images = 30;
  int64_t run_id = 0;
  RunData first;
  {
    Store store = Open();
    auto stored = StoreSampleRun(store, options);
    ASSERT_TRUE(stored.ok()) << stored.status().message();
    run_id = *stored;
    first = *store.LoadRun(run_id);
  }
  Store reader = Open(OpenMode::kReadOnly);
  auto loaded = reader.LoadRun(run_id);
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  ExpectSameFields(loaded->run, first.run);
  EXPECT_EQ(loaded->run.finished_at, "2025-11-20T21:19:44Z");
  EXPECT_EQ(loaded->run.host["cpu.name"], "Cortex-A76");
  EXPECT_EQ(loaded->notes.size(), 1U);
  EXPECT_EQ(loaded->models.size(), 1U);
  EXPECT_EQ(loaded->plugins.size(), 4U);
  EXPECT_EQ(loaded->artifacts.size(), 3U);
  ASSERT_EQ(loaded->splits.size(), 1U);
  EXPECT_EQ(loaded->splits.begin()->second.images.size(), 30U);
  EXPECT_EQ(loaded->splits.begin()->second.images[29].label, 5);
  ASSERT_EQ(loaded->cells.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    ExpectSameFields(loaded->cells[i].cell, first.cells[i].cell);
    ASSERT_EQ(loaded->cells[i].measurements.size(), 4U);
    for (size_t j = 0; j < 4; ++j) {
      ExpectSameFields(loaded->cells[i].measurements[j], first.cells[i].measurements[j]);
    }
  }
}

TEST_F(StoreTest, GivesBackTheNewestComparisonOfAnArtifact) {
  Store store = Open();
  const int64_t cell = AddEmptyCell(store);
  const Cell stored = store.Cells(1)->at(0);
  Artifact file;
  file.model_id = stored.model_id;
  file.quantizer_id = stored.quantizer_id;
  LayerComparison sent = SampleComparison();
  sent.run_id = stored.run_id;
  sent.artifact_id = *store.UpsertArtifact(file);
  EXPECT_THAT(store.AddComparison(sent).message(), HasSubstr("no cell of run 1"));
  ASSERT_TRUE(store.SetCellArtifact(cell, sent.artifact_id).ok());
  EXPECT_TRUE(store.ComparedArtifacts(stored.run_id)->empty());

  ASSERT_TRUE(store.AddComparison(sent).ok());
  sent.layers[1].own_noise.reset();
  sent.layers[1].scale.reset();
  sent.layers[2].noise = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(store.AddComparison(sent).ok());
  EXPECT_EQ(*store.ComparedArtifacts(stored.run_id), std::set<int64_t>{sent.artifact_id});
  const Result<RunData> run = store.LoadRun(stored.run_id);
  ASSERT_TRUE(run.ok()) << run.status().message();
  ASSERT_EQ(run->comparisons.size(), 1U);
  const LayerComparison& got = run->comparisons.at(sent.artifact_id);
  sent.id = got.id;
  ExpectSameFields(got, sent);
  ASSERT_EQ(got.layers.size(), sent.layers.size());
  for (size_t i = 0; i < sent.layers.size(); ++i) {
    EXPECT_EQ(got.layers[i].position, static_cast<int32_t>(i));
    sent.layers[i].id = got.layers[i].id;
    sent.layers[i].comparison_id = got.id;
    sent.layers[i].position = static_cast<int32_t>(i);
    ExpectSameFields(got.layers[i], sent.layers[i]);
  }

  sent.layers[0].inputs = {0};
  EXPECT_THAT(store.AddComparison(sent).message(), HasSubstr("does not run before it"));
}

TEST_F(StoreTest, KeepsAMeasurementsEveryBit) {
  Store store = Open();
  const int64_t cell = AddEmptyCell(store);
  Measurement sent = Latency(cell, 2);
  sent.samples_ns = {1.0 / 3, 1e-300, 4e9, 0};
  sent.status = Outcome::kInvalid;
  sent.reason = "swapped; \"quotes\", 'more' and µ";
  sent.load_ms = 0.1;
  sent.conditions = {{"throttled", "0x50000"}};
  ASSERT_TRUE(store.CommitMeasurement(sent).ok());
  Measurement accuracy;
  accuracy.cell_id = cell;
  accuracy.kind = MeasurementKind::kAccuracy;
  accuracy.predictions = {-1, 1};
  accuracy.confidences = {-1.0F, 0.1F};
  ASSERT_TRUE(store.CommitMeasurement(accuracy).ok());

  auto got = store.Measurements(cell);
  ASSERT_TRUE(got.ok());
  ASSERT_EQ(got->size(), 2U);
  accuracy.id = (*got)[0].id;
  sent.id = (*got)[1].id;
  ExpectSameFields((*got)[0], accuracy);  // accuracy before latency, whatever came first
  ExpectSameFields((*got)[1], sent);
}

TEST_F(StoreTest, KeepsTheOperatorsOfAProfile) {
  Store store = Open();
  Measurement sent;
  sent.cell_id = AddEmptyCell(store);
  sent.kind = MeasurementKind::kProfile;
  sent.samples_ns = {2e6, 3e6};
  sent.conditions = {{"delegate", "XNNPACK"}};
  sent.operators = {{.op = 1,
                     .kind = "CONV_2D",
                     .name = "conv/Relu6",
                     .input_type = "int8",
                     .weight_type = "int8",
                     .output_type = "int8",
                     .steps = "Convolution (NHWC, QC8) IGEMM",
                     .partition = 0,
                     .median_us = 1.0 / 3,
                     .macs = int64_t{1} << 40,
                     .bytes_read = 100,
                     .bytes_written = 50},
                    {.op = 0, .kind = "RESHAPE", .name = "flatten"},
                    {.name = "Convert (NC)", .steps = "Convert (NC)", .median_us = 2}};
  ASSERT_TRUE(store.CommitMeasurement(sent).ok());
  ASSERT_TRUE(store.CommitMeasurement(Latency(sent.cell_id, 0)).ok());
  const auto got = store.Measurements(sent.cell_id);
  ASSERT_TRUE(got.ok()) << got.status().message();
  ASSERT_EQ(got->size(), 2U);
  sent.id = (*got)[1].id;
  ExpectSameFields((*got)[1], sent);  // after latency
  EXPECT_TRUE((*got)[0].operators.empty());
  ASSERT_EQ((*got)[1].operators.size(), sent.operators.size());
  for (size_t i = 0; i < sent.operators.size(); ++i) {
    OperatorProfile expected = sent.operators[i];
    expected.id = (*got)[1].operators[i].id;
    expected.measurement_id = sent.id;
    ExpectSameFields((*got)[1].operators[i], expected);
  }
}

TEST_F(StoreTest, NeverRewritesAMeasurement) {
  Store store = Open();
  const int64_t cell = AddEmptyCell(store);
  ASSERT_TRUE(store.CommitMeasurement(Latency(cell, 0)).ok());
  Measurement other = Latency(cell, 0);
  other.samples_ns = {1};
  const Status status = store.CommitMeasurement(other, {Outcome::kOk, {}, {}, ""});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("committed already"));
  EXPECT_EQ(store.Measurements(cell)->at(0).samples_ns.size(), 500U);
  EXPECT_EQ(store.Cells(1)->at(0).status, Outcome::kNotMeasured);  // rolled back with it
}

TEST_F(StoreTest, RefusesPredictionsThatDoNotFitTheSplit) {
  Store store = Open();
  Measurement accuracy;
  accuracy.cell_id = AddEmptyCell(store);
  accuracy.kind = MeasurementKind::kAccuracy;
  accuracy.predictions = {0};
  accuracy.confidences = {1};
  EXPECT_THAT(store.CommitMeasurement(accuracy).message(), HasSubstr("1 predictions"));
  accuracy.predictions = {0, 2};
  accuracy.confidences = {1, 1};
  EXPECT_THAT(store.CommitMeasurement(accuracy).message(), HasSubstr("class 2"));
  accuracy.cell_id = 77;
  EXPECT_THAT(store.CommitMeasurement(accuracy).message(), HasSubstr("no cell 77"));
}

TEST_F(StoreTest, CommitsAnOutcomeTogetherWithItsMeasurement) {
  Store store = Open();
  const int64_t cell = AddEmptyCell(store);
  ASSERT_TRUE(store
                  .CommitMeasurement(Latency(cell, 0), {Outcome::kFailed, Outcome::kNotMeasured,
                                                        Outcome::kFailed, "out of luck"})
                  .ok());
  const Cell stored = store.Cells(1)->at(0);
  EXPECT_EQ(stored.status, Outcome::kFailed);
  EXPECT_EQ(stored.latency_status, Outcome::kFailed);
  EXPECT_EQ(stored.reason, "out of luck");
}

TEST_F(StoreTest, AddsEqualRecordsOnce) {
  Store store = Open();
  Plugin plugin{0, PluginKind::kRuntime, "xnnpack", "1", "x.so", "aa", {{"isa", "neon"}}};
  const int64_t id = *store.UpsertPlugin(plugin);
  EXPECT_EQ(*store.UpsertPlugin(plugin), id);
  plugin.facts["isa"] = "neondot";
  EXPECT_NE(*store.UpsertPlugin(plugin), id);

  const int64_t cell = AddEmptyCell(store);
  Cell again = store.Cells(1)->at(0);
  again.status = Outcome::kOk;
  EXPECT_EQ(*store.AddCell(again), cell);
  again.threads = 4;
  EXPECT_NE(*store.AddCell(again), cell);
}

TEST_F(StoreTest, FindsTheNewestUnfinishedRunOfAPlan) {
  Store store = Open();
  EXPECT_EQ(*store.LatestRun(), std::nullopt);
  store::Run run;
  run.plan_hash = "a";
  const int64_t first = *store.BeginRun(run);
  const int64_t second = *store.BeginRun(run);
  run.plan_hash = "b";
  const int64_t other = *store.BeginRun(run);
  EXPECT_EQ(*store.FindUnfinishedRun("a"), second);
  ASSERT_TRUE(store.FinishRun(second, "2025-11-20T21:19:44Z").ok());
  EXPECT_EQ(*store.FindUnfinishedRun("a"), first);
  EXPECT_EQ(*store.FindUnfinishedRun("c"), std::nullopt);
  EXPECT_EQ(*store.LatestRun(), other);
  EXPECT_EQ(store.Runs()->front().id, other);
  EXPECT_EQ(store.FinishRun(second, "later").code(), StatusCode::kInvalidArgument);
}

TEST_F(StoreTest, NamesTheNewestRunWhereTheWantedOneIsMissing) {
  Store store = Open();
  EXPECT_THAT(store.LoadRun(1).status().message(), HasSubstr("holds no runs yet"));
  AddEmptyCell(store);
  const Status status = store.LoadRun(9).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("the newest is 1"));
}

TEST_F(StoreTest, LetsAReaderInWhileARunIsBeingWritten) {
  Store writer = Open();
  const int64_t cell = AddEmptyCell(writer);
  Store reader = Open(OpenMode::kReadOnly);
  EXPECT_EQ(reader.Measurements(cell)->size(), 0U);
  ASSERT_TRUE(writer.CommitMeasurement(Latency(cell, 0)).ok());
  EXPECT_EQ(reader.Measurements(cell)->size(), 1U);
  const auto refused = reader.BeginRun({});
  EXPECT_EQ(refused.status().code(), StatusCode::kIo);
}

// The child tells a byte after each commit and is killed at once when the n-th arrives, wherever it
// is by then: everything it told of must be there, whole, and nothing half.
TEST_F(StoreTest, KeepsWhatWasCommittedWhenTheProcessIsKilled) {
  int64_t cell = 0;
  {
    Store store = Open();
    cell = AddEmptyCell(store);
  }
  int32_t next = 0;
  for (size_t stop_after : {1, 2, 3, 5, 8, 13}) {
    const std::string told = RunInChild(
        [&](int descriptor) {
          auto store = Store::Open(path(), OpenMode::kReadWrite);
          for (int32_t i = next; store.ok(); ++i) {
            if (!store->CommitMeasurement(Latency(cell, i)).ok()) return;
            Tell(descriptor, "+");
          }
        },
        stop_after);
    ASSERT_GE(told.size(), stop_after);
    Store store = Open();  // the lock went with its holder
    auto measurements = store.Measurements(cell);
    ASSERT_TRUE(measurements.ok()) << measurements.status().message();
    ASSERT_GE(measurements->size(), static_cast<size_t>(next) + told.size());
    next = 0;
    for (const Measurement& measurement : *measurements) {
      EXPECT_EQ(measurement.repetition, next);
      EXPECT_EQ(measurement.samples_ns, Latency(cell, next).samples_ns);
      ++next;
    }
  }
}

TEST_F(StoreTest, KeepsTheLastMachinePeaksOfARun) {
  Store store = Open();
  store::Run run;
  const int64_t run_id = *store.BeginRun(run);
  const int64_t other = *store.BeginRun(run);
  std::vector<MachinePeak> peaks = {
      {0, run_id, PeakKind::kMultiplyAdd, "float32", 1, 59.1e9, "avx512"},
      {0, run_id, PeakKind::kBandwidth, "read", 4, 40e9, "baseline"}};
  ASSERT_TRUE(store.SetMachinePeaks(run_id, {{0, 0, PeakKind::kBandwidth, "read", 1, 1, ""}}).ok());
  ASSERT_TRUE(store.SetMachinePeaks(other, {{0, 0, PeakKind::kBandwidth, "read", 1, 2, ""}}).ok());
  ASSERT_TRUE(store.SetMachinePeaks(run_id, peaks).ok());
  const auto stored = store.MachinePeaks(run_id);
  ASSERT_TRUE(stored.ok()) << stored.status().message();
  ASSERT_EQ(stored->size(), peaks.size());
  for (size_t i = 0; i < peaks.size(); ++i) {
    peaks[i].id = (*stored)[i].id;
    ExpectSameFields((*stored)[i], peaks[i]);
  }
  EXPECT_EQ(store.LoadRun(run_id)->machine_peaks.size(), 2U);
  EXPECT_EQ(store.LoadRun(other)->machine_peaks.at(0).per_second, 2);
  // Two figures for one thing would make a report depend on their order.
  peaks.push_back(peaks[0]);
  EXPECT_FALSE(store.SetMachinePeaks(run_id, peaks).ok());
  EXPECT_EQ(store.MachinePeaks(run_id)->size(), 2U);
}

TEST_F(StoreTest, ListsRunsWithoutTheirMeasurements) {
  Store store = Open();
  EXPECT_TRUE(store.Overviews()->empty());
  const int64_t cell = AddEmptyCell(store);
  const int64_t second = AddEmptyCell(store);
  ASSERT_TRUE(store.SetCellOutcome(cell, {.status = Outcome::kOk, .reason = ""}).ok());
  ASSERT_TRUE(store.SetCellOutcome(second, {.status = Outcome::kCrashed, .reason = ""}).ok());
  const auto overviews = store.Overviews();
  ASSERT_TRUE(overviews.ok()) << overviews.status().message();
  ASSERT_EQ(overviews->size(), 2U);
  const RunOverview& newest = overviews->front();
  EXPECT_EQ(newest.run.id, 2);
  EXPECT_EQ(newest.cells, 1);
  EXPECT_EQ(newest.reached, 1);
  EXPECT_EQ(newest.failed, 1);
  EXPECT_THAT(newest.models, ::testing::ElementsAre("m"));
  EXPECT_THAT(newest.datasets, ::testing::ElementsAre("d/test"));
  EXPECT_EQ(overviews->back().failed, 0);
}

TEST_F(StoreTest, NamesARunOnceAndAsNothingElse) {
  Store store = Open();
  AddEmptyCell(store);
  AddEmptyCell(store);
  ASSERT_TRUE(store.RenameRun(1, "before the new converter").ok());
  ASSERT_TRUE(store.RenameRun(1, "before the new converter").ok());
  EXPECT_EQ(store.LoadRun(1)->run.name, "before the new converter");
  EXPECT_THAT(store.RenameRun(2, "before the new converter").message(),
              HasSubstr("run 1 is called"));
  for (const std::string& name :
       {std::string("12"), std::string("latest"), std::string("previous"), std::string("a#b"),
        std::string("two\nlines"), std::string("\xff"), std::string(kMaxRunName + 1, 'x')}) {
    EXPECT_EQ(store.RenameRun(2, name).code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(store.RenameRun(7, "seven").code(), StatusCode::kNotFound);
  ASSERT_TRUE(store.RenameRun(1, "").ok());
  ASSERT_TRUE(store.RenameRun(2, "").ok());  // having no name is no name
}

// The number of rows of each table that is not empty.
std::map<std::string, int64_t> RowCounts(const std::filesystem::path& path) {
  SQLite::Database database(path.string());
  std::map<std::string, int64_t> counts;
  SQLite::Statement tables(database,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                           "'sqlite_%'");
  while (tables.executeStep()) {
    const std::string name = tables.getColumn(0).getString();
    const int64_t count = database.execAndGet("SELECT COUNT(*) FROM \"" + name + "\"").getInt64();
    if (count > 0) counts[name] = count;
  }
  return counts;
}

TEST_F(StoreTest, ADeletedRunTakesWithItWhatNoOtherNames) {
  Store store = Open();
  const SampleRunOptions options = {.images = 20, .with_comparisons = true};
  const int64_t kept = *StoreSampleRun(store, options);
  const auto before = RowCounts(path());
  const int64_t deleted =
      *StoreSampleRun(store, options);  // shares models, plugins, artifacts and images
  ASSERT_TRUE(store.DeleteRun(deleted).ok());
  EXPECT_EQ(RowCounts(path()), before);
  EXPECT_TRUE(store.LoadRun(kept).ok());
  EXPECT_EQ(store.LoadRun(deleted).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store.DeleteRun(deleted).code(), StatusCode::kNotFound);
  ASSERT_TRUE(store.DeleteRun(kept).ok());
  EXPECT_TRUE(RowCounts(path()).empty());
  EXPECT_GT(*StoreSampleRun(store, options), deleted);  // a number is given once
}

}  // namespace
}  // namespace qbench::store
