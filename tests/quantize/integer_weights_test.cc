#include "quantize/weights/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "graph/numerics/quantize_math.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(IntegerWeights, ErrorIsHalfAStepAndBiasScaleIsTheExactProduct) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto weights = RandomFloats(random, 5 * 3 * 3 * 7, -2.0F, 1.0F);
    const auto bias = RandomFloats(random, 5, -3.0F, 3.0F);
    const float input_scale = RandomFloats(random, 1, 0.001F, 0.1F)[0];
    const auto result = QuantizeIntegerWeights({.weights = weights,
                                                .shape = {5, 3, 3, 7},
                                                .channel_axis = 0,
                                                .bias = bias,
                                                .input_scale = input_scale});
    ASSERT_TRUE(result.ok());
    EXPECT_THAT(result->widened, IsEmpty());
    ASSERT_EQ(result->quantization.scales.size(), 5U);
    for (size_t i = 0; i < weights.size(); ++i) {
      const float scale = result->quantization.scales[i / 63];
      EXPECT_LE(std::abs(scale * result->weights[i] - weights[i]), scale * 0.5001F);
    }
    for (size_t channel = 0; channel < bias.size(); ++channel) {
      const float scale = result->bias_quantization.scales[channel];
      EXPECT_EQ(scale, input_scale * result->quantization.scales[channel]);
      EXPECT_LE(std::abs(static_cast<double>(scale) * result->bias[channel] - bias[channel]),
                scale * 0.5001);
    }
    EXPECT_THAT(result->bias_quantization.zero_points, Each(0));
    EXPECT_EQ(result->bias_quantization.axis, 0);
  }
}

TEST(IntegerWeights, PerTensorHasOneScale) {
  const std::vector<float> weights = {1.0F, -0.5F, 0.25F, 0.0F};
  const std::vector<float> bias = {0.5F, -0.5F};
  const auto result = QuantizeIntegerWeights({.weights = weights,
                                              .shape = {2, 2},
                                              .bias = bias,
                                              .input_scale = 0.5F,
                                              .per_channel = false});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->quantization.scales, ElementsAre(1.0F / 127.0F));
  EXPECT_THAT(result->weights, ElementsAre(127, -64, 32, 0));
  EXPECT_THAT(result->bias_quantization.scales, ElementsAre(0.5F * (1.0F / 127.0F)));
  EXPECT_THAT(result->bias, ElementsAre(127, -127));
}

TEST(IntegerWeights, ChannelOfZerosHasAScaleThatIsValid) {
  const std::vector<float> weights = {1.0F, -0.5F, 0.0F, 0.0F};
  const std::vector<float> bias = {0.5F, 0.25F};
  const auto result = QuantizeIntegerWeights(
      {.weights = weights, .shape = {2, 2}, .bias = bias, .input_scale = 0.5F});
  ASSERT_TRUE(result.ok());
  EXPECT_GT(result->quantization.scales[1], 0.0F);
  EXPECT_NEAR(result->bias[1] * result->bias_quantization.scales[1], 0.25F, 0.005F);
}

// The largest magnitude that the accumulator of a channel can take.
double LargestSum(const IntegerWeights& result, size_t channel, size_t inner) {
  double sum = result.bias.empty() ? 0.0 : std::abs(static_cast<double>(result.bias[channel]));
  for (size_t i = 0; i < inner; ++i) {
    sum += 255.0 * std::abs(static_cast<int>(result.weights[channel * inner + i]));
  }
  return sum;
}

TEST(IntegerWeights, BiasThatDoesNotFitWidensItsChannelAlone) {
  const std::vector<float> weights = {1e-9F, -1e-9F, 1.0F, 0.5F};
  const std::vector<float> bias = {100.0F, 100.0F};
  const auto result = QuantizeIntegerWeights(
      {.weights = weights, .shape = {2, 2}, .bias = bias, .input_scale = 1e-3F});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->widened, ElementsAre(0));
  EXPECT_EQ(result->quantization.scales[1], 1.0F / 127.0F);
  for (size_t channel = 0; channel < 2; ++channel) {
    EXPECT_LE(LargestSum(*result, channel, 2), std::numeric_limits<int32_t>::max());
    EXPECT_NEAR(
        result->bias[channel] * static_cast<double>(result->bias_quantization.scales[channel]),
        100.0, 1e-3);
  }
}

