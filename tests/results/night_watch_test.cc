#include "harness/results/night_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utc_time.h"
#include "tests/results/made_nights.h"

namespace qbench::results {
namespace {

using store::MadeNight;
using store::MadeNights;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kFirst = "2025-11-01T02:15:00Z";

NightHistory Load(MadeNights& nights, const NightChoice& choice = {}) {
  Result<NightHistory> history = LoadNights(nights.store(), choice);
  EXPECT_TRUE(history.ok()) << history.status().message();
  return history.ok() ? *std::move(history) : NightHistory{};
}

Watch MakeWatch(MadeNights& nights, const std::string& at = "2025-11-25T12:00:00Z") {
  Result<Watch> watch = WatchNights(Load(nights), {}, *UtcSeconds(at));
  EXPECT_TRUE(watch.ok()) << watch.status().message();
  return watch.ok() ? *std::move(watch) : Watch{};
}

// What one night differs from the next by, the same on every machine: within 0.2 %.
double Wobble(int night, int cell) { return 1 + 0.002 * ((night * 7 + cell * 3) % 11 - 5) / 5.0; }

void Steady(int index, MadeNight* night) { night->ratios = {Wobble(index, 0), Wobble(index, 1)}; }

TEST(LoadNights, JudgesEachAsItWasThen) {
  MadeNights nights;
  // The same build, up to 4 % apart: a floor that the later nights have and the first has not.
  nights.AddDaily(kFirst, 5, [](int i, MadeNight* night) {
    night->ratios = {i % 2 == 0 ? 1.04 : 1 / 1.04, 1};
  });
  const NightHistory history = Load(nights);
  ASSERT_THAT(history.nights, SizeIs(5));
  EXPECT_EQ(history.baseline, "release-1.2");
  EXPECT_EQ(history.nights[0].night->answer, NightAnswer::kRegression);
  EXPECT_EQ(history.nights[4].night->answer, NightAnswer::kGood);
  EXPECT_NEAR(history.nights[0].night->cells[0].floor, 0.02, 1e-9);
  EXPECT_NEAR(history.nights[4].night->cells[0].floor, 0.04, 1e-3);
  EXPECT_DOUBLE_EQ(history.nights[4].temperatures->low, 48);
  EXPECT_DOUBLE_EQ(history.nights[4].temperatures->median, 50);
  EXPECT_DOUBLE_EQ(history.nights[4].temperatures->high, 52);
  // The floors of nights that are not shown count all the same.
  const NightHistory last = Load(nights, {.last = 1});
  ASSERT_THAT(last.nights, SizeIs(1));
  EXPECT_EQ(last.older, 4U);
  EXPECT_EQ(last.nights[0].night->sentence, history.nights[4].night->sentence);
  EXPECT_EQ(last.nights[0].night->cells[0].sentence, history.nights[4].night->cells[0].sentence);
}

TEST(LoadNights, TakesOneBaselineAndOneBoard) {
  MadeNights nights;
  EXPECT_THAT(Load(nights).nights, IsEmpty());
  nights.AddDaily(kFirst, 6, [](int i, MadeNight* night) {
    if (i == 1) night->baseline = "other";
    if (i == 2) night->host_id = "another board";
    if (i == 3) night->finished = false;
  });
  const NightHistory history = Load(nights);
  ASSERT_THAT(history.nights, SizeIs(4));
  EXPECT_EQ(history.other_boards, 1U);
  EXPECT_FALSE(history.nights[1].night.has_value());
  EXPECT_THAT(Load(nights, {.baseline = "other"}).nights, SizeIs(1));
  const auto none = LoadNights(nights.store(), {.baseline = "none"});
  EXPECT_EQ(none.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(none.status().message(), HasSubstr("release-1.2, other"));
}

TEST(LoadNights, SaysWhatWasNotAsOnTheNightBefore) {
  MadeNights nights;
  nights.AddDaily(kFirst, 4, [](int i, MadeNight* night) {
    night->runtime_version = i < 2 ? "0.1.0" : "0.2.0";
    night->temperature_c = 40 + 10 * i;  // is no cause that somebody made
  });
  const NightHistory history = Load(nights);
  EXPECT_THAT(history.nights[1].changed, IsEmpty());
  ASSERT_THAT(history.nights[2].changed, SizeIs(2));  // of another version, and another file
  EXPECT_EQ(history.nights[2].changed[0].name, "litert, library");
  EXPECT_EQ(history.nights[2].changed[1].name, "litert, version");
  EXPECT_EQ(history.nights[2].changed[1].now, "0.2.0");
  EXPECT_THAT(history.nights[3].changed, IsEmpty());
}

TEST(WatchNights, OfSteadyNightsFindsNothing) {
  MadeNights nights;
  nights.AddDaily(kFirst, 24, Steady);
  const Watch watch = MakeWatch(nights);
  ASSERT_THAT(watch.trends, SizeIs(2));
  EXPECT_EQ(watch.trends[0].name, "m · int8 · litert · 1 thread");
  EXPECT_NEAR(*watch.trends[0].points[3].ratio, Wobble(3, 0), 1e-3);
  EXPECT_THAT(watch.trends[0].changes, IsEmpty());
  EXPECT_THAT(watch.trends[1].changes, IsEmpty());
  EXPECT_THAT(watch.creeps, IsEmpty());
  EXPECT_THAT(watch.missing, IsEmpty());
  EXPECT_FALSE(watch.overdue());
  EXPECT_EQ(watch.newest_judged()->run.id, 24);
}

TEST(WatchNights, FindsACreepThatNoNightSaw) {
  MadeNights nights;
  nights.AddDaily(kFirst, 20, [](int i, MadeNight* night) {
    Steady(i, night);
    if (i >= 10) night->ratios[1] *= 1 + 0.0018 * (i - 9);  // stays below the floor of 2 %
  });
  const Watch watch = MakeWatch(nights);
  for (const JudgedNight& night : watch.nights()) {
    EXPECT_NE(night.night->answer, NightAnswer::kRegression) << night.night->sentence;
  }
  ASSERT_THAT(watch.creeps, SizeIs(1));
  const Creep& creep = watch.creeps[0];
  EXPECT_EQ(watch.trends[creep.trend].name, "m · fp16 · litert · 1 thread");
  EXPECT_GE(creep.first, 10U);
  EXPECT_LE(creep.first, 16U);
  EXPECT_GT(creep.percent(), 0.8);
  EXPECT_LT(creep.percent(), 2.0);
}

TEST(WatchNights, KnowsWhichChangesTheGateSaw) {
  MadeNights nights;
  nights.AddDaily(kFirst, 20, [](int i, MadeNight* night) {
    Steady(i, night);
    if (i >= 8 && i < 15) night->ratios[0] *= 1.06;
    if (i == 4) night->ratios[1] *= 1.2;  // one night alone
  });
  const Watch watch = MakeWatch(nights);
  ASSERT_THAT(watch.trends[0].changes, SizeIs(2));
  EXPECT_EQ(watch.trends[0].changes[0].night, 8U);
  EXPECT_NEAR(watch.trends[0].changes[0].percent(), 6, 0.3);
  EXPECT_EQ(watch.trends[0].changes[0].caught, 8U);
  EXPECT_EQ(watch.trends[0].changes[1].night, 15U);
  EXPECT_EQ(watch.trends[0].changes[1].caught, std::nullopt);
  EXPECT_THAT(watch.trends[1].changes, IsEmpty());
  EXPECT_THAT(watch.creeps, IsEmpty());
}

TEST(WatchNights, LeavesInvalidNightsOutOfLevels) {
  MadeNights nights;
  nights.AddDaily(kFirst, 20, [](int i, MadeNight* night) {
    Steady(i, night);
    if (i < 8 || i > 12) return;
    night->ratios[0] *= 1.06;
    night->waiting = 0.5;
  });
  const Watch watch = MakeWatch(nights);
  EXPECT_EQ(watch.nights()[9].night->answer, NightAnswer::kInvalid);
  EXPECT_FALSE(watch.trends[0].points[9].counts());
  EXPECT_THAT(watch.trends[0].changes, IsEmpty());
}

TEST(WatchNights, ComparesNothingAcrossTwoBaselines) {
  MadeNights nights;
  nights.AddDaily(kFirst, 20, [](int i, MadeNight* night) {
    Steady(i, night);
    if (i < 10) night->ratios[0] *= 1.015;
    if (i >= 10) night->baseline_sha256 = "pinned again";
  });
  const Watch watch = MakeWatch(nights);
  EXPECT_THAT(watch.pinned_anew, ElementsAre(10U));
  EXPECT_THAT(watch.trends[0].changes, IsEmpty());
}

TEST(WatchNights, MissesNightsThatDidNotRun) {
  MadeNights nights;
  for (const char* start : {"2025-11-01T02:15:00Z", "2025-11-02T09:15:00Z", "2025-11-05T02:15:00Z",
                            "2025-11-06T02:15:00Z"}) {
    MadeNight night;
    night.started_at = start;
    nights.Add(night);
  }
  const Watch in_time = MakeWatch(nights, "2025-11-07T12:00:00Z");
  ASSERT_THAT(in_time.missing, SizeIs(1));
  EXPECT_EQ(in_time.missing[0].before, 2U);
  EXPECT_EQ(in_time.missing[0].count, 2);
  EXPECT_EQ(UtcText(in_time.missing[0].first), "2025-11-03T09:15:00Z");
  EXPECT_FALSE(in_time.overdue());
  const Watch late = MakeWatch(nights, "2025-11-09T03:00:00Z");
  ASSERT_THAT(late.missing, SizeIs(2));
  EXPECT_TRUE(late.overdue());
  EXPECT_EQ(late.missing[1].count, 2);  // the third is less than half a day late
  const auto weekly =
      WatchNights(Load(nights), {.every_seconds = 7 * 86400}, *UtcSeconds("2025-11-13T02:15:00Z"));
  EXPECT_THAT(weekly->missing, IsEmpty());
}

TEST(WorstCell, IsTheWorstByItsJudgement) {
  MadeNights nights;
  MadeNight slow;
  slow.ratios = {1, 1.06, 1.01};
  nights.Add(slow);
  MadeNight larger;
  larger.ratios = {0.99, 1, 1.012};
  larger.grown_bytes = 1;
  nights.Add(larger);
  MadeNight good;
  good.ratios = {0.99, 1, 1.012};
  nights.Add(good);
  const NightHistory history = Load(nights);
  EXPECT_EQ(WorstCell(*history.nights[0].night), 1U);
  EXPECT_EQ(WorstCell(*history.nights[1].night), 0U);
  EXPECT_EQ(WorstCell(*history.nights[2].night), 2U);
  EXPECT_EQ(WorstCell(Night{}), std::nullopt);
}

}  // namespace
}  // namespace qbench::results
