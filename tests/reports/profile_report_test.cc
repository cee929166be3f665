// What the closing table, the CSV and the JSON say of a planted profile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/profile_text.h"
#include "reports/reports.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// float and int8; the first was profiled, the second could not be.
store::RunData ProfiledRun() {
  store::SampleRunOptions options;
  options.quantizers = {"float", "int8"};
  options.images = 6;
  options.processes = 1;
  store::RunData run = LoadSampleRun(options);
  run.run.settings["profile"] = true;
  store::Measurement profile;
  profile.kind = store::MeasurementKind::kProfile;
  profile.samples_ns = {1.1e6, 1.2e6};
  profile.conditions = {{"delegate", "XNNPACK"}};
  profile.operators = {
      {.op = 0,
       .kind = "CONV_2D",
       .name = "first, conv",
       .input_type = "float32",
       .weight_type = "float32",
       .output_type = "float32",
       .steps = "Convolution (NHWC, F32) IGEMM",
       .partition = 0,
       .median_us = 250,
       .macs = 1'000'000,
       .bytes_read = 400'000,
       .bytes_written = 100'000},
      {.op = 1, .kind = "RESHAPE", .name = "flat", .partition = 0},
      {.op = -1, .name = "Convert (NC)", .steps = "Convert (NC)", .partition = 1, .median_us = 50},
      {.op = 2, .kind = "SOFTMAX", .name = "prob", .median_us = 700}};
  run.cells[0].measurements.push_back(profile);
  store::Measurement refused;
  refused.kind = store::MeasurementKind::kProfile;
  refused.status = store::Outcome::kUnsupported;
  refused.reason = "engine cannot say where its time goes: it has no profile";
  run.cells[1].measurements.push_back(refused);
  return run;
}

TEST(ProfileReport, ClosingTableNamesTheCostliest) {
  EXPECT_THAT(
      TerminalTable(ProfiledRun()),
      HasSubstr(
          "\nWhere the time goes:\n"
          "  float: XNNPACK took 2 of 3 operators, in 2 partitions; not SOFTMAX (0.0 % of the "
          "multiplications, 70.0 % of the time)\n"
          "     70.0 %    0.700 ms  SOFTMAX prob\n"
          "     25.0 %    0.250 ms  CONV_2D first, conv, 4.00 GMAC/s\n"
          "      5.0 %   0.0500 ms  Convert (NC)\n"
          "  int8: no profile: engine cannot say where its time goes: it has no profile\n"));
  EXPECT_THAT(TerminalTable(store::LoadSampleRun({.images = 6})),
              Not(HasSubstr("Where the time goes")));
}

TEST(ProfileReport, WithoutTimesItSaysWhatIsNotDelegated) {
  store::RunData run = ProfiledRun();
  run.run.settings.erase("profile");
  store::Measurement& profile = run.cells[0].measurements.back();
  profile.samples_ns.clear();
  for (store::OperatorProfile& row : profile.operators) row.median_us = 0;
  EXPECT_THAT(
      TerminalTable(run),
      HasSubstr("\nNot delegated:\n  float: XNNPACK took 2 of 3 operators, in 2 partitions; "
                "not SOFTMAX (0.0 % of the multiplications)\n"));
  EXPECT_EQ(std::ranges::count(CsvProfile({run}), '\n'), 1);
  profile.operators.pop_back();  // now all are delegated
  EXPECT_THAT(TerminalTable(run), Not(HasSubstr("Not delegated")));
}

TEST(ProfileReport, ShortensNames) {
  store::RunData run = ProfiledRun();
  store::OperatorProfile& row = run.cells[0].measurements.back().operators[0];
  row.name = "a/relu;a/batch_norm";
  EXPECT_THAT(TerminalTable(run), HasSubstr("CONV_2D a/relu, 4.00"));
  row.name = "net/" + std::string(30, 'x') + "/é" + std::string(38, 'y');
  EXPECT_THAT(OperatorTable(run.cells[0].measurements.back(), 5),
              HasSubstr("CONV_2D …" + std::string(38, 'y') + " (Conv"));
  EXPECT_THAT(OperatorTable(run.cells[0].measurements.back(), 1),
              HasSubstr("   70.0     0.700                    SOFTMAX prob (), not delegated\n"));
}

TEST(ProfileReport, CsvHasARowAnOperator) {
  const std::string csv = CsvProfile({ProfiledRun()});
  EXPECT_THAT(csv, HasSubstr("split,op,kind,name,input_type,weight_type,output_type,steps,"
                             "delegate,partition,median_us,share,macs,bytes_read,bytes_written,"
                             "gmacs_per_s,gbytes_per_s\n"));
  EXPECT_THAT(csv, HasSubstr(",float,,litert,,1,"));
  EXPECT_THAT(csv, HasSubstr(",0,CONV_2D,\"first, conv\",float32,float32,float32,\"Convolution "
                             "(NHWC, F32) IGEMM\",XNNPACK,0,250,0.25,1000000,400000,100000,4,2\n"));
  EXPECT_THAT(csv, HasSubstr(",1,RESHAPE,flat,,,,,XNNPACK,0,0,0,0,0,0,,\n"));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 5);
}

TEST(ProfileReport, JsonHasTheOperators) {
  const Result<Json> json = ParseJson(JsonReport({ProfiledRun()}));
  ASSERT_TRUE(json.ok());
  const Json& cell = (*json)["runs"][0]["cells"][0];
  EXPECT_EQ(cell["partitions"], 2);
  const Json& operators = cell["measurements"].back()["operators"];
  ASSERT_EQ(operators.size(), 4U);
  EXPECT_EQ(operators[0]["kind"], "CONV_2D");
  EXPECT_EQ(operators[0]["median_us"], 250.0);
  EXPECT_FALSE(operators[0].contains("measurement_id"));
}

TEST(Costliest, SortsByTimeAndLeavesOutWhatTookNone) {
  const store::RunData run = ProfiledRun();
  const store::Measurement* profile = results::ProfileOf(run.cells[0]);
  const auto rows = Costliest(*profile, 10);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]->kind, "SOFTMAX");
  EXPECT_EQ(Costliest(*profile, 1).size(), 1U);
}

}  // namespace
}  // namespace qbench::reports
