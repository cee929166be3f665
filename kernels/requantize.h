// From an accumulator to a quantized output: scale, add the zero point, clamp to the activation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "graph/ir.h"
#include "graph/numerics/quantize_math.h"
#include "kernels/fixed_point.h"
#include "kernels/kernel.h"

namespace qbench::kernels {

// What a fused activation lets through, as real numbers.
struct FloatRange {
  float min = std::numeric_limits<float>::lowest();
  float max = std::numeric_limits<float>::max();

  float Clamp(float x) const { return std::min(std::max(x, min), max); }
};
FloatRange RangeOf(graph::Activation activation);

// The same on quantized values: the type's range, cut by the activation.
struct QuantizedRange {
  int32_t min = 0;
  int32_t max = 0;

  int32_t Clamp(int32_t x) const { return std::min(std::max(x, min), max); }
};
QuantizedRange RangeOf(graph::Activation activation, const Operand& output);

// q = zero_point + round(real / scale) in float, halves away from zero; not clamped to a type.
int32_t QuantizeUnclamped(float real, float scale, int32_t zero_point);

// QuantizeMultiplier of a multiplier that a file asks for: kUnsupported where it is not a number
// that fixed-point multiplication can stand for.
Result<graph::QuantizedMultiplier> MultiplierOf(double real);

inline int32_t Multiply(int32_t x, graph::QuantizedMultiplier m) {
  return graph::MultiplyByQuantizedMultiplier(x, m);
}
// Saturates x to the 48 bits that the multiplication takes.
inline int32_t Multiply(int64_t x, graph::QuantizedMultiplier m) {
  constexpr int64_t kLimit = (int64_t{1} << 47) - 1;
  return graph::MultiplyByQuantizedMultiplier64(std::clamp(x, -kLimit, kLimit), m);
}

// How acc * multiplier becomes an integer. This is where the three arithmetics part.
enum class Rounding : uint8_t {
  // In fixed point, rounded twice: to 32 bits, then at the final shift with halves away from zero.
  kTwiceAwayFromZero,
  kTwiceUp,  // the same, both times with halves up
  kDouble,   // round(acc * multiplier) in double, halves away from zero
  kFloat,    // rint(float(acc) * multiplier) in float, halves to even
  // The same with the zero point added before rounding: halves to the even output.
  kFloatWithZeroPoint,
};

// x times the multiplier by kTwiceUp:
//   t = ((x << left) * m + 2^30) >> 31,  (t + 2^(right - 1)) >> right
int32_t MultiplyTwiceUp(int32_t x, graph::QuantizedMultiplier m);
// round(x * multiplier) in double, saturated to 32 bits.
int32_t MultiplyInDouble(double x, double multiplier);
// rint(x * multiplier) in float, saturated; NaN becomes 0.
int32_t MultiplyInFloat(float x, float multiplier);

// What XNNPACK does where one 8-bit value goes from one scale to another: a multiplier of 8
// fraction bits, halves up. CoarseMultiplierOf: kUnsupported where the multiplier is 128 or more.
Result<int32_t> CoarseMultiplierOf(float real);
inline int32_t MultiplyCoarse(int32_t x, int32_t multiplier) { return (x * multiplier + 128) >> 8; }

// multiplier = scale of the accumulator / scale of the output; one for each output channel.
// LiteRT's vector code rounds as kTwiceUp, and what is left over beside whole vectors is rounded as
// kTwiceAwayFromZero: `whole_vectors` is the first channel that is left over.
// Accumulators of 64 bits know kTwiceAwayFromZero (where theirs is quantize_math.h's 64-bit
// multiplication), kTwiceUp of their low 32 bits, and kDouble.
struct Requantizer {
  Rounding rounding = Rounding::kTwiceAwayFromZero;
  std::vector<graph::QuantizedMultiplier> multipliers;  // of the roundings in fixed point
  std::vector<double> reals;                            // of the others
  int32_t zero_point = 0;
  QuantizedRange range;
  size_t whole_vectors = std::numeric_limits<size_t>::max();

  int32_t Scale(int32_t accumulator, size_t channel) const {
    switch (rounding) {
      case Rounding::kTwiceAwayFromZero:
        return Multiply(accumulator, multipliers[channel]);
      case Rounding::kTwiceUp:
        return channel < whole_vectors ? MultiplyTwiceUp(accumulator, multipliers[channel])
                                       : Multiply(accumulator, multipliers[channel]);
      case Rounding::kDouble:
        return MultiplyInDouble(static_cast<double>(accumulator), reals[channel]);
      case Rounding::kFloat:
      case Rounding::kFloatWithZeroPoint:
        break;
    }
    return MultiplyInFloat(static_cast<float>(accumulator), static_cast<float>(reals[channel]));
  }
  int32_t Scale(int64_t accumulator, size_t channel) const {
    if (rounding == Rounding::kDouble) {
      return MultiplyInDouble(static_cast<double>(accumulator), reals[channel]);
    }
    if (rounding == Rounding::kTwiceUp) {
      return MultiplyTwiceUp(static_cast<int32_t>(accumulator), multipliers[channel]);
    }
    return Multiply(accumulator, multipliers[channel]);
  }
  template <typename Accumulator>
  int32_t operator()(Accumulator accumulator, size_t channel) const {
    if (rounding == Rounding::kFloatWithZeroPoint) {
      const float steps = static_cast<float>(accumulator) * static_cast<float>(reals[channel]) +
                          static_cast<float>(zero_point);
      return range.Clamp(MultiplyInFloat(steps, 1.0F));
    }
    return range.Clamp(WrappingAdd(Scale(accumulator, channel), zero_point));
  }
};

// Of an operator that multiplies its input 0 with weights (its input 1) of one scale for each of
// `channels`: multiplier = input scale * filter scale / output scale; in double, but for kFloat in
// float.
Result<Requantizer> MakeRequantizer(const OpContext& context, int64_t channels, Rounding rounding,
                                    graph::Activation activation);

// What products of quantized values are summed in: 32 bits for 8-bit activations, 64 for 16-bit.
template <typename Activation>
struct AccumulatorType {
  using Type = int32_t;
};
template <>
struct AccumulatorType<int16_t> {
  using Type = int64_t;
};
template <typename Activation>
using AccumulatorOf = typename AccumulatorType<Activation>::Type;

// sum of a[i] * b[i], modulo the accumulator's width. `a` holds activations less their zero point,
// which 16 bits suffice for; written so that compilers make vector code of it.
template <typename Accumulator, typename Weight>
Accumulator Dot(const int16_t* a, const Weight* b, int64_t size) {
  using Sum = std::make_unsigned_t<Accumulator>;
  Sum sum = 0;
  for (int64_t i = 0; i < size; ++i) {
    sum += static_cast<Sum>(static_cast<int32_t>(a[i]) * static_cast<int32_t>(b[i]));
  }
  return static_cast<Accumulator>(sum);
}

}  // namespace qbench::kernels
