// Convolutions, dense layers and batch normalization: the layers with weights. Keras keeps
// convolution kernels as HWIO, depthwise ones as HWIM and dense ones as IO; TensorFlow Lite wants
// OHWI, 1HW(I*M) and OI.
#include <cmath>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// What the options of every convolution have in common.
struct ConvolutionOptions {
  Padding padding = Padding::kValid;
  LayerOptions::Pair kernel;
  LayerOptions::Pair strides;
  LayerOptions::Pair dilation;
};

Result<ConvolutionOptions> ReadConvolution(const LayerOptions& options) {
  QB_RETURN_IF_ERROR(options.CheckChannelsLast());
  if (!options.Has("kernel_size")) return options.Corrupt("it has no kernel_size");
  ConvolutionOptions read;
  QB_ASSIGN_OR_RETURN(read.padding, options.ReadPadding());
  QB_ASSIGN_OR_RETURN(read.kernel, options.SizePair("kernel_size", 1));
  QB_ASSIGN_OR_RETURN(read.strides, options.SizePair("strides", 1));
  QB_ASSIGN_OR_RETURN(read.dilation, options.SizePair("dilation_rate", 1));
  return read;
}

// The bias, or zeros: LiteRT refuses a convolution without a bias.
Result<TensorId> BiasOrZero(LayerCall& call, std::string_view suffix, bool use_bias,
                            int32_t channels) {
  std::vector<float> bias(static_cast<size_t>(channels), 0.0F);
  if (use_bias) {
    QB_ASSIGN_OR_RETURN(bias, call.Weight({"bias"}, {channels}));
  }
  return call.WeightConstant(suffix, {channels}, bias);
}

// A full convolution with the layer's variable `variable`, its bias and its activation.
Result<TensorId> Convolve(LayerCall& call, TensorId input, const ConvolutionOptions& read,
                          std::string_view variable) {
  QB_ASSIGN_OR_RETURN(const int32_t filters, call.options().SizeOfWeights("filters"));
  QB_ASSIGN_OR_RETURN(const int32_t groups, call.options().Size("groups", 1));
  if (call.Channels(input) % groups != 0 || filters % groups != 0) {
    return call.options().Corrupt("its channels do not fall into groups");
  }
  const int32_t channels = call.Channels(input) / groups;
  const auto [height, width] = read.kernel;
  QB_ASSIGN_OR_RETURN(const TensorId filter,
                      call.Kernel(variable, {height, width, channels, filters},
                                  {filters, height, width, channels}));
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  QB_ASSIGN_OR_RETURN(const TensorId bias, BiasOrZero(call, "bias", use_bias, filters));
  const Conv2DOptions options{.padding = read.padding,
                              .stride_h = read.strides.first,
                              .stride_w = read.strides.second,
                              .dilation_h = read.dilation.first,
                              .dilation_w = read.dilation.second};
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kConv2D, options, {input, filter, bias}));
  return ApplyActivation(call, output);
}

// A depthwise convolution without its activation. Output channel i * multiplier + m is the input
// channel i under its m-th kernel, so HWIM is in the right order as it is.
Result<TensorId> ConvolveDepthwise(LayerCall& call, TensorId input, const ConvolutionOptions& read,
                                   std::initializer_list<std::string_view> variable,
                                   bool use_bias) {
  QB_ASSIGN_OR_RETURN(const int32_t multiplier, call.options().Size("depth_multiplier", 1));
  const int32_t channels = call.Channels(input);
  const auto [height, width] = read.kernel;
  QB_ASSIGN_OR_RETURN(const auto kernel,
                      call.Weight(variable, {height, width, channels, multiplier}));
  const int32_t outputs = channels * multiplier;  // no more than the kernel has values
  const TensorId filter =
      call.WeightConstant("depthwise_kernel", {1, height, width, outputs}, kernel);
  QB_ASSIGN_OR_RETURN(const TensorId bias, BiasOrZero(call, "depthwise_bias", use_bias, outputs));
  const DepthwiseConv2DOptions options{.padding = read.padding,
                                       .stride_h = read.strides.first,
                                       .stride_w = read.strides.second,
                                       .dilation_h = read.dilation.first,
                                       .dilation_w = read.dilation.second,
                                       .depth_multiplier = multiplier};
  return call.Emit(OpKind::kDepthwiseConv2D, options, {input, filter, bias});
}

// The variable, or `fallback` for every channel where the option `flag` leaves it out.
Result<std::vector<float>> WeightUnless(LayerCall& call, const char* flag,
                                        std::string_view variable, int32_t channels,
                                        float fallback) {
  QB_ASSIGN_OR_RETURN(const bool present, call.options().Bool(flag, true));
  if (present) return call.Weight({variable}, {channels});
  return std::vector<float>(static_cast<size_t>(channels), fallback);
}

