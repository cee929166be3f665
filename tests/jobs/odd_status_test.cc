// Statuses that make no sense where a plugin returns them: each costs the job, and the reason
// blames the plugin.
#include "gmock/gmock.h"
#include "qbench/abi.h"
#include "tests/jobs/worker_fixture.h"

namespace qbench::jobs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class OddStatus : public WorkerTest {
 protected:
  static PluginUse Told(const std::string& id, const std::string& at, int status,
                        const std::string& text = "") {
    return {kBuild / "lib/qbench/fake/told.so",
            id,
            {{"at", at}, {"status", std::to_string(status)}, {"text", text}}};
  }
  JobOutcome Quantize(const std::string& at, int status, const std::string& text = "") {
    return Run(QuantizeJob{.model = model(),
                           .quantizer = Told("told_quantizer", at, status, text),
                           .output = Path("artifact")});
  }
  JobOutcome Accuracy(const std::string& at, int status, const std::string& text = "") {
    AccuracyJob job{
        .artifact = model(), .runtime = Told("told_runtime", at, status, text), .instances = 1};
    job.samples = WriteTestTensors();
    return Run(job);
  }
};

TEST_F(OddStatus, CancelledUnaskedIsAFailureOfThePlugin) {
  JobOutcome outcome = Quantize("quantize", QBENCH_CANCELLED, "enough");
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_EQ(outcome.reason,
            "told_quantizer's quantize said cancelled (enough), though nobody asked it to stop");
  outcome = Quantize("init", QBENCH_CANCELLED);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_EQ(outcome.reason, "told_quantizer's init said cancelled, though nobody asked it to stop");
  for (const char* at : {"init", "load", "invoke"}) {
    outcome = Accuracy(at, QBENCH_CANCELLED);
    EXPECT_EQ(outcome.status, store::Outcome::kFailed);
    EXPECT_EQ(outcome.reason, fmt::format("told_runtime's {} said cancelled, though nobody asked "
                                          "it to stop",
                                          at));
  }
}

TEST_F(OddStatus, ACalibrationRuntimeThatSaysCancelledIsNamed) {
  QuantizeJob job{
      .model = model(), .quantizer = Fake("fake_quantizer"), .output = Path("artifact")};
  job.calibration = WriteTestTensors();
  job.calibration_runtime = Told("told_runtime", "invoke", QBENCH_CANCELLED);
  const JobOutcome outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason,
              HasSubstr("told_runtime's invoke said cancelled, though nobody asked"));
}

TEST_F(OddStatus, AnUnknownStatusIsNamed) {
  for (const int status : {8, 4711, -1}) {
    EXPECT_EQ(Quantize("quantize", status).reason,
              fmt::format("told_quantizer's quantize returned status {}, which the ABI does not "
                          "have",
                          status));
    const JobOutcome outcome = Accuracy("invoke", status);
    EXPECT_EQ(outcome.status, store::Outcome::kFailed);
    EXPECT_THAT(outcome.reason, HasSubstr("which the ABI does not have"));
  }
}

TEST_F(OddStatus, AHostErrorIsBelievedWhereAServiceFailedAlone) {
  for (const char* at : {"init", "quantize"}) {
    const JobOutcome outcome = Quantize(at, QBENCH_HOST_ERROR, "the host is bad");
    EXPECT_EQ(outcome.status, store::Outcome::kFailed);
    EXPECT_THAT(outcome.reason,
                AllOf(HasSubstr(fmt::format("told_quantizer's {} said \"a service of the host "
                                            "failed\", which makes no sense there",
                                            at)),
                      HasSubstr("the host is bad")));
  }
  for (const char* at : {"init", "load", "set_input", "invoke", "get_output", "facts"}) {
    EXPECT_THAT(Accuracy(at, QBENCH_HOST_ERROR).reason,
                HasSubstr("said \"a service of the host failed\", which makes no sense there"))
        << at;
  }
}

TEST_F(OddStatus, WhatOnlyLoadCanFindIsNoAnswerOfOtherFunctions) {
  for (const char* at : {"set_input", "get_output", "facts"}) {
    for (const qbench_status status : std::initializer_list<qbench_status>{
             QBENCH_UNSUPPORTED, QBENCH_UNAVAILABLE, QBENCH_CANCELLED}) {
      const JobOutcome outcome = Accuracy(at, status, "no");
      EXPECT_EQ(outcome.status, store::Outcome::kFailed) << at << status;
      // Facts have no text of their own.
      const char* words = std::string_view(at) == "facts" ? "" : "no";
      EXPECT_THAT(outcome.reason, HasSubstr(fmt::format("which makes no sense there: {}", words)))
          << at << status;
    }
  }
  // A device may be pulled out, and a delegate may find late what it cannot do.
  EXPECT_EQ(Accuracy("invoke", QBENCH_UNAVAILABLE, "unplugged").reason, "told_runtime: unplugged");
  EXPECT_EQ(Accuracy("invoke", QBENCH_UNSUPPORTED, "no COS").status, store::Outcome::kUnsupported);
}

TEST_F(OddStatus, OkWithoutAResultIsNone) {
  EXPECT_THAT(Quantize("nothing", QBENCH_OK).reason, HasSubstr("emitted no model"));
  const JobOutcome outcome = Accuracy("no_fact", QBENCH_OK);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_EQ(outcome.reason, "told_runtime's fact 0 of 1 has no name or no value");
}

}  // namespace
}  // namespace qbench::jobs
