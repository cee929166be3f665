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
  EXPECT_THAT(
      OnlyVerdict(LoadSampleRun(options)),
      AllOf(HasSubstr("int8 is the fastest: 3.05 ms an image (median), 2.2 times as fast as "
                      "float on the same runtime and threads (90 % interval 2.1 to 2.2)"),
            HasSubstr("dynamic is the smallest: 0.764 MB, 28 % of float’s")));
}

TEST(Verdict, CallsALossRealOnlyWhereTheImagesShowIt) {
  store::RunData run = LoadSampleRun({});
  SetWrong(&run, 0, 0, 60);
  SetWrong(&run, 2, 0, 64);  // 4 lost, none gained: p = 1/16
  EXPECT_THAT(OnlyVerdict(run),
              AllOf(HasSubstr("0.7 points below float’s 90.0 %"), HasSubstr("intervals overlap"),
                    HasSubstr("lost 4 and gained 0 (exact McNemar test, p = 0.062)"),
                    HasSubstr("do not show a loss, nor rule out one of up to 1.5 points")));
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
                                      HasSubstr("the very images that float is right on")));
  SetWrong(&run, 2, 0, 30);
  EXPECT_THAT(OnlyVerdict(run), HasSubstr("5.0 points above float’s 90.0 %"));
}

TEST(Verdict, DoesNotCompareInvalidLatency) {
  store::RunData run = LoadSampleRun({});
  run.cells[2].cell.latency_status = store::Outcome::kInvalid;
  EXPECT_THAT(OnlyVerdict(run), Not(HasSubstr("int8")));
}

// Multiplies the samples of one process of a cell.
void Disturb(store::RunData* run, size_t cell, double factor) {
  for (auto& measurement : run->cells[cell].measurements) {
    if (measurement.repetition != 1) continue;
    for (double& sample : measurement.samples_ns) sample *= factor;
  }
}

// All samples of a process, of a cell's three processes, as long as `ms` says.
void SetProcesses(store::RunData* run, size_t cell, const std::vector<double>& ms) {
  for (auto& measurement : run->cells[cell].measurements) {
    for (double& sample : measurement.samples_ns) {
      sample = ms.at(static_cast<size_t>(measurement.repetition)) * 1e6;
    }
  }
}

TEST(Verdict, WhereEveryCellIsNoisyNoneIsTheFastest) {
  store::RunData run = LoadSampleRun({});
  for (size_t cell = 0; cell < 3; ++cell) Disturb(&run, cell, 1.4);
  const std::string verdict = OnlyVerdict(run);
  EXPECT_THAT(verdict, AllOf(HasSubstr("None can be called the fastest"),
                             Not(HasSubstr("times as fast")), HasSubstr("int8 is the smallest")));
}

TEST(Verdict, ANoisyCellNeverWinsNorLendsItsRatio) {
  store::RunData run = LoadSampleRun({});
  Disturb(&run, 2, 1.4);  // int8, whose median stays the smallest by far
  EXPECT_THAT(OnlyVerdict(run),
              AllOf(HasSubstr("float and fp16 are the fastest"),
                    HasSubstr("Not in the race, as something disturbed its times: int8.")));
  run = LoadSampleRun({});
  Disturb(&run, 0, 1.4);
  EXPECT_THAT(OnlyVerdict(run),
              AllOf(HasSubstr("int8 is the fastest"), HasSubstr("float’s own times are too noisy"),
                    Not(HasSubstr("times as fast"))));
}

TEST(Verdict, WhatTheProcessesDoNotSeparateIsATie) {
  store::RunData run = LoadSampleRun({});
  SetProcesses(&run, 0, {3.30, 3.35, 3.28});
  SetProcesses(&run, 1, {3.10, 3.05, 3.12});
  SetProcesses(&run, 2, {3.00, 3.11, 3.08});
  EXPECT_THAT(OnlyVerdict(run),
              AllOf(HasSubstr("int8 and fp16 are the fastest, and tie: these times do not tell "
                              "them apart: 3.08 to 3.10 ms an image (median)."),
                    Not(HasSubstr("times as fast"))));
  // Separated by ranks, but by less than processes of one program differ from day to day.
  SetProcesses(&run, 0, {3.000, 3.001, 3.002});
  SetProcesses(&run, 1, {3.040, 3.041, 3.042});
  SetProcesses(&run, 2, {4.0, 4.0, 4.0});
  EXPECT_THAT(OnlyVerdict(run), HasSubstr("float and fp16 are the fastest, and tie"));
}

TEST(Verdict, ByteEqualFilesAreTheSameThing) {
  store::RunData run = LoadSampleRun({});
  run.cells[1].cell.artifact_id = run.cells[0].cell.artifact_id;
  SetProcesses(&run, 0, {3.30, 3.31, 3.32});
  SetProcesses(&run, 1, {3.00, 3.01, 3.02});  // 1.1 times by the clock
  SetProcesses(&run, 2, {4.00, 4.01, 4.02});
  const std::string verdict = OnlyVerdict(run);
  EXPECT_THAT(verdict, HasSubstr("fp16 and float are one file, byte for byte, and the fastest"));
  EXPECT_THAT(verdict, Not(HasSubstr("times as fast")));
}

TEST(Verdict, OneProcessDoesNotTellWhatIsFastest) {
  SampleRunOptions options;
  options.processes = 1;
  EXPECT_THAT(OnlyVerdict(LoadSampleRun(options)),
              AllOf(HasSubstr("Which is the fastest is not known"), HasSubstr("--repetitions 3"),
                    HasSubstr("The smallest median has int8"), Not(HasSubstr("times as fast"))));
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
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("Fewer than 64 samples"),
                                       HasSubstr("90th percentile, for float."))));
  EXPECT_THAT(warnings, Contains(HasSubstr("qbench dataset verify")));
}

TEST(Warnings, RunThatHasNotFinished) {
  SampleRunOptions options;
  options.finished = false;
  EXPECT_THAT(Warnings(RunView(LoadSampleRun(options))), Contains(HasSubstr("--resume")));
}

}  // namespace
}  // namespace qbench::reports
