// `qbench baseline` and `qbench run --gate` as a user runs them. Nothing is asserted of times: on a
// machine that runs tests beside, a night may be invalid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class GateCliTest : public ::testing::Test {
 protected:
  std::vector<std::string> Command(const std::vector<std::string>& more,
                                   const std::string& plugins = "fp16,reference") const {
    std::vector<std::string> command =
        place_.QuickRun({"mobilenetv2-035-96", "--dataset", scenes_, "--plugins", plugins, "-q"});
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  std::vector<std::string> Gate(const std::vector<std::string>& more = {},
                                const std::string& plugins = "fp16,reference") const {
    std::vector<std::string> command =
        Command({"--baseline", "b", "--gate", "--repetitions", "8"}, plugins);
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  Answer Baseline(std::vector<std::string> args) const {
    args.insert(args.begin(), "baseline");
    return place_.Run(args);
  }
  // Runs the plugins once, and pins that as "b".
  void Pin(const std::string& plugins = "fp16,reference") const {
    const Answer run = place_.Run(Command({"--repetitions", "1"}, plugins));
    ASSERT_EQ(run.status, 0) << run.err;
    const Answer pinned = Baseline({"pin", "b", "--db", Database()});
    ASSERT_EQ(pinned.status, 0) << pinned.err;
    EXPECT_THAT(pinned.out, HasSubstr("of run 1 as b: "));
  }
  std::string Database() const { return place_.File("test.sqlite").string(); }
  fs::path Folder() const {
    const Answer list = Baseline({"list", "--json"});
    return ParseJson(list.out)->at(0).at("folder").get<std::string>();
  }
  static void ExpectError(const Answer& answer, const std::string& text) {
    EXPECT_EQ(answer.status, 2) << answer.out << answer.err;
    EXPECT_EQ(std::ranges::count(answer.err, '\n'), 1) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr(text));
  }

  Workplace place_;
  std::string scenes_ = place_.SmallScenes(1).string();
};

