// --litert-library, as a user gives it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kFake = QBENCH_BINARY_DIR "/tests/libfake_litert.so";

// What `plugin list` tells of the runtime litert.
Json Litert(const Answer& answer) {
  EXPECT_EQ(answer.status, 0) << answer.err;
  const Result<Json> list = ParseJson(answer.out);
  EXPECT_TRUE(list.ok()) << answer.out;
  for (const Json& plugin : list->at("plugins")) {
    if (plugin.at("name") == "litert") return plugin;
  }
  ADD_FAILURE() << "no plugin litert";
  return {};
}

TEST(LitertOptionCli, AFileThatIsNotThereIsAnErrorOfEveryCommand) {
  const Workplace place;
  const std::string nowhere = place.File("libLiteRt.so").string();
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"run", "--dataset", "scenes"},
           {"quantize", "intel-cnn", "--plugins", "float", "-o", "x.tflite"},
           {"diff", "intel-cnn", "int8", "--dataset", "scenes"},
           {"plugin", "list"},
           {"doctor", "--no-peak"},
           {"plugin", "check", QBENCH_BINARY_DIR "/lib/qbench/plugins/litert.so"}}) {
    std::vector<std::string> args = command;
    args.insert(args.end(), {"--litert-library", nowhere});
    const Answer answer = place.Run(args);
    EXPECT_EQ(answer.status, 2) << command[0];
    EXPECT_EQ(answer.out, "") << command[0];
    EXPECT_THAT(answer.err,
                AllOf(HasSubstr("--litert-library " + nowhere + ": there is no such file"),
                      HasSubstr("scripts/setup.sh")));
  }
}

TEST(LitertOptionCli, MeasuringStopsWhereTheNamedLibraryDoesNotWork) {
  const Workplace place;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"run", "--dataset", "scenes", "--plugins", "float,reference"},
           {"quantize", "intel-cnn", "--plugins", "float", "-o", "x.tflite"}}) {
    std::vector<std::string> args = command;
    args.insert(args.end(), {"--litert-library", kFake});
    const Answer answer = place.Run(args);
    EXPECT_EQ(answer.status, 2) << command[0];
    EXPECT_THAT(answer.err, HasSubstr(std::string("--litert-library: litert: ") + kFake +
                                      " has no function LiteRtDestroyEnvironment"));
  }
}

TEST(LitertOptionCli, TheListTellsWhatIsWrong) {
  const Workplace place;
  const Json given = Litert(place.Run({"plugin", "list", "--json", "--litert-library", kFake}));
  EXPECT_FALSE(given.at("available").get<bool>());
  EXPECT_THAT(given.at("reason").get<std::string>(), HasSubstr("has no function"));
  const Json named = Litert(
      place.Run({"plugin", "list", "--json"}, {"QBENCH_LITERT_LIBRARY=/nowhere/libLiteRt.so"}));
  EXPECT_FALSE(named.at("available").get<bool>());
  EXPECT_THAT(named.at("reason").get<std::string>(), HasSubstr("/nowhere/libLiteRt.so"));
}

// Where LiteRT is missing, tests are skipped if the environment says that this is meant, and fail
// otherwise, so that no machine passes without it by accident.
class InstalledLitert : public ::testing::Test {
 protected:
  void SetUp() override {
    installed = Litert(place.Run({"plugin", "list", "--json"}));
    if (installed.at("available").get<bool>()) return;
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    const std::string reason = installed.at("reason").get<std::string>();
    if (allowed != nullptr && std::string_view(allowed) == "1") GTEST_SKIP() << reason;
    FAIL() << reason << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }
  // The same library under another name.
  std::string Link() const {
    const fs::path link = place.File("libLiteRt.so");
    fs::create_symlink(installed.at("facts").at("library_path").get<std::string>(), link);
    return link.string();
  }

  Workplace place;
  Json installed;
};

TEST_F(InstalledLitert, IsNamedInTheList) {
  const std::string link = Link();
  const Json given = Litert(
      place.Run({"plugin", "list", "--json", "--litert-library", link},
                {"QBENCH_LITERT_LIBRARY=/nowhere/libLiteRt.so"}));  // the option goes before it
  EXPECT_EQ(given.at("facts").at("library_path"), link);
  EXPECT_EQ(given.at("facts").at("library_version"), installed.at("facts").at("library_version"));
  EXPECT_EQ(given.at("facts").at("library_sha256"), installed.at("facts").at("library_sha256"));
}

// A run that is interrupted goes on with the library that it began with, or not at all.
TEST_F(InstalledLitert, ARunIsNotResumedWithAnother) {
  const std::string scenes = place.SmallScenes(1).string();
  std::vector<std::string> command = {"run",       "mobilenetv2-035-96", "--dataset",  scenes,
                                      "--plugins", "float,litert",       "--min-time", "100"};
  const std::string sign = "latency 1/3: ";  // which takes 100 s
  ASSERT_TRUE(place.RunAndKillAt(sign, command));
  command.emplace_back("--resume");
  ASSERT_TRUE(place.RunAndKillAt(sign, command)) << "it cannot be resumed at all";
  command.insert(command.end(), {"--litert-library", Link()});
  const Answer other = place.Run(command);
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("nothing to resume"));
}

}  // namespace
}  // namespace qbench::cli_test
