#include "graph/numerics/quantize_math.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace qbench::graph {
namespace {

constexpr int32_t kInt32Min = std::numeric_limits<int32_t>::min();
constexpr int32_t kInt32Max = std::numeric_limits<int32_t>::max();

// A scale that division by it survives: not zero, not subnormal, not infinite.
bool IsUsableScale(double scale) {
  return scale >= std::numeric_limits<float>::min() && scale <= std::numeric_limits<float>::max();
}

float MaxAbs(std::span<const float> values) {
  float largest = 0.0F;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

float SymmetricScale(float max_abs, float fallback) {
  const double scale = static_cast<double>(max_abs) / 127.0;
  return IsUsableScale(scale) ? static_cast<float>(scale) : fallback;
}

int8_t QuantizeWeight(float weight, float scale) {
  const double steps = std::round(static_cast<double>(weight) / static_cast<double>(scale));
  return static_cast<int8_t>(std::clamp(steps, -127.0, 127.0));
}

double BiasSteps(float bias, float input_scale, float weight_scale) {
  const double scale = static_cast<double>(input_scale) * static_cast<double>(weight_scale);
  return std::round(static_cast<double>(bias) / scale);
}

}  // namespace

uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) {  // NaN: keep the upper payload, make it quiet
    return static_cast<uint16_t>(sign | 0x7E00U | ((magnitude >> 13) & 0x01FFU));
  }
  // 65520 is halfway between the largest half, 65504, and what would be next: infinity.
  if (magnitude >= std::bit_cast<uint32_t>(65520.0F)) {
    return static_cast<uint16_t>(sign | 0x7C00U);
  }
  if (magnitude < std::bit_cast<uint32_t>(0x1p-14F)) {
    // Subnormal halves are multiples of 2^-24. Adding 0.5, whose last bit is 2^-24, lets the
    // float adder round to nearest even; the result's low bits are the half's.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<uint16_t>(
        sign | (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(0.5F)));
  }
  // Normal: 13 bits fewer, nearest even; the carry may go into the exponent, as it should. The
  // exponent's bias changes from 127 to 15.
  const uint32_t odd = (magnitude >> 13) & 1U;
  const uint32_t rounded = magnitude - ((127U - 15U) << 23) + 0xFFFU + odd;
  return static_cast<uint16_t>(sign | (rounded >> 13));
}

float HalfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16;
  const uint32_t exponent = (half >> 10) & 0x1FU;
  const uint32_t fraction = half & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  const uint32_t wide = exponent == 0x1FU ? 0xFFU : exponent + (127U - 15U);
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

QuantizedRange ActivationRange(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return {-128, 127};
    case DataType::kUInt8:
      return {0, 255};
    case DataType::kInt16:
      return {-32767, 32767};
    default:
      return {};
  }
}

AffineParameters ChooseAsymmetric(float min, float max, QuantizedRange range) {
  const double low = std::min(0.0, static_cast<double>(min));
  const double high = std::max(0.0, static_cast<double>(max));
  const double scale = (high - low) / (static_cast<double>(range.max) - range.min);
  if (!IsUsableScale(scale)) return {1.0F, std::clamp(0, range.min, range.max)};
  // Either end of the range gives a zero point; take the one with the smaller rounding error.
  const double from_min = range.min - low / scale;
  const double from_max = range.max - high / scale;
  const double error_min = std::abs(static_cast<double>(range.min)) + std::abs(low / scale);
  const double error_max = std::abs(static_cast<double>(range.max)) + std::abs(high / scale);
  const double exact = error_min < error_max ? from_min : from_max;
  const double nudged =
      std::clamp(std::round(exact), static_cast<double>(range.min), static_cast<double>(range.max));
  return {static_cast<float>(scale), static_cast<int32_t>(nudged)};
}

AffineParameters ChooseSymmetric(float min, float max, QuantizedRange range) {
  const double scale = static_cast<double>(std::max(std::abs(min), std::abs(max))) / range.max;
  return {IsUsableScale(scale) ? static_cast<float>(scale) : 1.0F, 0};
}

int32_t QuantizeValue(float value, AffineParameters parameters, QuantizedRange range) {
  // Clamped in float first: the quotient may not fit an integer, and NaN becomes the minimum.
  const float steps =
      std::round(value / parameters.scale) + static_cast<float>(parameters.zero_point);
  if (!(steps > static_cast<float>(range.min))) return range.min;
  if (steps >= static_cast<float>(range.max)) return range.max;
  return static_cast<int32_t>(steps);
}

