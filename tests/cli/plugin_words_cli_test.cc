// What plugins say reaches the user: warnings, last words before a crash, statuses that make no
// sense; and a quantizer that trains gets its images, or is refused in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string>& FakePlugins() {
  static const std::vector<std::string> environment = {"QBENCH_PLUGIN_PATH=" QBENCH_BINARY_DIR
                                                       "/lib/qbench/fake"};
  return environment;
}

class PluginWords : public ::testing::Test {
 protected:
  Answer RunWith(const std::string& plugins) {
    return place_.Run(place_.QuickRun({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins",
                                       plugins, "--repetitions", "2"}),
                      FakePlugins());
  }
  std::string Report(const std::string& format) {
    return place_.Run({"report", "--format", format, "--db", place_.File("test.sqlite").string()})
        .out;
  }

  Workplace place_;
  std::string scenes_ = place_.SmallScenes(2).string();
};

TEST_F(PluginWords, ARuntimesWarningIsShownAndStored) {
  const Answer answer = RunWith("float,told_runtime:at=load:log=slow_kernels:times=3");
  ASSERT_EQ(answer.status, 0) << answer.err;
  const std::string warning = "told_runtime: slow_kernels";
  EXPECT_THAT(answer.out, HasSubstr("warning: " + warning));
  EXPECT_EQ(answer.out.find(warning), answer.out.rfind(warning)) << "shown once";
  EXPECT_THAT(Report("csv"), HasSubstr(warning));
  EXPECT_THAT(*ReadTextFile(place_.File("report.html")), HasSubstr(warning));
  const Result<Json> json = ParseJson(Report("json"));
  ASSERT_TRUE(json.ok()) << json.status().message();
  const Json& cell = json->at("runs").at(0).at("cells").at(0);
  EXPECT_THAT(cell.at("warnings").dump(), HasSubstr(warning));
  for (const Json& measurement : cell.at("measurements")) {
    if (measurement.at("kind") == "quantize" || measurement.at("kind") == "profile") continue;
    EXPECT_THAT(measurement.at("warnings").dump(), HasSubstr(warning));
    EXPECT_THAT(measurement.at("log").dump(), HasSubstr("warning: " + warning));
  }
}

TEST_F(PluginWords, TheLastWordsOfACrashAreInTheRow) {
  const Answer answer =
      RunWith("float,told_runtime:at=invoke:print=no_device_7:log=falling:then=segfault");
  ASSERT_EQ(answer.status, 3) << answer.err;  // its only cell
  EXPECT_THAT(answer.out,
              HasSubstr("segmentation fault in told_runtime's invoke; its log ends with \""));
  EXPECT_THAT(Report("json"), AllOf(HasSubstr("no_device_7"), HasSubstr("told_runtime: falling")));
  EXPECT_THAT(*ReadTextFile(place_.File("report.html")), HasSubstr("no_device_7"));
}

TEST_F(PluginWords, CancelledUnaskedIsAFailedRow) {
  const Answer answer = RunWith("float,told_runtime:at=invoke:status=4");
  ASSERT_EQ(answer.status, 3) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("failed: told_runtime's invoke said cancelled, though nobody "
                                    "asked it to stop"));
  EXPECT_THAT(Report("csv"), HasSubstr(",failed,failed,"));
}

TEST_F(PluginWords, CancelledUnaskedIsNoInterruptionOfACheck) {
  const Answer answer =
      place_.Run({"plugin", "check", QBENCH_BINARY_DIR "/lib/qbench/fake/told.so", "--name",
                  "told_quantizer", "--option", "at=quantize", "--option", "status=4", "--quiet"});
  EXPECT_THAT(answer.out + answer.err, Not(HasSubstr("stopped by the user")));
  EXPECT_THAT(answer.out, HasSubstr("said cancelled, though nobody asked it to stop"));
  EXPECT_EQ(answer.status, 3);
}

TEST_F(PluginWords, AQuantizerThatTrainsGetsTheTrainingImages) {
  const std::string output = place_.File("trained.tflite").string();
  const std::vector<std::string> quantize = {
      "quantize", "mobilenetv2-035-96", "--plugins", "fake_trainer", "-o", output};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), quantize.begin(), quantize.end());
    return place_.Run(more, FakePlugins());
  };
  EXPECT_THAT(with({}).err, HasSubstr("fake_trainer trains: name the data set"));
  Answer answer = with({"--dataset", scenes_});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Result<Json> seen = ParseJson(*ReadTextFile(output + ".seen.json"));
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  EXPECT_EQ(seen->at("train").size(), 12U);
  EXPECT_EQ(seen->at("calibration").size(), 0U);

  answer = RunWith("fake_trainer,told_runtime");
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(Report("json"), HasSubstr("training_split"));
}

TEST_F(PluginWords, WithoutTrainingImagesAQuantizerThatTrainsIsRefused) {
  std::filesystem::remove_all(std::filesystem::path(scenes_) / "train");
  const Answer answer = RunWith("fake_trainer,told_runtime");
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("training images"));
}

}  // namespace
}  // namespace qbench::cli_test