// The accumulators of 16x8 have 64 bits, but their multiplication takes 47, and its multiplier is 0
// below 2^-32.
TEST(IntegerWeights, BiasesOf16x8StayWithinTheMultiplication) {
  const std::vector<float> weights = {1e-20F, -1e-20F, 1.0F, 0.5F};
  const std::vector<float> bias = {3.0F, 1.0F};
  constexpr float kInputScale = 1.0F / 32767.0F;
  constexpr float kOutputScale = 6.0F / 32767.0F;
  const auto result = QuantizeIntegerWeights({.weights = weights,
                                              .shape = {2, 2},
                                              .bias = bias,
                                              .input_scale = kInputScale,
                                              .output_scale = kOutputScale,
                                              .activations = graph::DataType::kInt16});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->widened, ElementsAre(0));
  EXPECT_THAT(result->narrowed, IsEmpty());
  EXPECT_EQ(result->quantization.scales[1], 1.0F / 127.0F);
  EXPECT_LT(std::abs(static_cast<double>(result->bias[0])), 0x1p47);
  for (size_t channel = 0; channel < 2; ++channel) {
    const double multiplier =
        static_cast<double>(kInputScale) * result->quantization.scales[channel] / kOutputScale;
    EXPECT_GE(multiplier, 0x1p-32);
    const int32_t output = graph::MultiplyByQuantizedMultiplier64(
        result->bias[channel], graph::QuantizeMultiplier(multiplier));
    EXPECT_NEAR(output * kOutputScale, bias[channel], kOutputScale);
  }
}

// A channel of zeros or of next to nothing is no news where its bias cannot be seen either.
TEST(IntegerWeights, NothingIsToldOfAChannelThatIsNothing) {
  const std::vector<float> weights = {1e-20F, 1.0F};
  const std::vector<float> bias = {1e-20F, 1.0F};
  for (const auto type : {graph::DataType::kInt8, graph::DataType::kInt16}) {
    const auto result = QuantizeIntegerWeights({.weights = weights,
                                                .shape = {2, 1},
                                                .bias = bias,
                                                .input_scale = 0.1F,
                                                .output_scale = 0.1F,
                                                .activations = type});
    ASSERT_TRUE(result.ok());
    EXPECT_THAT(result->widened, IsEmpty());
    EXPECT_GE(result->quantization.scales[0], 0x1p-32F);
  }
}

// One step of the input times the smallest weight would be more than all of the output's range.
TEST(IntegerWeights, TooLargeMultipliersCutWeightsOff) {
  const std::vector<float> weights = {1000.0F, -1.0F, 1.0F, 0.5F};
  const std::vector<float> bias = {-1e9F, 0.5F};
  for (const auto type : {graph::DataType::kInt8, graph::DataType::kInt16}) {
    const double limit = type == graph::DataType::kInt8 ? 256.0 : 128.0;
    const auto result = QuantizeIntegerWeights({.weights = weights,
                                                .shape = {2, 2},
                                                .bias = bias,
                                                .input_scale = 1.0F,
                                                .output_scale = 0.01F,
                                                .activations = type});
    ASSERT_TRUE(result.ok());
    EXPECT_THAT(result->narrowed, ElementsAre(0));
    EXPECT_EQ(result->quantization.scales[1], 1.0F / 127.0F);
    EXPECT_LT(result->quantization.scales[0] / 0.01, limit);
    EXPECT_EQ(result->weights[0], 127);
    EXPECT_LT(result->bias[0], 0);
    if (type == graph::DataType::kInt8) {
      EXPECT_LE(LargestSum(*result, 0, 2), std::numeric_limits<int32_t>::max());
    }
  }
}

