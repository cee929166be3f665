#include "kernels/depthwise_conv2d.h"

namespace qbench::kernels {
namespace {

// sums[o] += (input[i] - input_zero_point) * (filter[o] - filter_zero_point) for every channel of
// one tap. Product: int32_t for integers, which the compiler makes vector code of.
template <typename Product, typename Input, typename Weight, typename Sum>
void AddTap(const Input* input, int32_t channels, int32_t depth_multiplier,
            Product input_zero_point, const Weight* filter, Product filter_zero_point, Sum* sums) {
  if (depth_multiplier == 1) {
    for (int32_t o = 0; o < channels; ++o) {
      const auto value = static_cast<Product>(static_cast<Product>(input[o]) - input_zero_point);
      const auto weight = static_cast<Product>(static_cast<Product>(filter[o]) - filter_zero_point);
      sums[o] += static_cast<Sum>(value * weight);
    }
    return;
  }
  for (int32_t i = 0; i < channels; ++i) {
    const auto value = static_cast<Product>(static_cast<Product>(input[i]) - input_zero_point);
    for (int32_t m = 0; m < depth_multiplier; ++m) {
      const auto weight = static_cast<Product>(static_cast<Product>(*filter++) - filter_zero_point);
      *sums++ += static_cast<Sum>(value * weight);
    }
  }
}

// The taps of the filter that fall inside the image, for one output pixel.
template <typename Input>
struct TapsOfPixel {
  TapsOfPixel(const Window& window, const Input* pixels, int32_t y, int32_t x)
      : w(window),
        image(pixels),
        top(y * w.stride_h - w.pad_top),
        left(x * w.stride_w - w.pad_left),
        rows(TapsInside(top, w.in_h, w.filter_h, w.dilation_h)),
        columns(TapsInside(left, w.in_w, w.filter_w, w.dilation_w)) {}
  // The channels of the input under a tap.
  const Input* Pixel(int32_t fy, int32_t fx) const {
    const int64_t row = top + fy * w.dilation_h;
    const int64_t column = left + fx * w.dilation_w;
    return image + (row * w.in_w + column) * w.in_c;
  }
  // Where a tap's weights begin.
  int64_t Weights(int32_t fy, int32_t fx) const {
    return (static_cast<int64_t>(fy) * w.filter_w + fx) * w.out_c;
  }

  const Window& w;
  const Input* image;
  int32_t top, left;
  Taps rows, columns;
};

// The sums of products of one output pixel, all channels, without bias.
template <typename Product, typename Input, typename Weight, typename Sum>
void SumTaps(const Window& w, int32_t depth_multiplier, const Input* image, int32_t y, int32_t x,
             Product input_zero_point, const Weight* filter, Product filter_zero_point, Sum* sums) {
  const TapsOfPixel<Input> taps(w, image, y, x);
  std::fill_n(sums, w.out_c, Sum{0});
  for (int32_t fy = taps.rows.begin; fy < taps.rows.end; ++fy) {
    for (int32_t fx = taps.columns.begin; fx < taps.columns.end; ++fx) {
      AddTap<Product>(taps.Pixel(fy, fx), w.in_c, depth_multiplier, input_zero_point,
                      filter + taps.Weights(fy, fx), filter_zero_point, sums);
    }
  }
}

// The same for floats as XNNPACK adds them up, from the bias on and fused: column by column, but
// row by row with a multiplier, which it takes for a convolution in groups.
void SumTapsFused(const Window& w, int32_t depth_multiplier, const float* image, int32_t y,
                  int32_t x, const float* filter, const float* bias, float* sums) {
  const TapsOfPixel<float> taps(w, image, y, x);
  std::fill_n(sums, w.out_c, 0.0F);
  if (bias != nullptr) std::copy_n(bias, w.out_c, sums);
  const bool by_column = depth_multiplier == 1;
  const Taps& outer = by_column ? taps.columns : taps.rows;
  const Taps& inner = by_column ? taps.rows : taps.columns;
  for (int32_t i = outer.begin; i < outer.end; ++i) {
    for (int32_t j = inner.begin; j < inner.end; ++j) {
      const int32_t fy = by_column ? j : i;
      const int32_t fx = by_column ? i : j;
      const float* pixel = taps.Pixel(fy, fx);
      const float* weights = filter + taps.Weights(fy, fx);
      for (int32_t o = 0; o < w.out_c; ++o) {
        sums[o] = FusedMultiplyAdd(pixel[o / depth_multiplier], weights[o], sums[o]);
      }
    }
  }
}

}  // namespace

void DepthwiseConv2DFloat(const Window& w, int32_t depth_multiplier, const float* input,
                          const float* filter, const float* bias, FloatSums rule, FloatRange range,
                          float* sums, float* output) {
  const bool fused = rule == FloatSums::kFused;
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      if (fused) {
        SumTapsFused(w, depth_multiplier, input, y, x, filter, bias, sums);
      } else {
        SumTaps(w, depth_multiplier, input, y, x, 0.0F, filter, 0.0F, sums);
      }
      for (int32_t o = 0; o < w.out_c; ++o) {
        *output++ = range.Clamp(sums[o] + (fused || bias == nullptr ? 0.0F : bias[o]));
      }
    });
  }
}

