// Conv2DTranspose as a convolution and DEPTH_TO_SPACE: TRANSPOSE_CONV of TensorFlow Lite has the
// batch in its output's shape, which is open here.
#include <algorithm>
#include <utility>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// One direction. Input pixel i adds kernel[j] to output pixel i * stride + j - before; the first
// `size` are kept. Output pixels are computed in blocks of `stride`, of which the first begins at
// output pixel -skip.
struct Direction {
  int32_t input = 0, kernel = 1, stride = 1;
  int32_t before = 0, size = 0;
  int32_t skip = 0;

  // A pixel of block q gets something of input pixels q - last … q - first, by kernel[j] with j =
  // (place in the block) + before - skip + (how far back) * stride.
  int32_t first() const { return -((stride - 1 + before - skip) / stride); }
  int32_t last() const { return (kernel - 1 - before + skip) / stride; }
  int32_t taps() const { return last() - first() + 1; }
  int32_t blocks() const { return (size + skip + stride - 1) / stride; }
  int32_t pad_before() const { return last(); }
  int32_t pad_after() const { return std::max(blocks() - first() - input, 0); }
};

// Where the blocks begin: at the first output pixel, so that none is computed to be cut off, unless
// the filter would have to be larger for it.
void ChooseBlocks(Direction& d) {
  const int32_t fewest = (d.kernel + d.stride - 1) / d.stride;
  d.skip = 0;
  if (d.taps() > fewest) d.skip = d.before % d.stride;
}

// Lengths as in conv_utils.deconv_output_length of Keras, padding as in TensorFlow's
// conv2d_backprop_input.
Direction MakeDirection(int32_t input, int32_t kernel, int32_t stride, bool same,
                        int32_t output_padding) {
  Direction d{.input = input, .kernel = kernel, .stride = stride};
  if (output_padding >= 0) {
    d.size = (input - 1) * stride + kernel - (same ? kernel / 2 * 2 : 0) + output_padding;
  } else {
    d.size = input * stride + (same ? 0 : std::max(kernel - stride, 0));
  }
  if (same) d.before = std::max((input - 1) * stride + kernel - d.size, 0) / 2;
  ChooseBlocks(d);
  return d;
}

// From Keras's [height, width, filters, channels] to OHWI with an output channel for each pixel of
// a block and each filter; the input pixel that is furthest back comes first.
std::vector<float> PhaseFilter(const std::vector<float>& kernel, const Direction& rows,
                               const Direction& columns, int32_t filters, int32_t channels) {
  std::vector<float> filter;
  const auto place = [](const Direction& d, int32_t phase, int32_t tap) {
    return phase + d.before - d.skip + (d.last() - tap) * d.stride;
  };
  const auto at = [&](int32_t y, int32_t x, int32_t f, int32_t c) {
    if (y < 0 || x < 0 || y >= rows.kernel || x >= columns.kernel) return 0.0F;
    const int64_t index = ((int64_t{y} * columns.kernel + x) * filters + f) * channels + c;
    return kernel[static_cast<size_t>(index)];
  };
  for (int32_t y = 0; y < rows.stride; ++y) {
    for (int32_t x = 0; x < columns.stride; ++x) {
      for (int32_t f = 0; f < filters; ++f) {
        for (int32_t u = 0; u < rows.taps(); ++u) {
          for (int32_t v = 0; v < columns.taps(); ++v) {
            for (int32_t c = 0; c < channels; ++c) {
              filter.push_back(at(place(rows, y, u), place(columns, x, v), f, c));
            }
          }
        }
      }
    }
  }
  return filter;
}

// The bias once for each pixel of a block, or zeros.
Result<std::vector<float>> PhaseBias(LayerCall& call, int32_t filters, int32_t phases) {
  QB_ASSIGN_OR_RETURN(const bool use_bias, call.options().Bool("use_bias", true));
  std::vector<float> bias(static_cast<size_t>(filters), 0.0F);
  if (use_bias) {
    QB_ASSIGN_OR_RETURN(bias, call.Weight({"bias"}, {filters}));
  }
  std::vector<float> all;
  for (int32_t i = 0; i < phases; ++i) all.insert(all.end(), bias.begin(), bias.end());
  return all;
}

Result<std::pair<Direction, Direction>> ReadDirections(const LayerCall& call, const Shape& input) {
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
  for (const Direction& d : {directions.first, directions.second}) {
    if (d.size < 1 || d.size > (1 << 24) || d.first() > 0 || d.last() < 0) {
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
  QB_ASSIGN_OR_RETURN(const auto biases, PhaseBias(call, filters, phases));
  const int32_t outputs = filters * phases;
  const TensorId filter =
      call.WeightConstant("kernel", {outputs, rows.taps(), columns.taps(), channels},
                          PhaseFilter(kernel, rows, columns, filters, channels));
  const TensorId bias = call.WeightConstant("bias", {outputs}, biases);
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
