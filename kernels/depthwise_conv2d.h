// DEPTHWISE_CONV_2D. Each input channel has `depth_multiplier` filters of its own, and its outputs
// see nothing of the other channels. Input NHWC, filter [1, fy, fx, o], output NHWC with
// o = i * depth_multiplier + m:
//
//   output[n, y, x, o] = activation(bias[o] + sum over fy, fx of
//       input[n, y * stride + fy * dilation - pad, x * stride + …, i] * filter[fy, fx, o])
//
// with 0 outside the image. All channels of one tap are added at once: they are contiguous.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/dynamic_range.h"
#include "kernels/kernel.h"
#include "kernels/requantize.h"
#include "kernels/window.h"

namespace qbench::kernels {

// Float. bias: out_c floats or null. Scratch: sums, out_c floats.
void DepthwiseConv2DFloat(const Window& w, int32_t depth_multiplier, const float* input,
                          const float* filter, const float* bias, FloatSums rule, FloatRange range,
                          float* sums, float* output);

// Integers: the same arithmetic as Conv2DQuantized (conv2d.h). Scratch: sums, out_c accumulators.
template <typename Activation, typename Weight>
void DepthwiseConv2DQuantized(const Window& w, int32_t depth_multiplier, const Activation* input,
                              int32_t input_zero_point, const Weight* filter,
                              int32_t filter_zero_point, const AccumulatorOf<Activation>* bias,
                              const Requantizer& requantize, AccumulatorOf<Activation>* sums,
                              Activation* output);

// Which channels' sums are scaled how (dynamic_range.h): the first `vector_channels` as `vector`,
// the others as `scalar`.
struct DynamicSums {
  int32_t vector_channels = 0;
  DynamicRange::Sums vector = DynamicRange::Sums::kBothScales;
  DynamicRange::Sums scalar = DynamicRange::Sums::kBothScales;
};
// Dynamic range: each image is quantized asymmetrically (dynamic_range.h). Scratch: quantized, one
// image; sums, out_c accumulators.
void DepthwiseConv2DDynamicRange(const Window& w, int32_t depth_multiplier, const float* input,
                                 const int8_t* filter, const std::vector<float>& filter_scales,
                                 const DynamicSums& scaling, const float* bias, FloatRange range,
                                 int8_t* quantized, int32_t* sums, float* output);

Result<Run> PrepareDepthwiseConv2DFloat(const OpContext& context);
Result<Run> PrepareDepthwiseConv2DInt8(const OpContext& context);
Result<Run> PrepareDepthwiseConv2DUInt8(const OpContext& context);
Result<Run> PrepareDepthwiseConv2DInt16(const OpContext& context);
Result<Run> PrepareDepthwiseConv2DDynamicRange(const OpContext& context);

}  // namespace qbench::kernels
