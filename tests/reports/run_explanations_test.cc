#include "reports/run_explanations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/reports.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

store::Measurement Profile(const std::string& type, double convolution_us, double depthwise_us) {
  const bool depthwise_delegated = type == "float32";
  store::Measurement profile;
  profile.kind = store::MeasurementKind::kProfile;
  profile.conditions = {{"delegate", "XNNPACK"}};
  profile.operators = {{.op = 0,
                        .kind = "CONV_2D",
                        .name = "conv",
                        .input_type = type,
                        .weight_type = type,
                        .output_type = type,
                        .steps = "Convolution",
                        .partition = 0,
                        .median_us = convolution_us,
                        .macs = 10'000'000,
                        .bytes_read = 50'000},
                       {.op = 1,
                        .kind = "DEPTHWISE_CONV_2D",
                        .name = "depthwise",
                        .input_type = type,
                        .weight_type = type,
                        .output_type = type,
                        .steps = "DEPTHWISE_CONV_2D",
                        .partition = depthwise_delegated ? 0 : -1,
                        .median_us = depthwise_us,
                        .macs = 1'000'000,
                        .bytes_read = 50'000}};
  profile.samples_ns = {(convolution_us + depthwise_us) * 1e3};
  return profile;
}

// float, fp16 (not profiled) and int8, whose depthwise convolution the delegate leaves.
store::RunData ProfiledRun() {
  store::RunData run = store::LoadSampleRun({});
  run.cells[0].measurements.push_back(Profile("float32", 200, 50));
  run.cells[2].measurements.push_back(Profile("int8", 80, 400));
  return run;
}

TEST(RunExplanations, ComparesWithTheFloatVariantOfTheSameRuntime) {
  const store::RunData data = ProfiledRun();
  const RunView run(data);
  const std::vector<ExplainedVariant> explained = ExplainRun(run);
  ASSERT_EQ(explained.size(), 1U);
  EXPECT_EQ(explained[0].variant, &run.variants[2]);
  const Explanation& explanation = explained[0].explanation;
  EXPECT_NEAR(*explanation.ratio,
              *run.variants[2].summary.median_ms / *run.variants[0].summary.median_ms, 1e-9);
  ASSERT_EQ(explanation.causes.size(), 1U);
  EXPECT_EQ(explanation.causes[0].kind, CauseKind::kNotDelegated);
  EXPECT_THAT(explanation.causes[0].text,
              HasSubstr("The depthwise convolution was left to the runtime's own kernels by "
                        "XNNPACK: 83 % of the time"));
}

TEST(RunExplanations, AFloatVariantAloneSaysWhereItsTimeGoes) {
  store::SampleRunOptions options;
  options.quantizers = {"float"};
  store::RunData data = store::LoadSampleRun(options);
  data.cells[0].measurements.push_back(Profile("float32", 200, 50));
  const RunView run(data);
  const std::vector<ExplainedVariant> explained = ExplainRun(run);
  ASSERT_EQ(explained.size(), 1U);
  EXPECT_THAT(explained[0].explanation.paragraph, HasSubstr("Where float"));
}

TEST(RunExplanations, InvalidLatencyGivesNoRatio) {
  store::RunData data = ProfiledRun();
  data.cells[2].cell.latency_status = store::Outcome::kInvalid;
  const RunView run(data);
  EXPECT_EQ(ExplainRun(run).at(0).explanation.ratio, std::nullopt);
}

TEST(RunExplanations, StandInEveryReport) {
  const store::RunData data = ProfiledRun();
  const RunView run(data);
  const Explanation explanation = ExplainRun(run).at(0).explanation;
  const std::string html = *HtmlReport({data});
  EXPECT_THAT(html, HasSubstr("Why they are as fast as they are"));
  EXPECT_THAT(html, HasSubstr("<strong>" + explanation.headline + "</strong>"));
  EXPECT_THAT(MarkdownReport({data}), HasSubstr("\n" + explanation.headline));
  EXPECT_THAT(TerminalTable(data), HasSubstr("\n  int8 is "));
  const Json json = *ParseJson(JsonReport({data}));
  const Json& cells = json["runs"][0]["cells"];
  EXPECT_TRUE(cells[1]["explanation"].is_null());
  EXPECT_EQ(cells[2]["explanation"]["paragraph"], explanation.paragraph);
  EXPECT_EQ(cells[2]["explanation"]["causes"][0]["kind"], "not_delegated");

  // Nothing was profiled: nothing is said.
  const store::RunData plain = store::LoadSampleRun({});
  EXPECT_THAT(*HtmlReport({plain}), Not(HasSubstr("Why they are")));
}

TEST(RunExplanations, ThePeakIsPartOfTheProvenance) {
  store::RunData data = store::LoadSampleRun({});
  EXPECT_THAT(*HtmlReport({data}), Not(HasSubstr("can do at best")));
  data.machine_peaks = {{0, 0, store::PeakKind::kMultiplyAdd, "int8", 4, 390.2e9, "asimddp"},
                        {0, 0, store::PeakKind::kBandwidth, "read", 1, 3.14e9, "asimd"}};
  const std::string html = *HtmlReport({data});
  EXPECT_THAT(html, HasSubstr("<dt>int8, 4 threads</dt><dd>390 GMAC/s (asimddp)</dd>"));
  EXPECT_THAT(html, HasSubstr("<dt>read, 1 thread</dt><dd>3.14 GB/s (asimd)</dd>"));
}

}  // namespace
}  // namespace qbench::reports
