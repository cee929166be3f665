// Plugins that segfault, hang, allocate without end, throw, close file descriptors or exit, each in
// init, in quantize and in invoke: every one ends its own job with a reason that names plugin and
// function, and nothing else.
#include "gmock/gmock.h"
#include "tests/jobs/worker_fixture.h"

namespace qbench::jobs {
namespace {

using ::testing::HasSubstr;

struct HostileCase {
  std::string deed;
  std::string place;
  std::string job;  // which job meets it
};

void PrintTo(const HostileCase& hostile, std::ostream* stream) {
  *stream << hostile.deed << " in " << hostile.place << ", " << hostile.job;
}

// Long enough for a slow machine to get there; a hang is the only case that waits for it.
constexpr std::chrono::seconds kTimeLimit{60};
constexpr std::chrono::seconds kHangTimeLimit{3};
constexpr uint64_t kMemoryLimit = uint64_t{400} << 20;

class HostilePlugins : public WorkerTest, public ::testing::WithParamInterface<HostileCase> {
 protected:
  Job MakeJob(const PluginUse& plugin) {
    if (GetParam().job == "quantize") {
      return QuantizeJob{.model = model(), .quantizer = plugin, .output = Path("artifact")};
    }
    const SamplesRef samples = WriteTestTensors();
    if (GetParam().job == "accuracy") {
      return AccuracyJob{
          .artifact = model(), .runtime = plugin, .instances = 2, .samples = samples};
    }
    return LatencyJob{.artifact = model(), .runtime = plugin, .samples = samples};
  }
};

TEST_P(HostilePlugins, CostOneJobAndSayWhy) {
  const std::string id = GetParam().deed + "_" + GetParam().place;
  JobLimits limits;
  limits.time = GetParam().deed == "hang" ? kHangTimeLimit : kTimeLimit;
  limits.memory_bytes = kMemoryLimit;
  const JobOutcome outcome = Run(MakeJob(Hostile(id)), limits);
  const std::string place = id + "'s " + GetParam().place;
  SCOPED_TRACE(fmt::format("{}\n{}", outcome.reason, fmt::join(outcome.log, "\n")));
  if (GetParam().deed == "segfault") {
    EXPECT_EQ(outcome.status, store::Outcome::kCrashed);
    EXPECT_THAT(outcome.reason, HasSubstr("segmentation fault"));
    EXPECT_THAT(outcome.reason, HasSubstr("in " + place));
  } else if (GetParam().deed == "hang") {
    EXPECT_EQ(outcome.status, store::Outcome::kTimeout);
    EXPECT_EQ(outcome.reason, "no answer after 3 s, stopped in " + place);
  } else if (GetParam().deed == "allocate") {
    EXPECT_EQ(outcome.status, store::Outcome::kCrashed);
    EXPECT_EQ(outcome.reason, "exceeded the memory limit of 400 MiB in " + place);
  } else if (GetParam().deed == "throws") {
    EXPECT_EQ(outcome.status, store::Outcome::kFailed);
    EXPECT_EQ(outcome.reason, place + " threw an exception across the ABI: thrown on purpose");
  } else if (GetParam().deed == "closes") {
    EXPECT_EQ(outcome.status, store::Outcome::kFailed);
    EXPECT_THAT(outcome.reason, HasSubstr(place + " closed the worker's file descriptors"));
  } else {
    EXPECT_EQ(outcome.status, store::Outcome::kCrashed);
    EXPECT_EQ(outcome.reason, "exited by itself with status 0 in " + place);
  }
}

std::vector<HostileCase> AllCases() {
  std::vector<HostileCase> cases;
  for (const char* deed : {"segfault", "hang", "allocate", "throws", "closes", "exits"}) {
    cases.push_back({deed, "init", "quantize"});
    cases.push_back({deed, "init", "accuracy"});
    cases.push_back({deed, "quantize", "quantize"});
    cases.push_back({deed, "invoke", "accuracy"});
    cases.push_back({deed, "invoke", "latency"});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, HostilePlugins, ::testing::ValuesIn(AllCases()),
                         [](const ::testing::TestParamInfo<HostileCase>& test) {
                           return test.param.deed + "_" + test.param.place + "_" + test.param.job;
                         });

using HostileNeighbours = WorkerTest;

// The fault is the calibration runtime's, and the reason says so.
TEST_F(HostileNeighbours, CalibrationRuntimeIsNamedWhereItCrashes) {
  QuantizeJob job{
      .model = model(), .quantizer = Fake("fake_quantizer"), .output = Path("artifact")};
  job.calibration = WriteTestTensors();
  job.calibration_runtime = Hostile("segfault_invoke");
  const JobOutcome outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kCrashed) << outcome.reason;
  EXPECT_THAT(outcome.reason, HasSubstr("in segfault_invoke's invoke"));
}

// A well-behaved place of a hostile plugin works.
TEST_F(HostileNeighbours, OnlyTheHostileFunctionHarms) {
  const JobOutcome outcome = Run(QuantizeJob{
      .model = model(), .quantizer = Hostile("segfault_invoke"), .output = Path("artifact")});
  EXPECT_TRUE(outcome.ok()) << outcome.reason;
}

}  // namespace
}  // namespace qbench::jobs
