#include "quantize/weights/feedback_rounding.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Vectors whose entries go together, as neighbouring channels do: a few sources, mixed.
InputMoments CorrelatedMoments(std::mt19937& random, size_t taps, size_t vectors) {
  const size_t sources = std::max<size_t>(1, taps / 3);
  const std::vector<float> mix = RandomFloats(random, taps * sources, -1.0F, 1.0F);
  InputMoments moments{.taps = taps, .sums = std::vector<float>(InputMoments::Places(taps), 0.0F)};
  for (size_t v = 0; v < vectors; ++v) {
    const std::vector<float> source = RandomFloats(random, sources, 0.0F, 2.0F);
    std::vector<float> x(taps, 0.0F);
    for (size_t i = 0; i < taps; ++i) {
      for (size_t s = 0; s < sources; ++s) x[i] += mix[i * sources + s] * source[s];
    }
    for (size_t i = 0; i < taps; ++i) {
      for (size_t j = i; j < taps; ++j) moments.sums[moments.Place(i, j)] += x[i] * x[j];
    }
    ++moments.vectors;
  }
  return moments;
}

// H with what the rounder adds to its diagonal.
Matrix Hessian(const InputMoments& moments, double noise) {
  Matrix h(moments.taps, std::vector<double>(moments.taps));
  double mean = 0.0;
  for (size_t i = 0; i < moments.taps; ++i) {
    for (size_t j = 0; j < moments.taps; ++j) h[i][j] = moments.Mean(0, i, j);
    mean += h[i][i] / static_cast<double>(moments.taps);
  }
  for (size_t i = 0; i < moments.taps; ++i) h[i][i] += noise + 0.01 * mean;
  return h;
}

Matrix Inverse(Matrix a) {
  const size_t n = a.size();
  Matrix b(n, std::vector<double>(n, 0.0));
  for (size_t i = 0; i < n; ++i) b[i][i] = 1.0;
  for (size_t i = 0; i < n; ++i) {
    const double pivot = a[i][i];
    for (size_t j = 0; j < n; ++j) {
      a[i][j] /= pivot;
      b[i][j] /= pivot;
    }
    for (size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = a[k][i];
      for (size_t j = 0; j < n; ++j) {
        a[k][j] -= factor * a[i][j];
        b[k][j] -= factor * b[i][j];
      }
    }
  }
  return b;
}

// The oracle: the step of Optimal Brain Quantization that GPTQ repeats (arXiv 2210.17323, equation
// 2), with the inverse of what is left of H computed anew for each weight.
std::vector<int> OneByOne(const Matrix& h, std::vector<double> weights,
                          const std::vector<size_t>& order, double scale) {
  std::vector<int> integers(weights.size());
  for (size_t k = 0; k < order.size(); ++k) {
    const std::vector<size_t> rest(order.begin() + static_cast<std::ptrdiff_t>(k), order.end());
    Matrix left(rest.size(), std::vector<double>(rest.size()));
    for (size_t i = 0; i < rest.size(); ++i) {
      for (size_t j = 0; j < rest.size(); ++j) left[i][j] = h[rest[i]][rest[j]];
    }
    const Matrix inverse = Inverse(left);
    const double steps = std::clamp(std::round(weights[rest[0]] / scale), -127.0, 127.0);
    integers[rest[0]] = static_cast<int>(steps);
    const double error = (weights[rest[0]] - steps * scale) / inverse[0][0];
    for (size_t i = 0; i < rest.size(); ++i) weights[rest[i]] -= error * inverse[0][i];
  }
  return integers;
}

// The mean squared error of the layer's output.
double OutputError(const InputMoments& moments, std::span<const float> weights, float scale,
                   std::span<const int8_t> integers) {
  double sum = 0.0;
  const auto error = [&](size_t i) {
    return static_cast<double>(weights[i]) - static_cast<double>(scale) * integers[i];
  };
  for (size_t i = 0; i < weights.size(); ++i) {
    for (size_t j = 0; j < weights.size(); ++j) sum += error(i) * error(j) * moments.Mean(0, i, j);
  }
  return sum;
}

float ScaleOf(const std::vector<float>& weights) {
  float largest = 0.0F;
  for (const float weight : weights) largest = std::max(largest, std::abs(weight));
  return largest / 127.0F;
}

std::vector<int8_t> Nearest(const std::vector<float>& weights, float scale) {
  std::vector<int8_t> integers;
  integers.reserve(weights.size());
  for (const float weight : weights) {
    integers.push_back(static_cast<int8_t>(std::round(static_cast<double>(weight) / scale)));
  }
  return integers;
}

TEST(FeedbackRounding, IsOptimalBrainQuantizationInAFixedOrder) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const size_t taps = 1 + random() % 14;
    const InputMoments moments = CorrelatedMoments(random, taps, 40);
    const std::vector<float> weights = RandomFloats(random, taps, -1.0F, 1.0F);
    const float scale = ScaleOf(weights);
    std::vector<int8_t> integers(taps);
    FeedbackRounder(moments, 0, 0.002).Round(weights, scale, integers);
    std::vector<size_t> order(taps);
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, std::greater<>(),
                             [&](size_t i) { return moments.Mean(0, i, i); });
    const std::vector<int> expected =
        OneByOne(Hessian(moments, 0.002), {weights.begin(), weights.end()}, order, scale);
    EXPECT_EQ(std::vector<int>(integers.begin(), integers.end()), expected);
  }
}

