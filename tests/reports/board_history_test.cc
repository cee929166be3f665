#include "reports/board_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/reports.h"
#include "tests/results/made_run.h"

namespace qbench::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Two cells with two processes each, in rounds, on a board that warms up and throttles at last.
store::RunData WarmRun() {
  store::MadeRun made(1);
  made.Add({.quantizer = "float", .medians_ms = {5, 5}});
  made.Add({.quantizer = "a<b", .medians_ms = {3, 3}});
  store::RunData run = made;
  int minute = 0;
  for (const size_t repetition : {0U, 1U}) {
    for (store::CellData& cell : run.cells) {
      store::Measurement& process = cell.measurements[repetition];
      const std::string start = "2025-11-20T21:0" + std::to_string(minute);
      process.started_at = start + ":00Z";
      process.finished_at = start + ":30Z";
      const double warm = 50 + 10 * minute;
      process.conditions = {
          {"before", {{"temperature_c", warm}, {"frequency_khz", 1'500'000}, {"throttled", 0U}}},
          {"after",
           {{"temperature_c", warm + 5},
            {"frequency_khz", 1'500'000},
            {"throttled", minute == 3 ? 4U : 0x40000U}}}};
      ++minute;
    }
  }
  return run;
}

TEST(BoardHistory, HasTheProcessesInOrderOfTime) {
  const store::RunData run = WarmRun();
  const RunView view(run);
  const std::vector<BoardSpan> history = BoardHistory(view);
  ASSERT_EQ(history.size(), 4U);
  EXPECT_EQ(history[1].variant, &view.variants[1]);
  EXPECT_EQ(history[2].repetition, 1);
  EXPECT_EQ(history[3].start, 180);
  EXPECT_EQ(history[3].end, 210);
  EXPECT_EQ(history[3].after.temperature_c, 85);
  EXPECT_EQ(history[3].before.mhz, 1500);
  EXPECT_EQ(history[3].before.throttled, false);
  EXPECT_EQ(history[3].after.throttled, true);
  EXPECT_EQ(history[0].after.throttled, false) << "since boot is not now";
  EXPECT_FALSE(history[0].before.load.has_value());
}

TEST(BoardHistory, IsDrawnWithTheCellsMarked) {
  const store::RunData run = WarmRun();
  const RunView view(run);
  const std::string svg = BoardSvg(BoardHistory(view));
  EXPECT_THAT(svg, AllOf(HasSubstr("50 °C"), HasSubstr("85 °C"), HasSubstr(">1500 MHz<"),
                         HasSubstr(">not measured<"), HasSubstr("class=\"bad\""),
                         HasSubstr("<title>a&lt;b, process 2</title>"), HasSubstr(">4 min<")));
}

TEST(BoardHistory, SaysNotMeasuredWhereNothingIs) {
  store::RunData run = WarmRun();
  for (store::CellData& cell : run.cells) {
    for (store::Measurement& process : cell.measurements) process.conditions = Json::object();
  }
  const RunView view(run);
  const std::string svg = BoardSvg(BoardHistory(view));
  size_t lanes = 0;
  for (size_t at = svg.find("not measured"); at != std::string::npos;
       at = svg.find("not measured", at + 1)) {
    ++lanes;
  }
  EXPECT_EQ(lanes, 4U);
  EXPECT_THAT(*HtmlReport({run}), HasSubstr("The board over the run"));
}

TEST(BoardHistory, LeavesOutWhatHasNoTime) {
  store::RunData run = WarmRun();
  for (store::CellData& cell : run.cells) {
    for (store::Measurement& process : cell.measurements) process.started_at = "yesterday";
  }
  EXPECT_TRUE(BoardHistory(RunView(run)).empty());
  EXPECT_EQ(BoardSvg({}), "");
  EXPECT_THAT(*HtmlReport({run}), Not(HasSubstr("The board over the run")));
}

}  // namespace
}  // namespace qbench::reports
