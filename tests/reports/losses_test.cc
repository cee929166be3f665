#include "reports/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/reports.h"
#include "reports/verdict.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using store::LoadSampleRun;
using store::SampleRunOptions;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Makes a cell's predictions right on all images but the first `wrong`.
void SetWrong(store::RunData* run, size_t cell, int wrong) {
  const auto& images = run->splits.begin()->second.images;
  for (auto& measurement : run->cells[cell].measurements) {
    for (size_t i = 0; i < measurement.predictions.size(); ++i) {
      measurement.predictions[i] = (images[i].label + (static_cast<int>(i) < wrong ? 1 : 0)) % 6;
    }
  }
}

// Two runtimes, with float and `dynamic` on each: cells float, dynamic on litert, the same on
// reference.
store::RunData TwoRuntimes() {
  SampleRunOptions options;
  options.quantizers = {"float", "dynamic"};
  options.runtimes = {"litert", "reference"};
  store::RunData run = LoadSampleRun(options);
  for (size_t cell = 0; cell < 4; ++cell) SetWrong(&run, cell, 60);
  return run;
}

// As LiteRT 2.3.0 with kernels=builtin on x86-64 runs a dynamic range layer of 4,096 inputs.
void PlantLitertFault(store::RunData* run, size_t cell, int64_t inputs) {
  run->run.host["machine"] = "x86_64";
  store::CellData& data = run->cells[cell];
  for (auto& measurement : data.measurements) {
    measurement.conditions["runtime"] = {{"library_version", "2.3.0"}, {"kernels", "builtin"}};
  }
  store::Measurement profile;
  profile.kind = store::MeasurementKind::kProfile;
  profile.operators = {{.op = 4,
                        .kind = "FULLY_CONNECTED",
                        .name = "dense",
                        .input_type = "float32",
                        .weight_type = "int8",
                        .output_type = "float32",
                        .macs = inputs * 256,
                        .bytes_written = 4 * 256}};
  data.measurements.push_back(profile);
}

TEST(Losses, AQuietRunHasNone) {
  const store::RunData run = TwoRuntimes();
  EXPECT_THAT(Losses(RunView(run)), IsEmpty());
}

TEST(Losses, NamesWhatTheImagesProve) {
  store::RunData run = LoadSampleRun({});
  SetWrong(&run, 0, 60);
  SetWrong(&run, 1, 60);
  SetWrong(&run, 2, 67);  // 7 of 600 lost: 1.2 points, p = 1/128
  RunView view(run);
  std::vector<Loss> losses = Losses(view);
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].variants.at(0)->name, "int8");
  EXPECT_THAT(losses[0].text,
              HasSubstr("int8: 1.2 percentage points below float, 88.8 % of 600 images right in "
                        "place of 90.0 % (7 lost and 0 gained; exact McNemar test, p = 0.0078)."));
  EXPECT_GT(losses[0].drop_high, 7.0 / 600);
  SetWrong(&run, 2, 66);  // p = 1/64, and 1.0 points
  EXPECT_THAT(Losses(RunView(run)), IsEmpty());
}

TEST(Losses, LargeOnesAreNamedWhereTheyAreLikely) {
  SampleRunOptions options;
  options.images = 120;
  store::RunData run = LoadSampleRun(options);
  SetWrong(&run, 0, 12);
  SetWrong(&run, 1, 16);  // 3.3 points of 120 images, p = 1/16: not even likely
  SetWrong(&run, 2, 17);  // p = 1/32
  const RunView view(run);
  const std::vector<Loss> losses = Losses(view);
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_THAT(losses[0].text, HasSubstr("int8: 4.2 percentage points below float"));
  EXPECT_THAT(losses[0].text, HasSubstr("p = 0.031: likely, of too few images to be certain"));
}

TEST(Losses, OfAKnownFaultNameIt) {
  store::RunData run = TwoRuntimes();
  SetWrong(&run, 1, 500);
  PlantLitertFault(&run, 1, 4096);
  const RunView view(run);
  const std::vector<Loss> losses = Losses(view);
  ASSERT_THAT(losses, SizeIs(1));
  ASSERT_TRUE(losses[0].fault);
  EXPECT_EQ(losses[0].fault->id, "litert-dynamic-range-16-bit-sums");
  EXPECT_THAT(losses[0].text, AllOf(HasSubstr("73.3 percentage points below float"),
                                    HasSubstr("A known fault of LiteRT 2.3.0"),
                                    HasSubstr("(here \"dense\")"), HasSubstr("kernels=xnnpack")));
}