TEST(FeedbackRounding, HalvesTheOutputErrorOfCorrelatedInputs) {
  double feedback = 0.0;
  double nearest = 0.0;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const InputMoments moments = CorrelatedMoments(random, 60, 500);
    const std::vector<float> weights = RandomFloats(random, 60, -1.0F, 1.0F);
    const float scale = ScaleOf(weights);
    std::vector<int8_t> integers(weights.size());
    FeedbackRounder(moments, 0, 0.0).Round(weights, scale, integers);
    feedback += OutputError(moments, weights, scale, integers);
    nearest += OutputError(moments, weights, scale, Nearest(weights, scale));
  }
  EXPECT_LT(feedback, 0.5 * nearest);
}

TEST(FeedbackRounding, IndependentInputsRoundToNearest) {
  std::mt19937 random(3);
  InputMoments moments{
      .taps = 16, .sums = std::vector<float>(InputMoments::Places(16), 0.0F), .vectors = 1};
  for (size_t i = 0; i < 16; ++i) moments.sums[moments.Place(i, i)] = 1.0F + static_cast<float>(i);
  const std::vector<float> weights = RandomFloats(random, 16, -1.0F, 1.0F);
  std::vector<int8_t> integers(16);
  FeedbackRounder(moments, 0, 0.0).Round(weights, ScaleOf(weights), integers);
  EXPECT_EQ(integers, Nearest(weights, ScaleOf(weights)));
}

TEST(FeedbackRounding, InputsThatAreAlwaysZeroRoundToNearest) {
  std::mt19937 random(4);
  const InputMoments moments{
      .taps = 9, .sums = std::vector<float>(InputMoments::Places(9), 0.0F), .vectors = 10};
  const std::vector<float> weights = RandomFloats(random, 9, -1.0F, 1.0F);
  std::vector<int8_t> integers(9);
  FeedbackRounder(moments, 0, 0.0).Round(weights, ScaleOf(weights), integers);
  EXPECT_EQ(integers, Nearest(weights, ScaleOf(weights)));
}

// What Round says it costs is e H e^T, with what was added to the diagonal.
TEST(FeedbackRounding, TellsTheErrorOfTheOutput) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const size_t taps = 2 + random() % 20;
    const InputMoments moments = CorrelatedMoments(random, taps, 40);
    const std::vector<float> weights = RandomFloats(random, taps, -0.5F, 0.5F);
    const float scale = ScaleOf(weights) * 18.0F;  // about 4 bits
    std::vector<int8_t> integers(taps);
    const double cost = FeedbackRounder(moments, 0, 0.002).Round(weights, scale, integers, 7);
    const Matrix h = Hessian(moments, 0.002);
    double expected = 0.0;
    const auto error = [&](size_t i) {
      return static_cast<double>(weights[i]) - static_cast<double>(scale) * integers[i];
    };
    for (size_t i = 0; i < taps; ++i) {
      for (size_t j = 0; j < taps; ++j) expected += error(i) * error(j) * h[i][j];
    }
    EXPECT_NEAR(cost, expected, 1e-4 * expected);
  }
}

// Of all its candidates, found here one by one, a channel gets the scale with the least error.
TEST(FeedbackRounding, ChoosesTheScaleWithTheLeastErrorOfTheOutput) {
  constexpr int kCandidates = 10;
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const size_t taps = 3 + random() % 20;
    const InputMoments moments = CorrelatedMoments(random, taps, 40);
    const std::vector<float> weights = RandomFloats(random, 2 * taps, -0.5F, 0.5F);
    const ScaledWeights scaled = RoundAndScaleWithFeedback(weights, {2, static_cast<int32_t>(taps)},
                                                           0, moments, 7, kCandidates);
    ASSERT_EQ(scaled.scales.size(), 2U);
    for (size_t row = 0; row < 2; ++row) {
      const auto of_row = std::span(weights).subspan(row * taps, taps);
      const float widest = ScaleOf({of_row.begin(), of_row.end()}) * 127.0F / 7.0F;
      std::vector<int8_t> integers(taps);
      std::vector<int8_t> best(taps);
      double least = 1e30;
      for (int i = 0; i < kCandidates; ++i) {
        const auto scale = static_cast<float>(widest * (1.0 - 0.05 * i));
        const double cost = FeedbackRounder(moments, 0, 0.0).Round(of_row, scale, integers, 7);
        if (cost >= least) continue;
        least = cost;
        best = integers;
      }
      const auto chosen = std::span(scaled.integers).subspan(row * taps, taps);
      const double cost =
          FeedbackRounder(moments, 0, 0.0).Round(of_row, scaled.scales[row], integers, 7);
      EXPECT_NEAR(cost, least, 1e-6 * least);
      EXPECT_TRUE(std::ranges::equal(chosen, best));
    }
  }
}

}  // namespace
}  // namespace qbench::quantize
