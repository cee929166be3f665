// QUANTIZE and DEQUANTIZE: between real numbers and quantized ones, and between two scales.
//
//   real = scale * (quantized - zero_point)
#pragma once

#include <cstdint>
#include <vector>

#include "graph/numerics/quantize_math.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"

namespace qbench::kernels {

// quantized = clamp(zero_point + round(x / scale)) in float, halves away from zero. NaN becomes the
// zero point.
template <typename Element>
void Quantize(const float* input, int64_t count, float scale, int32_t zero_point, Element* output);

// The same by the reciprocal, as the fast arithmetics have it: rint(x * (1 / scale)), halves to
// even.
template <typename Element>
void QuantizeByReciprocal(const float* input, int64_t count, float scale, int32_t zero_point,
                          Element* output);

// From one scale to another: output = zero_point + (q - input_zero_point) * multiplier, rounded
// twice in fixed point; halves of the second time go up before whole_vectors, as LiteRT's vector
// code has it, and away from zero from there on.
struct RequantizeParameters {
  int32_t input_zero_point = 0;
  graph::QuantizedMultiplier multiplier;  // input scale / output scale
  int32_t output_zero_point = 0;
  QuantizedRange range;
  int64_t whole_vectors = 0;
};
template <typename Input, typename Output>
void Requantize(const RequantizeParameters& q, const Input* input, int64_t count, Output* output);

// Scales and zero points for each index of one dimension; of size 1 for the whole tensor.
// `inner`: the elements between one index of that dimension and the next.
struct ChannelParameters {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;
  int64_t inner = 1;
  int64_t whole_vectors = 0;
};
// scale * (q - zero_point); of one scale, the first whole_vectors elements as
// q * scale - zero_point * scale in float, as LiteRT's vector code has it.
template <typename Element>
void Dequantize(const ChannelParameters& q, const Element* input, int64_t count, float* output);

template <typename Element>
Result<Run> PrepareQuantize(const OpContext& context);
template <typename Input, typename Output>
Result<Run> PrepareRequantize(const OpContext& context);
template <typename Element>
Result<Run> PrepareDequantize(const OpContext& context);
Result<Run> PrepareDequantizeFloat16(const OpContext& context);

}  // namespace qbench::kernels
