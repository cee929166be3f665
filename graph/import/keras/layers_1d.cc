// Layers of one dimension, [length, channels], as those of images of one row.
#include <utility>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// A size that may stand in a list of its own.
Result<int32_t> OneSize(const LayerOptions& options, const char* key, int32_t fallback) {
  const Json& json = options[key];
  if (json.is_null()) return fallback;
  const Json& one = json.is_array() && json.size() == 1 ? json[0] : json;
  QB_ASSIGN_OR_RETURN(const auto pair, options.ReadPair(one, key, 1));
  return pair.first;
}

// Two numbers from 0, or one for both.
Result<LayerOptions::Pair> TwoSizes(const LayerOptions& options, const char* key) {
  const Json& json = options[key];
  return options.ReadPair(json.is_array() && json.size() == 1 ? json[0] : json, key, 0);
}

Result<TensorId> AsImage(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(3));
  QB_RETURN_IF_ERROR(call.options().CheckChannelsLast());
  const Shape shape = call.ShapeOf(input);
  return EmitReshape(call, input, {1, shape[1], shape[2]});
}

Result<TensorId> AsRow(LayerCall& call, TensorId image) {
  const Shape shape = call.ShapeOf(image);
  return EmitReshape(call, image, {shape[2], shape[3]});
}

Result<TensorId> EmitPad(LayerCall& call, TensorId image, int32_t before, int32_t after) {
  const TensorId paddings =
      call.Constant("paddings", {4, 2}, std::vector<int32_t>{0, 0, 0, 0, before, after, 0, 0});
  return call.Emit(OpKind::kPad, {image, paddings});
}

struct Convolution1D {
  TensorId image = kNoTensor;  // padded, where that is causal
  int32_t kernel = 1, stride = 1, dilation = 1;
  Padding padding = Padding::kValid;
};

Result<Convolution1D> ReadConvolution1D(LayerCall& call) {
  const LayerOptions& options = call.options();
  Convolution1D read;
  QB_ASSIGN_OR_RETURN(read.image, AsImage(call));
  if (!options.Has("kernel_size")) return options.Corrupt("it has no kernel_size");
  QB_ASSIGN_OR_RETURN(read.kernel, OneSize(options, "kernel_size", 1));
  QB_ASSIGN_OR_RETURN(read.stride, OneSize(options, "strides", 1));
  QB_ASSIGN_OR_RETURN(read.dilation, OneSize(options, "dilation_rate", 1));
  QB_ASSIGN_OR_RETURN(const std::string padding, options.Text("padding", "valid"));
  if (padding != "causal") {
    QB_ASSIGN_OR_RETURN(read.padding, options.ReadPadding());
    return read;
  }
  const int32_t before = (read.kernel - 1) * read.dilation;
  QB_ASSIGN_OR_RETURN(read.image, EmitPad(call, read.image, before, 0));
  return read;
}

Result<TensorId> Bias(LayerCall& call, bool use_bias, int32_t channels, const char* name) {
  std::vector<float> bias(static_cast<size_t>(channels), 0.0F);
  if (use_bias) {
    QB_ASSIGN_OR_RETURN(bias, call.Weight({"bias"}, {channels}));
  }
  return call.WeightConstant(name, {channels}, bias);
}

// Without bias: `use_bias` is the layer's own.
Result<TensorId> Depthwise(LayerCall& call, const Convolution1D& read, bool use_bias) {
  QB_ASSIGN_OR_RETURN(const int32_t multiplier, call.options().Size("depth_multiplier", 1));
  const int32_t channels = call.Channels(read.image);
  QB_ASSIGN_OR_RETURN(const auto kernel, call.Weight({"depthwise_kernel", "kernel"},
                                                     {read.kernel, channels, multiplier}));
  const int32_t outputs = channels * multiplier;
  const TensorId filter =
      call.WeightConstant("depthwise_kernel", {1, 1, read.kernel, outputs}, kernel);
  QB_ASSIGN_OR_RETURN(const TensorId bias, Bias(call, use_bias, outputs, "depthwise_bias"));
  return call.Emit(OpKind::kDepthwiseConv2D,
                   DepthwiseConv2DOptions{.padding = read.padding,
                                          .stride_h = read.stride,
                                          .stride_w = read.stride,
                                          .dilation_w = read.dilation,
                                          .depth_multiplier = multiplier},
                   {read.image, filter, bias});
}

Result<TensorId> Pooled(LayerCall& call, OpKind kind) {
  const LayerOptions& options = call.options();
  QB_ASSIGN_OR_RETURN(const TensorId image, AsImage(call));
  QB_ASSIGN_OR_RETURN(const Padding padding, options.ReadPadding());
  QB_ASSIGN_OR_RETURN(const int32_t size, OneSize(options, "pool_size", 2));
  QB_ASSIGN_OR_RETURN(const int32_t stride, OneSize(options, "strides", size));
  QB_ASSIGN_OR_RETURN(const TensorId pooled, call.Emit(kind,
                                                       Pool2DOptions{.padding = padding,
                                                                     .stride_h = 1,
                                                                     .stride_w = stride,
                                                                     .filter_h = 1,
                                                                     .filter_w = size},
                                                       {image}));
  return AsRow(call, pooled);
}

// Copies that are operands of one operator; more are made by resizing.
constexpr int32_t kMostCopies = 64;

Result<TensorId> SideBySide(LayerCall& call, TensorId input, int32_t axis, int32_t count) {
  if (count == 1) return input;
  return call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = axis},
                   std::vector<TensorId>(static_cast<size_t>(count), input));
}

