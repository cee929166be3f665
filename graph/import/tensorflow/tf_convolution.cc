// Convolutions and what frames them. TensorFlow keeps kernels as HWIO and depthwise ones as HWIM;
// TensorFlow Lite wants OHWI and 1HW(I*M).
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/one_line.h"
#include "graph/constant_values.h"
#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/tensorflow/turned_matrix.h"

namespace qbench::graph::import {
namespace {

using Pair = std::pair<int32_t, int32_t>;  // height, width

// strides or dilations: a number for each of batch, height, width and channels.
Result<Pair> SpatialPair(const TfNode& node, const char* key) {
  const std::vector<int64_t> list = node.List(key);
  if (list.empty()) return Pair{1, 1};
  constexpr int64_t kMost = 1 << 16;
  const bool sound = list.size() == 4 && std::ranges::all_of(list, [](int64_t value) {
                       return value >= 1 && value <= kMost;
                     });
  if (!sound) return node.Corrupt(fmt::format("{} are [{}]", key, fmt::join(list, ", ")));
  if (list[0] != 1 || list[3] != 1) {
    return node.Unsupported(fmt::format("{} of batch or channels", key));
  }
  return Pair{static_cast<int32_t>(list[1]), static_cast<int32_t>(list[2])};
}

struct Window {
  TensorId input = kNoTensor;
  Padding padding = Padding::kValid;
  Pair strides, dilations;
};

Result<TensorId> Padded(TfNode& node, TensorId input, const std::vector<int64_t>& sides) {
  std::vector<int32_t> paddings = {0, 0};
  constexpr int64_t kMost = 1 << 16;
  for (const int64_t side : sides) {
    if (side < 0 || side > kMost) return node.Corrupt(fmt::format("it pads by {}", side));
    paddings.push_back(static_cast<int32_t>(side));
  }
  paddings.insert(paddings.end(), {0, 0});
  if (std::ranges::all_of(paddings, [](int32_t side) { return side == 0; })) return input;
  const TensorId constant = node.Constant("paddings", {4, 2}, paddings);
  return node.Emit(OpKind::kPad, {input, constant});
}

// What is padded explicitly is padded by an operator, which optimizing may take back.
Result<Window> ReadWindow(TfNode& node, TensorId input) {
  QB_RETURN_IF_ERROR(node.CheckChannelsLast());
  Window window{.input = input, .strides = {}, .dilations = {}};
  QB_ASSIGN_OR_RETURN(window.strides, SpatialPair(node, "strides"));
  QB_ASSIGN_OR_RETURN(window.dilations, SpatialPair(node, "dilations"));
  const std::string padding = node.Text("padding", "");
  if (padding == "SAME") {
    window.padding = Padding::kSame;
  } else if (padding == "EXPLICIT") {
    const std::vector<int64_t> sides = node.List("explicit_paddings");
    if (sides.size() != 8 || sides[0] != 0 || sides[1] != 0 || sides[6] != 0 || sides[7] != 0) {
      return node.Corrupt("explicit_paddings are not two numbers a dimension");
    }
    QB_ASSIGN_OR_RETURN(window.input,
                        Padded(node, input, {sides[2], sides[3], sides[4], sides[5]}));
  } else if (padding != "VALID") {
    return node.Corrupt("padding is neither SAME nor VALID nor EXPLICIT");
  }
  return window;
}

Result<TensorId> ZeroBias(TfNode& node, int32_t channels) {
  // LiteRT refuses a convolution without a bias.
  return node.Constant("bias", {channels}, std::vector<float>(static_cast<size_t>(channels), 0.0F));
}

Result<Shape> KernelShape(const TfNode& node, const TfArray& kernel) {
  if (kernel.kind != TfArray::Kind::kFloats || kernel.dims.size() != 4) {
    return node.Corrupt("its kernel has no four dimensions");
  }
  const Result<Shape> shape = ShapeOfDims(kernel.dims);
  return shape.ok() ? shape : Result<Shape>(node.Corrupt(shape.status().message()));
}

Result<TensorId> Convolve(TfNode& node, const Window& window, const TfArray& kernel) {
  QB_ASSIGN_OR_RETURN(const Shape hwio, KernelShape(node, kernel));
  Tensor filter{.name = "filter", .shape = {hwio[3], hwio[0], hwio[1], hwio[2]}};
  filter.constant = TurnedMatrix(kernel.floats, static_cast<size_t>(hwio[3]));
  filter.learned_range = kernel.range;
  if (filter.learned_range) filter.learned_range->axis = 0;
  const TensorId weights = node.AddWeights(std::move(filter));
  QB_ASSIGN_OR_RETURN(const TensorId bias, ZeroBias(node, hwio[3]));
  return node.Emit(OpKind::kConv2D,
                   Conv2DOptions{.padding = window.padding,
                                 .stride_h = window.strides.first,
                                 .stride_w = window.strides.second,
                                 .dilation_h = window.dilations.first,
                                 .dilation_w = window.dilations.second},
                   {window.input, weights, bias});
}

// Output channel i * multiplier + m is the input channel i under its m-th kernel: HWIM is in the
// right order as it is.
Result<TensorId> ConvolveDepthwise(TfNode& node, const Window& window, const TfArray& kernel) {
  QB_ASSIGN_OR_RETURN(const Shape hwim, KernelShape(node, kernel));
  const int64_t outputs = int64_t{hwim[2]} * hwim[3];
  if (outputs > kMaxElements) return node.Corrupt("its kernel is too large");
  const auto channels = static_cast<int32_t>(outputs);
  Tensor filter{.name = "filter", .shape = {1, hwim[0], hwim[1], channels}};
  filter.constant = kernel.floats;
  filter.learned_range = kernel.range;
  if (filter.learned_range && filter.learned_range->min.size() > 1) {
    LearnedRange& range = *filter.learned_range;
    range.axis = 3;
    const size_t each = range.min.size();  // of the multiplier's kernels
    for (int32_t i = static_cast<int32_t>(each); i < channels; ++i) {
      range.min.push_back(range.min[static_cast<size_t>(i) - each]);
      range.max.push_back(range.max[static_cast<size_t>(i) - each]);
    }
  }
  const TensorId weights = node.AddWeights(std::move(filter));
  QB_ASSIGN_OR_RETURN(const TensorId bias, ZeroBias(node, channels));
  return node.Emit(OpKind::kDepthwiseConv2D,
                   DepthwiseConv2DOptions{.padding = window.padding,
                                          .stride_h = window.strides.first,
                                          .stride_w = window.strides.second,
                                          .dilation_h = window.dilations.first,
                                          .dilation_w = window.dilations.second,
                                          .depth_multiplier = hwim[3]},
                   {window.input, weights, bias});
}

using Convolution = Result<TensorId> (*)(TfNode&, const Window&, const TfArray&);

template <Convolution kConvolve>
Status BuildConvolution(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TfValue* input, node.Value(0));
  if (input->kind == TfValue::Kind::kSpaced && input->spaced->convolution < 0) {
    // Between SPACE_TO_BATCH and BATCH_TO_SPACE: the latter knows what is cut off.
    auto spaced = std::make_shared<Spaced>(*input->spaced);
    spaced->convolution = node.index();
    TfValue value;
    value.kind = TfValue::Kind::kSpaced;
    QB_ASSIGN_OR_RETURN(const TfArrayPtr kernel, node.Array(1));
    value.array = kernel;
    value.spaced = std::move(spaced);
    return node.Give(std::move(value));
  }
  QB_ASSIGN_OR_RETURN(const TensorId tensor, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TfArrayPtr kernel, node.Array(1));
  QB_ASSIGN_OR_RETURN(const Window window, ReadWindow(node, tensor));
  QB_ASSIGN_OR_RETURN(const TensorId output, kConvolve(node, window, *kernel));
  return node.Give(output);
}

Status BuildSpaceToBatch(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const auto block, node.Ints(1));
  QB_ASSIGN_OR_RETURN(const auto paddings, node.Ints(2));
  if (block.size() != 2 || paddings.size() != 4 || node.ShapeOf(input).size() != 4 ||
      std::min(block[0], block[1]) < 1) {
    return node.Unsupported("it is not of height and width");
  }
  Spaced spaced{.tensor = input, .block = {block[0], block[1]}};
  spaced.paddings.assign(paddings.begin(), paddings.end());
  TfValue value;
  value.kind = TfValue::Kind::kSpaced;
  value.spaced = std::make_shared<const Spaced>(std::move(spaced));
  return node.Give(std::move(value));
}

