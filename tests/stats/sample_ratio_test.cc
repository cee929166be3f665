#include "harness/stats/sample_ratio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace qbench::stats {
namespace {

std::vector<double> Exponentials(const std::vector<double>& logs) {
  std::vector<double> values;
  values.reserve(logs.size());
  for (const double value : logs) values.push_back(std::exp(value));
  return values;
}

// The differences of all pairs, ordered, of ten values a side that have no two of them equal.
struct TenAgainstTen {
  std::vector<double> base, variant, differences;
  TenAgainstTen() {
    for (int i = 0; i < 10; ++i) {
      base.push_back(std::pow(1.7, i) / 1e4);
      variant.push_back(std::pow(2.3, i) / 1e4);
    }
    for (const double b : base) {
      for (const double v : variant) differences.push_back(v - b);
    }
    std::sort(differences.begin(), differences.end());
  }
};

// The tables of the Mann-Whitney test give 16 for ten against ten and the two-sided level 0.01.
TEST(RatioOfSamples, LeavesOutAsManyDifferencesAsTheTablesSay) {
  const TenAgainstTen ten;
  const auto ratio = RatioOfSamples(Exponentials(ten.base), Exponentials(ten.variant));
  ASSERT_TRUE(ratio.ok()) << ratio.status().message();
  EXPECT_NEAR(std::log(ratio->interval.low), ten.differences[16], 1e-12);   // the 17th
  EXPECT_NEAR(std::log(ratio->interval.high), ten.differences[83], 1e-12);  // the 84th
  EXPECT_GE(ratio->coverage, 0.99);
  EXPECT_LT(ratio->coverage, 0.992);
}

// Few processes: the range of all ratios, with the coverage 1 - 2 / C(m + n, m).
TEST(RatioOfSamples, OfFewValuesIsTheRangeAndSaysWhatThatCovers) {
  const auto three = RatioOfSamples(std::vector{10.0, 11.0, 12.0}, std::vector{5.0, 5.5, 6.0});
  ASSERT_TRUE(three.ok());
  EXPECT_NEAR(three->ratio, 0.5, 1e-12);
  EXPECT_NEAR(three->interval.low, 5.0 / 12, 1e-12);
  EXPECT_NEAR(three->interval.high, 6.0 / 10, 1e-12);
  EXPECT_EQ(three->coverage, 0.9);
  const std::vector<double> two = {1, 2};
  EXPECT_NEAR(RatioOfSamples(two, two)->coverage, 1 - 2.0 / 6, 1e-12);
  const std::vector<double> four = {1, 2, 3, 4};
  EXPECT_NEAR(RatioOfSamples(four, four)->coverage, 1 - 2.0 / 70, 1e-12);
  const std::vector<double> five = {1, 2, 3, 4, 5};
  EXPECT_NEAR(RatioOfSamples(five, five)->coverage, 1 - 2.0 / 252, 1e-12);
  EXPECT_EQ(RatioOfSamples(std::vector{3.0}, std::vector{6.0})->coverage, 0);
}

TEST(RatioOfSamples, TurnsAroundWithItsSides) {
  const std::vector<double> a = {3.1, 3.0, 3.3, 2.9};
  const std::vector<double> b = {4.0, 4.4, 3.9};
  const auto forth = RatioOfSamples(a, b);
  const auto back = RatioOfSamples(b, a);
  EXPECT_NEAR(forth->ratio, 1 / back->ratio, 1e-12);
  EXPECT_NEAR(forth->interval.low, 1 / back->interval.high, 1e-12);
  EXPECT_NEAR(forth->interval.high, 1 / back->interval.low, 1e-12);
  EXPECT_EQ(forth->coverage, back->coverage);
}

TEST(RatioOfSamples, TheApproximationContinuesTheExactCut) {
  std::vector<double> values;
  for (size_t i = 0; i < kMaxExact; ++i) values.push_back(std::exp(std::pow(1.1, i)));
  const auto exact = RatioOfSamples(values, values);
  values.push_back(std::exp(std::pow(1.1, kMaxExact)));
  const auto approximate = RatioOfSamples(values, values);
  EXPECT_NEAR(exact->coverage, 0.99, 5e-4);
  EXPECT_NEAR(approximate->coverage, 0.99, 5e-4);
}

double Uniform(std::mt19937& random) {
  return (static_cast<double>(random()) + 0.5) / 4294967296.0;
}

// Processes of one program: a lognormal place each, now and then one that was disturbed.
std::vector<double> Processes(size_t count, double center, std::mt19937& random) {
  std::vector<double> medians;
  for (size_t i = 0; i < count; ++i) {
    const double normal = std::sqrt(-2 * std::log(Uniform(random))) *
                          std::cos(2 * 3.14159265358979 * Uniform(random));
    const double disturbed = Uniform(random) < 0.1 ? 0.3 * Uniform(random) : 0;
    medians.push_back(center * std::exp(0.02 * normal + disturbed));
  }
  return medians;
}

// The same program on both sides, and one that takes 1.3 times as long: the interval holds the
// truth as often as it says, for every number of processes.
TEST(RatioOfSamples, CoversTheTruthAsOftenAsItSays) {
  constexpr unsigned kSeed = 11;
  constexpr int kTrials = 4000;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  for (const double truth : {1.0, 1.3}) {
    for (const size_t processes : {2, 3, 4, 5, 10}) {
      int covered = 0;
      double coverage = 0;
      for (int trial = 0; trial < kTrials; ++trial) {
        const auto ratio = RatioOfSamples(Processes(processes, 3, random),
                                          Processes(processes, 3 * truth, random));
        ASSERT_TRUE(ratio.ok());
        coverage = ratio->coverage;
        covered += ratio->interval.low <= truth && truth <= ratio->interval.high ? 1 : 0;
      }
      const double four_deviations = 4 * std::sqrt(coverage * (1 - coverage) / kTrials);
      EXPECT_NEAR(static_cast<double>(covered) / kTrials, coverage, four_deviations)
          << processes << " processes, ratio " << truth;
    }
  }
}

TEST(RatioOfSamples, RefusesWhatHasNoAnswer) {
  const std::vector<double> good = {1, 2, 3};
  EXPECT_FALSE(RatioOfSamples({}, good).ok());
  EXPECT_FALSE(RatioOfSamples(good, {}).ok());
  EXPECT_FALSE(RatioOfSamples(good, std::vector{1.0, 0.0}).ok());
  EXPECT_FALSE(RatioOfSamples(good, std::vector{std::numeric_limits<double>::infinity()}).ok());
  EXPECT_FALSE(RatioOfSamples(good, good, 1).ok());
}

}  // namespace
}  // namespace qbench::stats
