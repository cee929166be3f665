#include "graph/numerics/quantize_math.h"

#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qbench::graph {
namespace {

using testing::Each;
using testing::ElementsAre;

constexpr uint64_t kSeed = 20240607;

// ---- float16 ----

// By the definition of binary16, in double.
double HalfOracle(uint16_t half) {
  const int exponent = (half >> 10) & 0x1F;
  const double fraction = half & 0x3FF;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24)
                                         : std::ldexp(1.0 + fraction / 1024.0, exponent - 15);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(HalfTest, EveryHalfIsExactAndComesBack) {
  for (uint32_t half = 0; half <= 0xFFFF; ++half) {
    const auto bits = static_cast<uint16_t>(half);
    const float value = HalfToFloat(bits);
    if ((bits & 0x7C00) != 0x7C00) {
      ASSERT_EQ(static_cast<double>(value), HalfOracle(bits)) << half;
      ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << half;
      ASSERT_EQ(FloatToHalf(value), bits) << half;
    } else if ((bits & 0x3FF) == 0) {
      ASSERT_TRUE(std::isinf(value)) << half;
      ASSERT_EQ(FloatToHalf(value), bits) << half;
    } else {
      ASSERT_TRUE(std::isnan(value)) << half;
      ASSERT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value)))) << half;
    }
  }
}

TEST(HalfTest, RoundsBetweenNeighboursToTheNearestAndTiesToEven) {
  for (uint16_t half = 0; half < 0x7BFF; ++half) {
    const auto above = static_cast<uint16_t>(half + 1);
    const double middle = (HalfOracle(half) + HalfOracle(above)) / 2;
    const auto tie = static_cast<float>(middle);  // one bit more than a half: exact
    const uint16_t even = (half & 1) == 0 ? half : above;
    ASSERT_EQ(FloatToHalf(tie), even) << half;
    ASSERT_EQ(FloatToHalf(-tie), even | 0x8000) << half;
    ASSERT_EQ(FloatToHalf(std::nextafter(tie, 0.0F)), half) << half;
    ASSERT_EQ(FloatToHalf(std::nextafter(tie, 1e9F)), above) << half;
  }
}

TEST(HalfTest, LargeValuesBecomeInfinityAndTinyOnesZero) {
  EXPECT_EQ(FloatToHalf(65504.0F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65519.996F), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);
  EXPECT_EQ(FloatToHalf(-1e30F), 0xFC00);
  EXPECT_EQ(FloatToHalf(std::ldexp(1.0F, -25)), 0);  // a tie with zero, which is even
  EXPECT_EQ(FloatToHalf(std::nextafter(std::ldexp(1.0F, -25), 1.0F)), 1);
}

// ---- affine parameters ----

TEST(AffineTest, KnownRanges) {
  const QuantizedRange int8 = ActivationRange(DataType::kInt8);
  EXPECT_EQ(ChooseAsymmetric(0.0F, 255.0F, int8), (AffineParameters{1.0F, -128}));
  EXPECT_EQ(ChooseAsymmetric(-1.0F, 1.0F, int8).scale, 2.0F / 255.0F);
  EXPECT_EQ(ChooseAsymmetric(3.0F, 255.0F, int8), (AffineParameters{1.0F, -128}));  // zero is in
  EXPECT_EQ(ChooseAsymmetric(-255.0F, -7.0F, int8), (AffineParameters{1.0F, 127}));
  EXPECT_EQ(ChooseAsymmetric(0.0F, 0.0F, int8), (AffineParameters{1.0F, 0}));
  EXPECT_EQ(ChooseSymmetric(-2.0F, 1.0F, ActivationRange(DataType::kInt16)),
            (AffineParameters{2.0F / 32767.0F, 0}));
}

TEST(AffineTest, ZeroIsExactAndTheRangeIsCovered) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 20000; ++i) {
    const QuantizedRange range = ActivationRange(i % 2 == 0 ? DataType::kInt8 : DataType::kUInt8);
    const float magnitude = std::ldexp(1.0F, static_cast<int>(random() % 60) - 30);
    const float a = magnitude * (static_cast<float>(random() % 2001) / 1000.0F - 1.0F);
    const float b = magnitude * (static_cast<float>(random() % 2001) / 1000.0F - 1.0F);
    const auto [low, high] = std::minmax(a, b);
    const AffineParameters p = ChooseAsymmetric(low, high, range);
    ASSERT_EQ(QuantizeValue(0.0F, p, range), p.zero_point) << "case " << i;
    // Nudging the zero point moves either end by at most half a step.
    const double lowest = static_cast<double>(p.scale) * (range.min - p.zero_point);
    const double highest = static_cast<double>(p.scale) * (range.max - p.zero_point);
    const double slack = 0.5001 * static_cast<double>(p.scale);
    ASSERT_LE(lowest, static_cast<double>(low) + slack) << "case " << i;
    ASSERT_GE(highest, static_cast<double>(high) - slack) << "case " << i;
  }
}

