// `qbench plugin check`, as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kInt8 = QBENCH_BINARY_DIR "/lib/qbench/plugins/int8.so";
const std::string kMutants = QBENCH_BINARY_DIR "/lib/qbench/mutants/mutants.so";

TEST(PluginCheckCli, ASoundPluginConforms) {
  const Workplace place;
  const Answer answer = place.Run({"plugin", "check", kInt8, "--check", "artifact"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("ok      artifact\n"),
                                HasSubstr("int8 conforms: 0 of 1 check failed, 0 notes (seed 1)")));
}

TEST(PluginCheckCli, ABrokenOneDoesNotAndTheTableSaysWhere) {
  const Workplace place;
  const Answer answer = place.Run({"plugin", "check", kMutants, "--name", "off_by_three",
                                   "--operator", "PAD", "--models", "1", "--seed", "7"});
  EXPECT_EQ(answer.status, 3) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("operator            float32 "), HasSubstr("WRONG by 3"),
                                HasSubstr("  PAD int8, seed 7: 1 of "),
                                HasSubstr("off_by_three does not conform: 0 of 0 checks failed, 0 "
                                          "notes, 1 of 4 cells of the table wrong (seed 7)")));
}

TEST(PluginCheckCli, ACrashIsOneFailedLineOfJson) {
  const Workplace place;
  const Answer answer = place.Run({"plugin", "check", kMutants, "--name", "dies_of_damage",
                                   "--check", "damaged_model", "--json"});
  EXPECT_EQ(answer.status, 3) << answer.err;
  const Result<Json> json = ParseJson(answer.out);
  ASSERT_TRUE(json.ok()) << answer.out;
  const Json& report = json->at(0);
  EXPECT_FALSE(report.at("conforms").get<bool>());
  EXPECT_EQ(report.at("checks").at(0).at("verdict"), "FAILED");
  EXPECT_THAT(report.at("checks").at(0).at("detail").get<std::string>(),
              HasSubstr("segmentation fault in dies_of_damage's load"));
}

TEST(PluginCheckCli, ARuntimeWhoseLibraryIsMissingIsNotJudged) {
  const Workplace place;
  const Answer answer =
      place.Run({"plugin", "check", QBENCH_BINARY_DIR "/lib/qbench/plugins/litert.so"},
                {"QBENCH_LITERT_LIBRARY=/nowhere/libLiteRt.so"});
  EXPECT_EQ(answer.status, 2) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("ok      probe\n"),
                                HasSubstr("skipped life_cycle: it does not work here\n"),
                                HasSubstr("litert does not work here (")));
}

TEST(PluginCheckCli, ErrorsNameWhatThereIs) {
  const Workplace place;
  for (const auto& [option, value, known] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"--check", "nonsense", "factory_ids"},
           {"--name", "nonsense", "no plugin called"},
           {"--option", "nonsense", "NAME=VALUE"},
           {"--models", "0", "1 to 1000"}}) {
    const Answer answer = place.Run({"plugin", "check", kInt8, option, value});
    EXPECT_EQ(answer.status, 2) << option;
    EXPECT_THAT(answer.err, HasSubstr(known)) << option;
  }
}

}  // namespace
}  // namespace qbench::cli_test
