#include "harness/stats/rank_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "harness/stats/paired_ratio.h"
#include "harness/stats/sample_ratio.h"

namespace qbench::stats {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

const std::vector<double> kBase = {10.02, 10.11, 9.95, 10.07, 10.21, 9.99};
const std::vector<double> kSlower = {10.55, 10.48, 10.62, 10.41, 10.19, 10.58};

std::vector<double> Exponentials(const std::vector<double>& logs) {
  std::vector<double> values;
  for (const double value : logs) values.push_back(std::exp(value));
  return values;
}

// Hollander, Wolfe and Chicken, example 4.1: the permeability of the membrane at term, and between
// 12 and 26 weeks; one-sided P = 0.127.
TEST(SlowerP, IsTheTextbooks) {
  const std::vector<double> at_term = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const std::vector<double> early = {1.15, 0.88, 0.90, 0.74, 1.21};
  EXPECT_NEAR(SlowerP(early, at_term), 0.1272061272061272, 1e-15);
}

// Against scipy.stats.mannwhitneyu(…, alternative="greater", method="exact") of SciPy 1.17.
TEST(SlowerP, IsSciPys) {
  EXPECT_NEAR(SlowerP(kBase, kSlower), 0.0021645021645021645, 1e-16);
  EXPECT_NEAR(SlowerP(kBase, kSlower, 1.02), 0.020562770562770564, 1e-16);
  EXPECT_NEAR(SlowerP(kSlower, kBase), 0.998917748917749, 1e-15);
}

// method="asymptotic", 45 values a side.
TEST(SlowerP, OfManyValuesIsTheApproximation) {
  std::vector<double> base;
  std::vector<double> variant;
  for (int i = 0; i < 45; ++i) {
    base.push_back(1 + 0.001 * (i * 37 % 45));
    variant.push_back(1.006 + 0.001 * (i * 29 % 45) + 0.0003);
  }
  EXPECT_NEAR(SlowerP(base, variant), 0.01437532071396852, 1e-12);
}

TEST(SlowerP, TiesDoNotMakeIt) {
  const std::vector<double> same(6, 3.0);
  EXPECT_EQ(SlowerP(same, same), 1);
  EXPECT_EQ(PairedSlowerP(same, same), 1);
  EXPECT_NEAR(SlowerP(same, std::vector<double>(6, 3.1)), 1.0 / 924, 1e-16);
}

// Example 3.1 there: the depression factors of nine patients before and after; one-sided P =
// 0.0195.
TEST(PairedSlowerP, IsTheTextbooks) {
  const std::vector<double> before = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> after = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  EXPECT_NEAR(PairedSlowerP(Exponentials(after), Exponentials(before)), 0.01953125, 1e-15);
  EXPECT_NEAR(PairedSlowerP(after, before), 0.02734375, 1e-15);  // scipy.stats.wilcoxon of the logs
  EXPECT_NEAR(PairedSlowerP(kBase, kSlower, 1.02), 0.078125, 1e-15);
}

// The test and the interval are one: where the interval lies above the bound as a whole, the test
// refuses it at half of what the interval leaves out, and where it does not, not.
TEST(SlowerP, AgreesWithTheIntervals) {
  for (int shift = 0; shift <= 60; ++shift) {
    std::vector<double> base;
    std::vector<double> variant;
    for (int i = 0; i < 10; ++i) {
      base.push_back(10 + 0.013 * (i * 7 % 10));
      variant.push_back(10 + 0.02 * shift + 0.017 * (i * 3 % 10));
    }
    const auto samples = RatioOfSamples(base, variant);
    const auto pairs = PairedRatio(base, variant);
    ASSERT_TRUE(samples.ok() && pairs.ok());
    EXPECT_EQ(samples->interval.low > 1.02, SlowerP(base, variant, 1.02) <= 0.005) << shift;
    EXPECT_EQ(pairs->interval.low > 1.02, PairedSlowerP(base, variant, 1.02) <= 0.005) << shift;
  }
}

TEST(SlowerP, FewValuesHaveALeastAnswer) {
  EXPECT_NEAR(LeastSlowerP(3, 3), 0.05, 1e-16);
  EXPECT_NEAR(LeastSlowerP(5, 5), 1.0 / 252, 1e-16);
  EXPECT_NEAR(LeastSlowerP(10, 10), 1.0 / 184756, 1e-16);
  EXPECT_EQ(LeastSlowerP(0, 3), 1);
  EXPECT_EQ(LeastPairedSlowerP(8), 1.0 / 256);
  EXPECT_NEAR(SlowerP(std::vector{1.0, 2.0, 3.0}, std::vector{4.0, 5.0, 6.0}), LeastSlowerP(3, 3),
              1e-16);
  EXPECT_EQ(PairedSlowerP(std::vector{1.0, 1.0}, std::vector{2.0, 3.0}), LeastPairedSlowerP(2));
}

TEST(SlowerP, IsOneForWhatIsNoMeasurement) {
  EXPECT_EQ(SlowerP({}, kBase), 1);
  EXPECT_EQ(SlowerP(kBase, std::vector{-1.0}), 1);
  EXPECT_EQ(SlowerP(kBase, std::vector{std::numeric_limits<double>::quiet_NaN()}), 1);
  EXPECT_EQ(PairedSlowerP(kBase, std::vector{20.0}), 1);
  EXPECT_EQ(PairedSlowerP(kBase, kSlower, 0), 1);
}

// Against statsmodels.stats.multitest.multipletests(…, method="holm").
TEST(HolmAdjusted, IsStatsmodels) {
  const std::vector<double> p = {0.012, 0.001, 0.04, 0.03, 0.001, 0.5};
  EXPECT_THAT(HolmAdjusted(p), ElementsAre(DoubleNear(0.048, 1e-15), DoubleNear(0.006, 1e-15),
                                           DoubleNear(0.09, 1e-15), DoubleNear(0.09, 1e-15),
                                           DoubleNear(0.006, 1e-15), DoubleNear(0.5, 1e-15)));
  EXPECT_THAT(HolmAdjusted(std::vector{0.7, 0.8}), ElementsAre(1, 1));
  EXPECT_TRUE(HolmAdjusted({}).empty());
}

}  // namespace
}  // namespace qbench::stats
