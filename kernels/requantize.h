// From an accumulator to a quantized output: scale, add the zero point, clamp to the activation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "graph/ir.h"
#include "graph/quantize_math.h"
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

// multiplier = scale of the accumulator / scale of the output; one for each output channel.
struct Requantizer {
  std::vector<graph::QuantizedMultiplier> multipliers;
  int32_t zero_point = 0;
  QuantizedRange range;

  template <typename Accumulator>
  int32_t operator()(Accumulator accumulator, size_t channel) const {
    return range.Clamp(WrappingAdd(Multiply(accumulator, multipliers[channel]), zero_point));
  }
};

// Of an operator that multiplies `input` with per-channel `filter_scales`:
// multiplier = input scale * filter scale / output scale, in double.
Result<Requantizer> MakeRequantizer(const Operand& input, const std::vector<float>& filter_scales,
                                    const Operand& output, graph::Activation activation);

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
