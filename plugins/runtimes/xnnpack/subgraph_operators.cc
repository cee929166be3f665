// One function for each family of operators; see xnnpack.h for what the library's take.
#include <algorithm>
#include <array>
#include <iterator>

#include "graph/operators.h"
#include "kernels/window.h"
#include "plugins/runtimes/xnnpack/subgraph_builder.h"

namespace qbench::xnnpack {
namespace {

using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Shape;
using graph::Tensor;

uint32_t U32(int32_t value) { return static_cast<uint32_t>(value); }
size_t Size(int32_t value) { return static_cast<size_t>(value); }

// The padding of TensorFlow's SAME, spelled out: under XNN_FLAG_TENSORFLOW_SAME_PADDING the library
// computes it itself, and wrongly where a filter is smaller than its stride (Debian 12's version).
struct Padding {
  uint32_t top = 0, right = 0, bottom = 0, left = 0;
};

Padding PaddingOf(const kernels::Window& w) {
  const int32_t rows = (w.out_h - 1) * w.stride_h + (w.filter_h - 1) * w.dilation_h + 1 - w.in_h;
  const int32_t columns = (w.out_w - 1) * w.stride_w + (w.filter_w - 1) * w.dilation_w + 1 - w.in_w;
  return {U32(w.pad_top), U32(std::max(0, columns) - w.pad_left),
          U32(std::max(0, rows) - w.pad_top), U32(w.pad_left)};
}

// Of a convolution whose filter is [_, height, width, _].
template <typename Options>
Result<kernels::Window> ConvolutionWindow(const Options& options, const Tensor& input,
                                          const Tensor& output, const Shape& filter) {
  return kernels::MakeWindow(input.shape, output.shape, filter[1], filter[2], options.dilation_h,
                             options.dilation_w, options);
}

Status Lacking(const Op& op, std::string_view what) {
  return Error(StatusCode::kUnsupported, "XNNPACK has no {} {}", graph::OpKindName(op.kind), what);
}

bool SameQuantization(const Tensor& a, const Tensor& b) {
  if (!a.quantization || !b.quantization) return a.quantization == b.quantization;
  return a.quantization->scales == b.quantization->scales &&
         a.quantization->zero_points == b.quantization->zero_points;
}

}  // namespace

Status SubgraphBuilder::Define(const Op& op) {
  struct Definition {
    OpKind kind;
    Status (SubgraphBuilder::*define)(const Op&);
  };
  using Builder = SubgraphBuilder;
  static constexpr Definition kDefinitions[] = {
      {OpKind::kAdd, &Builder::DefineBinary},
      {OpKind::kSub, &Builder::DefineBinary},
      {OpKind::kMul, &Builder::DefineBinary},
      {OpKind::kDiv, &Builder::DefineBinary},
      {OpKind::kMaximum, &Builder::DefineExtremum},
      {OpKind::kMinimum, &Builder::DefineExtremum},
      {OpKind::kResizeBilinear, &Builder::DefineResizeBilinear},
      {OpKind::kPrelu, &Builder::DefinePrelu},
      {OpKind::kSqrt, &Builder::DefineSqrt},
      {OpKind::kElu, &Builder::DefineElu},
      {OpKind::kConv2D, &Builder::DefineConv2D},
      {OpKind::kDepthwiseConv2D, &Builder::DefineDepthwiseConv2D},
      {OpKind::kFullyConnected, &Builder::DefineFullyConnected},
      {OpKind::kAveragePool2D, &Builder::DefinePool2D},
      {OpKind::kMaxPool2D, &Builder::DefinePool2D},
      {OpKind::kMean, &Builder::DefineMean},
      {OpKind::kPad, &Builder::DefinePad},
      {OpKind::kReshape, &Builder::DefineReshape},
      {OpKind::kRelu, &Builder::DefineClamp},
      {OpKind::kRelu6, &Builder::DefineClamp},
      {OpKind::kLogistic, &Builder::DefineLogistic},
      {OpKind::kLeakyRelu, &Builder::DefineLeakyRelu},
      {OpKind::kHardSwish, &Builder::DefineHardSwish},
      {OpKind::kSoftmax, &Builder::DefineSoftmax},
      {OpKind::kQuantize, &Builder::DefineConversion},
      {OpKind::kDequantize, &Builder::DefineConversion},
  };
  const auto* const found = std::ranges::find(kDefinitions, op.kind, &Definition::kind);
  if (found == std::end(kDefinitions)) return Lacking(op, "operator");
  return (this->*found->define)(op);
}

Status SubgraphBuilder::DefineBinary(const Op& op) {
  const graph::ActivationInfo& range =
      graph::InfoOf(std::get<graph::BinaryOptions>(op.options).activation);
  QB_ASSIGN_OR_RETURN(const ValueId a, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId b, Activation(op.inputs[1]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  const auto define = op.kind == OpKind::kAdd   ? xnn_define_add2
                      : op.kind == OpKind::kSub ? xnn_define_subtract
                      : op.kind == OpKind::kDiv ? xnn_define_divide
                                                : xnn_define_multiply2;
  return FromXnn(define(subgraph_.get(), range.min, range.max, a, b, output, 0),
                 graph::OpKindName(op.kind));
}

Status SubgraphBuilder::DefineExtremum(const Op& op) {
  QB_ASSIGN_OR_RETURN(const ValueId a, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId b, Activation(op.inputs[1]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  const auto define = op.kind == OpKind::kMaximum ? xnn_define_maximum2 : xnn_define_minimum2;
  return FromXnn(define(subgraph_.get(), a, b, output, 0), graph::OpKindName(op.kind));
}

Status SubgraphBuilder::DefineConv2D(const Op& op) {
  const auto& options = std::get<graph::Conv2DOptions>(op.options);
  const Shape& filter_shape = At(op.inputs[1]).shape;
  QB_ASSIGN_OR_RETURN(const kernels::Window window,
                      ConvolutionWindow(options, Input(op), Output(op), filter_shape));
  const Padding padding = PaddingOf(window);
  const int32_t groups = graph::GroupsOf(Input(op).shape, filter_shape);
  const graph::ActivationInfo& range = graph::InfoOf(options.activation);
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId filter, Filter(op, filter_shape));
  QB_ASSIGN_OR_RETURN(const ValueId bias, Bias(op));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  return FromXnn(
      xnn_define_convolution_2d(
          subgraph_.get(), padding.top, padding.right, padding.bottom, padding.left,
          U32(filter_shape[1]), U32(filter_shape[2]), U32(options.stride_h), U32(options.stride_w),
          U32(options.dilation_h), U32(options.dilation_w), U32(groups), Size(filter_shape[3]),
          Size(filter_shape[0] / groups), range.min, range.max, input, filter, bias, output, 0),
      "CONV_2D");
}

Status SubgraphBuilder::DefineDepthwiseConv2D(const Op& op) {
  const auto& options = std::get<graph::DepthwiseConv2DOptions>(op.options);
  const Shape& filter_shape = At(op.inputs[1]).shape;
  QB_ASSIGN_OR_RETURN(const kernels::Window window,
                      ConvolutionWindow(options, Input(op), Output(op), filter_shape));
  const Padding padding = PaddingOf(window);
  const graph::ActivationInfo& range = graph::InfoOf(options.activation);
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId filter, Filter(op, filter_shape));
  QB_ASSIGN_OR_RETURN(const ValueId bias, Bias(op));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  return FromXnn(
      xnn_define_depthwise_convolution_2d(
          subgraph_.get(), padding.top, padding.right, padding.bottom, padding.left,
          U32(filter_shape[1]), U32(filter_shape[2]), U32(options.stride_h), U32(options.stride_w),
          U32(options.dilation_h), U32(options.dilation_w), U32(options.depth_multiplier),
          Size(Input(op).shape[3]), range.min, range.max, input, filter, bias, output, 0),
      "DEPTHWISE_CONV_2D");
}

Status SubgraphBuilder::DefineFullyConnected(const Op& op) {
  const auto& options = std::get<graph::FullyConnectedOptions>(op.options);
  const Tensor& weights = At(op.inputs[1]);
  if (weights.quantization && weights.quantization->per_channel()) {
    return DefinePerChannelFullyConnected(op);
  }
  const graph::ActivationInfo& range = graph::InfoOf(options.activation);
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId filter, Filter(op, weights.shape));
  QB_ASSIGN_OR_RETURN(const ValueId bias, Bias(op));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  const uint32_t flags = options.keep_num_dims ? 0 : XNN_FLAG_TENSORFLOW_RESHAPE_2D;
  return FromXnn(xnn_define_fully_connected(subgraph_.get(), range.min, range.max, input, filter,
                                            bias, output, flags),
                 "FULLY_CONNECTED");
}

// The library's fully connected operator takes one scale, its convolution one a channel: a 1x1
// convolution over images of one pixel is the same sum.
Status SubgraphBuilder::DefinePerChannelFullyConnected(const Op& op) {
  const auto& options = std::get<graph::FullyConnectedOptions>(op.options);
  const Shape& weights = At(op.inputs[1]).shape;
  const auto rows = static_cast<int32_t>(graph::ElementCount(Output(op).shape) / weights[0]);
  const Shape filter_shape = {weights[0], 1, 1, weights[1]};
  const Shape pixels = {rows, 1, 1, weights[1]};
  const graph::ActivationInfo& range = graph::InfoOf(options.activation);
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId flat, Reshaped(op.inputs[0], pixels));
  QB_ASSIGN_OR_RETURN(const ValueId filter, Filter(op, filter_shape));
  QB_ASSIGN_OR_RETURN(const ValueId bias, Bias(op));
  QB_ASSIGN_OR_RETURN(const ValueId sums, Reshaped(op.outputs[0], {rows, 1, 1, weights[0]}));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  QB_RETURN_IF_ERROR(CopyReshaped(input, flat, pixels));
  QB_RETURN_IF_ERROR(
      FromXnn(xnn_define_convolution_2d(subgraph_.get(), 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, /*groups=*/1,
                                        Size(weights[1]), Size(weights[0]), range.min, range.max,
                                        flat, filter, bias, sums, 0),
              "FULLY_CONNECTED"));
  return CopyReshaped(sums, output, Output(op).shape);
}

Status SubgraphBuilder::CopyReshaped(ValueId from, ValueId to, const Shape& shape) {
  const std::vector<size_t> dims(shape.begin(), shape.end());
  return FromXnn(xnn_define_static_reshape(subgraph_.get(), dims.size(), dims.data(), from, to, 0),
                 "RESHAPE");
}

Status SubgraphBuilder::DefinePool2D(const Op& op) {
  const auto& options = std::get<graph::Pool2DOptions>(op.options);
  const graph::ActivationInfo& range = graph::InfoOf(options.activation);
  const Shape& shape = Input(op).shape;
  if (op.kind == OpKind::kAveragePool2D && Input(op).type != DataType::kFloat32) {
    const bool whole = options.padding == graph::Padding::kValid && options.filter_h == shape[1] &&
                       options.filter_w == shape[2];
    if (!whole) return Lacking(op, "of integers but over the whole input");
    return DefineGlobalAverage(op, options.activation);
  }
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  QB_ASSIGN_OR_RETURN(const kernels::Window window,
                      kernels::MakeWindow(shape, Output(op).shape, options.filter_h,
                                          options.filter_w, 1, 1, options));
  const Padding padding = PaddingOf(window);
  if (op.kind == OpKind::kAveragePool2D) {
    return FromXnn(xnn_define_average_pooling_2d(
                       subgraph_.get(), padding.top, padding.right, padding.bottom, padding.left,
                       U32(options.filter_h), U32(options.filter_w), U32(options.stride_h),
                       U32(options.stride_w), range.min, range.max, input, output, 0),
                   "AVERAGE_POOL_2D");
  }
  return FromXnn(
      xnn_define_max_pooling_2d(subgraph_.get(), padding.top, padding.right, padding.bottom,
                                padding.left, U32(options.filter_h), U32(options.filter_w),
                                U32(options.stride_h), U32(options.stride_w), /*dilation_height=*/1,
                                /*dilation_width=*/1, range.min, range.max, input, output, 0),
      "MAX_POOL_2D");
}

Status SubgraphBuilder::DefineMean(const Op& op) {
  const auto rank = static_cast<int32_t>(Input(op).shape.size());
  std::vector<int32_t> axes = At(op.inputs[1]).constant->Values<int32_t>();
  for (int32_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::ranges::sort(axes);
  if (rank != 4 || axes != std::vector<int32_t>{1, 2}) {
    return Lacking(op, "but over height and width");
  }
  return DefineGlobalAverage(op, graph::Activation::kNone);
}

Status SubgraphBuilder::DefineGlobalAverage(const Op& op, graph::Activation activation) {
  const graph::ActivationInfo& range = graph::InfoOf(activation);
  const Shape& shape = Input(op).shape;
  const Shape pixel = {shape[0], 1, 1, shape[3]};
  const bool keep_dims = Output(op).shape == pixel;
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  ValueId mean = output;
  if (!keep_dims) {
    QB_ASSIGN_OR_RETURN(mean, Reshaped(op.outputs[0], pixel));
  }
  QB_RETURN_IF_ERROR(FromXnn(
      xnn_define_global_average_pooling_2d(subgraph_.get(), range.min, range.max, input, mean, 0),
      graph::OpKindName(op.kind)));
  return keep_dims ? OkStatus() : CopyReshaped(mean, output, Output(op).shape);
}

Status SubgraphBuilder::DefinePad(const Op& op) {
  const std::vector<int32_t> paddings = At(op.inputs[1]).constant->Values<int32_t>();
  std::array<size_t, XNN_MAX_TENSOR_DIMS> before{};
  std::array<size_t, XNN_MAX_TENSOR_DIMS> after{};
  if (paddings.size() > 2 * before.size()) return Lacking(op, "of so many dimensions");
  for (size_t i = 0; i < paddings.size() / 2; ++i) {
    before[i] = Size(paddings[2 * i]);
    after[i] = Size(paddings[2 * i + 1]);
  }
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  return FromXnn(xnn_define_static_constant_pad(subgraph_.get(), before.data(), after.data(), 0.0F,
                                                input, output, 0),
                 "PAD");
}

Status SubgraphBuilder::DefineReshape(const Op& op) {
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  return CopyReshaped(input, output, Output(op).shape);
}

// An operator with one input, whose output has its shape: `define` makes it of the values of both.
template <typename Function>
Status SubgraphBuilder::DefineUnary(const Op& op, const Function& define) {
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  return FromXnn(define(input, output), graph::OpKindName(op.kind));
}

Status SubgraphBuilder::DefineClamp(const Op& op) {
  if (!SameQuantization(Input(op), Output(op))) return Lacking(op, "from one scale to another");
  const graph::ActivationInfo& range = graph::InfoOf(graph::InfoOf(op.kind).activation);
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_clamp(subgraph_.get(), range.min, range.max, input, output, 0);
  });
}

