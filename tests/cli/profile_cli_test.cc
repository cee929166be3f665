// `qbench profile` and `qbench run --profile` as a user runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

using ::testing::HasSubstr;

class Profile : public ::testing::Test {
 protected:
  void SetUp() override {
    const Answer made = place_.Run({"quantize", "mobilenetv2-035-96", "--plugins", "fp16",
                                    "--dataset", scenes_, "-o", artifact_});
    ASSERT_EQ(made.status, 0) << made.err;
  }

  Workplace place_;
  const std::string scenes_ = place_.SmallScenes(2).string();
  const std::string artifact_ = place_.File("fp16.tflite").string();
};

TEST_F(Profile, NeedsNothingButAFile) {
  const Answer answer = place_.Run({"profile", artifact_, artifact_, "--runtime", "reference",
                                    "--runs", "3", "--top", "2", "-q"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("fp16.tflite on reference, 1 thread: "));
  EXPECT_THAT(answer.out, HasSubstr("Without a delegate"));
  EXPECT_THAT(answer.out, HasSubstr("CONV_2D "));
  EXPECT_THAT(answer.out, HasSubstr("operators  undelegated  partitions"));
}

TEST_F(Profile, AsJsonHasEveryOperatorOnce) {
  const Answer answer =
      place_.Run({"profile", artifact_, "--runtime", "reference", "--runs", "3", "--json", "-q"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Result<Json> json = ParseJson(answer.out);
  ASSERT_TRUE(json.ok()) << answer.out;
  const Json& file = (*json)["files"][0];
  EXPECT_EQ(file["runtime"], "reference");
  EXPECT_TRUE(file["delegate"].is_null());
  EXPECT_GT(file["operators_ms"], 0.0);
  int64_t next = 0;
  double total_us = 0;
  for (const Json& one : file["operators"]) {
    EXPECT_EQ(one["op"], next++);
    total_us += one["median_us"].get<double>();
  }
  EXPECT_GT(next, 5);
  EXPECT_GT(total_us, 0);
}

TEST_F(Profile, SaysWhatItTakes) {
  const auto error = [&](const std::vector<std::string>& args) {
    const Answer answer = place_.Run(args);
    EXPECT_EQ(answer.status, 2);
    return answer.err;
  };
  EXPECT_THAT(error({"profile"}), HasSubstr("name a .tflite file"));
  EXPECT_THAT(error({"profile", "my.h5"}), HasSubstr("qbench quantize MODEL --plugins float"));
  EXPECT_THAT(error({"profile", artifact_, "--runs", "0"}), HasSubstr("at least 1"));
  EXPECT_THAT(error({"profile", "nowhere.tflite", "--runtime", "reference"}),
              HasSubstr("nowhere.tflite"));
}

TEST_F(Profile, OfARunIsInItsReports) {
  const Answer run = place_.Run(place_.QuickRun(
      {"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "fp16,reference", "--profile"}));
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("Where the time goes:\n  fp16: without a delegate\n"));
  const Answer csv = place_.Run(
      {"report", "--format", "csv", "--profile", "--db", place_.File("test.sqlite").string()});
  ASSERT_EQ(csv.status, 0) << csv.err;
  EXPECT_THAT(csv.out, HasSubstr(",gmacs_per_s,gbytes_per_s\n"));
  EXPECT_THAT(csv.out, HasSubstr(",CONV_2D,"));
  const Answer both = place_.Run({"report", "--format", "csv", "--profile", "--predictions", "--db",
                                  place_.File("test.sqlite").string()});
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, HasSubstr("one at a time"));
}

}  // namespace
}  // namespace qbench::cli_test