// Every block-th pixel was a batch of its own: a dilated convolution. What its end cuts off was
// padded to fill blocks.
Status BuildBatchToSpace(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TfValue* input, node.Value(0));
  QB_ASSIGN_OR_RETURN(const auto block, node.Ints(1));
  QB_ASSIGN_OR_RETURN(const auto crops, node.Ints(2));
  if (input->kind != TfValue::Kind::kSpaced || input->spaced->convolution < 0) {
    return node.Unsupported("it is not behind a convolution between it and SpaceToBatchND");
  }
  const Spaced& spaced = *input->spaced;
  TfNode convolution(node.import(), spaced.convolution);
  std::vector<int64_t> sides = spaced.paddings;
  const bool fits = block.size() == 2 && crops.size() == 4 && spaced.block.first == block[0] &&
                    spaced.block.second == block[1] && crops[0] == 0 && crops[2] == 0;
  if (!fits) return node.Unsupported("its blocks are not those of its SpaceToBatchND");
  sides[1] -= crops[1];
  sides[3] -= crops[3];
  QB_ASSIGN_OR_RETURN(Window window, ReadWindow(convolution, spaced.tensor));
  if (window.padding != Padding::kValid || window.strides != Pair{1, 1} ||
      window.dilations != Pair{1, 1} || std::min(sides[1], sides[3]) < 0) {
    return node.Unsupported("the convolution before it is padded, has strides, or is cut");
  }
  QB_ASSIGN_OR_RETURN(window.input, Padded(convolution, spaced.tensor, sides));
  window.dilations = spaced.block;
  const bool depthwise = convolution.op() == "DepthwiseConv2dNative";
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      depthwise ? ConvolveDepthwise(convolution, window, *input->array)
                                : Convolve(convolution, window, *input->array));
  return node.Give(output);
}