Status SubgraphBuilder::DefineLogistic(const Op& op) {
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_sigmoid(subgraph_.get(), input, output, 0);
  });
}

Status SubgraphBuilder::DefineElu(const Op& op) {
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_elu(subgraph_.get(), 1.0F, input, output, 0);
  });
}

Status SubgraphBuilder::DefineSqrt(const Op& op) {
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_square_root(subgraph_.get(), input, output, 0);
  });
}

// Of images, with a slope for each channel.
Status SubgraphBuilder::DefinePrelu(const Op& op) {
  const Tensor& slopes = At(op.inputs[1]);
  const int32_t channels = Input(op).shape.back();
  if (Input(op).shape.size() != 4 || graph::ElementCount(slopes.shape) != channels ||
      slopes.shape.back() != channels) {
    return Lacking(op, "but of images with a slope for each channel");
  }
  if (Input(op).type != DataType::kFloat32) return Lacking(op, "of integers");
  QB_ASSIGN_OR_RETURN(const ValueId input, Activation(op.inputs[0]));
  QB_ASSIGN_OR_RETURN(const ValueId slope, Filter(op, {channels}));
  QB_ASSIGN_OR_RETURN(const ValueId output, Activation(op.outputs[0]));
  return FromXnn(xnn_define_prelu(subgraph_.get(), input, slope, output, 0), "PRELU");
}