TEST(IntegerWeights, LongSumsStayIn32Bits) {
  const std::vector<float> weights(100'000, 0.25F);  // 100,000 x 127 x 255 > 2^31
  const auto result =
      QuantizeIntegerWeights({.weights = weights, .shape = {1, 100'000}, .input_scale = 0.01F});
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->widened, ElementsAre(0));
  EXPECT_LE(LargestSum(*result, 0, weights.size()), std::numeric_limits<int32_t>::max());
  EXPECT_NEAR(result->weights[0] * result->quantization.scales[0], 0.25F, 0.002F);
}

TEST(IntegerWeights, TinyScalesStayNormal) {
  const std::vector<float> weights = {1e-37F, 2e-38F};
  const auto result =
      QuantizeIntegerWeights({.weights = weights, .shape = {1, 2}, .input_scale = 1e-6F});
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(std::isnormal(result->quantization.scales[0] * 1e-6F));
}

TEST(IntegerWeights, TooManyWeightsAChannelAreRefused) {
  const std::vector<float> weights((size_t{1} << 23) + 1, 0.0F);
  const auto result = QuantizeIntegerWeights(
      {.weights = weights, .shape = {1, static_cast<int32_t>(weights.size())}});
  EXPECT_EQ(result.status().code(), StatusCode::kUnsupported);
}

// The oracle: the mean of an output over many inputs, with the float and with the rounded weights,
// one product at a time. Rounding moves it; with bias correction it is back within the bias's step.
double MeanOutput(const std::vector<double>& weights, double bias, int32_t axis, size_t channel,
                  size_t channels, const std::vector<std::vector<float>>& inputs) {
  double sum = 0;
  for (const std::vector<float>& input : inputs) {
    sum += bias;
    for (size_t i = 0; i < weights.size(); ++i) {
      const size_t of = axis == 0 ? i / (weights.size() / channels) : i % channels;
      if (of != channel) continue;
      const size_t from = axis == 0 ? i % input.size() : channel / (channels / input.size());
      sum += weights[i] * input[from];
    }
  }
  return sum / static_cast<double>(inputs.size());
}

TEST(IntegerWeights, BiasCorrectionTakesTheMeanErrorAway) {
  constexpr uint32_t kSeed = 9;
  SCOPED_TRACE(kSeed);
  struct Case {
    graph::Shape shape;
    int32_t axis;
    size_t inputs;
  };
  for (const Case& c : {Case{{8, 24}, 0, 24}, Case{{6, 3, 3, 5}, 0, 5}, Case{{1, 3, 3, 8}, 3, 8},
                        Case{{1, 3, 3, 8}, 3, 4}}) {
    SCOPED_TRACE(::testing::PrintToString(c.shape));
    std::mt19937 random(kSeed);
    const auto elements = static_cast<size_t>(graph::ElementCount(c.shape));
    const auto channels = static_cast<size_t>(c.shape[static_cast<size_t>(c.axis)]);
    const auto weights = RandomFloats(random, elements, -1.0F, 1.0F);
    const auto bias = RandomFloats(random, channels, -1.0F, 1.0F);
    std::vector<std::vector<float>> inputs;
    std::vector<float> means(c.inputs, 0.0F);
    for (int n = 0; n < 50; ++n) {
      inputs.push_back(RandomFloats(random, c.inputs, 0.0F, 6.0F));
      for (size_t i = 0; i < c.inputs; ++i) means[i] += inputs.back()[i] / 50.0F;
    }
    for (const auto activations : {graph::DataType::kInt8, graph::DataType::kInt16}) {
      WeightsToQuantize from = {.weights = weights,
                                .shape = c.shape,
                                .channel_axis = c.axis,
                                .bias = bias,
                                .input_scale = 1e-4F,
                                .activations = activations};
      const auto plain = QuantizeIntegerWeights(from);
      const LayerInputs layer{.means = means};
      from.inputs = &layer;
      const auto corrected = QuantizeIntegerWeights(from);
      ASSERT_TRUE(plain.ok() && corrected.ok());
      EXPECT_EQ(plain->weights, corrected->weights);
      double plain_error = 0;
      for (size_t channel = 0; channel < channels; ++channel) {
        const double bias_step = corrected->bias_quantization.scales[channel];
        std::vector<double> rounded;
        for (size_t i = 0; i < elements; ++i) {
          const size_t of = c.axis == 0 ? i / (elements / channels) : i % channels;
          rounded.push_back(static_cast<double>(plain->quantization.scales[of]) *
                            plain->weights[i]);
        }
        const double truth = MeanOutput({weights.begin(), weights.end()}, bias[channel], c.axis,
                                        channel, channels, inputs);
        const auto mean_with = [&](int64_t integer_bias) {
          return MeanOutput(rounded, bias_step * static_cast<double>(integer_bias), c.axis, channel,
                            channels, inputs);
        };
        EXPECT_NEAR(mean_with(corrected->bias[channel]), truth, bias_step + 1e-5);
        plain_error = std::max(plain_error, std::abs(mean_with(plain->bias[channel]) - truth));
      }
      EXPECT_GT(plain_error, 1e-3);
    }
  }
}

}  // namespace
}  // namespace qbench::quantize
