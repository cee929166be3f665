// What is said of measurements that do not count, and what is advised.
#include "reports/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using store::LoadSampleRun;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

void MakeInvalid(store::CellData& cell, const std::string& reason) {
  cell.cell.latency_status = store::Outcome::kInvalid;
  cell.cell.reason = "accuracy means nothing: made up; " + reason;
  for (store::Measurement& measurement : cell.measurements) {
    if (measurement.kind != store::MeasurementKind::kLatency) continue;
    measurement.status = store::Outcome::kInvalid;
    measurement.reason = reason;
  }
}

TEST(InvalidLatency, IsToldWithWhatHelpsAgainstIt) {
  store::RunData run = LoadSampleRun({});
  ASSERT_GE(run.cells.size(), 3U);
  MakeInvalid(run.cells[0], "1 major page fault while the clock ran: free memory");
  MakeInvalid(run.cells[1], "the board reported under-voltage: give it a better power supply");
  MakeInvalid(run.cells[2], "7 major page faults while the clock ran: free memory");
  const RunView view(run);
  const auto warnings = Warnings(view);
  EXPECT_THAT(warnings,
              Contains(AllOf(HasSubstr(view.variants[0].name + ", " + view.variants[2].name + ":"),
                             HasSubstr("1 major page fault"), HasSubstr(": free memory."),
                             Not(HasSubstr("cool")), Not(HasSubstr("power supply")))));
  EXPECT_THAT(warnings, Contains(AllOf(HasSubstr("for " + view.variants[1].name + ":"),
                                       HasSubstr("power supply."), Not(HasSubstr("memory")))));
}

}  // namespace
}  // namespace qbench::reports
