// Interrupted runs, and what is not made twice.
#include "harness/run/run_engine.h"
#include "tests/run/run_engine_fixture.h"

namespace qbench::run {
namespace {

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
    const std::vector<results::CellSummary> rows = Rows(*run);
    EXPECT_THAT(rows, Each(::testing::Field(&results::CellSummary::status, Outcome::kOk)));
    EXPECT_THAT(rows, Each(::testing::Field(&results::CellSummary::processes, 2)));
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
  workers_.failures["accuracy float"] = {Outcome::kCrashed, "crashed once"};
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
  workers_.failures["latency int8"] = {Outcome::kCrashed, "crashed"};
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
}  // namespace qbench::run
