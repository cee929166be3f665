#include "harness/results/judgement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

namespace qbench::results {
namespace {

using ::testing::ElementsAre;

// Medians of `count` processes around a center, one per cent apart from end to end.
std::vector<double> Medians(size_t count, double center) {
  std::vector<double> medians;
  for (size_t i = 0; i < count; ++i) {
    medians.push_back(center *
                      (1 + 0.01 * static_cast<double>(i * 7 % count) / static_cast<double>(count)));
  }
  return medians;
}

LatencyEvidence Evidence(size_t processes, double base, double now) {
  return {.base = Medians(processes, base), .now = Medians(processes, now)};
}

std::vector<Judgement> Judgements(const std::vector<LatencyEvidence>& cells,
                                  const Limits& limits = {}) {
  std::vector<Judgement> judgements;
  for (const LatencyFinding& finding : JudgeLatencies(cells, limits)) {
    judgements.push_back(finding.judgement);
  }
  return judgements;
}

TEST(JudgeLatencies, CallsWhatIsBeyondTheFloor) {
  EXPECT_THAT(Judgements({Evidence(10, 3, 3.3), Evidence(10, 3, 2.7), Evidence(10, 3, 3),
                          Evidence(10, 3, 3.05), LatencyEvidence{.base = {1}, .now = {}}}),
              ElementsAre(Judgement::kWorse, Judgement::kBetter, Judgement::kSame,
                          Judgement::kUnclear, Judgement::kNone));
  // What is shown to be a difference, and is less than counts.
  EXPECT_THAT(Judgements({Evidence(10, 3, 3.03)}, {.latency_floor = 0.05}),
              ElementsAre(Judgement::kSame));
  EXPECT_THAT(Judgements({Evidence(10, 3, 3.06)}, {.latency_floor = 0}),
              ElementsAre(Judgement::kWorse));
  // A cell may have a floor of its own, above the common one alone.
  LatencyEvidence wobbly = Evidence(10, 3, 3.3);
  wobbly.floor = 0.15;
  LatencyEvidence steady = Evidence(10, 3, 3.3);
  steady.floor = 0.001;
  EXPECT_THAT(Judgements({wobbly, steady}), ElementsAre(Judgement::kSame, Judgement::kWorse));
}

// Three processes a side: all nine ratios lie beyond, which happens by chance one time in twenty.
TEST(JudgeLatencies, OfThreeProcessesSaysThatTheyAreTooFew) {
  const auto findings = JudgeLatencies(std::vector{Evidence(3, 3, 6), Evidence(3, 3, 3)}, Limits());
  EXPECT_EQ(findings[0].judgement, Judgement::kMaybeWorse);
  EXPECT_TRUE(findings[0].too_few);
  EXPECT_NEAR(findings[0].slower_p, 0.05, 1e-12);
  EXPECT_NEAR(findings[0].slower_p_adjusted, 0.1, 1e-12);
  EXPECT_EQ(findings[0].coverage, 0.9);
  EXPECT_EQ(findings[1].judgement, Judgement::kSame);
  EXPECT_EQ(Judgements({Evidence(1, 3, 6)})[0], Judgement::kMaybeWorse);
  EXPECT_EQ(Judgements({Evidence(2, 3, 3)})[0], Judgement::kUnclear);  // covers 67 % alone
}

// A machine on which the processes of one side differ by a fifth may be as much slower the next
// time.
TEST(JudgeLatencies, DoesNotTrustWhatIsNoMoreThanTheNoise) {
  LatencyEvidence noisy;
  for (int i = 0; i < 20; ++i) {
    noisy.base.push_back(1 + 0.02 * i);
    noisy.now.push_back(1.25 + 0.02 * i);
  }
  const auto findings = JudgeLatencies(std::vector{noisy}, Limits());
  EXPECT_EQ(findings[0].judgement, Judgement::kMaybeWorse);
  EXPECT_LT(findings[0].slower_p_adjusted, 0.001);
  EXPECT_NEAR(findings[0].floor, 1.4826 * 0.1 / 1.19, 1e-9);
  EXPECT_GT(findings[0].interval.low, 1.02);
  EXPECT_FALSE(findings[0].too_few);
  for (double& ms : noisy.now) ms *= 2;
  EXPECT_EQ(Judgements({noisy})[0], Judgement::kWorse);
  // One disturbed process in ten is no noise.
  LatencyEvidence disturbed = Evidence(10, 3, 3.2);
  disturbed.now[4] *= 2;
  EXPECT_EQ(Judgements({disturbed})[0], Judgement::kWorse);
  // Nor does noise make two sides alike.
  LatencyEvidence alike;
  alike.base = noisy.base;
  alike.now = noisy.base;
  EXPECT_EQ(Judgements({alike})[0], Judgement::kUnclear);
}

TEST(ProcessesNeeded, IsTheLeastThatCanShowADifference) {
  EXPECT_EQ(ProcessesNeeded(1, 0.01), 5);   // 1 / C(10, 5) = 1 / 252
  EXPECT_EQ(ProcessesNeeded(3, 0.01), 6);   // 3 / 924
  EXPECT_EQ(ProcessesNeeded(12, 0.01), 7);  // 12 / 3432
  EXPECT_EQ(ProcessesNeeded(0, 0.05), 4);   // 1 / C(8, 4) = 1 / 70
  for (const size_t cells : {1, 3, 12, 100}) {
    const auto enough = static_cast<size_t>(ProcessesNeeded(cells, 0.01));
    const std::vector<LatencyEvidence> family(cells, Evidence(enough, 3, 6));
    EXPECT_EQ(Judgements(family)[0], Judgement::kWorse) << cells;
    const std::vector<LatencyEvidence> fewer(cells, Evidence(enough - 1, 3, 6));
    EXPECT_EQ(Judgements(fewer)[0], Judgement::kMaybeWorse) << cells;
  }
}

// What a drifting machine does to both processes of a pair cancels where the pairs are known.
TEST(JudgeLatencies, UsesThePairsWhereThereAreEnough) {
  LatencyEvidence drifting;
  for (int i = 0; i < 10; ++i) {
    const double clock = 1 + 0.05 * i;
    drifting.base.push_back(3 * clock);
    drifting.now.push_back(3.15 * clock * (1 + 0.001 * (i * 3 % 10)));
  }
  LatencyEvidence pairs = drifting;
  pairs.paired = true;
  const auto findings = JudgeLatencies(std::vector{drifting, pairs}, Limits());
  EXPECT_EQ(findings[0].judgement, Judgement::kUnclear);
  EXPECT_FALSE(findings[0].by_pairs);
  EXPECT_EQ(findings[1].judgement, Judgement::kWorse);
  EXPECT_TRUE(findings[1].by_pairs);
  EXPECT_EQ(findings[1].slower_p, 1.0 / 1024);
  LatencyEvidence few = Evidence(7, 3, 3.3);
  few.paired = true;
  EXPECT_FALSE(JudgeLatencies(std::vector{few}, Limits())[0].by_pairs);
}

TEST(JudgeAccuracy, NeedsMoreThanChanceAndMoreThanTheBudget) {
  const auto judge = [](int64_t images, int64_t lost, int64_t gained) {
    return JudgeAccuracy({images, lost, gained}, Limits()).judgement;
  };
  EXPECT_EQ(judge(0, 0, 0), Judgement::kNone);
  EXPECT_EQ(judge(24, 0, 0), Judgement::kSame);
  EXPECT_EQ(judge(3000, 1, 0), Judgement::kSame);    // one more wrong class is silent
  EXPECT_EQ(judge(3000, 10, 10), Judgement::kSame);  // the bounds are below half a point
  EXPECT_EQ(judge(3000, 300, 300), Judgement::kUnclear);
  EXPECT_EQ(judge(3000, 40, 10), Judgement::kWorse);  // one point, p < 0.0001
  EXPECT_EQ(judge(3000, 10, 40), Judgement::kBetter);
  EXPECT_EQ(judge(100000, 400, 300), Judgement::kSame);  // p < 0.0001, of a tenth of a point
  EXPECT_EQ(judge(600, 9, 1), Judgement::kMaybeWorse);   // p = 0.011
  EXPECT_EQ(judge(600, 1, 9), Judgement::kMaybeBetter);
  EXPECT_EQ(judge(24, 1, 0), Judgement::kWorse);    // 4.2 points, however few the images
  EXPECT_EQ(judge(24, 0, 1), Judgement::kUnclear);  // but no proof of a gain
  const AccuracyFinding finding = JudgeAccuracy({3000, 40, 10}, Limits());
  EXPECT_DOUBLE_EQ(finding.drop, 0.01);
  EXPECT_NEAR(finding.loss_p, 1.193e-05,
              5e-09);  // scipy.stats.binomtest(40, 50, alternative="greater")
  EXPECT_GT(finding.drop_high, 0.01);
}

TEST(JudgeSize, IsExact) {
  EXPECT_EQ(JudgeSize(1000, 1001, Limits()), Judgement::kWorse);
  EXPECT_EQ(JudgeSize(1000, 1000, Limits()), Judgement::kSame);
  EXPECT_EQ(JudgeSize(1000, 999, Limits()), Judgement::kBetter);
  EXPECT_EQ(JudgeSize(1000, 1010, {.size_growth = 0.01}), Judgement::kSame);
  EXPECT_EQ(JudgeSize(1000, 1011, {.size_growth = 0.01}), Judgement::kWorse);
}

TEST(Worst, IsWhatNobodyMayMiss) {
  EXPECT_EQ(Worst(std::array{Judgement::kSame, Judgement::kWorse, Judgement::kInvalid}),
            Judgement::kWorse);
  EXPECT_EQ(Worst(std::array{Judgement::kBetter, Judgement::kUnclear}), Judgement::kUnclear);
  EXPECT_EQ(Worst(std::array{Judgement::kNone, Judgement::kSame}), Judgement::kSame);
  EXPECT_EQ(Worst({}), Judgement::kNone);
}

TEST(Limits, MustBeInTheirRanges) {
  EXPECT_TRUE(AreUsable({}));
  EXPECT_FALSE(AreUsable({.latency_floor = -0.01}));
  EXPECT_FALSE(AreUsable({.level = 0}));
  EXPECT_FALSE(AreUsable({.confidence = 1}));
  EXPECT_FALSE(AreUsable({.size_growth = std::nan("")}));
}

// --- Simulated runs
// --------------------------------------------------------------------------------

// Raw engine output only: the distributions of the standard library differ between platforms.
class Machine {
 public:
  // `disturbed`: the share of processes that somebody else slows by up to 20 %.
  Machine(uint32_t seed, double between_processes, double disturbed)
      : random_(seed), between_processes_(between_processes), disturbed_(disturbed) {}

