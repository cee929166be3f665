#include "quantize/ranges/range_estimator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

constexpr double kInt8Steps = 255;

// Values as layers have them: many around zero, few far out.
std::vector<float> LongTailed(uint32_t seed, size_t count, bool relu) {
  std::mt19937 random(seed);
  std::normal_distribution<float> near(0.5F, 1.0F);
  std::normal_distribution<float> far(0.0F, 6.0F);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = i % 100 == 0 ? far(random) : near(random);
    if (relu) values[i] = std::max(values[i], 0.0F);
  }
  return values;
}

ValueRange SeenIn(const std::vector<float>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

ValueHistogram HistogramOf(const std::vector<float>& values) {
  ValueHistogram histogram;
  histogram.Add(values);
  return histogram;
}

// The mean squared error of quantizing the very values, one by one: the oracle.
double TrueError(const std::vector<float>& values, double low, double high) {
  const double step = (high - low) / kInt8Steps;
  const double zero_point = std::round(-low / step);
  double error = 0;
  for (const float value : values) {
    const double q = std::clamp(std::round(value / step) + zero_point, 0.0, kInt8Steps);
    error += std::pow(value - step * (q - zero_point), 2);
  }
  return error / static_cast<double>(values.size());
}

// What is chosen does not depend on the unit: 2^60 is exact.
TEST(RangeEstimator, HugeAndTinyActivationsHaveTheSameRangeInOtherUnits) {
  for (const char* name : {"minmax", "percentile", "mse", "octav", "entropy"}) {
    const auto range_in = [&](int exponent) {
      RangeEstimator estimator({.method = ParseCalibrationMethod(name), .steps = kInt8Steps});
      for (uint32_t seed = 0; seed < 5; ++seed) {
        auto values = LongTailed(seed, 2000, seed % 2 == 0);
        for (float& value : values) value = std::ldexp(value, exponent);
        EXPECT_TRUE(estimator.Add(values).ok());
      }
      return *estimator.Range();
    };
    const ValueRange usual = range_in(0);
    for (const int exponent : {60, 100, -60}) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(exponent));
      const ValueRange range = range_in(exponent);
      EXPECT_EQ(std::ldexp(range.min, -exponent), usual.min);
      EXPECT_EQ(std::ldexp(range.max, -exponent), usual.max);
    }
  }
}

TEST(ValueHistogram, DoesNotDependOnTheOrder) {
  std::vector<std::vector<float>> images;
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    images.push_back(LongTailed(seed, 500, seed % 3 == 0));
    for (float& value : images.back()) value *= static_cast<float>(seed * seed);
  }
  images.push_back({0.0F, 0.0F});
  images.push_back({1e-30F});
  ValueHistogram forward;
  ValueHistogram backward;
  for (size_t i = 0; i < images.size(); ++i) {
    forward.Add(images[i]);
    backward.Add(images[images.size() - 1 - i]);
  }
  EXPECT_EQ(forward.width(), backward.width());
  EXPECT_EQ(forward.count(), backward.count());
  EXPECT_EQ(forward.zeros(), backward.zeros());
  const auto a = forward.Bins();
  const auto b = backward.Bins();
  ASSERT_EQ(a.size(), b.size());
  EXPECT_LE(a.size(), static_cast<size_t>(ValueHistogram::kMaxBins));
  EXPECT_GE(a.size(), static_cast<size_t>(ValueHistogram::kMaxBins / 4));
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].low, b[i].low);
    EXPECT_EQ(a[i].count, b[i].count);
  }
}

TEST(ValueHistogram, EveryValueIsInTheBinThatHoldsIt) {
  const std::vector<float> values = LongTailed(5, 3000, false);
  const ValueHistogram histogram = HistogramOf(values);
  for (const ValueHistogram::Bin& bin : histogram.Bins()) {
    const auto inside = std::count_if(values.begin(), values.end(), [&](float value) {
      return value != 0 && value >= bin.low && value < bin.low + histogram.width();
    });
    EXPECT_EQ(bin.count, inside) << bin.low;
  }
}

TEST(PercentileRange, IsThatOfTheSortedValues) {
  for (const bool relu : {false, true}) {
    std::vector<float> values = LongTailed(7, 20000, relu);
    const ValueHistogram histogram = HistogramOf(values);
    const ValueRange range = PercentileRange(histogram, SeenIn(values), 99.5);
    std::sort(values.begin(), values.end());
    const auto tolerance = static_cast<float>(2 * histogram.width());
    EXPECT_NEAR(range.max, values[19900], tolerance + 0.02F);
    EXPECT_NEAR(range.min, std::min(values[100], 0.0F), tolerance + 0.02F);
  }
}

TEST(PercentileRange, OfAllIsEverything) {
  const std::vector<float> values = LongTailed(8, 2000, false);
  const ValueRange seen = SeenIn(values);
  const ValueRange range = PercentileRange(HistogramOf(values), seen, 100);
  EXPECT_EQ(range.min, seen.min);
  EXPECT_EQ(range.max, seen.max);
}

TEST(MseRange, IsCloseToTheBestOfAnExhaustiveSearch) {
  for (const uint32_t seed : {11U, 12U, 13U}) {
    for (const bool relu : {false, true}) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " relu " << relu);
      const std::vector<float> values = LongTailed(seed, 4000, relu);
      const ValueRange seen = SeenIn(values);
      const ValueRange range = MseRange(HistogramOf(values), seen, kInt8Steps);
      double best = std::numeric_limits<double>::infinity();
      for (int low = relu ? 20 : 1; low <= 20; ++low) {
        for (int high = 1; high <= 40; ++high) {
          best = std::min(best, TrueError(values, std::min(seen.min, 0.0F) * low / 20.0,
                                          seen.max * high / 40.0));
        }
      }
      EXPECT_LE(TrueError(values, range.min, range.max), 1.05 * best);
      EXPECT_LE(TrueError(values, range.min, range.max), TrueError(values, seen.min, seen.max));
    }
  }
}

