// Dynamic range quantization: float inputs that are quantized to int8 at run time, one scale for
// each image or row, so that the multiplications with int8 weights are integer ones.
#pragma once

#include <cstdint>

namespace qbench::kernels {

// real = scale * (quantized - zero_point)
struct DynamicScale {
  float scale = 1.0F;
  int32_t zero_point = 0;
};

// scale = max |x| / 127, zero point 0; quantized = round(x / scale), halves away from zero.
DynamicScale QuantizeSymmetric(const float* values, int64_t size, int8_t* quantized);

// scale = (max - min) / 255 over a range that contains 0; the zero point is the integer nearest to
// where 0 falls, computed from the end of the range that gives the smaller rounding error.
DynamicScale QuantizeAsymmetric(const float* values, int64_t size, int8_t* quantized);

}  // namespace qbench::kernels
