#include "kernels/conv2d.h"

#include <numeric>

#include "kernels/fully_connected.h"

namespace qbench::kernels {

void Conv2DFloat(const Window& w, const float* input, const float* filter, const float* bias,
                 FloatSums rule, FloatRange range, float* patch, float* sums, float* output) {
  const bool fused = rule == FloatSums::kFused;
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      GatherPatch(w, input, y, x, 0.0F, patch);
      std::fill_n(sums, w.out_c, 0.0F);
      if (fused && bias != nullptr) std::copy_n(bias, w.out_c, sums);
      for (int64_t k = 0; k < w.patch(); ++k) {
        const float value = patch[k];
        const float* weights = filter + k * w.out_c;
        if (fused) {
          for (int32_t o = 0; o < w.out_c; ++o) {
            sums[o] = FusedMultiplyAdd(value, weights[o], sums[o]);
          }
        } else {
          for (int32_t o = 0; o < w.out_c; ++o) sums[o] += value * weights[o];
        }
      }
      for (int32_t o = 0; o < w.out_c; ++o) {
        *output++ = range.Clamp(sums[o] + (fused || bias == nullptr ? 0.0F : bias[o]));
      }
    });
  }
}

template <typename Activation, typename Weight>
void Conv2DQuantized(const Window& w, const Activation* input, int32_t input_zero_point,
                     const Weight* filter, int32_t filter_zero_point,
                     const AccumulatorOf<Activation>* bias, const Requantizer& requantize,
                     int16_t* patch, Activation* output) {
  using Accumulator = AccumulatorOf<Activation>;
  const int64_t size = w.patch();
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      GatherPatch(w, input, y, x, static_cast<int16_t>(input_zero_point), patch);
      // sum of patch * (filter - zero point) = sum of patch * filter - zero point * sum of patch
      Accumulator correction = 0;
      if (filter_zero_point != 0) {
        const Accumulator sum = std::accumulate(patch, patch + size, Accumulator{0});
        correction = WrappingMultiply<Accumulator>(sum, -filter_zero_point);
      }
      for (int32_t o = 0; o < w.out_c; ++o) {
        Accumulator acc = WrappingAdd(Dot<Accumulator>(patch, filter + o * size, size), correction);
        if (bias != nullptr) acc = WrappingAdd(acc, bias[o]);
        *output++ = static_cast<Activation>(requantize(acc, static_cast<size_t>(o)));
      }
    });
  }
}

void Conv2DDynamicRange(const Window& w, const float* input, const DynamicRangeFilter& filter,
                        const float* bias, FloatRange range, int8_t* quantized, int16_t* patch,
                        float* output) {
  const int64_t size = w.patch();
  for (int32_t n = 0; n < w.batches; ++n, input += w.in_image()) {
    const DynamicScale in = filter.rules.Quantize(input, w.in_image(), quantized);
    ForEachOutput(w, [&](int32_t y, int32_t x) {
      GatherPatch(w, quantized, y, x, static_cast<int16_t>(in.zero_point), patch);
      for (int32_t o = 0; o < w.out_c; ++o) {
        const auto sum = Dot<int32_t>(patch, filter.weights + o * size, size);
        *output++ =
            range.Clamp(filter.rules.Scale(sum, in.scale, filter.scales[static_cast<size_t>(o)],
                                           bias != nullptr ? bias[o] : 0.0F));
      }
    });
  }
}

namespace {

Result<Window> WindowOf(const OpContext& context) {
  const auto& options = context.options<graph::Conv2DOptions>();
  const graph::Shape& filter = context.input(1).shape();
  return MakeWindow(context.input(0).shape(), context.output().shape(), filter[1], filter[2],
                    options.dilation_h, options.dilation_w, options);
}

Rounding RoundingOf(const OpContext& context) {
  switch (context.arithmetic) {
    case Arithmetic::kReference:
      break;
    case Arithmetic::kBuiltin:
      if (context.input(0).type() != graph::DataType::kInt16) return Rounding::kTwiceUp;
      break;
    case Arithmetic::kXnnpack:
      return Rounding::kFloat;
  }
  return Rounding::kTwiceAwayFromZero;
}

// XNNPACK makes a fully connected layer of it, whose rows are the pixels; not of one channel, which
// it takes for a depthwise convolution.
bool RunsOnPixels(const Window& w) {
  return w.filter_h == 1 && w.filter_w == 1 && w.stride_h == 1 && w.stride_w == 1 &&
         (w.in_c > 1 || w.out_c > 1);
}

DynamicRange RulesOf(Arithmetic arithmetic, const std::vector<float>& scales) {
  using Inputs = DynamicRange::Inputs;
  using Sums = DynamicRange::Sums;
  if (arithmetic == Arithmetic::kXnnpack) return {Inputs::kXnnpack, Sums::kFused};
  // Channels with scales of their own see asymmetric inputs; with one common scale, symmetric ones.
  if (std::ranges::all_of(scales, [&](float scale) { return scale == scales[0]; })) return {};
  return {Inputs::kAsymmetric,
          arithmetic == Arithmetic::kReference ? Sums::kWeightsScale : Sums::kBothScales};
}

template <typename Activation, typename Weight>
Result<Run> PrepareQuantized(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  const Operand& input = context.input(0);
  const Operand& filter = context.input(1);
  const Operand& bias = context.input(2);
  const int32_t filter_zero_point = std::is_same_v<Weight, int8_t> ? 0 : filter.zero_point();
  QB_ASSIGN_OR_RETURN(const Requantizer requantize,
                      MakeRequantizer(context, w.out_c, RoundingOf(context),
                                      context.options<graph::Conv2DOptions>().activation));
  return Run([=, out = context.output().As<Activation>(),
              patch = std::vector<int16_t>(static_cast<size_t>(w.patch()))]() mutable {
    Conv2DQuantized(w, input.As<Activation>(), input.zero_point(), filter.As<Weight>(),
                    filter_zero_point, bias.As<AccumulatorOf<Activation>>(), requantize,
                    patch.data(), out);
  });
}

}  // namespace

