#include "harness/results/night.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/made_run.h"

namespace qbench::results {
namespace {

using store::CellData;
using store::MadeCell;
using store::MadeRun;
using store::Outcome;
using store::RunData;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kPairs = 10;

// Medians of so many processes, which differ by one per cent from end to end.
std::vector<double> Medians(int count, double center, int turn = 7) {
  std::vector<double> medians;
  for (int i = 0; i < count; ++i) {
    medians.push_back(center * (1 + 0.01 * (i * turn % count) / count));
  }
  return medians;
}

struct Sides {
  MadeCell base;
  MadeCell now;
};

MadeCell Steady(const std::string& quantizer = "int8", int processes = kPairs) {
  MadeCell cell;
  cell.quantizer = quantizer;
  cell.medians_ms = Medians(processes, 3);
  return cell;
}

// As a run with a gate is loaded: the baseline's cells apart, of a copy of the runtime.
RunData Night(const std::vector<Sides>& cells, int images = 600) {
  MadeRun made(7, images);
  for (const Sides& sides : cells) made.Add(sides.now);
  for (const Sides& sides : cells) made.Add(sides.base);
  RunData run = made;
  run.run.settings["gate"]["pairs"] = kPairs;
  store::Plugin copy = run.plugins.at(run.cells[0].cell.runtime_id);
  copy.id = 99;
  copy.path = "/baselines/b/runtimes/litert.so";
  run.plugins[99] = copy;
  for (size_t i = cells.size(); i < run.cells.size(); ++i) {
    CellData cell = run.cells[i];
    cell.cell.side = store::kBaselineSide;
    cell.cell.runtime_id = 99;
    run.baseline_cells.push_back(cell);
  }
  run.cells.resize(cells.size());
  return run;
}

results::Night Judge(const RunData& run, const Floors& floors = {}) {
  return JudgeNight(run, floors, RulesOf(run.run));
}

// The conditions of a process that waited for this share of two seconds.
Json Waited(double share, double stolen = 0) {
  return {
      {"before", {{"uptime_ms", 5000}, {"waited_us", 100}, {"stolen_ms", 40}}},
      {"after",
       {{"uptime_ms", 7000}, {"waited_us", 100 + share * 2e6}, {"stolen_ms", 40 + stolen * 2000}}}};
}

void SetConditions(const Json& conditions, int from, int to, CellData* cell) {
  for (store::Measurement& measurement : cell->measurements) {
    if (measurement.kind != store::MeasurementKind::kLatency) continue;
    if (measurement.repetition >= from && measurement.repetition < to) {
      measurement.conditions = conditions;
    }
  }
}

TEST(JudgeNight, OfOneBuildIsGood) {
  const results::Night night =
      Judge(Night({{Steady(), Steady()}, {Steady("fp16"), Steady("fp16")}}));
  EXPECT_EQ(night.answer, NightAnswer::kGood);
  EXPECT_EQ(night.sentence, "Good: none of 2 cells is worse than the baseline.");
  EXPECT_THAT(night.suspects, IsEmpty());
  ASSERT_EQ(night.cells.size(), 2U);
  EXPECT_TRUE(night.cells[0].same_build);
  EXPECT_THAT(night.cells[0].sentence,
              HasSubstr("m · int8 · litert · 1 thread: good: as fast (ratio 1.000"));
  EXPECT_THAT(night.cells[0].sentence, HasSubstr("10 pairs; floor 2.0 %"));
  EXPECT_THAT(night.cells[0].sentence, HasSubstr("same size; memory +0.0 %"));
}

TEST(JudgeNight, IsRedWhereTheRepeatAgrees) {
  MadeCell slow = Steady();
  slow.medians_ms = Medians(kPairs, 3.15, 3);
  const results::Night first = Judge(Night({{Steady(), slow}, {Steady("fp16"), Steady("fp16")}}));
  EXPECT_THAT(first.suspects, ElementsAre(1));
  EXPECT_EQ(first.cells[0].first_look, Judgement::kWorse);
  EXPECT_EQ(first.cells[0].figures.latency_judgement, Judgement::kMaybeWorse);  // not repeated yet
  EXPECT_EQ(first.answer, NightAnswer::kGood);
  EXPECT_THAT(first.sentence, HasSubstr("1 warning"));

  slow.medians_ms = Medians(2 * kPairs, 3.15, 3);
  const results::Night red = Judge(Night({{Steady("int8", 2 * kPairs), slow}}));
  EXPECT_EQ(red.answer, NightAnswer::kRegression);
  EXPECT_EQ(red.cells[0].figures.judgement, Judgement::kWorse);
  EXPECT_THAT(red.cells[0].sentence, HasSubstr(": regression: slower by "));
  EXPECT_THAT(red.cells[0].sentence, HasSubstr("; again by "));
  EXPECT_THAT(red.sentence,
              HasSubstr("Regression: 1 of 1 cell is worse than the baseline: m · int8"));

  // The repeat says something else.
  for (int i = kPairs; i < 2 * kPairs; ++i) slow.medians_ms[static_cast<size_t>(i)] = 3;
  const results::Night warned = Judge(Night({{Steady("int8", 2 * kPairs), slow}}));
  EXPECT_EQ(warned.answer, NightAnswer::kGood);
  EXPECT_EQ(warned.cells[0].figures.judgement, Judgement::kMaybeWorse);
  EXPECT_THAT(warned.cells[0].sentence, HasSubstr("not confirmed by the repeat"));
}

TEST(JudgeNight, UsesTheFloorThatTheBoardHasShown) {
  MadeCell slow = Steady("int8", 2 * kPairs);
  slow.medians_ms = Medians(2 * kPairs, 3.15, 3);
  const RunData run = Night({{Steady("int8", 2 * kPairs), slow}});
  const CellKey key = KeyOf(run, run.cells[0]);
  EXPECT_EQ(Judge(run, {.median = {{key, 0.03}}}).answer, NightAnswer::kRegression);
  const results::Night within = Judge(run, {.median = {{key, 0.08}}});
  EXPECT_EQ(within.answer, NightAnswer::kGood);
  EXPECT_THAT(within.cells[0].sentence, HasSubstr("floor 8.0 %"));
}

TEST(FloorHistory, LearnsFromNightsOfOneBuildAlone) {
  MadeCell faster = Steady();
  faster.medians_ms = Medians(kPairs, 3 / 1.04);
  FloorHistory history;
  EXPECT_THAT(history.Learned().median, IsEmpty());
  const RunData same = Night({{Steady(), faster}});
  history.Add(Judge(same));
  RunData other = same;
  other.plugins[99].sha256 = "another build";
  history.Add(Judge(other));
  EXPECT_EQ(history.nights(), 1U);
  const Floors floors = history.Learned();
  ASSERT_EQ(floors.median.size(), 1U);
  EXPECT_NEAR(floors.median.at(KeyOf(same, same.cells[0])), 0.04, 1e-9);
  EXPECT_THAT(floors.p90, IsEmpty());  // of one sample a process
  RunData engine = same;               // the library of its engine is another
  engine.plugins[99].facts["library_sha256"] = "another engine";
  history.Add(Judge(engine));
  EXPECT_EQ(history.nights(), 1U);
}

// Gives each process 64 samples around its median, an eighth of them `tail` times as long.
void SetTails(double tail, CellData* cell) {
  for (store::Measurement& measurement : cell->measurements) {
    if (measurement.kind != store::MeasurementKind::kLatency) continue;
    measurement.samples_ns.resize(64, measurement.samples_ns.at(0));
    for (size_t i = 0; i < 8; ++i) measurement.samples_ns[i] *= tail;
  }
}

RunData NightOfTails(double base, double now, int processes) {
  RunData run = Night({{Steady("int8", processes), Steady("int8", processes)}});
  SetTails(base, &run.baseline_cells[0]);
  SetTails(now, &run.cells[0]);
  return run;
}

TEST(JudgeNight, WatchesTheSlowTenthToo) {
  const results::Night same = Judge(NightOfTails(1.2, 1.2, kPairs));
  EXPECT_EQ(same.cells[0].tail.judgement, Judgement::kSame);
  EXPECT_EQ(same.answer, NightAnswer::kGood);

  const results::Night first = Judge(NightOfTails(1.2, 1.5, kPairs));
  EXPECT_EQ(first.cells[0].figures.latency_judgement, Judgement::kSame);
  EXPECT_EQ(first.cells[0].tail.judgement, Judgement::kMaybeWorse);
  EXPECT_THAT(first.suspects, ElementsAre(1));
  EXPECT_EQ(first.answer, NightAnswer::kGood);
  EXPECT_THAT(first.cells[0].sentence,
              HasSubstr("its slow tenth (p90) perhaps slower by 25.0 % (ratio 1.2"));
  EXPECT_THAT(first.cells[0].sentence, HasSubstr("not repeated"));

  const results::Night red = Judge(NightOfTails(1.2, 1.5, 2 * kPairs));
  EXPECT_EQ(red.cells[0].tail.judgement, Judgement::kWorse);
  EXPECT_EQ(red.answer, NightAnswer::kRegression);
  EXPECT_THAT(red.cells[0].sentence, HasSubstr("its slow tenth (p90) slower by 25.0 %"));

  RunData again = NightOfTails(1.2, 1.5, 2 * kPairs);  // the repeat says something else
  RunData calm = NightOfTails(1.2, 1.2, 2 * kPairs);
  for (size_t i = 0; i < again.cells[0].measurements.size(); ++i) {
    store::Measurement& process = again.cells[0].measurements[i];
    if (process.repetition >= kPairs) process = calm.cells[0].measurements[i];
  }
  const results::Night warned = Judge(again);
  EXPECT_EQ(warned.cells[0].tail.judgement, Judgement::kMaybeWorse);
  EXPECT_THAT(warned.cells[0].sentence, HasSubstr("not confirmed by the repeat"));
}

TEST(JudgeNight, SaysNothingOfTailsOfFewSamples) {
  RunData run = NightOfTails(1.2, 1.5, 2 * kPairs);
  run.cells[0].measurements[0].samples_ns.pop_back();
  const results::Night night = Judge(run);
  EXPECT_EQ(night.cells[0].tail.judgement, Judgement::kNone);
  EXPECT_EQ(night.answer, NightAnswer::kGood);
}

TEST(JudgeNight, HoldsTailsAgainstTheFloorOfTheBoard) {
  const RunData run = NightOfTails(1.2, 1.5, 2 * kPairs);
  const CellKey key = KeyOf(run, run.cells[0]);
  EXPECT_EQ(Judge(run, {.p90 = {{key, 0.2}}}).answer, NightAnswer::kRegression);
  EXPECT_EQ(Judge(run, {.p90 = {{key, 0.3}}}).answer, NightAnswer::kGood);
  FloorHistory history;
  history.Add(Judge(NightOfTails(1.2, 1.26, kPairs)));
  EXPECT_NEAR(history.Learned().p90.at(key), 0.05, 1e-9);
}

TEST(JudgeNight, NamesWhatDiffersBetweenTheBuilds) {
  RunData run = Night({{Steady(), Steady()}});
  EXPECT_THAT(Judge(run).differences, IsEmpty());
  run.plugins[99].facts["engine"] = "LiteRT 2.2.0";
  run.plugins.at(run.cells[0].cell.runtime_id).facts["engine"] = "LiteRT 2.3.0";
  const results::Night night = Judge(run);
  ASSERT_EQ(night.differences.size(), 1U);
  EXPECT_EQ(night.differences[0].name, "litert, engine");
  EXPECT_EQ(night.differences[0].base, "LiteRT 2.2.0");
  EXPECT_EQ(night.differences[0].now, "LiteRT 2.3.0");
  EXPECT_EQ(night.differences[0].can_explain, "latency, accuracy");
}

TEST(JudgeNight, LeavesOutPairsThatWereDisturbed) {
  RunData run = Night({{Steady(), Steady()}});
  SetConditions(Waited(0.3), 0, 2, &run.cells[0]);
  const results::Night night = Judge(run);
  EXPECT_EQ(night.answer, NightAnswer::kGood);
  EXPECT_EQ(night.cells[0].pairs, kPairs);
  EXPECT_EQ(night.cells[0].lost, 2);
  EXPECT_THAT(
      night.cells[0].sentence,
      HasSubstr("8 pairs, 2 left out as the machine was busy: it waited for a processor for "
                "30 % of the time"));
}

TEST(JudgeNight, IsInvalidWhereTooManyWere) {
  RunData busy = Night({{Steady(), Steady()}, {Steady("fp16"), Steady("fp16")}});
  for (CellData& cell : busy.baseline_cells) SetConditions(Waited(0, 0.3), 0, kPairs, &cell);
  const results::Night night = Judge(busy);
  EXPECT_EQ(night.answer, NightAnswer::kInvalid);
  EXPECT_EQ(night.cells[1].figures.latency_judgement, Judgement::kInvalid);
  EXPECT_THAT(night.cells[1].sentence, HasSubstr("10 of 10 pairs do not count"));
  EXPECT_THAT(night.sentence, HasSubstr("Invalid night: of 2 of 2 cells nothing can be said"));

  // Throttled, as the worker said it, in one cell alone: no other cell makes up for it.
  RunData hot = Night(
      {{Steady(), Steady()}, {Steady("fp16"), Steady("fp16")}, {Steady("float"), Steady("float")}});
  for (store::Measurement& process : hot.cells[0].measurements) {
    if (process.repetition % 2 == 0) process.status = Outcome::kInvalid;
    process.reason = "the board reported throttled";
  }
  hot.cells[0].cell.latency_status = Outcome::kInvalid;
  const results::Night throttled = Judge(hot);
  EXPECT_EQ(throttled.answer, NightAnswer::kInvalid);
  EXPECT_EQ(throttled.cells[1].figures.latency_judgement, Judgement::kSame);
  EXPECT_THAT(throttled.cells[0].sentence, HasSubstr("the board reported throttled"));
}

// A loss that has nothing to do with the clock is red on any night.
TEST(JudgeNight, IsRedForSizeAndAccuracyOnAnInvalidNightToo) {
  MadeCell larger = Steady();
  larger.file_bytes = 1001;
  RunData run = Night({{Steady(), larger}});
  SetConditions(Waited(0.5), 0, kPairs, &run.cells[0]);
  const results::Night night = Judge(run);
  EXPECT_EQ(night.answer, NightAnswer::kRegression);
  EXPECT_THAT(night.cells[0].sentence, HasSubstr("1 byte larger"));
}

TEST(JudgeNight, SaysWhereTheProcessesVaryTooMuch) {
  MadeCell wild = Steady();
  for (size_t i = 0; i < wild.medians_ms.size(); ++i) wild.medians_ms[i] *= i % 2 == 0 ? 0.7 : 1.4;
  const results::Night night = Judge(Night({{Steady(), wild}}));
  EXPECT_EQ(night.answer, NightAnswer::kInvalid);
  EXPECT_THAT(night.cells[0].sentence, HasSubstr("the processes vary too much"));
}

TEST(JudgeNight, TellsAccuracyAndFlipsOfOneFile) {
  MadeRun labels(1, 600);
  MadeCell base = Steady();
  base.predictions = labels.Right();
  MadeCell one = base;
  one.predictions[5] = (one.predictions[5] + 1) % 3;
  const results::Night flipped = Judge(Night({{base, one}}));
  EXPECT_EQ(flipped.answer, NightAnswer::kGood);
  EXPECT_THAT(flipped.cells[0].sentence,
              HasSubstr("1 image changed class although the file is the same"));
  EXPECT_THAT(flipped.sentence, HasSubstr("1 warning"));
  MadeCell worse = base;
  for (size_t i = 0; i < 12; ++i) worse.predictions[i] = (worse.predictions[i] + 1) % 3;
  const results::Night red = Judge(Night({{base, worse}}));
  EXPECT_EQ(red.answer, NightAnswer::kRegression);
  EXPECT_THAT(red.cells[0].sentence, HasSubstr("less accurate by 2.00 points (12 lost and 0 won"));
}

TEST(JudgeNight, HoldsMemoryAgainstItsOwnSpread) {
  const auto with = [](int64_t base_step, int64_t now) {
    RunData run = Night({{Steady(), Steady()}});
    for (store::Measurement& process : run.baseline_cells[0].measurements) {
      process.peak_rss_bytes = 20'000'000 + base_step * process.repetition;
    }
    for (store::Measurement& process : run.cells[0].measurements) process.peak_rss_bytes = now;
    return Judge(run);
  };
  EXPECT_EQ(with(0, 20'900'000).answer, NightAnswer::kGood);  // within the floor
  const results::Night more = with(0, 24'000'000);
  EXPECT_EQ(more.answer, NightAnswer::kRegression);
  EXPECT_THAT(more.cells[0].sentence, HasSubstr("20.0 % more memory"));
  EXPECT_EQ(with(400'000, 23'600'000).answer, NightAnswer::kGood);  // it wobbles by 18 % itself
}

TEST(JudgeNight, TellsWhatFails) {
  RunData run = Night({{Steady(), Steady()}});
  run.cells[0].cell.status = Outcome::kCrashed;
  run.cells[0].cell.reason = "it ended by a signal";
  const results::Night crashed = Judge(run);
  EXPECT_EQ(crashed.answer, NightAnswer::kRegression);
  EXPECT_THAT(crashed.cells[0].sentence, HasSubstr("it fails: it ended by a signal"));
  RunData base = Night({{Steady(), Steady()}});
  base.baseline_cells[0].cell.status = Outcome::kFailed;
  base.baseline_cells[0].cell.reason = "no memory";
  const results::Night without = Judge(base);
  EXPECT_EQ(without.answer, NightAnswer::kInvalid);
  EXPECT_THAT(without.cells[0].sentence,
              HasSubstr("the baseline could not be measured: no memory"));
  RunData alone = Night({{Steady(), Steady()}});
  alone.baseline_cells.clear();
  EXPECT_EQ(Judge(alone).answer, NightAnswer::kInvalid);
  EXPECT_THAT(Judge(alone).cells[0].sentence, HasSubstr("not in the baseline"));
}

TEST(WaitingShare, IsOfAThreadAndKnownWhereTheKernelTells) {
  EXPECT_NEAR(*WaitingShare(Waited(0.3), 1), 0.3, 1e-9);
  EXPECT_NEAR(*WaitingShare(Waited(0.2, 0.1), 1), 0.3, 1e-9);
  EXPECT_NEAR(*WaitingShare(Waited(0.4), 4), 0.1, 1e-9);
  EXPECT_EQ(*WaitingShare(Waited(3), 1), 1);
  EXPECT_EQ(WaitingShare(Json::object(), 1), std::nullopt);
  Json silent = Waited(0.3);
  for (const char* when : {"before", "after"}) {
    silent[when].erase("waited_us");
    silent[when].erase("stolen_ms");
  }
  EXPECT_EQ(WaitingShare(silent, 1), std::nullopt);
  Json brief = Waited(0.3);
  brief["after"]["uptime_ms"] = 5400;
  EXPECT_EQ(WaitingShare(brief, 1), std::nullopt);
}

TEST(NightRules, GoThroughTheSettings) {
  NightRules rules;
  rules.pairs = 23;
  rules.limits.latency_floor = 0.04;
  rules.limits.accuracy_budget = 0.01;
  rules.limits.size_growth = 0.02;
  store::Run run;
  EXPECT_EQ(RulesOf(run).pairs, NightRules().pairs);
  run.settings["gate"] = RulesToJson(rules);
  EXPECT_EQ(RulesToJson(RulesOf(run)), RulesToJson(rules));
}

}  // namespace
}  // namespace qbench::results
