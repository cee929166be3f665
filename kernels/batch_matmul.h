// BATCH_MATMUL: the matrices of the last two dimensions, once for each index of those before them,
// which are repeated where an operand has 1.
//
//   output[…, r, c] = sum over d of a[…, r, d] * b[…, d, c]; either may be turned: a[…, d, r]
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernel.h"
#include "kernels/requantize.h"

namespace qbench::kernels {

struct MatrixProduct {
  int64_t rows = 0, depth = 0, columns = 0;
  // Of an element's place in its matrix: what a step along a row, the depth or a column is.
  int64_t a_row = 0, a_depth = 0, b_depth = 0, b_column = 0;
  // Where the matrices of each product begin, in elements.
  std::vector<int64_t> a_matrices, b_matrices;
};

// In float, one product after the other, as TensorFlow Lite's reference kernel.
void BatchMatMulFloat(const MatrixProduct& product, const float* a, const float* b, float* output);

//   acc = sum of (a - a's zero point) * (b - b's zero point)
//   output = clamp(zero_point + acc * (a_scale * b_scale / output_scale))
struct MatMulQuantization {
  int32_t a_zero_point = 0, b_zero_point = 0;
  Requantizer requantize;  // of one channel
};
void BatchMatMulInt8(const MatrixProduct& product, const MatMulQuantization& q, const int8_t* a,
                     const int8_t* b, int8_t* output);

Result<Run> PrepareBatchMatMulFloat(const OpContext& context);
Result<Run> PrepareBatchMatMulInt8(const OpContext& context);

}  // namespace qbench::kernels
