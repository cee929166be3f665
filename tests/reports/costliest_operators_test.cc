// The costliest operators of planted profiles: the rows, and what the reports show of them.
#include "reports/costliest_operators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/reports.h"
#include "tests/golden/golden_file.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using store::OperatorProfile;
using ::testing::HasSubstr;
using ::testing::Not;

OperatorProfile Convolution(const std::string& name, const std::string& type, int32_t partition,
                            double us) {
  return {.op = 0,
          .kind = "CONV_2D",
          .name = name,
          .input_type = type,
          .weight_type = type,
          .output_type = type,
          .steps = "Convolution (NHWC) IGEMM",
          .partition = partition,
          .median_us = us,
          .macs = 4'000'000,
          .bytes_read = 300'000,
          .bytes_written = 100'000};
}

void AddProfile(std::vector<OperatorProfile> operators, store::CellData& cell) {
  store::Measurement profile;
  profile.kind = store::MeasurementKind::kProfile;
  profile.conditions = {{"delegate", "XNNPACK"}};
  profile.samples_ns = {440'000};
  profile.operators = std::move(operators);
  cell.measurements.push_back(profile);
}

// float and int8, whose second convolution was left to the runtime and is slower than float's.
store::RunData ProfiledRun() {
  store::SampleRunOptions options;
  options.quantizers = {"float", "int8"};
  options.images = 12;
  options.processes = 1;
  store::RunData run = LoadSampleRun(options);
  AddProfile({Convolution("a<b>", "float32", 0, 200), Convolution("second", "float32", 0, 200)},
             run.cells[0]);
  OperatorProfile softmax = {.op = 2, .kind = "SOFTMAX", .name = "prob", .median_us = 20};
  AddProfile({{.op = -1, .name = "Convert (NC)", .partition = 0, .median_us = 30},
              Convolution("a<b>", "int8", 0, 50),
              Convolution("second", "int8", -1, 300),
              softmax,
              {.op = 3, .kind = "RESHAPE", .name = "flat", .partition = 0}},
             run.cells[1]);
  run.machine_peaks = {
      {0, 0, store::PeakKind::kMultiplyAdd, "float32", 1, 5e10, "avx2"},
      {0, 0, store::PeakKind::kMultiplyAdd, "int8", 1, 1e11, "avx2"},
      {0, 0, store::PeakKind::kBandwidth, "read", 1, 2e10, "avx2"},
  };
  return run;
}

TEST(OperatorTables, HoldOperatorsAgainstFloatAndThePeak) {
  const store::RunData data = ProfiledRun();
  const RunView run(data);
  const std::vector<CostliestOperators> tables = OperatorTables(run);
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_TRUE(tables[0].is_float);
  EXPECT_FALSE(tables[0].rows[0].float_ms);
  EXPECT_DOUBLE_EQ(*tables[0].rows[0].gmacs_of_peak, 0.4);  // 20 of 50

  EXPECT_FALSE(tables[1].is_float);
  EXPECT_THAT(tables[1].delegation, HasSubstr("XNNPACK took 2 of 4 operators"));
  EXPECT_EQ(tables[1].shown, "all 4 operators and steps that took time: 100.0 % of 0.400 ms");
  const std::vector<OperatorRow>& rows = tables[1].rows;
  ASSERT_EQ(rows.size(), 4U);  // what took no time is left out
  EXPECT_EQ(rows[0].profile->name, "second");
  EXPECT_DOUBLE_EQ(rows[0].share, 0.75);
  EXPECT_DOUBLE_EQ(*rows[0].float_ms, 0.2);
  EXPECT_DOUBLE_EQ(*rows[0].ratio, 1.5);
  EXPECT_EQ(rows[0].where, "–");
  EXPECT_EQ(rows[1].profile->name, "a<b>");
  EXPECT_DOUBLE_EQ(*rows[1].gmacs, 80);
  EXPECT_DOUBLE_EQ(*rows[1].gmacs_of_peak, 0.8);
  EXPECT_DOUBLE_EQ(*rows[1].gbytes, 8);
  EXPECT_DOUBLE_EQ(*rows[1].gbytes_of_peak, 0.4);
  EXPECT_EQ(rows[1].where, "XNNPACK");
  EXPECT_EQ(rows[2].profile->name, "Convert (NC)");
  EXPECT_FALSE(rows[2].float_ms || rows[2].gmacs || rows[2].gbytes);
  EXPECT_EQ(rows[2].where, "XNNPACK");
}

TEST(OperatorTables, KeepTheTenCostliest) {
  store::RunData data = ProfiledRun();
  std::vector<OperatorProfile>& operators = data.cells[0].measurements.back().operators;
  for (int i = 0; i < 20; ++i) operators.push_back(Convolution(std::to_string(i), "float32", 0, i));
  const RunView run(data);
  const CostliestOperators table = OperatorTables(run)[0];
  ASSERT_EQ(table.rows.size(), kCostliest);
  EXPECT_EQ(table.rows.back().profile->name, "12");
  EXPECT_THAT(table.shown, HasSubstr("the 10 costliest of 21 operators and steps: "));
}

TEST(OperatorTables, LeaveOutWhatIsNotKnown) {
  store::RunData data = ProfiledRun();
  data.machine_peaks.clear();
  data.cells[0].measurements.pop_back();
  const RunView run(data);
  const std::vector<CostliestOperators> tables = OperatorTables(run);
  ASSERT_EQ(tables.size(), 1U);
  for (const OperatorRow& row : tables[0].rows) {
    EXPECT_FALSE(row.float_ms || row.gmacs_of_peak || row.gbytes_of_peak);
  }
  EXPECT_THAT(*HtmlReport({data}),
              Not(HasSubstr("× float</th><th scope=\"col\" class=\"number\">MMAC")));
}

TEST(ArithmeticType, IsWhatTheOperatorMultiplies) {
  OperatorProfile op = Convolution("x", "int8", 0, 1);
  EXPECT_EQ(ArithmeticType(op), "int8");
  op.input_type = "int16";
  EXPECT_EQ(ArithmeticType(op), "");
  op.input_type = "float32";
  EXPECT_EQ(ArithmeticType(op), "float32");  // weights that the delegate dequantized
  op.steps = "Fully Connected (NC, QD8, F32, QC8W) GEMM";
  EXPECT_EQ(ArithmeticType(op), "int8");
  op.steps = "";
  op.partition = -1;
  EXPECT_EQ(ArithmeticType(op), "int8");
  op.weight_type = "float32";
  EXPECT_EQ(ArithmeticType(op), "float32");
}

TEST(OperatorTables, AreInTheReports) {
  const store::RunData run = ProfiledRun();
  const std::string markdown = MarkdownReport({run});
  const size_t begin = markdown.find("Where the time of float goes");
  const size_t end = markdown.find("\nint8 is ");  // the explanation
  ASSERT_LT(begin, end);
  ExpectGolden("reports/golden/operators.md", markdown.substr(begin, end - begin));
  const std::string html = *HtmlReport({run});
  EXPECT_THAT(html, HasSubstr("<h2>Where the time goes</h2>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">a&lt;b&gt;<span>CONV_2D</span></th>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"number slower\">1.50</td>"));
  EXPECT_THAT(html, HasSubstr("<span>step of the runtime</span>"));
  const Json json = *ParseJson(JsonReport({run}));
  const Json& costliest = json["runs"][0]["cells"][1]["costliest_operators"];
  ASSERT_EQ(costliest.size(), 4U);
  EXPECT_EQ(costliest[0]["name"], "second");
  EXPECT_DOUBLE_EQ(costliest[0]["ratio_to_float"].get<double>(), 1.5);
  EXPECT_EQ(costliest[0]["delegated"], false);
  EXPECT_DOUBLE_EQ(costliest[1]["gmacs_of_peak"].get<double>(), 0.8);
  EXPECT_TRUE(costliest[2]["float_ms"].is_null());
  EXPECT_THAT(*HtmlReport({store::LoadSampleRun({.images = 6})}),
              Not(HasSubstr("Where the time goes")));
}

}  // namespace
}  // namespace qbench::reports
