#include "harness/results/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/results/comparison_side.h"
#include "tests/results/made_run.h"

namespace qbench::results {
namespace {

using store::MadeCell;
using store::MadeRun;
using store::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<double> kTen = {3.00, 3.01, 3.02, 3.03, 3.04, 3.00, 3.01, 3.02, 3.03, 3.04};

std::vector<double> Times(double factor, std::vector<double> times = kTen) {
  for (double& time : times) time *= factor;
  return times;
}

Comparison CompareRuns(const Side& base, const Side& now, PairBy by = {}) {
  return Compare(base, now, Limits(), by);
}

std::vector<Judgement> JudgementsOf(const Comparison& comparison) {
  std::vector<Judgement> judgements;
  for (const CellPair& pair : comparison.pairs) judgements.push_back(pair.figures.judgement);
  return judgements;
}

// A run with one cell.
Side OneCell(int64_t id, const MadeCell& cell, int images = 6) {
  return SideOf(MadeRun(id, images).Add(cell), "run " + std::to_string(id));
}

// --- Pairing
// ----------------------------------------------------------------------------------------

TEST(Pairing, GoesByTheWholeNameOfACell) {
  const Side base = SideOf(MadeRun(1)
                               .Add({.quantizer = "float"})
                               .Add({.quantizer = "int8"})
                               .Add({.quantizer = "int8", .threads = 4})
                               .Add({.quantizer = "fp16"}),
                           "base");
  const Side now = SideOf(MadeRun(2)
                              .Add({.quantizer = "int8", .threads = 4})
                              .Add({.quantizer = "int8"})
                              .Add({.quantizer = "float"})
                              .Add({.quantizer = "dynamic"}),
                          "new");
  const Comparison comparison = CompareRuns(base, now);
  std::vector<std::string> pairs;
  for (const CellPair& pair : comparison.pairs) {
    const CellComparison& figures = pair.figures;
    pairs.push_back(
        fmt::format("{} {} {}", figures.quantizer, figures.threads, Name(figures.pairing)));
    if (figures.pairing != Pairing::kSame) continue;
    EXPECT_EQ(KeyOf(base.RunOf(*pair.base), base.CellOf(*pair.base)),
              KeyOf(now.RunOf(*pair.now), now.CellOf(*pair.now)));
  }
  EXPECT_THAT(pairs, ElementsAre("float 1 same", "int8 1 same", "int8 4 same", "fp16 1 base only",
                                 "dynamic 1 new only"));
  EXPECT_EQ(comparison.pairs[0].figures.base_run_id, std::nullopt);  // of no database
}

TEST(Pairing, TakesOtherOptionsWhereNothingElseIsLeft) {
  const Side base =
      SideOf(MadeRun(1).Add({.quantizer = "int8"}).Add({.quantizer = "fp16"}), "base");
  const Side now = SideOf(MadeRun(2)
                              .Add({.quantizer = "int8", .quantizer_options = "per_channel=false"})
                              .Add({.quantizer = "fp16"}),
                          "new");
  Comparison comparison = CompareRuns(base, now);
  ASSERT_EQ(comparison.pairs.size(), 2U);
  EXPECT_EQ(comparison.pairs[0].figures.pairing, Pairing::kOptions);
  EXPECT_EQ(comparison.pairs[0].figures.new_quantizer_options, "per_channel=false");
  EXPECT_EQ(comparison.differences[0].name, "int8, options");
  EXPECT_EQ(comparison.differences[0].now, "per_channel=false");

  // With two of them it is not known which belongs to which.
  const Side two = SideOf(MadeRun(2)
                              .Add({.quantizer = "int8", .quantizer_options = "per_channel=false"})
                              .Add({.quantizer = "int8", .quantizer_options = "images=9"}),
                          "new");
  comparison = CompareRuns(base, two);
  EXPECT_EQ(comparison.pairs.size(), 4U);
  EXPECT_EQ(comparison.answer, Answer::kCannotTell);
}

TEST(Pairing, OfTwoModelsWithOneNameGoesByTheFile) {
  MadeRun base(1);
  base.Add({.model = "one"}).Add({.model = "two"});
  MadeRun now(2);
  now.Add({.model = "one"}).Add({.model = "two"});
  for (auto* run : {&base, &now}) {
    run->data().models[1].stem = run->data().models[2].stem = "net";
  }
  std::swap(now.data().models[1].sha256, now.data().models[2].sha256);
  const Side left = SideOf(base, "base");
  const Side right = SideOf(now, "new");
  const Comparison comparison = CompareRuns(left, right);
  ASSERT_EQ(comparison.pairs.size(), 2U);
  EXPECT_EQ(comparison.pairs[0].now->cell, 1U);
  EXPECT_EQ(comparison.pairs[1].now->cell, 0U);
}

TEST(Pairing, ByNamesThatWereGivenLooksAtTheRest) {
  const MadeRun run = MadeRun(1)
                          .Add({.quantizer = "int8", .medians_ms = kTen})
                          .Add({.quantizer = "int8", .threads = 4, .medians_ms = kTen})
                          .Add({.quantizer = "fp16", .medians_ms = Times(1.2)})
                          .Add({.quantizer = "fp16", .threads = 4, .medians_ms = Times(1.3)});
  Side base = SideOf(run, "run 1");
  Side now = SideOf(run, "run 1");
  base.database = now.database = "some.sqlite";
  ASSERT_TRUE(KeepCells("int8", "", &base).ok());
  ASSERT_TRUE(KeepCells("fp16", "litert", &now).ok());
  const Comparison comparison = CompareRuns(base, now, {.quantizer = false});
  ASSERT_EQ(comparison.pairs.size(), 2U);
  const CellComparison& figures = comparison.pairs[1].figures;
  EXPECT_EQ(figures.pairing, Pairing::kChosen);
  EXPECT_EQ(figures.threads, 4);
  EXPECT_EQ(figures.quantizer, "int8");
  EXPECT_EQ(figures.new_quantizer, "fp16");
  // Both were measured in the same rounds.
  EXPECT_EQ(figures.latency_test, "signed-rank");
  EXPECT_EQ(figures.latency_judgement, Judgement::kWorse);
  EXPECT_EQ(figures.base_run_id, 1);

  EXPECT_EQ(KeepCells("int9", "", &base).message(),
            "run 1 has no cell of int9; it has int8 on litert");
}

// --- Figures
// ----------------------------------------------------------------------------------------

TEST(Compare, OneRunWithItselfFindsNothing) {
  const MadeRun run = MadeRun(1).Add({.medians_ms = kTen, .predictions = MadeRun(1).Right()});
  const Side base = SideOf(run, "run 1");
  const Side now = SideOf(run, "run 1");
  const Comparison comparison = CompareRuns(base, now);
  EXPECT_THAT(JudgementsOf(comparison), ElementsAre(Judgement::kSame));
  EXPECT_EQ(comparison.answer, Answer::kNoRegression);
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_EQ(comparison.pairs[0].figures.latency_ratio, 1);
  EXPECT_EQ(comparison.pairs[0].figures.images_flipped, 0);
}

TEST(Compare, NamesASlowerALargerAndALessAccurateCell) {
  std::vector<int32_t> wrong = MadeRun(1, 300).Right();
  for (size_t i = 0; i < 30; ++i) wrong[i] = (wrong[i] + 1) % 3;
  const std::vector<int32_t> right = MadeRun(1, 300).Right();
  const Side base = SideOf(MadeRun(1, 300)
                               .Add({.quantizer = "a", .medians_ms = kTen, .predictions = right})
                               .Add({.quantizer = "b", .medians_ms = kTen, .predictions = right})
                               .Add({.quantizer = "c", .medians_ms = kTen, .predictions = right}),
                           "base");
  const Side now = SideOf(
      MadeRun(2, 300)
          .Add({.quantizer = "a", .medians_ms = Times(1.1), .predictions = right})
          .Add({.quantizer = "b", .file_bytes = 1001, .medians_ms = kTen, .predictions = right})
          .Add({.quantizer = "c", .medians_ms = kTen, .predictions = wrong}),
      "new");
  const Comparison comparison = CompareRuns(base, now);
  EXPECT_THAT(JudgementsOf(comparison),
              ElementsAre(Judgement::kWorse, Judgement::kWorse, Judgement::kWorse));
  EXPECT_EQ(comparison.answer, Answer::kRegression);
  const CellComparison& slower = comparison.pairs[0].figures;
  EXPECT_EQ(slower.latency_judgement, Judgement::kWorse);
  EXPECT_NEAR(*slower.latency_ratio, 1.1, 1e-12);
  EXPECT_GT(*slower.latency_ratio_low, 1.08);
  EXPECT_EQ(slower.latency_test, "mann-whitney");
  EXPECT_EQ(slower.size_judgement, Judgement::kSame);
  EXPECT_EQ(slower.accuracy_judgement, Judgement::kSame);
  EXPECT_EQ(comparison.pairs[1].figures.size_judgement, Judgement::kWorse);
  EXPECT_EQ(comparison.pairs[1].figures.grown_bytes, 1);
  const CellComparison& wronger = comparison.pairs[2].figures;
  EXPECT_EQ(wronger.accuracy_judgement, Judgement::kWorse);
  EXPECT_EQ(wronger.images_lost, 30);
  EXPECT_DOUBLE_EQ(*wronger.top1_drop, 0.1);
  EXPECT_DOUBLE_EQ(*wronger.new_top1, 0.9);
  EXPECT_EQ(comparison.pairs[2].flips.size(), 30U);
}

TEST(Compare, OrdersTheFlipsByWhatTheyCost) {
  const Side base = OneCell(1, {.predictions = {0, 1, 2, 1, 0, -1}});
  const Side now = OneCell(2, {.predictions = {1, 0, 2, 0, 2, 0}});
  const Comparison comparison = CompareRuns(base, now);
  const CellPair& pair = comparison.pairs[0];
  std::vector<size_t> images;
  for (const Flip& flip : pair.flips) images.push_back(flip.image);
  // Labels 0, 1, 2, 0, 1, 2: images 1 and 0 are lost (surest first), 3 is gained, 4 was and is
  // wrong; 5 could not be used.
  EXPECT_THAT(images, ElementsAre(1, 0, 3, 4));
  EXPECT_EQ(pair.figures.images, 5);
  EXPECT_EQ(pair.figures.images_lost, 2);
  EXPECT_EQ(pair.figures.images_gained, 1);
  EXPECT_EQ(pair.figures.images_flipped, 4);
}

TEST(Compare, OtherImagesAreNotComparedOneByOne) {
  const Side base = OneCell(1, {.predictions = MadeRun(1).Right()});
  MadeRun other(2);
  other.Add({.predictions = other.Right()}).data().splits[1].sha256 = "others";
  const Side now = SideOf(other, "new");
  const Comparison comparison = CompareRuns(base, now);
  EXPECT_EQ(comparison.pairs[0].figures.accuracy_judgement, Judgement::kNotJudged);
  EXPECT_EQ(comparison.pairs[0].figures.images, std::nullopt);
  EXPECT_EQ(comparison.pairs[0].figures.new_top1, 1);
  EXPECT_EQ(comparison.answer, Answer::kCannotTell);
  EXPECT_EQ(comparison.differences[0].name, "data set d/test");
}

TEST(Compare, AnotherBoardsLatenciesStandSideBySide) {
  const Side base = OneCell(1, {.medians_ms = kTen, .predictions = MadeRun(1).Right()});
  MadeRun other(2);
  other.Add({.medians_ms = Times(3), .predictions = other.Right()});
  other.data().run.host["board.model"] = "Raspberry Pi 4 Model B Rev 1.4";
  const Side now = SideOf(other, "new");
  const Comparison comparison = CompareRuns(base, now);
  const CellComparison& figures = comparison.pairs[0].figures;
  EXPECT_EQ(figures.latency_judgement, Judgement::kNotJudged);
  EXPECT_EQ(figures.latency_ratio, std::nullopt);
  EXPECT_NEAR(*figures.new_median_ms, 9.06, 1e-9);
  EXPECT_EQ(figures.accuracy_judgement, Judgement::kSame);
  EXPECT_EQ(figures.size_judgement, Judgement::kSame);
  EXPECT_EQ(comparison.other_boards,
            "Raspberry Pi 5 Model B Rev 1.0 against Raspberry Pi 4 Model B Rev 1.4");
  EXPECT_EQ(comparison.answer, Answer::kNoRegression);
}

TEST(Compare, WhatFailsNowIsWorseAndWhatWorksNowIsBetter) {
  const MadeCell good = {.medians_ms = kTen};
  const MadeCell crashed = {.file_bytes = 0,
                            .status = Outcome::kCrashed,
                            .accuracy_status = Outcome::kCrashed,
                            .latency_status = Outcome::kNotMeasured,
                            .reason = "signal 11"};
  const Side working = OneCell(1, good);
  const Side failing = OneCell(2, crashed);
  EXPECT_EQ(CompareRuns(working, failing).answer, Answer::kRegression);
  EXPECT_EQ(CompareRuns(working, failing).pairs[0].figures.new_status, "crashed");
  EXPECT_THAT(JudgementsOf(CompareRuns(failing, working)), ElementsAre(Judgement::kBetter));
  EXPECT_EQ(CompareRuns(failing, failing).answer, Answer::kCannotTell);
  EXPECT_THAT(JudgementsOf(CompareRuns(failing, failing)), ElementsAre(Judgement::kNone));
  // What was not asked for is no failure.
  MadeCell partly = good;
  partly.accuracy_status = Outcome::kNotMeasured;
  const Side without = OneCell(2, partly);
  EXPECT_EQ(CompareRuns(working, without).answer, Answer::kNoRegression);
}

TEST(Compare, WhereEveryLatencyIsInvalidItCannotTell) {
  const MadeCell good = {.medians_ms = kTen};
  MadeCell throttled = {.medians_ms = Times(2)};
  throttled.latency_status = Outcome::kInvalid;
  const Side base = OneCell(1, good);
  const Side night = OneCell(2, throttled);
  Comparison comparison = CompareRuns(base, night);
  EXPECT_EQ(comparison.answer, Answer::kCannotTell);
  EXPECT_EQ(comparison.pairs[0].figures.latency_judgement, Judgement::kInvalid);
  EXPECT_EQ(comparison.pairs[0].figures.new_status, "latency invalid");
  EXPECT_EQ(comparison.pairs[0].figures.latency_ratio, std::nullopt);

  // One invalid cell among others is shown, and the others tell.
  MadeCell other = good;
  other.threads = 4;
  const Side two = SideOf(MadeRun(1).Add(good).Add(other), "base");
  const Side mixed = SideOf(MadeRun(2).Add(throttled).Add(other), "new");
  comparison = CompareRuns(two, mixed);
  EXPECT_EQ(comparison.answer, Answer::kNoRegression);
  EXPECT_THAT(JudgementsOf(comparison), ElementsAre(Judgement::kInvalid, Judgement::kSame));
}

TEST(Compare, FewProcessesThatLookSlowerCannotTell) {
  const Side base = OneCell(1, {.medians_ms = {3.00, 3.01, 3.02}});
  const Side slow = OneCell(2, {.medians_ms = {6.00, 6.01, 6.02}});
  const Comparison comparison = CompareRuns(base, slow);
  EXPECT_EQ(comparison.answer, Answer::kCannotTell);
  EXPECT_EQ(comparison.pairs[0].figures.latency_judgement, Judgement::kMaybeWorse);
  EXPECT_TRUE(comparison.pairs[0].too_few);
  EXPECT_EQ(comparison.pairs[0].figures.latency_ratio_confidence, 0.9);
  const Side alike = OneCell(2, {.medians_ms = {3.01, 3.01, 3.02}});
  EXPECT_EQ(CompareRuns(base, alike).answer, Answer::kNoRegression);
}

// The family is the cells that are tested: each of them must be surer the more they are.
TEST(Compare, AdjustsForTheNumberOfCells) {
  MadeRun base(1);
  MadeRun now(2);
  for (int32_t threads = 1; threads <= 12; ++threads) {
    base.Add({.threads = threads, .medians_ms = {1.00, 1.01, 1.02, 1.00, 1.01}});
    const double factor = threads == 1 ? 1.1 : 1;
    now.Add({.threads = threads, .medians_ms = Times(factor, {1.00, 1.01, 1.02, 1.00, 1.01})});
  }
  const Side many = SideOf(base, "base");
  const Side slow = SideOf(now, "new");
  const Comparison comparison = CompareRuns(many, slow);
  EXPECT_EQ(comparison.latency_cells, 12U);
  const CellComparison& figures = comparison.pairs[0].figures;
  EXPECT_EQ(figures.latency_judgement, Judgement::kMaybeWorse);
  EXPECT_NEAR(*figures.slower_p, 1.0 / 252, 1e-9);
  EXPECT_NEAR(*figures.slower_p_adjusted, 12.0 / 252, 1e-9);
}

// --- What differs
// -----------------------------------------------------------------------------------

TEST(CompareEnvironments, PutsFirstWhatCanExplainWhatWasFound) {
  MadeRun base(1);
  base.Add({.medians_ms = kTen});
  MadeRun now(2);
  now.Add({.medians_ms = Times(1.2)});
  now.data().run.qbench_version = "0.2.0";
  now.data().run.host["cpu.governor"] = "ondemand";
  now.data().models[1].sidecar_sha256 = "another";
  now.data().plugins[2].facts = {{"library_version", "2.3.0"}, {"library_path", "/opt/l.so"}};
  base.data().plugins[2].facts = {{"library_version", "2.2.0"}, {"library_path", "/usr/l.so"}};
  const Side left = SideOf(base, "base");
  const Side right = SideOf(now, "new");
  const Comparison comparison = CompareRuns(left, right);
  std::vector<std::string> names;
  for (const FactDifference& difference : comparison.differences) {
    names.push_back(difference.area + ": " + difference.name);
  }
  // The sidecar cannot explain a latency, nor the time of day anything.
  EXPECT_THAT(names,
              ElementsAre("programs: litert, library_version", "programs: qbench",
                          "machine: cpu.governor", "inputs: model m, sidecar", "run: started"));
  EXPECT_EQ(comparison.differences[0].base, "2.2.0");
  EXPECT_EQ(comparison.differences[0].now, "2.3.0");
}

TEST(CompareEnvironments, KnowsALibraryByItsHash) {
  MadeRun base(1);
  base.Add({.medians_ms = kTen});
  base.data().plugins[2].facts = {{"library_version", "unknown"}, {"library_sha256", "abc"}};
  MadeRun now(2);
  now.Add({.medians_ms = kTen});
  now.data().plugins[2].facts = {{"library_version", "2.3.0"}, {"library_sha256", "abc"}};
  const auto names = [&] {
    const Side left = SideOf(base, "base");
    const Side right = SideOf(now, "new");
    const Comparison comparison = CompareRuns(left, right);
    std::vector<std::string> found;
    for (const FactDifference& difference : comparison.differences) {
      found.push_back(difference.name);
    }
    return found;
  };
  EXPECT_THAT(names(), ElementsAre("started"));
  now.data().plugins[2].facts["library_sha256"] = "def";
  EXPECT_THAT(names(), ElementsAre("litert, library_sha256", "litert, library_version", "started"));
}

TEST(CompareEnvironments, TellsHeatLoadAndClock) {
  const auto run = [](int64_t id, double celsius, double load, int64_t khz) {
    MadeRun made(id);
    made.Add({.medians_ms = {1, 1}});
    for (store::Measurement& process : made.data().cells[0].measurements) {
      process.conditions = {
          {"before", {{"temperature_c", celsius - 4}, {"load_1min", load}, {"frequency_khz", khz}}},
          {"after", {{"temperature_c", celsius}, {"frequency_khz", khz}}}};
    }
    return SideOf(made, "run");
  };
  const Side cool = run(1, 52, 0.2, 2400000);
  const Side hot = run(1, 81, 2.6, 1500000);
  std::vector<std::string> lines;
  for (const FactDifference& difference : CompareEnvironments(cool, hot, {})) {
    lines.push_back(difference.name + ": " + difference.base + " / " + difference.now);
  }
  EXPECT_THAT(lines,
              ElementsAre("temperature: 48 to 52 °C / 77 to 81 °C",
                          "clock asked for: 2400 MHz / 1500 MHz", "load over a minute: 0.2 / 2.6"));
  const Side warmer = run(1, 55, 0.3, 2400000);
  EXPECT_THAT(CompareEnvironments(cool, warmer, {}), IsEmpty());
}

TEST(CompareEnvironments, ShowsOfLongListsWhatDiffers) {
  MadeRun base(1);
  base.Add({}).data().run.host["cpu.features"] = "aes asimd fp";
  MadeRun now(1);
  now.Add({}).data().run.host["cpu.features"] = "aes asimd asimddp fp";
  const Side left = SideOf(base, "base");
  const Side right = SideOf(now, "new");
  const auto differences = CompareEnvironments(left, right, {});
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].base, "nothing more");
  EXPECT_EQ(differences[0].now, "asimddp");
}

}  // namespace
}  // namespace qbench::results
