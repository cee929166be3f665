#include "harness/stats/descriptive.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace qbench::stats {
namespace {

TEST(Quantile, InterpolatesBetweenOrderStatistics) {
  const std::vector<double> values = {15, 20, 35, 40, 50};  // numpy.quantile gives the same
  EXPECT_DOUBLE_EQ(Quantile(values, 0), 15);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.4), 29);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.9), 46);
  EXPECT_DOUBLE_EQ(Quantile(values, 1), 50);
}

TEST(Quantile, OfSortedValuesIsTheSame) {
  const std::vector<double> values = {15, 20, 35, 40, 50};
  for (const double p : {0.0, 0.3, 0.4, 0.9, 0.99, 1.0}) {
    EXPECT_EQ(QuantileOfSorted(values, p), Quantile(values, p)) << p;
  }
  EXPECT_TRUE(std::isnan(QuantileOfSorted({}, 0.5)));
}

TEST(Quantile, DoesNotDependOnTheOrder) {
  const std::vector<double> values = {50, 15, 40, 20, 35};
  EXPECT_DOUBLE_EQ(Quantile(values, 0.4), 29);
  EXPECT_EQ(values.front(), 50);
}

TEST(Median, IsTheMiddleValueOrTheMeanOfTheTwo) {
  EXPECT_DOUBLE_EQ(Median(std::vector<double>{3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(Median(std::vector<double>{4, 1, 3, 2}), 2.5);
  EXPECT_DOUBLE_EQ(Median(std::vector<double>{7}), 7);
}

TEST(Median, OfNothingIsNotANumber) {
  EXPECT_TRUE(std::isnan(Median({})));
  EXPECT_TRUE(std::isnan(MedianAbsoluteDeviation({})));
}

TEST(GroupedMedian, FindsWhatLiesBetweenTheTicks) {
  // By hand: 2 below, 5 in the interval from 0.5 to 1.5, n / 2 = 4: 0.5 + 2 / 5.
  EXPECT_DOUBLE_EQ(GroupedMedian(std::vector<double>{1, 0, 1, 2, 1, 0, 1, 1}, 1), 0.9);
  // The same in ticks of 1000.
  EXPECT_DOUBLE_EQ(
      GroupedMedian(std::vector<double>{1000, 0, 1000, 2000, 1000, 0, 1000, 1000}, 1000), 900);
  EXPECT_DOUBLE_EQ(GroupedMedian(std::vector<double>{0, 0, 1, 1}, 1), 0.5);
  EXPECT_DOUBLE_EQ(GroupedMedian(std::vector<double>{7}, 1), 7);
  EXPECT_DOUBLE_EQ(GroupedMedian(std::vector<double>{0, 0, 0, 0}, 1), 0);  // never below 0
  EXPECT_DOUBLE_EQ(GroupedMedian(std::vector<double>{3, 1, 2}, 0), 2);
  EXPECT_TRUE(std::isnan(GroupedMedian({}, 1)));
}

// A step of 0.3 ticks, seen by a clock that rounds: the plain median says 0.
TEST(GroupedMedian, EstimatesStepsShorterThanATick) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) {
    const double start = i * 0.6180339887;  // spread evenly over the phases of the clock
    values.push_back(std::floor(start + 0.3) - std::floor(start));
  }
  EXPECT_DOUBLE_EQ(Median(values), 0);
  EXPECT_NEAR(GroupedMedian(values, 1), 0.21, 0.02);  // 0.5 of the 700 zeros' interval, from -0.5
}

TEST(MedianAbsoluteDeviation, MatchesAWorkedExample) {
  // Median 2, distances 1 1 0 0 2 4 7, whose median is 1.
  EXPECT_DOUBLE_EQ(MedianAbsoluteDeviation(std::vector<double>{1, 1, 2, 2, 4, 6, 9}), 1);
}

TEST(CountOutliers, CountsOnlyWhatIsFarOut) {
  const std::vector<double> values = {9, 10, 10, 11, 11, 12, 10 + 14.9, 10 - 14};
  // Median 10.5, distances' median 1: the limits are 10.5 ± 14.826 -> none above 25.326.
  EXPECT_EQ(CountOutliers(values), 0U);
  std::vector<double> with_outliers = values;
  with_outliers[6] = 30;
  with_outliers[7] = -10;
  EXPECT_EQ(CountOutliers(with_outliers), 2U);
}

TEST(CountOutliers, AnyDifferenceIsFarWhereHalfTheValuesAreEqual) {
  EXPECT_EQ(CountOutliers(std::vector<double>{5, 5, 5, 5, 5.1}), 1U);
  EXPECT_EQ(CountOutliers(std::vector<double>{5, 5, 5}), 0U);
  EXPECT_EQ(CountOutliers({}), 0U);
}

}  // namespace
}  // namespace qbench::stats