  // The medians of a cell's processes in a run that is as a whole `shift` slower than usual.
  std::vector<double> Processes(size_t count, double center, double shift) {
    std::vector<double> medians;
    for (size_t i = 0; i < count; ++i) {
      const double disturbed = Uniform() < disturbed_ ? 0.2 * Uniform() : 0;
      medians.push_back(center * (1 + shift) * std::exp(between_processes_ * Normal() + disturbed));
    }
    return medians;
  }
  // Of a run as a whole: another temperature, another layout of the memory.
  double Shift() { return 0.003 * Normal(); }

 private:
  double Uniform() { return (static_cast<double>(random_()) + 0.5) / 4294967296.0; }
  double Normal() {
    return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * 3.14159265358979 * Uniform());
  }

  std::mt19937 random_;
  double between_processes_;
  double disturbed_;
};

struct Called {
  int cells = 0;
  int different = 0;  // called better or worse
  int maybe = 0;
  int slowed_found = 0;
};

constexpr int kCells = 12;

// Pairs of runs of one build of twelve cells; in the second of each pair the first cell is
// `slowdown` slower.
Called Simulate(uint32_t seed, double between_processes, double disturbed, size_t processes,
                int runs, double slowdown) {
  Machine machine(seed, between_processes, disturbed);
  Called called;
  for (int run = 0; run < runs; ++run) {
    std::vector<LatencyEvidence> cells;
    const double before = machine.Shift();
    const double after = machine.Shift();
    for (int cell = 0; cell < kCells; ++cell) {
      const double center = 0.3 * (cell + 1);
      const double now = center * (cell == 0 ? 1 + slowdown : 1);
      cells.push_back({.base = machine.Processes(processes, center, before),
                       .now = machine.Processes(processes, now, after)});
    }
    const std::vector<Judgement> judgements = Judgements(cells);
    for (int cell = 0; cell < kCells; ++cell) {
      const Judgement judgement = judgements[static_cast<size_t>(cell)];
      ++called.cells;
      called.different += judgement == Judgement::kWorse || judgement == Judgement::kBetter ? 1 : 0;
      called.maybe +=
          judgement == Judgement::kMaybeWorse || judgement == Judgement::kMaybeBetter ? 1 : 0;
    }
    called.slowed_found += judgements[0] == Judgement::kWorse ? 1 : 0;
  }
  return called;
}

// Of 200 pairs of cells of one build no more than two are called different, whatever the number of
// processes; and what merely looks so is rare.
TEST(SimulatedRuns, OfOneBuildAreNotCalledDifferent) {
  constexpr uint32_t kSeed = 20;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  for (const double between_processes : {0.005, 0.01, 0.02}) {
    for (const size_t processes : {3, 5, 8, 10, 20}) {
      const Called called = Simulate(kSeed, between_processes, 0.05, processes, 300, 0);
      EXPECT_LE(called.different, 0.01 * called.cells)
          << between_processes << " between processes, " << processes << " of them";
      EXPECT_LE(called.maybe, 0.03 * called.cells)
          << between_processes << " between processes, " << processes << " of them";
    }
  }
}

// Where the counts permit it, a slowdown of 5 % of one cell in twelve is found.
TEST(SimulatedRuns, WithASlowerCellAreFound) {
  constexpr uint32_t kSeed = 21;
  constexpr int kRuns = 300;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  EXPECT_GE(Simulate(kSeed, 0.005, 0, 10, kRuns, 0.05).slowed_found, 0.99 * kRuns);
  EXPECT_GE(Simulate(kSeed, 0.01, 0, 10, kRuns, 0.05).slowed_found, 0.97 * kRuns);
  EXPECT_GE(Simulate(kSeed, 0.01, 0, 20, kRuns, 0.05).slowed_found, 0.99 * kRuns);
  EXPECT_GE(Simulate(kSeed, 0.02, 0, 20, kRuns, 0.05).slowed_found, 0.8 * kRuns);
  EXPECT_GE(Simulate(kSeed, 0.02, 0, 10, kRuns, 0.1).slowed_found, 0.97 * kRuns);
  // A disturbed process of the base looks slower than any of the new side, and costs certainty.
  EXPECT_GE(Simulate(kSeed, 0.01, 0.02, 10, kRuns, 0.05).slowed_found, 0.93 * kRuns);
  EXPECT_GE(Simulate(kSeed, 0.01, 0.05, 15, kRuns, 0.05).slowed_found, 0.93 * kRuns);
  // Three processes cannot, and are not said to.
  EXPECT_EQ(Simulate(kSeed, 0.005, 0, 3, kRuns, 0.05).slowed_found, 0);
}

}  // namespace
}  // namespace qbench::results