TEST(Losses, NoKnownFaultWhereOneOfItsConditionsIsMissing) {
  const auto fault_after = [](int64_t inputs, auto&& change) {
    store::RunData run = TwoRuntimes();
    PlantLitertFault(&run, 1, inputs);
    change(run);
    const RunView view(run);
    return FindKnownFault(view, view.variants[1]).has_value();
  };
  const auto nothing = [](store::RunData&) {};
  const auto set_fact = [](const char* name, const char* value) {
    return [=](store::RunData& run) {
      for (auto& one : run.cells[1].measurements) one.conditions["runtime"][name] = value;
    };
  };
  EXPECT_TRUE(fault_after(4096, nothing));
  EXPECT_TRUE(fault_after(4096, set_fact("kernels", "reference")));
  EXPECT_FALSE(fault_after(2064, nothing));
  EXPECT_FALSE(fault_after(4096, set_fact("kernels", "xnnpack")));
  EXPECT_FALSE(fault_after(4096, set_fact("library_version", "2.4.0")));
  EXPECT_FALSE(fault_after(4096, [](auto& run) { run.run.host["machine"] = "aarch64"; }));
  EXPECT_FALSE(fault_after(
      4096, [](auto& run) { run.cells[1].measurements.back().operators[0].input_type = "int8"; }));
}

TEST(Losses, WhereTheSameFileDoesNotLoseTheRuntimeIsToBlame) {
  store::RunData run = TwoRuntimes();
  SetWrong(&run, 3, 500);
  const RunView view(run);
  const std::vector<Loss> losses = Losses(view);
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_THAT(losses[0].text, HasSubstr("The same file is right on 90.0 % with litert: the loss is "
                                        "not the file's but reference's."));
}

// A runtime that ruins float itself: nothing on it loses against its own float.
TEST(Losses, FloatIsHeldAgainstFloatOnAnotherRuntime) {
  store::RunData run = TwoRuntimes();
  SetWrong(&run, 2, 500);
  SetWrong(&run, 3, 500);
  const RunView view(run);
  const std::vector<Loss> losses = Losses(view);
  ASSERT_THAT(losses, SizeIs(1));
  EXPECT_EQ(losses[0].variants.at(0)->name, "float · reference");
  EXPECT_THAT(losses[0].text, AllOf(HasSubstr("below float · litert"),
                                    HasSubstr("The same file is right on 90.0 % with litert")));
}

TEST(Losses, StandAtTheTopOfEveryReport) {
  store::RunData run = TwoRuntimes();
  SetWrong(&run, 1, 500);
  PlantLitertFault(&run, 1, 4096);
  const std::string html = *HtmlReport({run});
  EXPECT_LT(html.find("Accuracy was lost"), html.find("aria-label=\"Verdict\""));
  EXPECT_THAT(html, HasSubstr("A known fault of LiteRT 2.3.0"));
  EXPECT_THAT(html, Not(HasSubstr("No image was lost")));
  const std::string markdown = MarkdownReport({run});
  EXPECT_LT(markdown.find("A known fault of LiteRT"), markdown.find("| quantizer"));
  const std::string terminal = TerminalTable(run);
  EXPECT_LT(terminal.find("73.3 percentage points"), terminal.find("quantizer  "));
  for (size_t at = 0; at < terminal.find("quantizer  "); at = terminal.find('\n', at) + 1) {
    EXPECT_LE(terminal.find('\n', at) - at, 84U) << terminal.substr(at, 100);  // bytes: "·" has two
  }
  const Json json = *ParseJson(JsonReport({run}));
  const Json& loss = json["runs"][0]["losses"].at(0);
  EXPECT_EQ(loss["cells"][0], "dynamic · litert");
  EXPECT_EQ(loss["known_fault"], "litert-dynamic-range-16-bit-sums");
  EXPECT_EQ(loss["images_lost"], 440);
  EXPECT_NEAR(loss["top1_drop"].get<double>(), 440.0 / 600, 1e-12);
}

}  // namespace
}  // namespace qbench::reports
