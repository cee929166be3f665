// CONV_2D. Input NHWC, filter OHWI (one filter for each output channel), output NHWC:
//
//   output[n, y, x, o] = activation(bias[o] + sum over fy, fx, i of
//       input[n, y * stride + fy * dilation - pad, x * stride + …, i] * filter[o, fy, fx, i])
//
// with 0 outside the image. The patch of the input under the filter is gathered once for each
// output pixel (window.h); what remains is a dot product for each output channel.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/dynamic_range.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"
#include "kernels/window.h"

namespace qbench::kernels {

// Float. `filter` is transposed to [fy, fx, i][o], so that one weight of all output channels is
// contiguous; each output still adds up its products in the order of the formula, as TensorFlow
// Lite's reference kernel and XNNPACK do. bias: out_c floats or null. Scratch: patch, w.patch()
// floats; sums, out_c.
void Conv2DFloat(const Window& w, const float* input, const float* filter, const float* bias,
                 FloatSums rule, FloatRange range, float* patch, float* sums, float* output);

// Integers (Jacob et al. 2018, section 2.2): with real = scale * (q - zero_point) the sum of
// products is
//
//   acc = bias[o] + sum of (input - input_zero_point) * (filter - filter_zero_point)
//   output = clamp(output_zero_point + round(acc * input_scale * filter_scale[o] / output_scale))
//
// Activations int8 and uint8 add up in 32 bits with 32-bit biases, int16 in 64 with 64-bit ones.
// A filter of int8 is symmetric (zero point 0). Scratch: patch, w.patch() values.
template <typename Activation, typename Weight>
void Conv2DQuantized(const Window& w, const Activation* input, int32_t input_zero_point,
                     const Weight* filter, int32_t filter_zero_point,
                     const AccumulatorOf<Activation>* bias, const Requantizer& requantize,
                     int16_t* patch, Activation* output);

// Dynamic range: float activations, int8 filter. Each image of the batch is quantized on the fly,
// and sums are scaled as `rules` say (dynamic_range.h). Scratch: quantized, one image; patch,
// w.patch() values.
struct DynamicRangeFilter {
  const int8_t* weights = nullptr;
  std::vector<float> scales;  // one for each output channel
  DynamicRange rules;
};
void Conv2DDynamicRange(const Window& w, const float* input, const DynamicRangeFilter& filter,
                        const float* bias, FloatRange range, int8_t* quantized, int16_t* patch,
                        float* output);

Result<Run> PrepareConv2DFloat(const OpContext& context);
Result<Run> PrepareConv2DInt8(const OpContext& context);
Result<Run> PrepareConv2DUInt8(const OpContext& context);
Result<Run> PrepareConv2DInt16(const OpContext& context);
Result<Run> PrepareConv2DDynamicRange(const OpContext& context);

}  // namespace qbench::kernels
