#include "reports/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/warnings.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using store::LoadSampleRun;
using store::SampleRunOptions;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// With ordinary spaces for no-break ones, which are easier to compare.
std::string TextOf(const Verdict& verdict) {
  std::string text;
  for (const auto& paragraph : verdict.paragraphs) {
    for (const Span& span : paragraph) {
      for (const char c : span.text) {
        if (c == '\xc2') continue;  // U+00A0 is C2 A0; nothing else here begins with C2
        text += c == '\xa0' ? ' ' : c;
      }
    }
    text += '\n';
  }
  return text;
}

std::string OnlyVerdict(const store::RunData& run) {
  const auto verdicts = Verdicts(RunView(run));
  EXPECT_EQ(verdicts.size(), 1U);
  return TextOf(verdicts.at(0));
}

// Makes a cell's predictions right on all images but the given ones.
void SetWrong(store::RunData* run, size_t cell, int first, int count) {
  const auto& images = run->splits.begin()->second.images;
  for (auto& measurement : run->cells[cell].measurements) {
    for (size_t i = 0; i < measurement.predictions.size(); ++i) {
      const bool wrong = static_cast<int>(i) >= first && static_cast<int>(i) < first + count;
      measurement.predictions[i] = wrong ? (images[i].label + 1) % 6 : images[i].label;
    }
  }
}

TEST(Verdict, NamesTheFastestAndTheSmallest) {
  SampleRunOptions options;
  options.quantizers = {"float", "dynamic", "int8"};
  EXPECT_THAT(OnlyVerdict(LoadSampleRun(options)),
              AllOf(HasSubstr("int8 is the fastest: 3.05 ms an image (median), 2.2 times as fast"),
                    HasSubstr("dynamic is the smallest: 0.764 MB, 28 % of float’s")));
}

TEST(Verdict, CallsALossRealOnlyWhereTheImagesShowIt) {
  store::RunData run = LoadSampleRun({});
  SetWrong(&run, 0, 0, 60);
  SetWrong(&run, 2, 0, 64);  // 4 lost, none gained: p = 1/16
  EXPECT_THAT(OnlyVerdict(run),
              AllOf(HasSubstr("0.7 points below float’s 90.0 %"), HasSubstr("intervals overlap"),
                    HasSubstr("lost 4 and gained 0 (exact McNemar test, p = 0.062)"),
                    HasSubstr("do not show a loss, which is no proof that there is none")));
  SetWrong(&run, 2, 0, 66);  // 6 lost: p = 1/64
  EXPECT_THAT(OnlyVerdict(run), HasSubstr("p = 0.016): a loss is likely"));
  SetWrong(&run, 2, 0, 160);
  EXPECT_THAT(OnlyVerdict(run), AllOf(HasSubstr("The intervals do not overlap"),
                                      HasSubstr("p < 0.001): the loss is real")));
}

TEST(Verdict, SaysWhereNothingChangedOrGotBetter) {
  store::RunData run = LoadSampleRun({});
  SetWrong(&run, 0, 0, 60);
  SetWrong(&run, 2, 0, 60);
  EXPECT_THAT(OnlyVerdict(run), AllOf(HasSubstr("exactly as many as float"),
                                      HasSubstr("No image was lost or gained")));
  SetWrong(&run, 2, 0, 30);
  EXPECT_THAT(OnlyVerdict(run), HasSubstr("5.0 points above float’s 90.0 %"));
}

TEST(Verdict, DoesNotCompareInvalidLatency) {
  store::RunData run = LoadSampleRun({});
  run.cells[2].cell.latency_status = store::Outcome::kInvalid;
  EXPECT_THAT(OnlyVerdict(run), Not(HasSubstr("int8")));
}

TEST(Verdict, SaysWhereThereIsNothingToCompare) {
  store::RunData run = LoadSampleRun({});
  for (auto& cell : run.cells) cell.measurements.clear();
  EXPECT_THAT(OnlyVerdict(run), HasSubstr("No variant was measured completely"));
}

TEST(Verdict, JudgesEachModelByItself) {
  SampleRunOptions options;
  options.models = {"intel-cnn", "mbv2_035_96"};
  const store::RunData run = LoadSampleRun(options);
  const auto verdicts = Verdicts(RunView(run));
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(verdicts[0].subject, "intel-cnn on scenes/test");
  EXPECT_THAT(TextOf(verdicts[1]), HasSubstr("int8 is the fastest"));
}

TEST(Warnings, AQuietRunHasNone) { EXPECT_THAT(Warnings(RunView(LoadSampleRun({}))), IsEmpty()); }

TEST(Warnings, NoisyProcessesAndOutliers) {
  store::RunData run = LoadSampleRun({});
  for (auto& measurement : run.cells[0].measurements) {
    if (measurement.repetition != 1) continue;
    for (double& sample : measurement.samples_ns) sample *= 1.1;
  }
  for (auto& measurement : run.cells[1].measurements) {
    for (size_t i = 0; i < measurement.samples_ns.size(); i += 10) measurement.samples_ns[i] *= 3;
  }
  const auto warnings = Warnings(RunView(run));
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("Noisy"), HasSubstr("for float."))));
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("outliers"), HasSubstr("for fp16:"))));
  EXPECT_EQ(warnings.size(), 2U);
}

TEST(Warnings, OperatorsOnSlowKernels) {
  store::RunData run = LoadSampleRun({});
  for (auto& measurement : run.cells[2].measurements) {
    measurement.conditions["runtime"] = {{"time_on_kernels", "4.9 %"}};
  }
  EXPECT_THAT(Warnings(RunView(run)), IsEmpty());
  for (auto& measurement : run.cells[2].measurements) {
    measurement.conditions["runtime"]["time_on_kernels"] = "97.5 %";
  }
  EXPECT_THAT(Warnings(RunView(run)),
              ElementsAre(AllOf(HasSubstr("more than 5 %"), HasSubstr("for int8:"))));
}

TEST(Warnings, FewSamplesAndBrokenImages) {
  store::RunData run = LoadSampleRun({});
  for (auto& measurement : run.cells[0].measurements) {
    if (!measurement.samples_ns.empty()) measurement.samples_ns.resize(10);
    if (!measurement.predictions.empty()) measurement.predictions[3] = -1;
  }
  const auto warnings = Warnings(RunView(run));
  EXPECT_THAT(warnings, Contains(HasSubstr("fewer than 64 samples for float")));
  EXPECT_THAT(warnings, Contains(HasSubstr("qbench dataset verify")));
}

TEST(Warnings, RunThatHasNotFinished) {
  SampleRunOptions options;
  options.finished = false;
  EXPECT_THAT(Warnings(RunView(LoadSampleRun(options))), Contains(HasSubstr("--resume")));
}

}  // namespace
}  // namespace qbench::reports