Result<Run> PrepareConv2DFloat(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  const auto out_c = static_cast<size_t>(w.out_c);
  const auto patch_size = static_cast<size_t>(w.patch());
  const Operand filter = context.input(1);
  // A constant filter is transposed now, one that an operator computes (DEQUANTIZE) in each run.
  std::vector<float> transposed(out_c * patch_size);
  const auto transpose = [=](std::vector<float>& to) {
    const auto* from = filter.As<float>();
    for (size_t o = 0; o < out_c; ++o) {
      for (size_t k = 0; k < patch_size; ++k) to[k * out_c + o] = from[o * patch_size + k];
    }
  };
  const bool constant = filter.tensor->is_constant();
  if (constant) transpose(transposed);
  return Run([=, in = context.input(0).As<float>(), bias = context.input(2).As<float>(),
              out = context.output().As<float>(), rule = FloatSumsOf(context.arithmetic),
              range = RangeOf(context.options<graph::Conv2DOptions>().activation),
              transposed = std::move(transposed), patch = std::vector<float>(patch_size),
              sums = std::vector<float>(out_c)]() mutable {
    if (!constant) transpose(transposed);
    Conv2DFloat(w, in, transposed.data(), bias, rule, range, patch.data(), sums.data(), out);
  });
}

Result<Run> PrepareConv2DInt8(const OpContext& context) {
  return PrepareQuantized<int8_t, int8_t>(context);
}
Result<Run> PrepareConv2DUInt8(const OpContext& context) {
  return PrepareQuantized<uint8_t, uint8_t>(context);
}
Result<Run> PrepareConv2DInt16(const OpContext& context) {
  return PrepareQuantized<int16_t, int8_t>(context);
}

Result<Run> PrepareConv2DDynamicRange(const OpContext& context) {
  QB_ASSIGN_OR_RETURN(const Window w, WindowOf(context));
  const FloatRange range = RangeOf(context.options<graph::Conv2DOptions>().activation);
  const Operand& weights = context.input(1);
  DynamicRangeFilter filter;
  filter.weights = weights.As<int8_t>();
  filter.scales = weights.ChannelScales(w.out_c);
  filter.rules = RulesOf(context.arithmetic, filter.scales);
  const auto* in = context.input(0).As<float>();
  const auto* bias = context.input(2).As<float>();
  auto* out = context.output().As<float>();
  if (context.arithmetic == Arithmetic::kXnnpack && RunsOnPixels(w)) {
    const FullyConnectedShape pixels{
        .rows = int64_t{w.batches} * w.out_h * w.out_w, .units = w.out_c, .depth = w.in_c};
    return Run([=, quantized = std::vector<int8_t>(static_cast<size_t>(w.in_c)),
                row = std::vector<int16_t>(static_cast<size_t>(w.in_c))]() mutable {
      FullyConnectedDynamicRange(pixels, filter.rules, in, filter.weights, filter.scales, bias,
                                 range, quantized.data(), row.data(), out);
    });
  }
  return Run([=, quantized = std::vector<int8_t>(static_cast<size_t>(w.in_image())),
              patch = std::vector<int16_t>(static_cast<size_t>(w.patch()))]() mutable {
    Conv2DDynamicRange(w, in, filter, bias, range, quantized.data(), patch.data(), out);
  });
}

template void Conv2DQuantized(const Window&, const int8_t*, int32_t, const int8_t*, int32_t,
                              const int32_t*, const Requantizer&, int16_t*, int8_t*);
template void Conv2DQuantized(const Window&, const uint8_t*, int32_t, const uint8_t*, int32_t,
                              const int32_t*, const Requantizer&, int16_t*, uint8_t*);
template void Conv2DQuantized(const Window&, const int16_t*, int32_t, const int8_t*, int32_t,
                              const int64_t*, const Requantizer&, int16_t*, int16_t*);

}  // namespace qbench::kernels