// factor * x + offset; computed in double, as the folding pass rounds once more.
Status BuildFusedBatchNorm(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  if (node.Bool("is_training", true)) {
    return node.Unsupported(
        "it normalizes by the batch, as in training; save the model for inference "
        "(training=False)");
  }
  const Shape shape = node.ShapeOf(input);
  const bool first = node.Text("data_format", "NHWC") == "NCHW" && shape.size() == 4;
  if (!first) {
    QB_RETURN_IF_ERROR(node.CheckChannelsLast());
  }
  const auto channels = static_cast<size_t>(first ? shape[1] : shape.back());
  std::vector<std::vector<float>> parts;  // scale, offset, mean, variance
  for (size_t i = 1; i < 5; ++i) {
    QB_ASSIGN_OR_RETURN(parts.emplace_back(), node.Floats(i));
    if (parts.back().size() != channels) return node.Corrupt("its input has other channels");
  }
  const double epsilon = node.Float("epsilon", 1e-4);
  std::vector<float> factor(channels);
  std::vector<float> offset(channels);
  OutputStatistics statistics{.mean = parts[1], .deviation = std::vector<float>(channels)};
  for (size_t i = 0; i < channels; ++i) {
    const double scale = double{parts[0][i]} / std::sqrt(double{parts[3][i]} + epsilon);
    factor[i] = static_cast<float>(scale);
    offset[i] = static_cast<float>(double{parts[1][i]} - double{parts[2][i]} * scale);
    statistics.deviation[i] = std::abs(parts[0][i]);
  }
  const auto count = static_cast<int32_t>(channels);
  // Channels first: Keras writes so what it normalizes over another dimension than the last.
  const Shape along = first ? Shape{count, 1, 1} : Shape{count};
  const TensorId factors = node.Constant("factor", along, factor);
  const TensorId offsets = node.Constant("offset", along, offset);
  QB_ASSIGN_OR_RETURN(const TensorId scaled, node.Emit(OpKind::kMul, {input, factors}));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kAdd, {scaled, offsets}));
  if (!first) {
    node.import().builder.graph.ops.back().statistics = std::move(statistics);
  }
  return node.Give(output);
}

template <OpKind kKind>
Status BuildPool(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  if (node.Text("padding", "") == "EXPLICIT") return node.Unsupported("it pads explicitly");
  QB_ASSIGN_OR_RETURN(const Window window, ReadWindow(node, input));
  QB_ASSIGN_OR_RETURN(const Pair size, SpatialPair(node, "ksize"));
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      node.Emit(kKind,
                                Pool2DOptions{.padding = window.padding,
                                              .stride_h = window.strides.first,
                                              .stride_w = window.strides.second,
                                              .filter_h = size.first,
                                              .filter_w = size.second},
                                {input}));
  return node.Give(output);
}

constexpr TfBuilderEntry kBuilders[] = {
    {"Conv2D", BuildConvolution<Convolve>},
    {"DepthwiseConv2dNative", BuildConvolution<ConvolveDepthwise>},
    {"SpaceToBatchND", BuildSpaceToBatch},
    {"BatchToSpaceND", BuildBatchToSpace},
    {"FusedBatchNorm", BuildFusedBatchNorm},
    {"FusedBatchNormV2", BuildFusedBatchNorm},
    {"FusedBatchNormV3", BuildFusedBatchNorm},
    {"MaxPool", BuildPool<OpKind::kMaxPool2D>},
    {"AvgPool", BuildPool<OpKind::kAveragePool2D>},
};

}  // namespace

std::span<const TfBuilderEntry> ConvolutionBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