TEST(MseRange, GivesUpAnOutlierForFinerSteps) {
  std::vector<float> values = LongTailed(17, 40000, true);
  values.push_back(500.0F);
  const ValueRange range = MseRange(HistogramOf(values), SeenIn(values), kInt8Steps);
  EXPECT_LT(range.max, 490.0F);
  EXPECT_LT(TrueError(values, range.min, range.max), 0.98 * TrueError(values, 0, 500));
}

TEST(OctavRange, IsTheFixedPointOfThePaper) {
  const std::vector<float> values = LongTailed(21, 20000, false);
  const ValueRange range = OctavRange(HistogramOf(values), SeenIn(values), kInt8Steps);
  const double s = std::max(-range.min, range.max);
  double outside_sum = 0;
  double outside = 0;
  double inside = 0;
  for (const float value : values) {
    const double magnitude = std::abs(static_cast<double>(value));
    (magnitude > s ? outside : inside) += 1;
    if (magnitude > s) outside_sum += magnitude;
  }
  EXPECT_GT(outside, 0);
  EXPECT_NEAR(outside_sum / (inside * 4 / (12 * kInt8Steps * kInt8Steps) + outside), s, 0.01 * s);
}

TEST(EntropyRange, LeavesALonelyOutlierOut) {
  std::mt19937 random(31);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<float> values(50000);
  for (float& value : values) value = normal(random);
  values.push_back(40.0F);
  const ValueRange range = EntropyRange(HistogramOf(values), SeenIn(values), kInt8Steps);
  EXPECT_LT(range.max, 8.0F);
  EXPECT_GT(range.max, 2.0F);
  EXPECT_LT(range.min, -2.0F);
}

TEST(RangeEstimator, MovingAverageFollowsTheImages) {
  RangeEstimator estimator({.method = CalibrationMethod::kMovingAverage});
  EXPECT_FALSE(estimator.Range().has_value());
  ASSERT_TRUE(estimator.Add(std::vector<float>{-1.0F, 4.0F}).ok());
  EXPECT_EQ(*estimator.Range(), (ValueRange{-1.0F, 4.0F}));
  ASSERT_TRUE(estimator.Add(std::vector<float>{-3.0F, 2.0F}).ok());
  EXPECT_FLOAT_EQ(estimator.Range()->min, 0.95F * -1.0F + 0.05F * -3.0F);
  EXPECT_FLOAT_EQ(estimator.Range()->max, 0.95F * 4.0F + 0.05F * 2.0F);
}

TEST(RangeEstimator, EveryMethodStaysWithinWhatWasSeenAndHoldsZero) {
  for (const auto method : {CalibrationMethod::kPercentile, CalibrationMethod::kMse,
                            CalibrationMethod::kOctav, CalibrationMethod::kEntropy}) {
    for (const float shift : {-30.0F, 0.0F, 30.0F}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(method) << " shift " << shift);
      RangeEstimator estimator({.method = method});
      std::vector<float> values = LongTailed(41, 3000, false);
      for (float& value : values) value += shift;
      ASSERT_TRUE(estimator.Add(values).ok());
      const ValueRange seen = SeenIn(values);
      const ValueRange range = *estimator.Range();
      EXPECT_GE(range.min, std::min(seen.min, 0.0F));
      EXPECT_LE(range.max, std::max(seen.max, 0.0F));
      EXPECT_LE(range.min, 0.0F);
      EXPECT_GE(range.max, 0.0F);
      EXPECT_LT(range.min, range.max);
    }
    RangeEstimator zeros({.method = method});
    ASSERT_TRUE(zeros.Add(std::vector<float>(64, 0.0F)).ok());
    EXPECT_EQ(*zeros.Range(), (ValueRange{0.0F, 0.0F}));
    const std::vector<float> broken = {1.0F, std::numeric_limits<float>::quiet_NaN()};
    EXPECT_FALSE(zeros.Add(broken).ok());
  }
}

// Of a large tensor a choice is as good, and the ends are still those of all values.
TEST(RangeEstimator, LargeTensorsAreThinnedOut) {
  constexpr uint32_t kSeed = 21;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  std::vector<float> values = RandomFloats(random, 10 * kMostHistogramValues, -1.0F, 3.0F);
  values[1] = 3.5F;  // not among those that are picked
  RangeEstimator all({.method = CalibrationMethod::kPercentile, .percentile = 100.0});
  ASSERT_TRUE(all.Add(values).ok());
  EXPECT_LE(all.Range()->max, 3.5F);
  EXPECT_GE(all.Range()->max, 2.99F);
  RangeEstimator thinned({.method = CalibrationMethod::kPercentile, .percentile = 90.0});
  RangeEstimator whole({.method = CalibrationMethod::kPercentile, .percentile = 90.0});
  ASSERT_TRUE(thinned.Add(values).ok());
  for (size_t i = 0; i < values.size(); i += kMostHistogramValues) {
    ASSERT_TRUE(whole.Add(std::span(values).subspan(i, kMostHistogramValues)).ok());
  }
  EXPECT_NEAR(thinned.Range()->max, whole.Range()->max, 0.01F);
  EXPECT_NEAR(thinned.Range()->min, whole.Range()->min, 0.01F);
}

}  // namespace
}  // namespace qbench::quantize