TEST(AffineTest, QuantizeValueClampsAndRoundsHalvesAway) {
  const QuantizedRange range = ActivationRange(DataType::kInt8);
  EXPECT_EQ(QuantizeValue(0.5F, {1.0F, 0}, range), 1);
  EXPECT_EQ(QuantizeValue(-0.5F, {1.0F, 0}, range), -1);
  EXPECT_EQ(QuantizeValue(1e30F, {1e-10F, 0}, range), 127);
  EXPECT_EQ(QuantizeValue(-1e30F, {1e-10F, 5}, range), -128);
  EXPECT_EQ(QuantizeValue(std::numeric_limits<float>::quiet_NaN(), {1.0F, 0}, range), -128);
}

// ---- weights ----

TEST(WeightsTest, EachChannelHasItsOwnScale) {
  // [2, 2, 2], axis 1: channel 0 holds 1 and 4, channel 1 holds 2 and 127.
  const std::vector<float> weights = {1, -1, 2, 2, 4, 4, 127, -127};
  const QuantizedWeights q = QuantizeWeightsPerChannel(weights, {2, 2, 2}, 1);
  EXPECT_THAT(q.quantization.scales, ElementsAre(4.0F / 127.0F, 1.0F));
  EXPECT_THAT(q.quantization.zero_points, ElementsAre(0, 0));
  EXPECT_EQ(q.quantization.axis, 1);
  EXPECT_THAT(q.values, ElementsAre(32, -32, 2, 2, 127, 127, 127, -127));
}

TEST(WeightsTest, AChannelOfZerosGetsTheTensorsScale) {
  const QuantizedWeights q = QuantizeWeightsPerChannel(std::vector<float>{0, 254}, {2, 1}, 0);
  EXPECT_THAT(q.quantization.scales, ElementsAre(2.0F, 2.0F));
  const QuantizedWeights zero = QuantizeWeightsPerTensor(std::vector<float>{0, 0});
  EXPECT_THAT(zero.quantization.scales, ElementsAre(1.0F));
  EXPECT_THAT(zero.values, Each(0));
}

TEST(WeightsTest, TheErrorIsAtMostHalfAStep) {
  std::mt19937_64 random(kSeed);
  std::normal_distribution<float> normal;
  std::vector<float> weights(3 * 5 * 7);
  for (float& weight : weights) weight = normal(random);
  for (int32_t axis = 0; axis < 3; ++axis) {
    const Shape shape = {3, 5, 7};
    const QuantizedWeights q = QuantizeWeightsPerChannel(weights, shape, axis);
    ASSERT_EQ(q.quantization.scales.size(), static_cast<size_t>(shape[axis]));
    for (size_t i = 0; i < weights.size(); ++i) {
      const size_t index[3] = {i / 35, i / 7 % 5, i % 7};
      const float scale = q.quantization.scales[index[axis]];
      ASSERT_NEAR(weights[i], scale * static_cast<float>(q.values[i]), 0.5001F * scale);
      ASSERT_GE(q.values[i], -127);
    }
  }
}

TEST(BiasTest, RoundsAndClamps) {
  EXPECT_EQ(QuantizeBias32(1.0F, 0.5F, 0.25F), 8);
  EXPECT_EQ(QuantizeBias32(-0.0625F, 0.5F, 0.25F), -1);
  EXPECT_EQ(QuantizeBias32(1e30F, 1e-3F, 1e-3F), std::numeric_limits<int32_t>::max());
  EXPECT_EQ(QuantizeBias64(1e6F, 0x1p-13F, 0x1p-7F), 1000000LL << 20);
  EXPECT_EQ(QuantizeBias64(-1e30F, 1e-3F, 1e-3F), std::numeric_limits<int64_t>::min());
}

// ---- fixed point ----

