// `qbench run`: what it finds out before it measures, how it ends, and what it says meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class RunCliTest : public ::testing::Test {
 protected:
  // A plugin folder with this hostile plugin alone.
  std::vector<std::string> Only(const std::string& plugin) const {
    const fs::path folder = place_.File("plugins");
    fs::create_directories(folder);
    fs::copy_file(fs::path(QBENCH_BINARY_DIR) / "lib/qbench/hostile" / (plugin + ".so"),
                  folder / (plugin + ".so"), fs::copy_options::overwrite_existing);
    return {"QBENCH_PLUGIN_PATH=" + folder.string()};
  }
  // A shipped model, with another sidecar where `sidecar` is not empty.
  std::string Model(const std::string& sidecar = "") const {
    const fs::path model = place_.File("net.h5");
    const fs::path shipped = fs::path(QBENCH_SOURCE_DIR) / "models/mobilenetv2-035-96.h5";
    fs::copy_file(shipped, model, fs::copy_options::overwrite_existing);
    const std::string text = sidecar.empty() ? *ReadTextFile(shipped.string() + ".toml") : sidecar;
    EXPECT_TRUE(WriteFileAtomically(model.string() + ".toml", text).ok());
    return model.string();
  }
  std::string Sidecar() const {
    return *ReadTextFile(QBENCH_SOURCE_DIR "/models/mobilenetv2-035-96.h5.toml");
  }
  // Refused while planning: nothing is decoded, and no run begins.
  void ExpectRefused(const std::vector<std::string>& more, const std::string& text) const {
    const Answer answer = place_.Run(place_.QuickRun(more));
    EXPECT_EQ(answer.status, 2) << answer.err;
    EXPECT_EQ(answer.out, "");
    EXPECT_THAT(answer.err, HasSubstr(text));
    EXPECT_FALSE(fs::exists(place_.File("cache/qbench/tensors")));
    EXPECT_THAT(place_.Run({"report", "--format", "csv"}).err, HasSubstr("has no run yet"));
  }

  Workplace place_;
  std::string scenes_ = place_.SmallScenes(2).string();
};

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST_F(RunCliTest, WhereEveryCellFailsTheExitStatusIs3) {
  std::vector<std::string> command =
      place_.QuickRun({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "throws_quantize",
                       "--csv", place_.File("rows.csv").string()});
  const Answer answer = place_.Run(command, Only("throws_quantize"));
  EXPECT_EQ(answer.status, 3) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("thrown on purpose"));
  EXPECT_TRUE(fs::exists(place_.File("report.html")));
  // Another cell that works makes it a success, unless --strict asks for all.
  for (std::string& argument : command) {
    if (argument == "throws_quantize") argument = "throws_quantize,float";
  }
  EXPECT_EQ(place_.Run(command, Only("throws_quantize")).status, 0);
  command.emplace_back("--strict");
  EXPECT_EQ(place_.Run(command, Only("throws_quantize")).status, 3);
}

TEST_F(RunCliTest, AnOptionValueThatThePluginRefusesIsRefusedAtOnce) {
  ExpectRefused({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "int8:images=abc,float"},
                "int8:images=abc: ");
  ExpectRefused(
      {"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "float,reference:arithmetic=abc"},
      "reference:arithmetic=abc: ");
  ExpectRefused({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "int8",
                 "--calibration-runtime", "reference:arithmetic=abc"},
                "reference:arithmetic=abc: ");
}

TEST_F(RunCliTest, ASidecarThatDoesNotFitTheModelIsRefusedAtOnce) {
  ExpectRefused({Model(Replaced(Sidecar(), "width = 96", "width = 95")), "--dataset", scenes_},
                "[1, 96, 96, 3]");
}

TEST_F(RunCliTest, AnotherNumberOfLabelsThanOutputsIsRefusedAtOnce) {
  ExpectRefused({Model(Replaced(Sidecar(), "labels = [", "labels = [\"lake\", ")), "--dataset",
                 scenes_, "--plugins", "float"},
                "the model has 6 outputs, its sidecar lists 7 labels");
}

TEST_F(RunCliTest, AQuantizerThatNeedsImagesIsRefusedWithoutThem) {
  fs::remove_all(fs::path(scenes_) / "train");
  fs::remove_all(fs::path(scenes_) / "calibration");
  ExpectRefused({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "int8"},
                "has no calibration images");
  // What can do without is measured.
  const Answer dummy = place_.Run(place_.QuickRun(
      {"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "int8:calibration=dummy"}));
  EXPECT_EQ(dummy.status, 0) << dummy.err;
  EXPECT_THAT(dummy.err, HasSubstr("has no calibration images"));
}

TEST_F(RunCliTest, AReportThatCannotBeWrittenIsKnownBeforehand) {
  const auto with = [&](const std::string& option, const std::string& file) {
    std::vector<std::string> args = place_.QuickRun({"mobilenetv2-035-96", "--dataset", scenes_});
    std::erase(args, "--report");
    std::erase(args, place_.File("report.html").string());
    args.push_back(option);
    args.push_back(file);
    return place_.Run(args);
  };
  for (const char* option : {"--report", "--csv", "--benchmark_out"}) {
    const Answer missing = with(option, place_.File("missing/file").string());
    EXPECT_EQ(missing.status, 2);
    EXPECT_THAT(missing.err, HasSubstr(option));
    EXPECT_THAT(missing.err, HasSubstr("make its folder first"));
    EXPECT_THAT(with(option, place_.folder().string()).err, HasSubstr("is a directory"));
  }
  EXPECT_THAT(place_.Run({"report", "--format", "csv"}).err, HasSubstr("has no run yet"));
}

TEST_F(RunCliTest, MoreThreadsThanCoresAreWarnedOfAndQuietIsQuiet) {
  std::vector<std::string> command =
      place_.QuickRun({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", "float,reference",
                       "--repetitions", "1", "--threads", "1024"});
  const Answer loud = place_.Run(command);
  EXPECT_EQ(loud.status, 0) << loud.err;
  EXPECT_THAT(loud.err, HasSubstr("warning: --threads 1024: qbench may use "));
  command.emplace_back("-q");
  const Answer quiet = place_.Run(command);
  EXPECT_EQ(quiet.status, 0) << quiet.err;
  EXPECT_EQ(quiet.err, "");
  EXPECT_THAT(quiet.out, HasSubstr("Report: "));
}

}  // namespace
}  // namespace qbench::cli_test
