// ADD, SUB, MUL, DIV, PRELU, MAXIMUM and MINIMUM of two tensors, element by element. Shapes
// broadcast as in NumPy: aligned at the last dimension, a dimension of 1 repeats.
#pragma once

#include <cstdint>

#include "graph/numerics/quantize_math.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"

namespace qbench::kernels {

// Quantized ADD and SUB. Both inputs are brought to one scale, twice the larger of theirs, with
// `left_shift` extra bits; their sum goes from there to the output's scale:
//
//   t_i = (q_i - zero_point_i) * 2^left_shift * (scale_i / twice_max_scale)
//   output = zero_point + (t_1 ± t_2) * (twice_max_scale / (2^left_shift * output_scale))
//
// left_shift is 20 for 8-bit values, 15 for 16-bit ones. Each product is a rounded fixed-point one.
struct AddQuantization {
  int left_shift = 20;
  int32_t zero_point_1 = 0, zero_point_2 = 0, output_zero_point = 0;
  graph::QuantizedMultiplier multiplier_1, multiplier_2, output_multiplier;
  bool subtract = false;
  // How t_i is rounded: in fixed point as elsewhere, once instead of twice, or cut off at the
  // shift.
  enum class InputRounding : uint8_t { kTwice, kOnce, kCut };
  InputRounding input_rounding = InputRounding::kTwice;
  QuantizedRange range;
};
int32_t AddQuantized(const AddQuantization& q, int32_t a, int32_t b);

// The same in one step, as XNNPACK has it: multipliers of at most 21 bits, halves up.
//
//   output = zero_point + ((bias + a * multiplier_1 + b * multiplier_2) >> shift)
//
// bias holds the inputs' zero points and half of 2^shift.
struct OneStepAddition {
  int32_t multiplier_1 = 0, multiplier_2 = 0;  // scale / output_scale * 2^shift, rounded
  int shift = 0;
  int64_t bias = 0;
  int32_t output_zero_point = 0;
  QuantizedRange range;
};
int32_t AddInOneStep(const OneStepAddition& q, int32_t a, int32_t b);

// Quantized MUL:
//   output = zero_point + (a - zp_1) * (b - zp_2) * (scale_1 * scale_2 / output_scale)
struct MulQuantization {
  int32_t zero_point_1 = 0, zero_point_2 = 0;
  Requantizer requantize;  // of one channel
};
int32_t MulQuantized(const MulQuantization& q, int32_t a, int32_t b);

// kAdd, kSub and kMul.
Result<Run> PrepareBinaryFloat(const OpContext& context);
template <typename Element>
Result<Run> PrepareAddQuantized(const OpContext& context);  // kAdd, kSub
template <typename Element>
Result<Run> PrepareMulQuantized(const OpContext& context);

// Quantized PRELU, in fixed point: from the input's scale to the output's where x is not below 0,
// and from the product's where it is.
//
//   output = zero_point + x * (input_scale / output_scale), x = input - its zero point, x >= 0
//            zero_point + x * (slope - its zero point) * (input_scale * slope_scale / output_scale)
struct PreluQuantization {
  int32_t input_zero_point = 0, slope_zero_point = 0, output_zero_point = 0;
  graph::QuantizedMultiplier above, below;
  QuantizedRange range;
};
int32_t PreluQuantized(const PreluQuantization& q, int32_t input, int32_t slope);
Result<Run> PreparePreluFloat(const OpContext& context);
template <typename Element>
Result<Run> PreparePreluQuantized(const OpContext& context);

// MAXIMUM and MINIMUM; integers are compared as they are, since all have one scale.
template <typename Element>
Result<Run> PrepareExtremum(const OpContext& context);

}  // namespace qbench::kernels
