// Activation functions as operators of their own: RELU, RELU6, LEAKY_RELU, LOGISTIC, TANH, ELU,
// GELU and HARD_SWISH; RSQRT and SQRT.
#pragma once

#include <array>
#include <cstdint>

#include "graph/numerics/quantize_math.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"

namespace qbench::kernels {

// Quantized RELU and LEAKY_RELU: two slopes between the scales of input and output,
//
//   output = zero_point + (q - input_zero_point) * slope, with slope = input_scale / output_scale
//            where q >= input_zero_point, and alpha times that (possibly negative) below.
struct LeakyReluQuantization {
  int32_t input_zero_point = 0, output_zero_point = 0;
  graph::QuantizedMultiplier above, below;
  bool negate_below = false;
  QuantizedRange range;
};
int32_t LeakyReluQuantized(const LeakyReluQuantization& q, int32_t value);

// A function of one 8-bit value as a table of its 256 results, indexed by the value's byte:
// round(function(scale * (q - zero_point)) / output_scale) + output_zero_point, in float.
using ByteTable = std::array<uint8_t, 256>;
template <typename Element>
ByteTable MakeTable(const Operand& input, const Operand& output, float (*function)(float));

// Quantized HARD_SWISH, x * relu6(x + 3) / 6, in 16-bit fixed point (Howard et al. 2019, arXiv
// 1905.02244, with TensorFlow Lite's arithmetic): x goes to 7 more bits of precision; one multiply
// takes it to the output's scale, another to [-1, 1] for x in [-3, 3], from where it is shifted to
// [0, 1]; their product is the output before its last shift.
struct HardSwishQuantization {
  int32_t input_zero_point = 0, output_zero_point = 0;
  int16_t output_multiplier = 0;  // Q0.15
  int output_exponent = 0;        // <= 0
  int16_t relu_multiplier = 0;    // Q0.15
  int relu_exponent = 0;
  QuantizedRange range;
};
int32_t HardSwishQuantized(const HardSwishQuantization& q, int32_t value);

Result<Run> PrepareActivationFloat(const OpContext& context);  // all of them
template <typename Element>
Result<Run> PrepareReluQuantized(const OpContext& context);  // kRelu, kRelu6, kLeakyRelu
template <typename Element>
Result<Run> PrepareTableQuantized(const OpContext& context);  // kLogistic, kTanh, kElu, kGelu
template <typename Element>
Result<Run> PrepareHardSwishQuantized(const OpContext& context);

}  // namespace qbench::kernels