QuantizedWeights QuantizeWeightsPerChannel(std::span<const float> weights, const Shape& shape,
                                           int32_t axis) {
  // Seen from the axis, the tensor is [outer, channels, inner].
  size_t inner = 1;
  for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) {
    inner *= static_cast<size_t>(shape[i]);
  }
  const auto channels = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
  std::vector<float> largest(channels, 0.0F);
  for (size_t i = 0; i < weights.size(); ++i) {
    float& channel = largest[i / inner % channels];
    channel = std::max(channel, std::abs(weights[i]));
  }
  const float tensor_scale = SymmetricScale(MaxAbs(weights), 1.0F);
  QuantizedWeights result;
  result.quantization.axis = axis;
  result.quantization.zero_points.assign(channels, 0);
  result.quantization.scales.reserve(channels);
  for (const float value : largest) {
    result.quantization.scales.push_back(SymmetricScale(value, tensor_scale));
  }
  result.values.reserve(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    result.values.push_back(
        QuantizeWeight(weights[i], result.quantization.scales[i / inner % channels]));
  }
  return result;
}

QuantizedWeights QuantizeWeightsPerTensor(std::span<const float> weights) {
  const float scale = SymmetricScale(MaxAbs(weights), 1.0F);
  QuantizedWeights result;
  result.quantization = {.scales = {scale}, .zero_points = {0}};
  result.values.reserve(weights.size());
  for (const float weight : weights) result.values.push_back(QuantizeWeight(weight, scale));
  return result;
}

int32_t QuantizeBias32(float bias, float input_scale, float weight_scale) {
  const double steps = BiasSteps(bias, input_scale, weight_scale);
  return static_cast<int32_t>(std::clamp<double>(steps, kInt32Min, kInt32Max));
}

int64_t QuantizeBias64(float bias, float input_scale, float weight_scale) {
  const double steps = BiasSteps(bias, input_scale, weight_scale);
  if (steps >= 0x1p63) return std::numeric_limits<int64_t>::max();
  if (steps <= -0x1p63) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(steps);
}

QuantizedMultiplier QuantizeMultiplier(double real) {
  if (real == 0.0) return {};
  int shift = 0;
  const double fraction = std::frexp(real, &shift);  // in [0.5, 1)
  auto multiplier = static_cast<int64_t>(std::round(fraction * 0x1p31));
  if (multiplier == int64_t{1} << 31) {  // rounded up to 1
    multiplier /= 2;
    ++shift;
  }
  // Every product would be rounded to zero, and a shift by more than 31 is not defined.
  if (shift < -31) return {};
  return {static_cast<int32_t>(multiplier), shift};
}

int32_t SaturatingRoundingDoublingHighMul(int32_t a, int32_t b) {
  if (a == kInt32Min && b == kInt32Min) return kInt32Max;
  const int64_t product = int64_t{a} * int64_t{b};
  const int64_t half = int64_t{1} << 30;
  // Division truncates, so a nudge by half away from zero rounds to the nearest; below zero, the 1
  // sends an exact half towards zero.
  return static_cast<int32_t>((product + (product >= 0 ? half : 1 - half)) / (int64_t{1} << 31));
}

int32_t RoundingDivideByPowerOfTwo(int32_t x, int exponent) {
  const int64_t divisor = int64_t{1} << exponent;
  const int64_t half = divisor / 2;
  const int64_t wide = x;
  return static_cast<int32_t>((wide + (wide >= 0 ? half : -half)) / divisor);
}

int32_t MultiplyByQuantizedMultiplier(int32_t x, QuantizedMultiplier m) {
  const int left = std::max(m.shift, 0);
  const int right = std::max(-m.shift, 0);
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  return RoundingDivideByPowerOfTwo(SaturatingRoundingDoublingHighMul(shifted, m.multiplier),
                                    right);
}

int32_t MultiplyByQuantizedMultiplierSingleRounding(int32_t x, QuantizedMultiplier m) {
  const int total_shift = 31 - m.shift;
  const int64_t half = int64_t{1} << (total_shift - 1);
  const int64_t result = (int64_t{x} * m.multiplier + half) >> total_shift;
  return static_cast<int32_t>(std::clamp<int64_t>(result, kInt32Min, kInt32Max));
}

int32_t MultiplyByQuantizedMultiplier64(int64_t x, QuantizedMultiplier m) {
  const int32_t reduced = m.multiplier < 0x7FFF0000 ? (m.multiplier + (1 << 15)) >> 16 : 0x7FFF;
  const int total_shift = 15 - m.shift;
  const int64_t half = int64_t{1} << (total_shift - 1);
  return static_cast<int32_t>((x * reduced + half) >> total_shift);
}

}  // namespace qbench::graph
