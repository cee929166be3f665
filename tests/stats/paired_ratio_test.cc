#include "harness/stats/paired_ratio.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace qbench::stats {
namespace {

// The differences of Hollander, Wolfe and Chicken's example 3.1 (Salsburg 1970, depression scores
// before and after treatment), taken here as log ratios: its estimate is -0.46, and the interval of
// 96.1 % runs from -0.786 to -0.010 (their comments 3.3).
const std::vector<double> kDepression = {-0.952, 0.147,  -1.022, -0.430, -0.620,
                                         -0.590, -0.490, 0.080,  -0.010};

std::vector<double> Exponentials(const std::vector<double>& logs) {
  std::vector<double> values;
  values.reserve(logs.size());
  for (const double value : logs) values.push_back(std::exp(value));
  return values;
}

TEST(PairedRatio, MatchesThePublishedExample) {
  const std::vector<double> ones(kDepression.size(), 1.0);
  const auto estimate = PairedRatio(ones, Exponentials(kDepression), 0.96);
  ASSERT_TRUE(estimate.ok()) << estimate.status().message();
  EXPECT_NEAR(std::log(estimate->ratio), -0.46, 0.005);
  EXPECT_NEAR(std::log(estimate->interval.low), -0.786, 5e-4);
  EXPECT_NEAR(std::log(estimate->interval.high), -0.010, 5e-4);
}

// 20 pairs at 99 %: P(W+ <= 37) = 0.0047 and P(W+ <= 38) = 0.0053 (the tables of the signed-rank
// test give 37 for the two-sided level 0.01), so the interval leaves 37 averages out on each side.
TEST(PairedRatio, LeavesOutAsManyAveragesAsTheTablesSay) {
  std::vector<double> logs(20);
  for (size_t i = 0; i < logs.size(); ++i) logs[i] = std::pow(1.7, static_cast<double>(i)) / 1e4;
  std::vector<double> averages;
  for (size_t i = 0; i < logs.size(); ++i) {
    for (size_t j = i; j < logs.size(); ++j) averages.push_back((logs[i] + logs[j]) / 2);
  }
  std::sort(averages.begin(), averages.end());
  const std::vector<double> ones(logs.size(), 1.0);
  const auto estimate = PairedRatio(ones, Exponentials(logs));
  ASSERT_TRUE(estimate.ok());
  EXPECT_NEAR(std::log(estimate->interval.low), averages[37], 1e-12);
  EXPECT_NEAR(std::log(estimate->interval.high), averages[averages.size() - 38], 1e-12);
}

TEST(PairedRatio, CoversTheTruthAsOftenAsItSays) {
  constexpr unsigned kSeed = 20;
  constexpr int kTrials = 2000;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  std::normal_distribution<double> noise(0, 0.05);
  std::normal_distribution<double> drift(0, 0.5);
  int covered = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> base;
    std::vector<double> variant;
    for (int i = 0; i < 12; ++i) {
      const double slow = std::exp(drift(random));  // hits both of a pair
      base.push_back(slow * std::exp(noise(random)));
      variant.push_back(1.1 * slow * std::exp(noise(random)));
    }
    const auto estimate = PairedRatio(base, variant, 0.9);
    ASSERT_TRUE(estimate.ok());
    covered += estimate->interval.low <= 1.1 && 1.1 <= estimate->interval.high ? 1 : 0;
  }
  // At least 90 % of 2,000, less four standard deviations.
  EXPECT_GE(covered, 1746);
  EXPECT_LE(covered, 1950);
}

TEST(PairedRatio, RefusesWhatHasNoAnswer) {
  const std::vector<double> seven(7, 1.0);
  const std::vector<double> eight(8, 1.0);
  EXPECT_FALSE(PairedRatio(seven, seven).ok());
  EXPECT_TRUE(PairedRatio(eight, eight).ok());
  EXPECT_EQ(PairedRatio(eight, eight)->ratio, 1.0);
  EXPECT_FALSE(PairedRatio(seven, eight).ok());
  EXPECT_FALSE(PairedRatio({}, {}).ok());
  std::vector<double> zero = eight;
  zero[3] = 0;
  EXPECT_FALSE(PairedRatio(eight, zero).ok());
  const std::vector<double> many(kMaxPairs + 1, 1.0);
  EXPECT_FALSE(PairedRatio(many, many).ok());
}

}  // namespace
}  // namespace qbench::stats
