#include "kernels/requantize.h"

#include <cmath>

namespace qbench::kernels {
namespace {

QuantizedRange RangeOfType(graph::DataType type) {
  switch (type) {
    case graph::DataType::kInt8:
      return {std::numeric_limits<int8_t>::min(), std::numeric_limits<int8_t>::max()};
    case graph::DataType::kUInt8:
      return {std::numeric_limits<uint8_t>::min(), std::numeric_limits<uint8_t>::max()};
    case graph::DataType::kInt16:
      return {std::numeric_limits<int16_t>::min(), std::numeric_limits<int16_t>::max()};
    default:
      return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  }
}

}  // namespace

FloatRange RangeOf(graph::Activation activation) {
  switch (activation) {
    case graph::Activation::kRelu:
      return {0.0F, std::numeric_limits<float>::max()};
    case graph::Activation::kReluN1To1:
      return {-1.0F, 1.0F};
    case graph::Activation::kRelu6:
      return {0.0F, 6.0F};
    case graph::Activation::kNone:
      break;
  }
  return {};
}

QuantizedRange RangeOf(graph::Activation activation, const Operand& output) {
  QuantizedRange range = RangeOfType(output.type());
  if (activation == graph::Activation::kNone) return range;
  const FloatRange real = RangeOf(activation);
  const int32_t low = QuantizeUnclamped(real.min, output.scale(), output.zero_point());
  range.min = std::max(range.min, low);
  if (activation != graph::Activation::kRelu) {
    range.max =
        std::min(range.max, QuantizeUnclamped(real.max, output.scale(), output.zero_point()));
  }
  return range;
}

int32_t QuantizeUnclamped(float real, float scale, int32_t zero_point) {
  // Beyond 2^30 every type is saturated; NaN, which has no place on the scale, becomes real 0.
  constexpr float kLimit = 1 << 30;
  const float steps = std::round(real / scale);
  if (std::isnan(steps)) return zero_point;
  return WrappingAdd(static_cast<int32_t>(std::clamp(steps, -kLimit, kLimit)), zero_point);
}

Result<graph::QuantizedMultiplier> MultiplierOf(double real) {
  if (!(real >= 0.0) || real >= 0x1p30) {
    return Error(StatusCode::kUnsupported, "its scales ask for a multiplication by {}", real);
  }
  return graph::QuantizeMultiplier(real);
}

int32_t MultiplyTwiceUp(int32_t x, graph::QuantizedMultiplier m) {
  const int left = std::max(m.shift, 0);
  const int right = std::max(-m.shift, 0);
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(x) << left);
  const int64_t product = int64_t{shifted} * m.multiplier;
  const int64_t high = (product + (int64_t{1} << 30)) >> 31;
  if (right == 0) return static_cast<int32_t>(high);
  return static_cast<int32_t>((high + (int64_t{1} << (right - 1))) >> right);
}

int32_t MultiplyInDouble(double x, double multiplier) {
  return static_cast<int32_t>(std::clamp<double>(std::round(x * multiplier),
                                                 std::numeric_limits<int32_t>::min(),
                                                 std::numeric_limits<int32_t>::max()));
}

int32_t MultiplyInFloat(float x, float multiplier) {
  constexpr float kLimit = 1 << 30;  // beyond it every type is saturated
  const float steps = std::nearbyint(x * multiplier);
  return std::isnan(steps) ? 0 : static_cast<int32_t>(std::clamp(steps, -kLimit, kLimit));
}

Result<int32_t> CoarseMultiplierOf(float real) {
  if (!(std::abs(real) < 128.0F)) {
    return Error(StatusCode::kUnsupported, "its scales ask for a multiplication by {}", real);
  }
  return static_cast<int32_t>(std::nearbyint(real * 256.0F));
}

Result<Requantizer> MakeRequantizer(const OpContext& context, int64_t channels, Rounding rounding,
                                    graph::Activation activation) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  // The 64-bit multiplication shifts by fewer bits (graph/numerics/quantize_math.h).
  const int max_shift = input.type() == graph::DataType::kInt16 ? 7 : 30;
  Requantizer requantizer;
  requantizer.rounding = rounding;
  for (const float filter_scale : context.input(1).ChannelScales(channels)) {
    // uint8, the older scheme, multiplies the scales in float.
    const bool product_in_float =
        input.type() == graph::DataType::kUInt8 && rounding != Rounding::kDouble;
    const double product = product_in_float ? static_cast<double>(input.scale() * filter_scale)
                                            : static_cast<double>(input.scale()) * filter_scale;
    const double real = product / static_cast<double>(output.scale());
    QB_ASSIGN_OR_RETURN(const graph::QuantizedMultiplier multiplier, MultiplierOf(real));
    if (rounding == Rounding::kDouble) {
      requantizer.reals.push_back(real);
    } else if (rounding == Rounding::kFloat) {
      requantizer.reals.push_back(input.scale() * filter_scale / output.scale());
    } else if (multiplier.shift > max_shift) {
      return Error(StatusCode::kUnsupported, "its scales ask for a multiplication by {}", real);
    } else {
      requantizer.multipliers.push_back(multiplier);
    }
  }
  requantizer.zero_point = output.zero_point();
  requantizer.range = RangeOf(activation, output);
  return requantizer;
}

}  // namespace qbench::kernels
