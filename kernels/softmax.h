// SOFTMAX over the last dimension:
//
//   output[c] = e^(beta * x[c]) / sum over k of e^(beta * x[k])
//
// computed with x less the row's maximum, so that no exponential overflows.
#pragma once

#include <array>
#include <cstdint>

#include "graph/numerics/quantize_math.h"
#include "kernels/kernel.h"

namespace qbench::kernels {

// Rows of `depth` values.
void SoftmaxFloat(const float* input, int64_t rows, int64_t depth, float beta, float* output);

// 8 bits: the differences to the maximum are brought to Q5.26, exponentials to Q0.31 and their sum
// to Q12.19; the output has scale 1/256 and its lowest value stands for 0.
struct SoftmaxQuantization {
  graph::QuantizedMultiplier multiplier;  // beta * input scale, for a result in Q5.26
  int32_t lowest_difference = 0;          // e^x of anything below counts as 0
};
template <typename Element>
void SoftmaxQuantized(const SoftmaxQuantization& q, const Element* input, int64_t rows,
                      int64_t depth, Element* output);

// 8 bits by a table, as the fast kernels of x86-64 and ARM have it: table[d] = e^(-beta *
// input_scale * d) in float for a value d steps below the row's maximum, and
//
//   output = lowest + round(table[d] / (sum of the row * output_scale))
//
// with the division as a multiplication by the reciprocal.
struct SoftmaxByTable {
  std::array<float, 256> table{};
  float output_scale = 0.0F;
};
template <typename Element>
void SoftmaxQuantizedByTable(const SoftmaxByTable& softmax, const Element* input, int64_t rows,
                             int64_t depth, Element* output);

// 16 bits: e^x over [-10, 0] and 1/(1 + x) over [0, 1] come from tables of 513 values between which
// it is interpolated. Output scale 1/32768.
using Table16 = std::array<int16_t, 513>;
struct SoftmaxTables {
  graph::QuantizedMultiplier multiplier;  // to where -65535 is -10
  Table16 exponential{};
  Table16 reciprocal{};
};
void SoftmaxInt16(const SoftmaxTables& tables, const int16_t* input, int64_t rows, int64_t depth,
                  int16_t* output);

Result<Run> PrepareSoftmaxFloat(const OpContext& context);
template <typename Element>
Result<Run> PrepareSoftmaxQuantized(const OpContext& context);
Result<Run> PrepareSoftmaxInt16(const OpContext& context);

}  // namespace qbench::kernels