template <typename Activation, typename Weight>
void DepthwiseConv2DQuantized(const Window& w, int32_t depth_multiplier, const Activation* input,
                              int32_t input_zero_point, const Weight* filter,
                              int32_t filter_zero_point, const AccumulatorOf<Activation>* bias,
                              const Requantizer& requantize, AccumulatorOf<Activation>* sums,
                              Activation* output) {
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      SumTaps(w, depth_multiplier, input, y, x, input_zero_point, filter, filter_zero_point, sums);
      for (int32_t o = 0; o < w.out_c; ++o) {
        const auto acc = bias != nullptr ? WrappingAdd(sums[o], bias[o]) : sums[o];
        *output++ = static_cast<Activation>(requantize(acc, static_cast<size_t>(o)));
      }
    });
  }
}

void DepthwiseConv2DDynamicRange(const Window& w, int32_t depth_multiplier, const float* input,
                                 const int8_t* filter, const std::vector<float>& filter_scales,
                                 const DynamicSums& scaling, const float* bias, FloatRange range,
                                 int8_t* quantized, int32_t* sums, float* output) {
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    const DynamicScale in = QuantizeAsymmetric(input, w.in_image(), quantized);
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      SumTaps(w, depth_multiplier, quantized, y, x, in.zero_point, filter, int32_t{0}, sums);
      for (int32_t o = 0; o < w.out_c; ++o) {
        const DynamicRange rules{.sums =
                                     o < scaling.vector_channels ? scaling.vector : scaling.scalar};
        *output++ =
            range.Clamp(rules.Scale(sums[o], in.scale, filter_scales[static_cast<size_t>(o)],
                                    bias != nullptr ? bias[o] : 0.0F));
      }
    });
  }
}