TEST(FixedPointTest, TheMultiplierIsWithinHalfAUnitOfTheReal) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 20000; ++i) {
    const double real = std::ldexp(1.0 + static_cast<double>(random() >> 11) * 0x1p-53,
                                   static_cast<int>(random() % 50) - 30);
    const QuantizedMultiplier m = QuantizeMultiplier(real);
    ASSERT_GE(m.multiplier, 1 << 30) << real;
    ASSERT_NEAR(std::ldexp(m.multiplier, m.shift - 31), real, std::ldexp(0.5, m.shift - 31));
  }
  EXPECT_EQ(QuantizeMultiplier(0.0), (QuantizedMultiplier{0, 0}));
  EXPECT_EQ(QuantizeMultiplier(1.0), (QuantizedMultiplier{1 << 30, 1}));
  EXPECT_EQ(QuantizeMultiplier(1.0 - 0x1p-40), (QuantizedMultiplier{1 << 30, 1}));
  EXPECT_EQ(QuantizeMultiplier(0x1p-33), (QuantizedMultiplier{0, 0}));
}

int32_t RandomInt32(std::mt19937_64& random) {
  const auto value = static_cast<int32_t>(random());
  switch (random() % 8) {
    case 0:
      return std::numeric_limits<int32_t>::min() + static_cast<int32_t>(random() % 4);
    case 1:
      return std::numeric_limits<int32_t>::max() - static_cast<int32_t>(random() % 4);
    case 2:
      return static_cast<int32_t>(random() % 9) - 4;
    default:
      return value >> (random() % 31);
  }
}

TEST(FixedPointTest, HighMulAndDivideAgreeWithALongDoubleOracle) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 100000; ++i) {
    const int32_t a = RandomInt32(random);
    const int32_t b = RandomInt32(random);
    const long double product = static_cast<long double>(a) * b / 0x1p31L;
    const long double rounded = std::min<long double>(std::round(product), 2147483647.0L);
    // A negative half is the one case in which gemmlowp's formula does not round away from zero.
    const bool negative_half = product < 0 && product - std::floor(product) == 0.5L;
    ASSERT_EQ(SaturatingRoundingDoublingHighMul(a, b),
              static_cast<int64_t>(negative_half ? std::ceil(product) : rounded))
        << a << " * " << b;
    const int exponent = static_cast<int>(random() % 32);
    ASSERT_EQ(RoundingDivideByPowerOfTwo(a, exponent),
              static_cast<int64_t>(std::round(std::ldexp(static_cast<long double>(a), -exponent))))
        << a << " / 2^" << exponent;
  }
}

TEST(FixedPointTest, MultiplicationIsWithinItsRoundingOfTheRealProduct) {
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 50000; ++i) {
    const double real = std::ldexp(1.0 + static_cast<double>(random() >> 11) * 0x1p-53,
                                   static_cast<int>(random() % 12) - 12);
    const QuantizedMultiplier m = QuantizeMultiplier(real);
    const int32_t x = static_cast<int32_t>(random()) >> (8 + random() % 20);
    const double exact = std::ldexp(static_cast<double>(m.multiplier) * x, m.shift - 31);
    ASSERT_NEAR(MultiplyByQuantizedMultiplier(x, m), exact, 1.0) << x << " * " << real;
    ASSERT_EQ(MultiplyByQuantizedMultiplierSingleRounding(x, m), std::floor(exact + 0.5));
    // 16 bits of the multiplier: a relative error of 2^-16.
    ASSERT_NEAR(MultiplyByQuantizedMultiplier64(x, m), exact, 0.51 + std::abs(exact) * 0x1p-15);
  }
}

TEST(FixedPointTest, KnownValuesOfTheReferenceKernels) {
  EXPECT_EQ(SaturatingRoundingDoublingHighMul(INT32_MIN, INT32_MIN), INT32_MAX);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(-3, 1), -2);
  EXPECT_EQ(RoundingDivideByPowerOfTwo(3, 1), 2);
  EXPECT_EQ(MultiplyByQuantizedMultiplier(100, {1 << 30, 0}), 50);
  EXPECT_EQ(MultiplyByQuantizedMultiplier(-101, {1 << 30, 0}), -50);  // -50.5: see the oracle above
  EXPECT_EQ(MultiplyByQuantizedMultiplierSingleRounding(-101, {1 << 30, 0}), -50);
  EXPECT_EQ(MultiplyByQuantizedMultiplier64(-101, {1 << 30, 0}), -50);
}

}  // namespace
}  // namespace qbench::graph