// [length, channels] to another length, a multiple of its own, by the nearest place.
Result<TensorId> Stretched(LayerCall& call, TensorId row, int32_t length) {
  const Shape shape = call.ShapeOf(row);
  QB_ASSIGN_OR_RETURN(const TensorId image, EmitReshape(call, row, {1, shape[1], shape[2]}));
  const TensorId size = call.Constant("size", {2}, std::vector<int32_t>{1, length});
  QB_ASSIGN_OR_RETURN(const TensorId longer,
                      call.Emit(OpKind::kResizeNearestNeighbor,
                                ResizeOptions{.half_pixel_centers = true}, {image, size}));
  return AsRow(call, longer);
}

}  // namespace

Result<TensorId> BuildConv1D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const Convolution1D read, ReadConvolution1D(call));
  QB_ASSIGN_OR_RETURN(const int32_t filters, call.options().SizeOfWeights("filters"));
  QB_ASSIGN_OR_RETURN(const int32_t groups, call.options().Size("groups", 1));
  if (call.Channels(read.image) % groups != 0 || filters % groups != 0) {
    return call.options().Corrupt("its channels do not fall into groups");
  }
  const int32_t channels = call.Channels(read.image) / groups;
  QB_ASSIGN_OR_RETURN(const TensorId filter, call.Kernel("kernel", {read.kernel, channels, filters},
                                                         {filters, 1, read.kernel, channels}));
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  QB_ASSIGN_OR_RETURN(const TensorId bias, Bias(call, use_bias, filters, "bias"));
  QB_ASSIGN_OR_RETURN(const TensorId image, call.Emit(OpKind::kConv2D,
                                                      Conv2DOptions{.padding = read.padding,
                                                                    .stride_h = 1,
                                                                    .stride_w = read.stride,
                                                                    .dilation_w = read.dilation},
                                                      {read.image, filter, bias}));
  QB_ASSIGN_OR_RETURN(const TensorId row, AsRow(call, image));
  return ApplyActivation(call, row);
}

Result<TensorId> BuildDepthwiseConv1D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const Convolution1D read, ReadConvolution1D(call));
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  QB_ASSIGN_OR_RETURN(const TensorId image, Depthwise(call, read, use_bias));
  QB_ASSIGN_OR_RETURN(const TensorId row, AsRow(call, image));
  return ApplyActivation(call, row);
}

Result<TensorId> BuildSeparableConv1D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const Convolution1D read, ReadConvolution1D(call));
  QB_ASSIGN_OR_RETURN(const TensorId middle, Depthwise(call, read, false));
  QB_ASSIGN_OR_RETURN(const int32_t filters, call.options().SizeOfWeights("filters"));
  const int32_t channels = call.Channels(middle);
  QB_ASSIGN_OR_RETURN(const TensorId filter, call.Kernel("pointwise_kernel", {1, channels, filters},
                                                         {filters, 1, 1, channels}));
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  QB_ASSIGN_OR_RETURN(const TensorId bias, Bias(call, use_bias, filters, "bias"));
  QB_ASSIGN_OR_RETURN(const TensorId image, call.Emit(OpKind::kConv2D, {middle, filter, bias}));
  QB_ASSIGN_OR_RETURN(const TensorId row, AsRow(call, image));
  return ApplyActivation(call, row);
}

Result<TensorId> BuildMaxPooling1D(LayerCall& call) { return Pooled(call, OpKind::kMaxPool2D); }

Result<TensorId> BuildAveragePooling1D(LayerCall& call) {
  return Pooled(call, OpKind::kAveragePool2D);
}

Result<TensorId> BuildGlobalAveragePooling1D(LayerCall& call) {
  return BuildReduction(call, OpKind::kMean, 3);
}

Result<TensorId> BuildGlobalMaxPooling1D(LayerCall& call) {
  return BuildReduction(call, OpKind::kReduceMax, 3);
}

Result<TensorId> BuildZeroPadding1D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const auto padding, TwoSizes(call.options(), "padding"));
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(3));
  const TensorId paddings = call.Constant(
      "paddings", {3, 2}, std::vector<int32_t>{0, 0, padding.first, padding.second, 0, 0});
  return call.Emit(OpKind::kPad, {input, paddings});
}

Result<TensorId> BuildCropping1D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(3));
  QB_ASSIGN_OR_RETURN(const auto cropping, TwoSizes(call.options(), "cropping"));
  const Shape shape = call.ShapeOf(input);
  return EmitSlice(call, input,
                   {{0, shape[0]}, {cropping.first, shape[1] - cropping.second}, {0, shape[2]}});
}

// Each place `size` times: its channels so often side by side, which are places of their own then.
Result<TensorId> BuildUpSampling1D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(3));
  QB_ASSIGN_OR_RETURN(const int32_t size, OneSize(call.options(), "size", 2));
  const Shape shape = call.ShapeOf(input);
  const int64_t length = int64_t{shape[1]} * size;
  if (length > (1 << 16)) return call.options().Unsupported("its output is too large");
  if (size > kMostCopies) return Stretched(call, input, static_cast<int32_t>(length));
  QB_ASSIGN_OR_RETURN(const TensorId wider, SideBySide(call, input, 2, size));
  return EmitReshape(call, wider, {static_cast<int32_t>(length), shape[2]});
}

Result<TensorId> BuildRepeatVector(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(2));
  QB_ASSIGN_OR_RETURN(const int32_t count, call.options().Size("n", 1));
  const int32_t channels = call.Channels(input);
  if (count <= kMostCopies) {
    QB_ASSIGN_OR_RETURN(const TensorId wider, SideBySide(call, input, 1, count));
    return EmitReshape(call, wider, {count, channels});
  }
  QB_ASSIGN_OR_RETURN(const TensorId row, EmitReshape(call, input, {1, channels}));
  return Stretched(call, row, count);
}

}  // namespace qbench::graph::import
