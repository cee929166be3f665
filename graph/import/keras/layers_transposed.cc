// Conv2DTranspose.
#include <algorithm>
#include <utility>

#include "graph/import/keras/keras_layers.h"
#include "graph/import/transposed_convolution.h"

namespace qbench::graph::import {
namespace {

// Lengths as in conv_utils.deconv_output_length of Keras, padding as in TensorFlow's
// conv2d_backprop_input.
TransposedSide MakeDirection(int32_t input, int32_t kernel, int32_t stride, bool same,
                             int32_t output_padding) {
  TransposedSide d{.input = input, .kernel = kernel, .stride = stride};
  if (output_padding >= 0) {
    d.size = (input - 1) * stride + kernel - (same ? kernel / 2 * 2 : 0) + output_padding;
  } else {
    d.size = input * stride + (same ? 0 : std::max(kernel - stride, 0));
  }
  if (same) d.before = std::max((input - 1) * stride + kernel - d.size, 0) / 2;
  d.ChooseBlocks();
  return d;
}

// The bias of each filter, or zeros.
Result<std::vector<float>> FilterBias(LayerCall& call, int32_t filters) {
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  std::vector<float> bias(static_cast<size_t>(filters), 0.0F);
  if (use_bias) {
    QB_ASSIGN_OR_RETURN(bias, call.Weight({"bias"}, {filters}));
  }
  return bias;
}

Result<std::pair<TransposedSide, TransposedSide>> ReadDirections(const LayerCall& call,
                                                                 const Shape& input) {
  const LayerOptions& options = call.options();
  QB_RETURN_IF_ERROR(options.CheckChannelsLast());
  if (!options.Has("kernel_size")) return options.Corrupt("it has no kernel_size");
  QB_ASSIGN_OR_RETURN(const auto kernel, options.SizePair("kernel_size", 1));
  QB_ASSIGN_OR_RETURN(const auto strides, options.SizePair("strides", 1));
  QB_ASSIGN_OR_RETURN(const auto dilation, options.SizePair("dilation_rate", 1));
  QB_ASSIGN_OR_RETURN(const Padding padding, options.ReadPadding());
  LayerOptions::Pair extra = {-1, -1};
  if (options.Has("output_padding")) {
    QB_ASSIGN_OR_RETURN(extra, options.ReadPair(options["output_padding"], "output_padding", 0));
  }
  if (dilation != LayerOptions::Pair{1, 1}) {
    return options.UnsupportedOption("a dilation_rate other than 1 is not known");
  }
  if (strides.first > 64 || strides.second > 64) {
    return options.UnsupportedOption("strides above 64 are not known");
  }
  const bool same = padding == Padding::kSame;
  const std::pair directions(
      MakeDirection(input[1], kernel.first, strides.first, same, extra.first),
      MakeDirection(input[2], kernel.second, strides.second, same, extra.second));
  for (const TransposedSide& d : {directions.first, directions.second}) {
    if (!d.IsSound()) {
      return options.UnsupportedOption("its padding leaves output pixels without input");
    }
  }
  return directions;
}

// [n, h, w, y * x * c] -> [n, h * y, w * x, c]. Blocks of one row lie as they should already.
Result<TensorId> Unfolded(LayerCall& call, TensorId input, int32_t y, int32_t x) {
  if (y == 1 && x == 1) return input;
  const Shape shape = call.ShapeOf(input);
  const int32_t channels = shape[3] / (y * x);
  const Shape unfolded = {shape[1] * y, shape[2] * x, channels};
  if (y == x) return call.Emit(OpKind::kDepthToSpace, DepthToSpaceOptions{.block = y}, {input});
  if (y == 1) return EmitReshape(call, input, unfolded);
  QB_ASSIGN_OR_RETURN(const TensorId rows,
                      EmitReshape(call, input, {shape[1], shape[2], y, x * channels}));
  QB_ASSIGN_OR_RETURN(const TensorId turned, EmitTranspose(call, rows, {0, 1, 3, 2, 4}));
  return EmitReshape(call, turned, unfolded);
}

}  // namespace

Result<TensorId> BuildConv2DTranspose(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_ASSIGN_OR_RETURN(const auto directions, ReadDirections(call, call.ShapeOf(input)));
  const auto& [rows, columns] = directions;
  QB_ASSIGN_OR_RETURN(const int32_t filters, call.options().SizeOfWeights("filters"));
  const int32_t channels = call.Channels(input);
  QB_ASSIGN_OR_RETURN(const auto kernel,
                      call.Weight({"kernel"}, {rows.kernel, columns.kernel, filters, channels}));
  const int32_t phases = rows.stride * columns.stride;
  if (int64_t{filters} * phases > (int64_t{1} << 24)) {
    return call.options().Unsupported("it has too many filters for its strides");
  }
  QB_ASSIGN_OR_RETURN(const auto biases, FilterBias(call, filters));
  const int32_t outputs = filters * phases;
  const TensorId filter =
      call.WeightConstant("kernel", {outputs, rows.taps(), columns.taps(), channels},
                          PhaseFilter(kernel, rows, columns, filters, channels));
  const TensorId bias = call.WeightConstant("bias", {outputs}, PhaseBias(biases, phases));
  TensorId result = input;
  if (rows.taps() > 1 || columns.taps() > 1 || rows.pad_after() > 0 || columns.pad_after() > 0) {
    const TensorId paddings =
        call.Constant("paddings", {4, 2},
                      std::vector<int32_t>{0, 0, rows.pad_before(), rows.pad_after(),
                                           columns.pad_before(), columns.pad_after(), 0, 0});
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kPad, {input, paddings}));
  }
  QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kConv2D, Conv2DOptions{.padding = Padding::kValid},
                                        {result, filter, bias}));
  QB_ASSIGN_OR_RETURN(result, Unfolded(call, result, rows.stride, columns.stride));
  const Shape shape = call.ShapeOf(result);
  if (shape[1] != rows.size || shape[2] != columns.size) {
    QB_ASSIGN_OR_RETURN(result, EmitSlice(call, result,
                                          {{0, shape[0]},
                                           {rows.skip, rows.skip + rows.size},
                                           {columns.skip, columns.skip + columns.size},
                                           {0, shape[3]}}));
  }
  return ApplyActivation(call, result);
}

}  // namespace qbench::graph::import
