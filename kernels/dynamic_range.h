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

// Which rules a layer follows.
struct DynamicRange {
  enum class Inputs : uint8_t {
    kSymmetric,   // QuantizeSymmetric
    kAsymmetric,  // QuantizeAsymmetric
    kXnnpack,     // QuantizeAsXnnpack
  };
  // From an integer sum to the output, before the activation.
  enum class Sums : uint8_t {
    kBothScales,    // sum * (input scale * weights scale) + bias
    kWeightsScale,  // (sum * weights scale) * input scale + bias
    kInputScale,    // (sum * input scale) * weights scale + bias
    kFused,         // (sum * input scale) * weights scale + bias, the last two rounded once
  };
  Inputs inputs = Inputs::kSymmetric;
  Sums sums = Sums::kBothScales;

  DynamicScale Quantize(const float* values, int64_t size, int8_t* quantized) const;
  float Scale(int32_t sum, float input_scale, float weights_scale, float bias) const;
};

// scale = max |x| / 127, zero point 0; quantized = round(x / scale), halves away from zero.
DynamicScale QuantizeSymmetric(const float* values, int64_t size, int8_t* quantized);

// scale = (max - min) / 255 over a range that contains 0; the zero point is the integer nearest to
// where 0 falls, computed from the end of the range that gives the smaller rounding error.
DynamicScale QuantizeAsymmetric(const float* values, int64_t size, int8_t* quantized);

// As QuantizeAsymmetric, but in float throughout, and rounded to nearest even (XNNPACK,
// xnn_f32_qd8_asymmetric_quantization_params and f32-qs8-vcvt).
DynamicScale QuantizeAsXnnpack(const float* values, int64_t size, int8_t* quantized);

}  // namespace qbench::kernels
