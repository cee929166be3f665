#include "reports/nights/nights_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/json.h"
#include "base/utc_time.h"
#include "reports/text_format.h"
#include "tests/golden/golden_file.h"
#include "tests/results/made_nights.h"

namespace qbench::reports {
namespace {

using results::Watch;
using store::MadeNight;
using store::MadeNights;
using ::testing::HasSubstr;
using ::testing::Not;

Watch WatchOf(MadeNights& nights, const std::string& at = "2025-11-29T12:00:00Z") {
  auto history = results::LoadNights(nights.store(), {});
  EXPECT_TRUE(history.ok()) << history.status().message();
  auto watch = results::WatchNights(*std::move(history), {}, *UtcSeconds(at));
  EXPECT_TRUE(watch.ok()) << watch.status().message();
  return *std::move(watch);
}

// A month: steady, a step that the gate sees and somebody mends, two nights that did not run, an
// invalid one, one that did not finish, a creep that nobody sees, an artifact one byte larger.
void AddEventfulMonth(MadeNights& nights) {
  nights.AddDaily("2025-11-01T02:15:00Z", 28, [](int i, MadeNight* night) {
    const double wobble = 1 + 0.002 * ((i * 7) % 11 - 5) / 5.0;
    night->ratios = {wobble, 2 - wobble, 1};
    night->temperature_c = 48 + (i * 5) % 7;
    if (i >= 5 && i < 9) {
      night->ratios[0] *= 1.06;
      night->runtime_version = "0.1.1";
    }
    if (i >= 12 && i < 14) night->baseline = "another";  // none of these nights
    if (i == 15) night->waiting = 0.4;
    if (i == 18) night->finished = false;
    if (i >= 17) night->ratios[1] *= 1 + 0.0017 * (i - 16);
    if (i >= 20) night->runtime_version = "0.2.0";
    if (i == 27) night->grown_bytes = 1;
  });
}

std::string WithoutStyle(std::string html) {
  const size_t begin = html.find("<style>\n") + 8;
  return html.erase(begin, html.find("</style>") - begin);
}

TEST(NightsReports, OfAnEventfulMonthAreWhatWasApproved) {
  MadeNights nights;
  AddEventfulMonth(nights);
  const Watch watch = WatchOf(nights);
  const NightLinks links = {{28, "2025-11-28/report.html"}, {1, "2025-11-01/report.html"}};
  ExpectGolden("reports/golden/nights.txt", NightsText(watch));
  ExpectGolden("reports/golden/nights.csv", NightsCsv(watch, links));
  const auto page = NightsHtml(watch, {.links = links});
  ASSERT_TRUE(page.ok()) << page.status().message();
  ExpectGolden("reports/golden/nights.html", WithoutStyle(*page));
}

TEST(NightsText, FitsATerminalOf80Columns) {
  MadeNights nights;
  AddEventfulMonth(nights);
  std::istringstream lines(NightsText(WatchOf(nights)));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(DisplayWidth(line), 80U) << line;
  }
}

TEST(NightsReports, SayFirstThatTheNewestIsOverdue) {
  MadeNights nights;
  AddEventfulMonth(nights);
  const Watch watch = WatchOf(nights, "2025-12-02T12:00:00Z");
  const std::string text = NightsText(watch);
  EXPECT_THAT(text,
              ::testing::StartsWith("Overdue: the newest night began 2025-11-28 02:15 UTC, "));
  EXPECT_THAT(text, HasSubstr("3 nights did not run"));
  const std::string page = *NightsHtml(watch, {});
  EXPECT_LT(page.find("Overdue: "), page.find("Regression: 1 of 3"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  const Json json = *ParseJson(NightsJson(watch, {}));
  EXPECT_THAT(json.at("overdue").get<std::string>(), HasSubstr("Overdue: "));
  EXPECT_EQ(json.at("missing").size(), 2U);
}

TEST(NightsJson, HasTheFiguresOfEveryCellAndNight) {
  MadeNights nights;
  AddEventfulMonth(nights);
  const Json json = *ParseJson(NightsJson(WatchOf(nights), {{28, "a/report.html"}}));
  EXPECT_EQ(json.at("answer"), "regression");
  EXPECT_EQ(json.at("run_id"), 28);
  EXPECT_EQ(json.at("nights").size(), 26U);
  const Json& newest = json.at("nights")[0];
  EXPECT_EQ(newest.at("run_id"), 28);
  EXPECT_EQ(newest.at("report"), "a/report.html");
  EXPECT_EQ(newest.at("worst"), "1 byte larger");
  ASSERT_EQ(newest.at("cell_rows").size(), 3U);
  EXPECT_EQ(newest.at("cell_rows")[0].at("grown_bytes"), 1);
  EXPECT_EQ(newest.at("cell_rows")[1].at("same_build"), false);
  EXPECT_EQ(newest.at("cell_rows")[1].at("same_file"), true);
  EXPECT_EQ(newest.at("cell_rows")[1].at("compared"), true);
  ASSERT_EQ(json.at("creeps").size(), 1U);
  EXPECT_THAT(json.at("creeps")[0].get<std::string>(), HasSubstr("m · fp16"));
  EXPECT_EQ(json.at("levels")[0].at("run_id"), 6);
  EXPECT_EQ(json.at("levels")[0].at("caught_run_id"), 6);
}

TEST(NightsHtml, SaysFirstThatTheNewestEndedInAnError) {
  MadeNights nights;
  nights.Add({});
  NightFolders folders{.failures = {{"2025-11-21", "no baseline \"x\""}}};
  const std::string before = *NightsHtml(WatchOf(nights), folders);
  EXPECT_THAT(before, Not(HasSubstr("The newest night ended in an error")));
  EXPECT_THAT(before, HasSubstr("2025-11-21: no baseline"));
  folders.newest_failed = true;
  const std::string page = *NightsHtml(WatchOf(nights), folders);
  EXPECT_LT(page.find("The newest night ended in an error: 2025-11-21"), page.find("Good: none"));
}

TEST(NightsReports, OfNoNightsSayHowToMeasureOne) {
  MadeNights nights;
  const Watch watch = WatchOf(nights);
  EXPECT_THAT(NightsText(watch), HasSubstr("qbench run --baseline NAME --gate"));
  EXPECT_THAT(*NightsHtml(watch, {}), HasSubstr("qbench run --baseline NAME --gate"));
  EXPECT_EQ(ParseJson(NightsJson(watch, {}))->at("answer"), "none");
  const std::string csv = NightsCsv(watch, {});
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1);
}

// Names come from files: a page must show them and not run them.
TEST(NightsHtml, EscapesWhatCameFromOutside) {
  MadeNights nights;
  MadeNight night;
  night.baseline = "<b>&\"";
  night.git_state = "<script>alert(1)</script>";
  const int64_t run = nights.Add(night);
  const std::string page = *NightsHtml(
      WatchOf(nights), {.links = {{run, "x\"onclick=\"y"}}, .failures = {{"<b>", "<script>"}}});
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, Not(HasSubstr("x\"onclick")));
}

}  // namespace
}  // namespace qbench::reports
