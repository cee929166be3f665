#include "harness/stats/step_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "harness/stats/descriptive.h"

namespace qbench::stats {
namespace {

using ::testing::IsEmpty;
using Series = std::vector<std::optional<double>>;

// Raw engine output alone, so that the series are the same on every machine.
class Noise {
 public:
  explicit Noise(uint32_t seed) : engine_(seed) {}
  double Uniform() { return (static_cast<double>(engine_()) + 0.5) / 4294967296.0; }
  double Normal() {
    return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * 3.14159265358979 * Uniform());
  }

 private:
  std::mt19937 engine_;
};

void Append(size_t count, double level, double spread, Noise* noise, Series* series) {
  for (size_t i = 0; i < count; ++i) series->push_back(level + spread * noise->Normal());
}

// What FindSteps minimizes, tried for every choice of levels.
double LeastByTrial(const std::vector<double>& values, double gamma, size_t min_length) {
  const size_t count = values.size();
  double least = std::numeric_limits<double>::infinity();
  for (uint32_t cuts = 0; cuts < (1U << (count - 1)); ++cuts) {
    double sum = 0;
    size_t begin = 0;
    bool allowed = true;
    for (size_t end = 1; end <= count && allowed; ++end) {
      if (end < count && (cuts >> (end - 1) & 1U) == 0) continue;
      const auto level = std::span(values).subspan(begin, end - begin);
      allowed = level.size() >= min_length;
      const double median = Median(level);
      for (const double value : level) sum += std::abs(value - median);
      if (end < count) sum += gamma;
      begin = end;
    }
    if (allowed) least = std::min(least, sum);
  }
  return least;
}

double SumOf(const std::vector<double>& values, const StepFit& fit) {
  double sum = fit.gamma * static_cast<double>(fit.steps.size());
  size_t begin = 0;
  for (size_t i = 0; i <= fit.steps.size(); ++i) {
    const size_t end = i < fit.steps.size() ? fit.steps[i].at : values.size();
    const auto level = std::span(values).subspan(begin, end - begin);
    const double median = Median(level);
    for (const double value : level) sum += std::abs(value - median);
    begin = end;
  }
  return sum;
}

TEST(FindSteps, IsTheExactMinimum) {
  Noise noise(3);
  size_t with_steps = 0;
  for (int trial = 0; trial < 60; ++trial) {
    Series series;
    Append(4 + trial % 5, 0, 1, &noise, &series);
    Append(5, 4.0 * noise.Uniform(), 1, &noise, &series);
    std::vector<double> values;
    for (const auto& value : series) values.push_back(*value);
    const StepRules rules{.min_length = static_cast<size_t>(1 + trial % 3)};
    const StepFit fit = FindSteps(series, rules);
    with_steps += fit.steps.empty() ? 0 : 1;
    EXPECT_NEAR(SumOf(values, fit), LeastByTrial(values, fit.gamma, rules.min_length), 1e-9)
        << "seed 3, trial " << trial;
  }
  EXPECT_GT(with_steps, 5U);
  EXPECT_LT(with_steps, 55U);
}

TEST(FindSteps, OfAConstantSeriesFindsNone) {
  EXPECT_THAT(FindSteps({}, {}).steps, IsEmpty());
  EXPECT_THAT(FindSteps(Series(5, 1.0), {}).steps, IsEmpty());
  EXPECT_THAT(FindSteps(Series(200, 0.1 + 0.2), {}).steps, IsEmpty());
  Noise noise(14);
  for (const size_t count : {6U, 12U, 30U, 90U}) {
    int wrong = 0;
    for (int trial = 0; trial < 1000; ++trial) {
      Series series;
      Append(count, 0, 0.003, &noise, &series);
      wrong += FindSteps(series, {.min_size = 0.005, .noise = 0.003}).steps.empty() ? 0 : 1;
    }
    EXPECT_LE(wrong, 5) << count << " values, seed 14";
  }
}

TEST(FindSteps, FindsAStepWhereItIs) {
  // Three levels without noise.
  Series plain(10, 1.0);
  plain.insert(plain.end(), 10, 1.05);
  plain.insert(plain.end(), 3, 1.02);
  const StepFit exact = FindSteps(plain, {});
  ASSERT_EQ(exact.steps.size(), 2U);
  EXPECT_EQ(exact.steps[0].at, 10U);
  EXPECT_DOUBLE_EQ(exact.steps[0].before, 1.0);
  EXPECT_DOUBLE_EQ(exact.steps[0].after, 1.05);
  EXPECT_EQ(exact.steps[1].at, 20U);
  EXPECT_DOUBLE_EQ(exact.steps[1].after, 1.02);
  // With a noise of one per cent: soon if it is large, later if it is small.
  struct Case {
    double step;
    size_t nights;  // after it
    int least;      // of 200
  };
  for (const Case& it : {Case{0.02, 14, 170}, Case{0.03, 6, 180}, Case{0.05, 3, 180}}) {
    Noise noise(21);
    int found = 0;
    for (int trial = 0; trial < 200; ++trial) {
      Series series;
      Append(30, 0, 0.01, &noise, &series);
      Append(it.nights, it.step, 0.01, &noise, &series);
      const StepFit fit = FindSteps(series, {.min_size = 0.005});
      if (fit.steps.size() != 1) continue;
      found += std::abs(static_cast<int>(fit.steps[0].at) - 30) <= 3 ? 1 : 0;
    }
    EXPECT_GE(found, it.least) << it.step << " after " << it.nights << ", seed 21";
  }
}

// 0.3 % a night, from the first night on or after a month of rest: within 20 nights.
TEST(FindSteps, FindsACreep) {
  for (const size_t before : {0U, 30U}) {
    for (const double spread : {0.003, 0.006, 0.01}) {
      Noise noise(5);
      int found = 0;
      for (int trial = 0; trial < 200; ++trial) {
        Series series;
        Append(before, 0, spread, &noise, &series);
        for (int night = 1; night <= 20; ++night) {
          Append(1, 0.003 * night, spread, &noise, &series);
        }
        const StepFit fit = FindSteps(series, {.min_size = 0.005});
        found += !fit.steps.empty() && fit.steps.back().after > fit.steps.front().before ? 1 : 0;
      }
      EXPECT_GE(found, 198) << spread << " after " << before << ", seed 5";
    }
  }
}

TEST(FindSteps, TakesNoSpikeForAStep) {
  Noise noise(9);
  int wrong = 0;
  for (int trial = 0; trial < 300; ++trial) {
    Series series;
    Append(40, 0, 0.01, &noise, &series);
    for (const size_t at : {size_t{0}, size_t{12}, size_t{13}, size_t{30}, size_t{39}}) {
      series[at] = (at == 12 ? -1 : 1) * 0.2;
    }
    wrong += FindSteps(series, {.min_size = 0.005}).steps.empty() ? 0 : 1;
  }
  EXPECT_LE(wrong, 3) << "seed 9";
}

TEST(FindSteps, PassesOverGapsAndSmallSteps) {
  Series gaps;
  for (int i = 0; i < 10; ++i) {
    gaps.emplace_back(1.0);
    gaps.emplace_back(std::nullopt);
  }
  for (int i = 0; i < 4; ++i) {
    gaps.emplace_back(std::numeric_limits<double>::quiet_NaN());
    gaps.emplace_back(1.1);
  }
  const StepFit fit = FindSteps(gaps, {});
  ASSERT_EQ(fit.steps.size(), 1U);
  EXPECT_EQ(fit.steps[0].at, 21U);  // the first 1.1
  EXPECT_THAT(FindSteps(gaps, {.min_length = 8}).steps, IsEmpty());
  EXPECT_THAT(FindSteps(gaps, {.min_size = 0.2}).steps, IsEmpty());
  EXPECT_THAT(FindSteps(gaps, {.noise = 0.1}).steps, IsEmpty());
  // Two small steps are one large.
  Series stairs(10, 1.0);
  stairs.insert(stairs.end(), 10, 1.03);
  stairs.insert(stairs.end(), 10, 1.06);
  EXPECT_EQ(FindSteps(stairs, {}).steps.size(), 2U);
  const StepFit joined = FindSteps(stairs, {.min_size = 0.04});
  ASSERT_EQ(joined.steps.size(), 1U);
  EXPECT_NEAR(joined.steps[0].after - joined.steps[0].before, 0.045, 0.016);
}

}  // namespace
}  // namespace qbench::stats
