// What plugins log and print reaches the outcome of their job: of one that succeeds, of one that
// fails, and of one that crashes or hangs; in bounds, and safe to show.
#include "gmock/gmock.h"
#include "harness/jobs/job_log.h"
#include "tests/jobs/worker_fixture.h"

namespace qbench::jobs {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class PluginLog : public WorkerTest {
 protected:
  using Options = std::vector<host::Option>;

  static PluginUse Told(const std::string& id, Options options) {
    return {kBuild / "lib/qbench/fake/told.so", id, std::move(options)};
  }
  JobOutcome Quantize(Options options) {
    return Run(QuantizeJob{.model = model(),
                           .quantizer = Told("told_quantizer", std::move(options)),
                           .output = Path("artifact")});
  }
  JobOutcome Accuracy(Options options, JobLimits limits = {}) {
    AccuracyJob job{
        .artifact = model(), .runtime = Told("told_runtime", std::move(options)), .instances = 2};
    job.samples = WriteTestTensors();
    return Run(job, limits);
  }
  JobOutcome Latency(Options options) {
    LatencyJob job{.artifact = model(), .runtime = Told("told_runtime", std::move(options))};
    job.samples = WriteTestTensors();
    job.settings = {.min_samples = 8, .min_seconds = 0, .warmup_runs = 1, .warmup_seconds = 0};
    return Run(job);
  }
};

TEST_F(PluginLog, WarningsComeWithTheResultEachOnce) {
  const Options twice = {{"at", "invoke"}, {"log", "slow kernel"}, {"times", "2"}};
  const JobOutcome accuracy = Accuracy(twice);
  ASSERT_TRUE(accuracy.ok()) << accuracy.reason;
  EXPECT_THAT(std::get<AccuracyResult>(accuracy.result).warnings,
              ElementsAre("told_runtime: slow kernel"));
  const JobOutcome latency = Latency(twice);
  ASSERT_TRUE(latency.ok()) << latency.reason;
  EXPECT_THAT(std::get<LatencyResult>(latency.result).warnings,
              Contains("told_runtime: slow kernel"));
  const JobOutcome quantize = Quantize({{"at", "quantize"}, {"log", "dead"}, {"times", "2"}});
  ASSERT_TRUE(quantize.ok()) << quantize.reason;
  EXPECT_THAT(std::get<QuantizeResult>(quantize.result).warnings, ElementsAre("dead"));
}

TEST_F(PluginLog, LinesOfEverySeverityAreInTheLog) {
  const JobOutcome outcome = Quantize({{"at", "init"}, {"log", "two threads"}, {"severity", "1"}});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  EXPECT_THAT(outcome.log, ElementsAre("info: told_quantizer: two threads"));
  EXPECT_THAT(std::get<QuantizeResult>(outcome.result).warnings, IsEmpty());
}

TEST_F(PluginLog, AFailedJobKeepsItsWarningsAndItsLog) {
  const JobOutcome outcome =
      Quantize({{"at", "quantize"}, {"log", "dead"}, {"status", "6"}, {"text", "gave up"}});
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_EQ(outcome.reason, "told_quantizer: gave up");
  EXPECT_THAT(outcome.warnings, ElementsAre("told_quantizer: dead"));
  EXPECT_THAT(outcome.log, ElementsAre("warning: told_quantizer: dead"));
}

TEST_F(PluginLog, ACrashedJobKeepsItsLastLinesAndWhatItPrinted) {
  const JobOutcome outcome = Accuracy({{"at", "invoke"},
                                       {"log", "about to fall"},
                                       {"print", "printed before"},
                                       {"then", "segfault"}});
  EXPECT_EQ(outcome.status, store::Outcome::kCrashed);
  EXPECT_THAT(outcome.warnings, ElementsAre("told_runtime: about to fall"));
  EXPECT_THAT(outcome.log, Contains(HasSubstr("warning: told_runtime: about to fall")));
  EXPECT_THAT(outcome.log, Contains(HasSubstr("printed before")));
}

TEST_F(PluginLog, AJobThatHangsKeepsItsLastLines) {
  const JobOutcome outcome =
      Accuracy({{"at", "load"}, {"log", "waiting for the device"}, {"then", "hang"}},
               {.time = std::chrono::seconds(5)});
  EXPECT_EQ(outcome.status, store::Outcome::kTimeout);
  EXPECT_THAT(outcome.log, ElementsAre("warning: told_runtime: waiting for the device"));
  EXPECT_THAT(outcome.warnings, ElementsAre("told_runtime: waiting for the device"));
}

TEST_F(PluginLog, AFloodStaysSmallAndEndsWithTheLastLine) {
  const JobOutcome outcome =
      Quantize({{"at", "quantize"}, {"log", "sample"}, {"times", "300000"}, {"numbered", "true"}});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  EXPECT_THAT(outcome.log, SizeIs(20));
  EXPECT_EQ(outcome.log.back(), "warning: told_quantizer: sample 299999");
  const auto& warnings = std::get<QuantizeResult>(outcome.result).warnings;
  ASSERT_THAT(warnings, SizeIs(101));
  EXPECT_EQ(warnings.back(), "299900 more warnings were left out");
}

TEST_F(PluginLog, ARepeatedLineStandsOnce) {
  const JobOutcome outcome =
      Quantize({{"at", "quantize"}, {"print", "the same"}, {"times", "1000"}});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  EXPECT_THAT(outcome.log, ElementsAre("the same (1000 times)"));
}

TEST_F(PluginLog, ControlCharactersReachNoTerminal) {
  const std::string text =
      "\x1b]0;title\x07 clear\x1b[2J \xc2\x9b"
      "31m \xff end";
  const JobOutcome outcome =
      Quantize({{"at", "quantize"}, {"log", text}, {"print", text}, {"times", "1"}});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  EXPECT_THAT(outcome.log, SizeIs(2));
  for (const char* control : {"\x1b", "\x07", "\xc2\x9b", "\xff"}) {
    EXPECT_THAT(outcome.log, Each(Not(HasSubstr(control))));
    EXPECT_THAT(std::get<QuantizeResult>(outcome.result).warnings, Each(Not(HasSubstr(control))));
  }
}

TEST_F(PluginLog, TheFileOfALogIsKeptSmall) {
  Result<JobLog> made = JobLog::Create(Path("log"));
  ASSERT_TRUE(made.ok()) << made.status().message();
  JobLog& log = *made;
  log.Bound();  // there is nothing in it yet
  EXPECT_EQ(log.End(), "");
  EXPECT_FALSE(JobLog::Create(Path("log")).ok()) << "that of another";
  std::ofstream file(Path("log"), std::ios::app);
  for (int i = 0; i < 1000; ++i) file << "line " << i << '\n';
  file.flush();
  log.Bound(/*most_bytes=*/1000);
  EXPECT_EQ(std::filesystem::file_size(Path("log")), 0U);
  file << "last\n";
  file.flush();
  const std::vector<std::string> lines = LastLines(log.End());
  ASSERT_THAT(lines, SizeIs(20));
  EXPECT_EQ(lines.back(), "last");
  EXPECT_EQ(lines[18], "line 999");
}

TEST(LastLines, TakesWhatIsNoText) {
  EXPECT_THAT(LastLines(""), IsEmpty());
  EXPECT_THAT(LastLines("\n\n \n"), IsEmpty());
  EXPECT_THAT(LastLines("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(LastLines(std::string(10000, 'x')), ElementsAre(SizeIs(500)));
  EXPECT_THAT(LastLines(std::string("a\0b\n", 4)), ElementsAre("a b"));
}

}  // namespace
}  // namespace qbench::jobs
