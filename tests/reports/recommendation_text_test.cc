#include "reports/recommendation_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/reports.h"
#include "reports/shell_text.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using results::Requirements;
using store::LoadSampleRun;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

RecommendationText Only(const store::RunData& run, const Requirements& requirements = {}) {
  const auto texts = Recommendations(RunView(run), requirements);
  EXPECT_EQ(texts.size(), 1U);
  return texts.at(0);
}

store::RunData Sample(int images = 3000) {
  store::SampleRunOptions options;
  options.images = images;
  return LoadSampleRun(options);
}

TEST(RecommendationText, SaysWhatToUseAndWhyNotTheOthers) {
  const RecommendationText text = Only(Sample());
  EXPECT_EQ(text.choice, "Use fp16");
  EXPECT_THAT(text.reason, AllOf(StartsWith(": the fastest that is as accurate as float: 6.6"),
                                 HasSubstr(" ms an image (median), 1.36 MB, right on"),
                                 HasSubstr("of 3,000 images"), HasSubstr("it ties with float"),
                                 HasSubstr("it is smaller.")));
  EXPECT_THAT(text.rejected,
              Contains(StartsWith("As fast, as far as these times tell: float (2.70")));
  EXPECT_THAT(text.rejected,
              Contains(AllOf(StartsWith("Lost too much: int8 ("), HasSubstr("points lost"))));
  EXPECT_EQ(ShellLine(text.command),
            "qbench quantize models/mbv2_035_96.h5 --plugins fp16 --dataset scenes -o "
            "mbv2_035_96-fp16.tflite");
}

TEST(RecommendationText, GoesByTheLimits) {
  const RecommendationText text =
      Only(Sample(), {.max_accuracy_drop = 0.05, .max_latency_ms = 50, .max_bytes = 4'000'000});
  EXPECT_EQ(text.choice, "Use int8");
  EXPECT_THAT(text.reason,
              AllOf(HasSubstr("that is within 5 points of float, within 50 ms and within 4 MB: "
                              "3.05 ms"),
                    HasSubstr("below float, with 95 % confidence no more than")));
  EXPECT_THAT(text.rejected, Contains(AllOf(StartsWith("Slower: "), HasSubstr("fp16 (2.19×, "))));
}

TEST(RecommendationText, SaysWhereTooFewImagesAreTheReason) {
  const RecommendationText text = Only(Sample(120));
  EXPECT_EQ(text.choice, "Use float");
  EXPECT_THAT(text.rejected,
              Contains(AllOf(StartsWith("Not shown to be accurate enough: fp16"),
                             HasSubstr("(perhaps 2.2 points lost)"),
                             HasSubstr("--max-accuracy-drop 2.5 would allow fp16"))));
}

TEST(RecommendationText, WhereNothingFitsItSaysWhatComesNearest) {
  const RecommendationText text = Only(Sample(), {.max_latency_ms = 1});
  EXPECT_EQ(text.choice, "None of 3 variants fits");
  EXPECT_THAT(text.reason,
              HasSubstr("none is as accurate as float and within 1 ms. Nearest comes "));
  EXPECT_THAT(text.command, IsEmpty());
}

TEST(RecommendationText, WithoutFloatItSaysWhatToAdd) {
  store::SampleRunOptions options;
  options.quantizers = {"fp16", "int8"};
  const RecommendationText text = Only(LoadSampleRun(options));
  EXPECT_EQ(text.choice, "No variant can be recommended");
  EXPECT_THAT(text.reason, AllOf(HasSubstr("add float to --plugins"), HasSubstr("fp16")));
}

TEST(RecommendationText, TheCommandIsQuotedAndHasTheCalibrationOfTheRun) {
  store::RunData run = Sample();
  for (auto& [id, model] : run.models) model.path = "it's/my model.h5";
  run.run.command_line = {"qbench", "run", "--dataset=./my images", "--data", "/d"};
  run.run.settings["calibration_seed"] = 7;
  run.run.settings["calibration_runtime"] = "xnnpack";
  EXPECT_EQ(ShellLine(Only(run).command),
            "qbench quantize 'it'\\''s/my model.h5' --plugins fp16 --dataset './my images' --data "
            "/d --calibration-runtime xnnpack --calibration-seed 7 -o mbv2_035_96-fp16.tflite");
  for (auto& [id, model] : run.models) model.path = "a\nb.h5";
  EXPECT_THAT(Only(run).command, IsEmpty()) << "no line that a terminal would show as two";
}

TEST(RecommendationText, StandsInEveryFormatBehindTheLosses) {
  store::RunData run = Sample();
  for (auto& measurement : run.cells[2].measurements) {
    for (size_t i = 0; i < measurement.predictions.size() / 4; ++i) measurement.predictions[i] = 5;
  }
  const ReportOptions options{.requirements = {.max_bytes = 2'000'000}};
  const auto stands_behind = [](const std::string& text, const char* loss, const char* choice) {
    const size_t first = text.find(loss);
    const size_t second = text.find(choice);
    return first != std::string::npos && second != std::string::npos && first < second;
  };
  EXPECT_TRUE(stands_behind(TerminalTable(run, options), "LOSS  int8", "Use fp16: the only one"));
  EXPECT_TRUE(stands_behind(MarkdownReport({run}, options), "Accuracy was lost", "**Use fp16**"));
  EXPECT_TRUE(stands_behind(*HtmlReport({run}, options), "<h2>Accuracy was lost",
                            "<strong>Use fp16</strong>"));
  const Json json = *ParseJson(JsonReport({run}, options));
  const Json& made = json["runs"][0]["recommendations"][0];
  EXPECT_EQ(made["chosen"], "fp16");
  EXPECT_EQ(made["against"], "float");
  EXPECT_EQ(made["max_bytes"], 2'000'000);
  EXPECT_EQ(made["rejected"][0]["reasons"][0], "too large");
  EXPECT_THAT(made["text"].get<std::string>(), StartsWith("Use fp16: "));
}

TEST(ShellText, BreaksBeforeOptions) {
  EXPECT_EQ(ShellLines({"qbench", "quantize", "a b.h5", "--plugins", "int8", "-o", "x"}, 40, "  "),
            "  qbench quantize 'a b.h5' \\\n    --plugins int8 -o x\n");
}

TEST(ShellText, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(ShellLine({"qbench", "a b", "", "it's", "$x", "int8:io=int8"}),
            "qbench 'a b' '' 'it'\\''s' '$x' int8:io=int8");
}

}  // namespace
}  // namespace qbench::reports
