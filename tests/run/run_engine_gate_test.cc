// A run beside a pinned baseline: pairs in turns, the repeat of what looks worse, what is stored.
#include <gmock/gmock.h>

#include "tests/run/run_engine_fixture.h"

namespace qbench::run {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

class RunEngineGateTest : public RunEngineTest {
 protected:
  // The baseline has the cell of int8: an artifact "old" on a copy of the engine.
  void SetUp() override {
    RunEngineTest::SetUp();
    baseline::Baseline& pinned = plan_.baseline.emplace();
    pinned.name = "b";
    baseline::PinnedCell cell;
    cell.model.stem = "net";
    cell.model.sha256 = "hash of the old net";
    cell.quantizer.name = "int8";
    cell.quantizer.version = "0";
    cell.file = folder_.path() / "old.tflite";
    cell.artifact.sha256 = Sha256Hex(std::string_view("old"));
    cell.artifact.file_bytes = 3;
    EXPECT_TRUE(WriteFileAtomically(cell.file, std::string_view("old")).ok());
    pinned.cells = {cell};
    plan::PlannedModel model = plan_.models[0];
    model.pinned = true;
    plan_.models.push_back(model);
    plan_.selection.quantizers.push_back(Plugin(host::PluginKind::kQuantizer, "int8"));
    plan::SelectedPlugin engine = Plugin(host::PluginKind::kRuntime, "engine");
    engine.plugin.file = "/b/engine.so";
    engine.environment = {"QBENCH_ENGINE=/b/libengine.so"};
    plan_.selection.runtimes.push_back(engine);
    plan_.cells.push_back({1, 2, 1, 1, plan::PinnedPlace{0, 1}});
    options_.gate = {{"pairs", 2}};
    options_.suspects = [this](int64_t run) -> Result<std::vector<int64_t>> {
      asked_.push_back(run);
      if (!looks_worse_) return std::vector<int64_t>();
      return std::vector<int64_t>{store_.LoadRun(run)->cells[1].cell.id};
    };
    options_.conclude = [this](int64_t run) -> Status {
      EXPECT_FALSE(store_.LoadRun(run)->run.finished_at.has_value());
      concluded_.push_back(run);
      return OkStatus();
    };
  }

  std::vector<std::string> Latencies() const {
    std::vector<std::string> latencies;
    for (const std::string& job : workers_.jobs) {
      if (job.starts_with("latency ")) latencies.push_back(job.substr(8));
    }
    return latencies;
  }

  const std::vector<std::string> kFirstLook = {"float", "int8", "old", "old", "int8", "float"};
  bool looks_worse_ = false;  // int8
  std::vector<int64_t> asked_;
  std::vector<int64_t> concluded_;
};

TEST_F(RunEngineGateTest, MeasuresPairsInTurns) {
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_THAT(Latencies(), ElementsAreArray(kFirstLook));
  EXPECT_EQ(std::ranges::count(workers_.jobs, "accuracy old"), 1);
  EXPECT_EQ(std::ranges::count(workers_.jobs, "look old"), 0);
  EXPECT_EQ(std::ranges::count(workers_.jobs, "profile old"), 0);
  EXPECT_EQ(workers_.quantize_jobs.size(), 2U);
  EXPECT_THAT(asked_, ElementsAre(*run));
  EXPECT_THAT(concluded_, ElementsAre(*run));

  const store::RunData data = *store_.LoadRun(*run);
  EXPECT_EQ(data.run.settings.at("gate"), options_.gate);
  EXPECT_EQ(data.cells.size(), 2U);
  ASSERT_EQ(data.baseline_cells.size(), 1U);
  const store::CellData& old = data.baseline_cells[0];
  EXPECT_EQ(old.cell.side, store::kBaselineSide);
  EXPECT_EQ(old.cell.status, store::Outcome::kOk);
  EXPECT_EQ(old.measurements.size(), 3U);  // accuracy, and two processes
  EXPECT_EQ(data.artifacts.at(*old.cell.artifact_id).path, (folder_.path() / "old.tflite"));
  EXPECT_EQ(data.models.at(old.cell.model_id).sha256, "hash of the old net");
  EXPECT_EQ(data.plugins.at(old.cell.runtime_id).path, "/b/engine.so");
  EXPECT_EQ(results::Summarize(data).size(), 2U);  // reports are of the run's own
}

TEST_F(RunEngineGateTest, RepeatsWhatLooksWorseOnce) {
  looks_worse_ = true;
  const Result<int64_t> run = Execute();
  ASSERT_TRUE(run.ok()) << run.status().message();
  std::vector<std::string> expected = kFirstLook;
  expected.insert(expected.end(), {"int8", "old", "old", "int8"});
  EXPECT_THAT(Latencies(), ElementsAreArray(expected));
  EXPECT_THAT(asked_, ElementsAre(*run));
  EXPECT_EQ(store_.LoadRun(*run)->baseline_cells[0].measurements.size(), 5U);
}

// Wherever it was stopped, nothing is measured twice, and the repeat is what it would have been.
TEST_F(RunEngineGateTest, GoesOnWhereItWasStopped) {
  looks_worse_ = true;
  const Result<int64_t> whole = Execute();
  ASSERT_TRUE(whole.ok());
  // Later runs take both artifacts from the cache.
  const int jobs = static_cast<int>(workers_.jobs.size()) - 2;
  for (int stop = 1; stop < jobs; ++stop) {
    workers_.jobs.clear();
    workers_.cancel_after = stop;
    ASSERT_EQ(Execute().status().code(), StatusCode::kCancelled) << stop;
    workers_.cancel_after = 1000;
    const Result<int64_t> resumed = Execute(/*resume=*/true);
    ASSERT_TRUE(resumed.ok()) << resumed.status().message();
    const store::RunData data = *store_.LoadRun(*resumed);
    EXPECT_EQ(data.baseline_cells[0].measurements.size(), 5U) << stop;
    EXPECT_EQ(data.cells[1].measurements.size(),
              store_.LoadRun(*whole)->cells[1].measurements.size())
        << stop;
  }
}

TEST_F(RunEngineGateTest, TellsTheEngineOfTheBaselineItsLibrary) {
  std::vector<std::string> with;
  RunEvents events;
  const plan::JobRunner run_job = [&](const jobs::Job& job, const jobs::JobSettings& settings,
                                      const jobs::JobCallbacks& callbacks) {
    jobs::JobOutcome outcome = workers_.Run(job, callbacks);
    if (!settings.environment.empty()) {
      EXPECT_THAT(settings.environment, ElementsAre("QBENCH_ENGINE=/b/libengine.so"));
      with.push_back(workers_.jobs.back());
    }
    return outcome;
  };
  ASSERT_TRUE(ExecuteRun(plan_, options_, run_job, events, store_).ok());
  EXPECT_THAT(with, ElementsAre("accuracy old", "latency old", "latency old"));
}

}  // namespace
}  // namespace qbench::run
