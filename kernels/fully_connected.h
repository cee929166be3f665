// FULLY_CONNECTED. Input: rows of `depth` values, weights [units, depth], output: rows of `units`.
//
//   output[b, u] = activation(bias[u] + sum over d of input[b, d] * weights[u, d])
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/dynamic_range.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"

namespace qbench::kernels {

struct FullyConnectedShape {
  int64_t rows = 0;
  int64_t units = 0;
  int64_t depth = 0;
};

// Float, summed in double: over a thousand terms a sum in float loses more than what tells one
// framework from another, and Keras (which adds in blocks) is nearer to the exact sum. With
// FloatSums::kFused as XNNPACK, in float. bias: `units` floats or null.
void FullyConnectedFloat(const FullyConnectedShape& shape, const float* input, const float* weights,
                         const float* bias, FloatSums rule, FloatRange range, float* output);

// Integers:
//
//   acc = bias[u] + sum of (input - input_zero_point) * (weights - weights_zero_point)
//   output = clamp(output_zero_point + round(acc * input_scale * weights_scale[u] / output_scale))
//
// Unlike in convolutions, TensorFlow Lite's reference kernel scales the accumulator in double, not
// in fixed point (Rounding::kDouble).
struct FullyConnectedQuantization {
  int32_t input_zero_point = 0;
  int32_t weights_zero_point = 0;
  Requantizer requantize;
};
// Scratch: row, `depth` values.
template <typename Activation, typename Weight>
void FullyConnectedQuantized(const FullyConnectedShape& shape, const FullyConnectedQuantization& q,
                             const Activation* input, const Weight* weights,
                             const AccumulatorOf<Activation>* bias, int16_t* row,
                             Activation* output);

// Dynamic range: each row of the input is quantized on the fly, and sums are scaled as `rules` say
// (dynamic_range.h). Scratch: quantized and row, `depth` values each.
void FullyConnectedDynamicRange(const FullyConnectedShape& shape, const DynamicRange& rules,
                                const float* input, const int8_t* weights,
                                const std::vector<float>& weights_scales, const float* bias,
                                FloatRange range, int8_t* quantized, int16_t* row, float* output);

Result<Run> PrepareFullyConnectedFloat(const OpContext& context);
Result<Run> PrepareFullyConnectedInt8(const OpContext& context);
Result<Run> PrepareFullyConnectedUInt8(const OpContext& context);
Result<Run> PrepareFullyConnectedInt16(const OpContext& context);
Result<Run> PrepareFullyConnectedDynamicRange(const OpContext& context);

}  // namespace qbench::kernels