// gamma * (x - mean) / sqrt(variance + epsilon) + beta = x * factor + offset, computed in double:
// the graph's folding pass rounds once more.
Result<TensorId> Normalized(LayerCall& call, TensorId input, size_t axis) {
  const Shape& shape = call.ShapeOf(input);
  const int32_t channels = shape[axis];
  Shape stretched(shape.size() - axis, 1);
  stretched[0] = channels;
  QB_ASSIGN_OR_RETURN(const double epsilon, call.options().Number("epsilon", 1e-3));
  QB_ASSIGN_OR_RETURN(const auto gamma, WeightUnless(call, "scale", "gamma", channels, 1.0F));
  QB_ASSIGN_OR_RETURN(const auto beta, WeightUnless(call, "center", "beta", channels, 0.0F));
  QB_ASSIGN_OR_RETURN(const auto mean, call.Weight({"moving_mean"}, {channels}));
  QB_ASSIGN_OR_RETURN(const auto variance, call.Weight({"moving_variance"}, {channels}));
  std::vector<float> factor(mean.size());
  std::vector<float> offset(mean.size());
  OutputStatistics statistics{.mean = beta, .deviation = std::vector<float>(mean.size())};
  for (size_t c = 0; c < mean.size(); ++c) {
    const double scale = gamma[c] / std::sqrt(variance[c] + epsilon);
    factor[c] = static_cast<float>(scale);
    offset[c] = static_cast<float>(beta[c] - mean[c] * scale);
    // |gamma|, but for what epsilon takes from channels that hardly vary.
    statistics.deviation[c] =
        static_cast<float>(std::abs(scale) * std::sqrt(std::max(variance[c], 0.0F)));
  }
  const TensorId factors = call.WeightConstant("factor", stretched, factor);
  const TensorId offsets = call.WeightConstant("offset", stretched, offset);
  QB_ASSIGN_OR_RETURN(const TensorId scaled, call.Emit(OpKind::kMul, {input, factors}));
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kAdd, {scaled, offsets}));
  if (stretched.size() == 1) call.SetStatistics(std::move(statistics));
  return output;
}

}  // namespace

Result<TensorId> BuildConv2D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_ASSIGN_OR_RETURN(const auto read, ReadConvolution(call.options()));
  return Convolve(call, input, read, "kernel");
}

Result<TensorId> BuildDepthwiseConv2D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_ASSIGN_OR_RETURN(const auto read, ReadConvolution(call.options()));
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      ConvolveDepthwise(call, input, read, {"depthwise_kernel", "kernel"}, use_bias));
  return ApplyActivation(call, output);
}

Result<TensorId> BuildSeparableConv2D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_ASSIGN_OR_RETURN(const auto depthwise, ReadConvolution(call.options()));
  QB_ASSIGN_OR_RETURN(const TensorId middle,
                      ConvolveDepthwise(call, input, depthwise, {"depthwise_kernel"}, false));
  const ConvolutionOptions pointwise{Padding::kValid, {1, 1}, {1, 1}, {1, 1}};
  return Convolve(call, middle, pointwise, "pointwise_kernel");
}

Result<TensorId> BuildDense(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  QB_ASSIGN_OR_RETURN(const int32_t units, call.options().SizeOfWeights("units"));
  const int32_t channels = call.Channels(input);
  QB_ASSIGN_OR_RETURN(const TensorId weights,
                      call.Kernel("kernel", {channels, units}, {units, channels}));
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  TensorId bias = kNoTensor;
  if (use_bias) {
    QB_ASSIGN_OR_RETURN(bias, BiasOrZero(call, "bias", true, units));
  }
  const FullyConnectedOptions options{.keep_num_dims = call.ShapeOf(input).size() > 2};
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kFullyConnected, options, {input, weights, bias}));
  return ApplyActivation(call, output);
}

Result<TensorId> BuildBatchNormalization(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const size_t rank = call.ShapeOf(input).size();
  QB_ASSIGN_OR_RETURN(const size_t axis, call.options().OneAxis(rank));
  // Among layers whose channels are first the image has been turned already.
  if (axis != 1 || rank < 3 || !call.in_channels_first_model()) {
    return Normalized(call, input, axis);
  }
  QB_ASSIGN_OR_RETURN(const TensorId turned, EmitTranspose(call, input, ChannelsLast(rank)));
  QB_ASSIGN_OR_RETURN(const TensorId output, Normalized(call, turned, rank - 1));
  return EmitTranspose(call, output, ChannelsFirst(rank));
}

}  // namespace qbench::graph::import