namespace {

Result<Window> WindowOf(const OpContext& context) {
  const auto& options = context.options<graph::DepthwiseConv2DOptions>();
  const graph::Shape& input = context.input(0).shape();
  const graph::Shape& filter = context.input(1).shape();
  // More 16-bit products than these could overflow a 32-bit sum.
  if (int64_t{filter[1]} * filter[2] > (1 << 15)) {
    return Error(StatusCode::kUnsupported, "a filter of {}x{}", filter[1], filter[2]);
  }
  return MakeWindow(input, context.output().shape(), filter[1], filter[2], options.dilation_h,
                    options.dilation_w, options);
}

Rounding RoundingOf(const OpContext& context) {
  switch (context.arithmetic) {
    case Arithmetic::kReference:
      break;
    case Arithmetic::kBuiltin:
      if (context.input(0).type() == graph::DataType::kInt8) return Rounding::kTwiceUp;
      break;
    case Arithmetic::kXnnpack:
      return Rounding::kFloat;
  }
  return Rounding::kTwiceAwayFromZero;
}

template <typename Activation, typename Weight>
Result<Run> PrepareQuantized(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  const Operand& input = context.input(0);
  const Operand& filter = context.input(1);
  const Operand& bias = context.input(2);
  const int32_t filter_zero_point = std::is_same_v<Weight, int8_t> ? 0 : filter.zero_point();
  QB_ASSIGN_OR_RETURN(Requantizer requantize,
                      MakeRequantizer(context, w.out_c, RoundingOf(context),
                                      context.options<graph::DepthwiseConv2DOptions>().activation));
  requantize.whole_vectors = static_cast<size_t>(w.out_c) / 8 * 8;
  using Accumulator = AccumulatorOf<Activation>;
  return Run([=, out = context.output().As<Activation>(),
              sums = std::vector<Accumulator>(static_cast<size_t>(w.out_c))]() mutable {
    DepthwiseConv2DQuantized(w, w.out_c / w.in_c, input.As<Activation>(), input.zero_point(),
                             filter.As<Weight>(), filter_zero_point, bias.As<Accumulator>(),
                             requantize, sums.data(), out);
  });
}

}  // namespace

Result<Run> PrepareDepthwiseConv2DFloat(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  return Run([w, in = context.input(0).As<float>(), filter = context.input(1).As<float>(),
              bias = context.input(2).As<float>(), out = context.output().As<float>(),
              rule = FloatSumsOf(context.arithmetic),
              range = RangeOf(context.options<graph::DepthwiseConv2DOptions>().activation),
              sums = std::vector<float>(static_cast<size_t>(w.out_c))]() mutable {
    DepthwiseConv2DFloat(w, w.out_c / w.in_c, in, filter, bias, rule, range, sums.data(), out);
  });
}

Result<Run> PrepareDepthwiseConv2DInt8(const OpContext& context) {
  return PrepareQuantized<int8_t, int8_t>(context);
}
Result<Run> PrepareDepthwiseConv2DUInt8(const OpContext& context) {
  return PrepareQuantized<uint8_t, uint8_t>(context);
}
Result<Run> PrepareDepthwiseConv2DInt16(const OpContext& context) {
  return PrepareQuantized<int16_t, int8_t>(context);
}

Result<Run> PrepareDepthwiseConv2DDynamicRange(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  DynamicSums scaling;
  if (context.arithmetic != Arithmetic::kReference) {
    // LiteRT's own kernel: whole vectors of four channels, and those left over.
    scaling = {.vector_channels = w.out_c / 4 * 4,
               .vector = DynamicRange::Sums::kWeightsScale,
               .scalar = DynamicRange::Sums::kInputScale};
  }
  const Operand& filter = context.input(1);
  return Run([w, scaling, in = context.input(0).As<float>(), weights = filter.As<int8_t>(),
              scales = filter.ChannelScales(w.out_c), bias = context.input(2).As<float>(),
              out = context.output().As<float>(),
              range = RangeOf(context.options<graph::DepthwiseConv2DOptions>().activation),
              quantized = std::vector<int8_t>(static_cast<size_t>(w.in_image())),
              sums = std::vector<int32_t>(static_cast<size_t>(w.out_c))]() mutable {
    DepthwiseConv2DDynamicRange(w, w.out_c / w.in_c, in, weights, scales, scaling, bias, range,
                                quantized.data(), sums.data(), out);
  });
}

template void DepthwiseConv2DQuantized(const Window&, int32_t, const int8_t*, int32_t,
                                       const int8_t*, int32_t, const int32_t*, const Requantizer&,
                                       int32_t*, int8_t*);
template void DepthwiseConv2DQuantized(const Window&, int32_t, const uint8_t*, int32_t,
                                       const uint8_t*, int32_t, const int32_t*, const Requantizer&,
                                       int32_t*, uint8_t*);
template void DepthwiseConv2DQuantized(const Window&, int32_t, const int16_t*, int32_t,
                                       const int8_t*, int32_t, const int64_t*, const Requantizer&,
                                       int64_t*, int16_t*);

}  // namespace qbench::kernels
