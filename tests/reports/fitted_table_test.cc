#include "reports/fitted_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "reports/reports.h"
#include "reports/text_format.h"
#include "reports/text_table.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Column Number(const std::string& title, int leave_out) { return {title, "", true, leave_out}; }

ResultTable Table() {
  return {{{"quantizer", "", false, 0},
           Number("median ms", 0),
           Number("p90 ms", 2),
           Number("vs float", 0)},
          {{"int8:calibration=percentile:per_channel=false", "123.45", "130.1", "+0.3"},
           {"int8:calibration=percentile", "9", "10.2", "−1.2"},
           {"float", "8", "8.5", "0.0"}}};
}

TEST(FittedTable, StaysWholeWhereThereIsRoom) {
  EXPECT_EQ(FittedTable(Table(), 80),
            "                                               median    p90     vs\n"
            "quantizer                                          ms     ms  float\n"
            "int8:calibration=percentile:per_channel=false  123.45  130.1   +0.3\n"
            "int8:calibration=percentile                         9   10.2   −1.2\n"
            "float                                               8    8.5    0.0\n");
}

TEST(FittedTable, ShortensLongTextsWithALegend) {
  EXPECT_EQ(FittedTable(Table(), 45),
            "           median    p90     vs\n"
            "quantizer      ms     ms  float\n"
            "int8 [1]   123.45  130.1   +0.3\n"
            "int8 [2]        9   10.2   −1.2\n"
            "float           8    8.5    0.0\n"
            "  [1] int8:calibration=percentile:per_channel=false\n"
            "  [2] int8:calibration=percentile\n");
}

TEST(FittedTable, LeavesOutColumnsAndNeverCutsANumber) {
  const std::string narrow = FittedTable(Table(), 20);
  EXPECT_THAT(narrow, AllOf(HasSubstr("123.45"), HasSubstr("−1.2"), Not(HasSubstr("130.1")),
                            HasSubstr("In the report")));
}

// 64 cells with long names fit a terminal, and every name is told apart.
TEST(FittedTable, FitsARealRunInto80Columns) {
  store::SampleRunOptions options;
  options.models = {"intel-cnn", "a_model_with_quite_a_long_name_224"};
  options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8", "weight_only"};
  options.runtimes = {"litert", "reference"};
  options.threads = {1, 4};
  options.images = 12;
  options.processes = 1;
  options.with_failures = true;
  store::RunData run = store::LoadSampleRun(options);
  for (auto& data : run.cells) data.cell.quantizer_options = "calibration=percentile";
  std::string table = TerminalTable(run);
  table.resize(table.find("\n\n", table.find("quantizer")));
  for (const std::string& line : LinesOf(table)) {
    if (line.starts_with("  qbench ") || line.starts_with("  ["))
      continue;  // to be copied, and read
    EXPECT_LE(DisplayWidth(line), kTerminalWidth) << line;
  }
}

}  // namespace
}  // namespace qbench::reports