Status SubgraphBuilder::DefineResizeBilinear(const Op& op) {
  // The library's rounding of integers is nobody's here.
  if (Input(op).type != DataType::kFloat32) return Lacking(op, "of integers");
  const auto& options = std::get<graph::ResizeOptions>(op.options);
  const Shape& size = Output(op).shape;
  const uint32_t flags = options.align_corners        ? XNN_FLAG_ALIGN_CORNERS
                         : options.half_pixel_centers ? 0
                                                      : XNN_FLAG_TENSORFLOW_LEGACY_MODE;
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_static_resize_bilinear_2d(subgraph_.get(), Size(size[1]), Size(size[2]),
                                                input, output, flags);
  });
}

Status SubgraphBuilder::DefineLeakyRelu(const Op& op) {
  const float alpha = std::get<graph::LeakyReluOptions>(op.options).alpha;
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_leaky_relu(subgraph_.get(), alpha, input, output, 0);
  });
}

Status SubgraphBuilder::DefineHardSwish(const Op& op) {
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_hardswish(subgraph_.get(), input, output, 0);
  });
}

Status SubgraphBuilder::DefineSoftmax(const Op& op) {
  if (std::get<graph::SoftmaxOptions>(op.options).beta != 1.0F) {
    return Lacking(op, "with a beta other than 1");
  }
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_softmax(subgraph_.get(), input, output, 0);
  });
}

Status SubgraphBuilder::DefineConversion(const Op& op) {
  // Between two scales, newer versions take this and older ones do not: the kernels do it.
  if (Input(op).type != DataType::kFloat32 && Output(op).type != DataType::kFloat32) {
    return Lacking(op, "from integers to integers");
  }
  return DefineUnary(op, [&](ValueId input, ValueId output) {
    return xnn_define_convert(subgraph_.get(), input, output, 0);
  });
}

}  // namespace qbench::xnnpack