TEST_F(GateCliTest, PinsListsShowsAndDrops) {
  EXPECT_THAT(Baseline({"list"}).out, HasSubstr("No baseline in "));
  Pin();
  EXPECT_THAT(Baseline({"list"}).out, HasSubstr("1 cell of small"));
  const Answer shown = Baseline({"show", "b"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("runtime reference "));
  EXPECT_THAT(shown.out, HasSubstr("mobilenetv2-035-96 · fp16 · reference · 1 thread: "));
  ExpectError(Baseline({"pin", "b", "--db", Database()}), "there is a baseline \"b\" already");
  ExpectError(Baseline({"pin", "../c", "--db", Database()}), "is no name of a baseline");
  ExpectError(Baseline({"pin", "c", "--run", "9", "--db", Database()}), "there is no run 9");
  ExpectError(Baseline({"pin", "c", "--run", "x", "--db", Database()}), "there is no run \"x\"");
  ExpectError(Baseline({"show", "c"}), "no baseline \"c\"");
  EXPECT_EQ(Baseline({"drop", "b"}).status, 0);
  ExpectError(Baseline({"drop", "b"}), "no baseline \"b\"");
}

TEST_F(GateCliTest, MeasuresBothAndStoresWhatItSaid) {
  Pin();
  const Answer night = place_.Run(Gate());
  EXPECT_THAT(night.status, AnyOf(0, 1, 4)) << night.err;
  EXPECT_THAT(night.out, HasSubstr("Gate against b"));
  EXPECT_THAT(night.out, HasSubstr("mobilenetv2-035-96 · fp16 · reference · 1 thread: "));
  EXPECT_THAT(night.out, HasSubstr("as accurate (6 images); same size"));
  const Json report =
      *ParseJson(place_.Run({"report", "--run", "2", "--format", "json", "--db", Database()}).out);
  const std::string text = report.dump();
  EXPECT_THAT(text, HasSubstr("gate: mobilenetv2-035-96 · fp16"));
  EXPECT_THAT(text, HasSubstr("\"baseline_sha256\""));
  // The two as sides of a comparison: the page has the images that changed.
  const Answer sides =
      place_.Run({"compare", "2:baseline", "2", "--format", "json", "--db", Database()});
  EXPECT_THAT(sides.status, AnyOf(0, 1, 4)) << sides.err;
  const Json comparison = *ParseJson(sides.out);
  EXPECT_EQ(comparison.at("base").at("name"), "the baseline of run 2");
  ASSERT_EQ(comparison.at("cells").size(), 1U);
  EXPECT_EQ(comparison.at("cells")[0].at("pairing"), "same");
  EXPECT_EQ(comparison.at("cells")[0].at("images"), 6);
  ExpectError(place_.Run({"compare", "1:baseline", "2", "--db", Database()}),
              "no baseline was measured beside run 1");
  // The baseline's rows are not the run's.
  const Answer csv = place_.Run({"report", "--run", "2", "--format", "csv", "--db", Database()});
  EXPECT_EQ(ParseCsv(csv.out).size(), 2U) << csv.out;
}

TEST_F(GateCliTest, IsRedForALargerFile) {
  Pin("fp16,reference");
  // The same cell by name, made by a quantizer that leaves a byte more.
  const fs::path plugins = place_.File("plugins");
  fs::create_directories(plugins);
  fs::copy_file(fs::path(QBENCH_BINARY_DIR) / "lib/qbench/planted_larger/fp16.so",
                plugins / "fp16.so");
  const Answer night = place_.Run(Gate(), {"QBENCH_PLUGIN_PATH=" + plugins.string()});
  EXPECT_EQ(night.status, 1) << night.out << night.err;
  EXPECT_THAT(night.out, HasSubstr("; 1 byte larger; "));
  EXPECT_THAT(night.out, HasSubstr("Regression: 1 of 1 cell is worse"));
}

TEST_F(GateCliTest, RefusesWhatItCannotMeasure) {
  Pin();
  ExpectError(place_.Run(Command({"--gate"})), "--baseline NAME and --gate go together");
  ExpectError(place_.Run(Command({"--baseline", "b"})), "--baseline NAME and --gate go together");
  ExpectError(place_.Run(Command({"--baseline", "c", "--gate"})), "no baseline \"c\"");
  ExpectError(place_.Run(Gate({}, "float,reference")), "no cell in common");
  ExpectError(place_.Run(Command({"--baseline", "b", "--gate", "--repetitions", "7"})),
              "with 8 to 500 pairs");
  ExpectError(place_.Run(Gate({"--floor", "100"})), "per cent from 0 below 100");
  // Other images.
  fs::remove_all(place_.File("small") / "test" / "sea");
  place_.SmallScenes(2);
  ExpectError(place_.Run(Gate()), "it was measured on other images");
}

TEST_F(GateCliTest, RefusesABaselineThatIsNotWhatWasPinned) {
  Pin();
  const fs::path folder = Folder();
  fs::path plugin;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "runtimes")) {
    if (entry.path().extension() == ".so") plugin = entry.path();
  }
  ASSERT_TRUE(WriteFileAtomically(plugin, std::string_view("no plugin")).ok());
  ExpectError(place_.Run(Gate()), "is not what was pinned; it cannot be measured any more");
  const Answer shown = Baseline({"show", "b"});
  EXPECT_EQ(shown.status, 2);
  EXPECT_THAT(shown.err, HasSubstr("qbench baseline drop b"));
}

TEST_F(GateCliTest, GoesOnWithAnInterruptedNight) {
  Pin();
  const std::vector<std::string> command = [&] {
    std::vector<std::string> words = Gate();
    std::erase(words, "-q");
    return words;
  }();
  ASSERT_TRUE(place_.RunAndKill(command, 6, std::chrono::milliseconds(50)));
  std::vector<std::string> resumed = command;
  resumed.emplace_back("--resume");
  const Answer night = place_.Run(resumed);
  EXPECT_THAT(night.status, AnyOf(0, 1, 4)) << night.err;
  EXPECT_THAT(night.out, HasSubstr("Gate against b"));
  EXPECT_THAT(place_.Run({"report", "--format", "json", "--db", Database()}).out,
              HasSubstr("\"resumed\""));
  EXPECT_THAT(night.err, Not(HasSubstr("error")));
}

}  // namespace
}  // namespace qbench::cli_test
