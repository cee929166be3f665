// MEAN, SUM and REDUCE_MAX over some of a tensor's dimensions (global average pooling is a mean
// over height and width).
#pragma once

#include <array>
#include <cstdint>

#include "graph/numerics/quantize_math.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"

namespace qbench::kernels {

// How an input is added up: for each of its dimensions the size, and the output's stride, which is
// 0 where the dimension is reduced.
struct Reduction {
  static constexpr size_t kMaxRank = 8;
  size_t rank = 0;
  std::array<int64_t, kMaxRank> size{}, output_stride{};
  int64_t outputs = 0;  // elements of the output
  int64_t reduced = 1;  // input elements that make one of the output
};

// output = sum / reduced
void MeanFloat(const Reduction& reduction, const float* input, float* output);

// Integers, with 1 / reduced inside the multiplier:
//
//   output = zero_point + (sum - reduced * input_zero_point) * (input_scale / output_scale /
//   reduced)
//
// Scratch: sums, one for each output.
struct MeanQuantization {
  int32_t input_offset = 0;  // added to each sum
  size_t channels = 1;       // the output's channels that `requantize` tells apart
  Requantizer requantize;
};
template <typename Element>
void MeanQuantized(const Reduction& reduction, const MeanQuantization& q, const Element* input,
                   int32_t* sums, Element* output);

Result<Run> PrepareMeanFloat(const OpContext& context);
Result<Run> PrepareSumFloat(const OpContext& context);
// Integers are compared as they are, since input and output have one scale.
template <typename Element>
Result<Run> PrepareReduceMax(const OpContext& context);
template <typename Element>
Result<Run> PrepareMeanQuantized(const OpContext& context);

}  // namespace qbench::kernels
