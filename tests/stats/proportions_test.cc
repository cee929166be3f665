#include "harness/stats/proportions.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

namespace qbench::stats {
namespace {

TEST(WilsonInterval, MatchesPublishedValues) {
  // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17
  // (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  const Interval a = WilsonInterval(81, 263);
  EXPECT_NEAR(a.low, 0.2553, 5e-5);
  EXPECT_NEAR(a.high, 0.3662, 5e-5);
  const Interval b = WilsonInterval(15, 148);
  EXPECT_NEAR(b.low, 0.0624, 5e-5);
  EXPECT_NEAR(b.high, 0.1605, 5e-5);
  const Interval c = WilsonInterval(0, 20);
  EXPECT_EQ(c.low, 0);
  EXPECT_NEAR(c.high, 0.1611, 5e-5);
  const Interval d = WilsonInterval(1, 29);
  EXPECT_NEAR(d.low, 0.0061, 5e-5);
  EXPECT_NEAR(d.high, 0.1718, 5e-5);
}

TEST(WilsonInterval, OfTheFullIntelTestSet) {
  const Interval interval = WilsonInterval(2700, 3000);
  EXPECT_NEAR(interval.low, 0.88875, 1e-5);
  EXPECT_NEAR(interval.high, 0.91023, 1e-5);
}

TEST(WilsonInterval, IsOneAtTheTop) { EXPECT_EQ(WilsonInterval(10, 10).high, 1); }

TEST(WilsonInterval, NarrowsWithLessConfidence) {
  EXPECT_GT(WilsonInterval(5, 10, 0.8).low, WilsonInterval(5, 10, 0.99).low);
}

TEST(WilsonInterval, SaysNothingWithoutTrials) {
  EXPECT_EQ(WilsonInterval(0, 0).low, 0);
  EXPECT_EQ(WilsonInterval(0, 0).high, 1);
  EXPECT_EQ(WilsonInterval(11, 10).high, 1);
}

TEST(McNemarOneSidedP, IsTheBinomialTail) {
  EXPECT_NEAR(McNemarOneSidedP(10, 2), 79.0 / 4096, 1e-15);  // (66 + 12 + 1) / 2^12
  EXPECT_NEAR(McNemarOneSidedP(5, 5), 638.0 / 1024, 1e-12);
  EXPECT_NEAR(McNemarOneSidedP(3, 0), 0.125, 1e-15);
  EXPECT_NEAR(McNemarOneSidedP(121, 59), 2.217224631877588e-06, 1e-17);
}

TEST(McNemarOneSidedP, IsOneWhereNothingWasLost) {
  EXPECT_EQ(McNemarOneSidedP(0, 0), 1);
  EXPECT_EQ(McNemarOneSidedP(0, 7), 1);
}

// Nothing changed: the score is -sqrt(n d / (1 - d)).
TEST(PairedDropBound, WithoutAnyChangeIsThatOfTheWilsonInterval) {
  const double z2 = 1.6448536269514722 * 1.6448536269514722;
  EXPECT_NEAR(PairedDropBound(0, 0, 600), z2 / (600 + z2), 1e-9);
}

// The bound against a search for it: q by the likelihood on a grid, no formula of Tango's.
TEST(PairedDropBound, MatchesASearchOverTheLikelihood) {
  for (const auto& [lost, gained, n] :
       {std::array{12, 4, 200}, std::array{4, 9, 120}, std::array{30, 30, 600}}) {
    const double bound = PairedDropBound(lost, gained, n);
    double best_q = 0;
    double best = -1e300;
    for (double q = std::max(0.0, -bound) + 1e-6; 2 * q + bound < 1; q += 1e-6) {
      const double likelihood = lost * std::log(q + bound) + gained * std::log(q) +
                                (n - lost - gained) * std::log(1 - 2 * q - bound);
      if (likelihood > best) best = likelihood, best_q = q;
    }
    const double deviation = std::sqrt(n * (2 * best_q + bound - bound * bound));
    EXPECT_NEAR((lost - gained - n * bound) / deviation, -1.6448536, 1e-3) << lost << ' ' << gained;
  }
}

TEST(PairedDropBound, CoversTheTruthAsOftenAsItSays) {
  constexpr unsigned kSeed = 41;
  constexpr int kTrials = 4000;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    int lost = 0;
    int gained = 0;
    for (int image = 0; image < 300; ++image) {
      const double chance = static_cast<double>(random()) / 4294967296.0;
      lost += chance < 0.05 ? 1 : 0;
      gained += chance > 0.98 ? 1 : 0;
    }
    covered += PairedDropBound(lost, gained, 300) >= 0.03 ? 1 : 0;
  }
  EXPECT_GE(covered, 3745);  // 95 % of 4,000, less four standard deviations
  EXPECT_LE(covered, 3900);
}

TEST(PairedDropBound, SaysNothingWithoutImages) {
  EXPECT_EQ(PairedDropBound(0, 0, 0), 1);
  EXPECT_EQ(PairedDropBound(7, 7, 10), 1);
}

}  // namespace
}  // namespace qbench::stats
