// Convolutions and batch normalization. ONNX keeps kernels as OIHW; TensorFlow Lite wants OHWI, of
// depthwise ones 1HWO.
#include <algorithm>
#include <cmath>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

// The input, or zeros: LiteRT refuses a convolution without a bias.
Result<TensorId> BiasOrZero(NodeCall& call, size_t index, int64_t channels) {
  if (!call.Has(index)) {
    return call.Constant("bias", {static_cast<int32_t>(channels)},
                         std::vector<float>(static_cast<size_t>(channels), 0.0F));
  }
  QB_ASSIGN_OR_RETURN(const auto bias, call.FloatsOf(index));
  if (bias.size() != static_cast<size_t>(channels)) {
    return call.Corrupt(fmt::format("{} biases for {} channels", bias.size(), channels));
  }
  return call.Constant("bias", {static_cast<int32_t>(channels)}, bias);
}

// Zeros around the image, which graph::FoldPads takes into the convolution where SAME has them.
Result<TensorId> Padded(NodeCall& call, TensorId image, const Windows& w) {
  if (!w.padded()) return image;
  const auto zeros = [](int64_t count) { return static_cast<int32_t>(count); };
  return EmitPad(call, image,
                 {0, 0, zeros(w.rows.before), zeros(w.rows.after), zeros(w.columns.before),
                  zeros(w.columns.after), 0, 0});
}

template <typename Options>
Options WindowOptions(const Windows& w) {
  Options options;
  options.padding = Padding::kValid;
  options.stride_h = static_cast<int32_t>(w.rows.stride);
  options.stride_w = static_cast<int32_t>(w.columns.stride);
  options.dilation_h = static_cast<int32_t>(w.rows.dilation);
  options.dilation_w = static_cast<int32_t>(w.columns.dilation);
  return options;
}

// Weights of floats, none of their dimensions empty; four of them, also for an input of three,
// which is an image of one row.
Result<HostTensor> Kernel(const NodeCall& call, size_t rank) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef given, call.ConstantInput(1));
  HostTensor weights = *given;
  if (!weights.is_float()) return call.Unsupported("its weights are not floats");
  if (rank != 3 && rank != 4) {
    return call.Unsupported(
        fmt::format("its input has {} dimensions, and is no batch of images or rows", rank));
  }
  if (weights.dims.size() != rank) {
    return call.Corrupt(
        fmt::format("its weights have {} dimensions, and its input {}", weights.dims.size(), rank));
  }
  if (std::ranges::find(weights.dims, 0) != weights.dims.end()) {
    return call.Corrupt("its weights are empty");
  }
  if (rank == 3) weights.dims.insert(weights.dims.begin() + 2, 1);
  return weights;
}

}  // namespace

Result<Value> BuildConv(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const HostTensor weights, Kernel(call, input.rank()));
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, input));
  const Shape shape = call.ShapeOf(image.tensor);
  QB_ASSIGN_OR_RETURN(const Windows w, ReadWindows(call, shape, input.rank() == 3, weights.dims[2],
                                                   weights.dims[3]));
  const int64_t channels = input.dims[1];
  const int64_t outputs = weights.dims[0];
  const int64_t groups = call.Int("group", 1);
  if (groups < 1 || groups > channels || weights.dims[1] != channels / groups ||
      channels % groups != 0 || outputs % groups != 0) {
    return call.Corrupt(fmt::format("weights of {} to {} channels in {} groups for {} channels",
                                    weights.dims[1], outputs, groups, channels));
  }
  QB_ASSIGN_OR_RETURN(const TensorId padded, Padded(call, image.tensor, w));
  QB_ASSIGN_OR_RETURN(const TensorId bias, BiasOrZero(call, 2, outputs));
  const bool depthwise = groups == channels && groups > 1;
  const HostTensor placed =
      Permuted(weights, depthwise ? std::vector<size_t>{1, 2, 3, 0} : ChannelsLast(4));
  const TensorId filter = call.Constant("weights", placed);
  if (!depthwise) {
    QB_ASSIGN_OR_RETURN(
        const TensorId output,
        call.Emit(OpKind::kConv2D, WindowOptions<Conv2DOptions>(w), {padded, filter, bias}));
    return AsBefore(call, InMemory(call, output, image), input);
  }
  auto options = WindowOptions<DepthwiseConv2DOptions>(w);
  options.depth_multiplier = static_cast<int32_t>(outputs / channels);
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kDepthwiseConv2D, options, {padded, filter, bias}));
  return AsBefore(call, InMemory(call, output, image), input);
}

// scale * (x - mean) / sqrt(variance + epsilon) + bias = x * factor + offset, computed in double:
// the graph's folding pass rounds once more.
Result<Value> BuildBatchNormalization(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  if (call.Int("training_mode", 0) != 0) {
    return call.Unsupported("it is in training mode; export the model after model.eval()");
  }
  if (input.rank() < 2) return call.Corrupt("its input has no channels");
  std::vector<float> p[4];  // scale, bias, mean, variance
  const auto channels = static_cast<size_t>(input.dims[1]);
  for (size_t i = 0; i < 4; ++i) {
    QB_ASSIGN_OR_RETURN(p[i], call.FloatsOf(i + 1));
    if (p[i].size() != channels) return call.Corrupt("its parameters are not one for each channel");
  }
  const double epsilon = call.Float("epsilon", 1e-5F);
  std::vector<float> factor(channels);
  std::vector<float> offset(channels);
  OutputStatistics statistics{.mean = p[1], .deviation = std::vector<float>(channels)};
  for (size_t c = 0; c < channels; ++c) {
    const double scale = p[0][c] / std::sqrt(p[3][c] + epsilon);
    factor[c] = static_cast<float>(scale);
    offset[c] = static_cast<float>(p[1][c] - p[2][c] * scale);
    // |scale|, but for what epsilon takes from channels that hardly vary.
    statistics.deviation[c] =
        static_cast<float>(std::abs(scale) * std::sqrt(std::max(p[3][c], 0.0F)));
  }
  Dims dims(input.rank() - 1, 1);
  dims[0] = input.dims[1];
  QB_ASSIGN_OR_RETURN(const Value scaled,
                      Binary(call, OpKind::kMul, input, ConstantValue(MakeFloats(dims, factor))));
  QB_ASSIGN_OR_RETURN(Value output,
                      Binary(call, OpKind::kAdd, scaled, ConstantValue(MakeFloats(dims, offset))));
  if (output.order.back() == 1) {
    call.import().builder.graph.ops.back().statistics = std::move(statistics);
  }
  return output;
}

}  // namespace qbench::graph::import::onnx
