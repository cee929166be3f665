// Layers without weights that join, pad, pool or reshape.
#include <utility>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// A chain over any number of inputs: ((a + b) + c), as Keras computes it.
Result<TensorId> BuildBinary(LayerCall& call, OpKind kind, size_t most) {
  const auto& inputs = call.inputs();
  if (inputs.size() < 2 || inputs.size() > most) {
    return call.options().Corrupt(fmt::format("it cannot take {} inputs", inputs.size()));
  }
  TensorId result = inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) {
    QB_ASSIGN_OR_RETURN(result, call.Emit(kind, {result, inputs[i]}));
  }
  return result;
}

Result<TensorId> BuildPooling(LayerCall& call, OpKind kind) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  const LayerOptions& options = call.options();
  QB_RETURN_IF_ERROR(options.CheckChannelsLast());
  QB_ASSIGN_OR_RETURN(const Padding padding, options.ReadPadding());
  QB_ASSIGN_OR_RETURN(const auto size, options.SizePair("pool_size", 2));
  auto strides = size;
  if (options.Has("strides")) {
    QB_ASSIGN_OR_RETURN(strides, options.SizePair("strides", 1));
  }
  return call.Emit(kind,
                   Pool2DOptions{.padding = padding,
                                 .stride_h = strides.first,
                                 .stride_w = strides.second,
                                 .filter_h = size.first,
                                 .filter_w = size.second},
                   {input});
}

}  // namespace

Result<TensorId> EmitReshape(LayerCall& call, TensorId input, Shape shape) {
  shape.insert(shape.begin(), -1);
  const auto rank = static_cast<int32_t>(shape.size());
  const TensorId constant = call.Constant("shape", {rank}, shape);
  return call.Emit(OpKind::kReshape, ReshapeOptions{.new_shape = shape}, {input, constant});
}

Result<TensorId> BuildAdd(LayerCall& call) {
  return BuildBinary(call, OpKind::kAdd, call.inputs().size());
}

Result<TensorId> BuildSubtract(LayerCall& call) { return BuildBinary(call, OpKind::kSub, 2); }

Result<TensorId> BuildMultiply(LayerCall& call) {
  return BuildBinary(call, OpKind::kMul, call.inputs().size());
}

Result<TensorId> BuildMaximum(LayerCall& call) {
  return BuildBinary(call, OpKind::kMaximum, call.inputs().size());
}

Result<TensorId> BuildMinimum(LayerCall& call) {
  return BuildBinary(call, OpKind::kMinimum, call.inputs().size());
}

Result<TensorId> BuildAverage(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId sum, BuildAdd(call));
  return Scaled(call, sum, 1.0 / static_cast<double>(call.inputs().size()));
}

Result<TensorId> BuildConcatenate(LayerCall& call) {
  const auto& inputs = call.inputs();
  if (inputs.empty()) return call.options().Corrupt("it has no inputs");
  const auto rank = static_cast<int32_t>(call.ShapeOf(inputs[0]).size());
  const Json& axis = call.options()["axis"];
  int32_t from_start = rank - 1;
  if (axis.is_number_integer()) {
    const auto value = axis.get<int64_t>();
    if (value < -rank || value >= rank) return call.options().Corrupt("axis is out of range");
    from_start = static_cast<int32_t>(value < 0 ? value + rank : value);
  }
  if (from_start == 0) return call.options().UnsupportedOption("it joins along the batch");
  return call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = from_start}, inputs);
}

// padding: [[top, bottom], [left, right]], [height, width] or one number.
Result<TensorId> BuildZeroPadding2D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  const LayerOptions& options = call.options();
  QB_RETURN_IF_ERROR(options.CheckChannelsLast());
  const Json& padding = options["padding"];
  if (padding.is_null()) return options.Corrupt("it has no padding");
  const bool list = padding.is_array() && padding.size() == 2;
  QB_ASSIGN_OR_RETURN(const auto rows, options.ReadPair(list ? padding[0] : padding, "padding", 0));
  QB_ASSIGN_OR_RETURN(const auto columns,
                      options.ReadPair(list ? padding[1] : padding, "padding", 0));
  const std::vector<int32_t> values = {0, 0, rows.first, rows.second, columns.first, columns.second,
                                       0, 0};
  const TensorId paddings = call.Constant("paddings", {4, 2}, values);
  return call.Emit(OpKind::kPad, {input, paddings});
}

Result<TensorId> BuildMaxPooling2D(LayerCall& call) {
  return BuildPooling(call, OpKind::kMaxPool2D);
}

// Keras leaves padded places out of the mean, and so does TensorFlow Lite.
Result<TensorId> BuildAveragePooling2D(LayerCall& call) {
  return BuildPooling(call, OpKind::kAveragePool2D);
}

Result<TensorId> BuildReduction(LayerCall& call, OpKind kind, size_t rank) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(rank));
  QB_RETURN_IF_ERROR(call.options().CheckChannelsLast());
  QB_ASSIGN_OR_RETURN(const bool keep_dims, call.options().Bool("keepdims", false));
  std::vector<int32_t> axes;
  for (size_t i = 1; i + 1 < rank; ++i) axes.push_back(static_cast<int32_t>(i));
  const TensorId constant = call.Constant("axes", {static_cast<int32_t>(axes.size())}, axes);
  return call.Emit(kind, MeanOptions{.keep_dims = keep_dims}, {input, constant});
}

Result<TensorId> BuildGlobalAveragePooling2D(LayerCall& call) {
  return BuildReduction(call, OpKind::kMean, 4);
}

Result<TensorId> BuildGlobalMaxPooling2D(LayerCall& call) {
  return BuildReduction(call, OpKind::kReduceMax, 4);
}

Result<TensorId> BuildFlatten(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  QB_RETURN_IF_ERROR(call.options().CheckChannelsLast());
  const Shape& shape = call.ShapeOf(input);
  if (shape.size() == 2) return input;
  const int64_t elements = ElementCount(shape);  // below 2^31: every tensor is checked
  return EmitReshape(call, input, {static_cast<int32_t>(elements)});
}

// target_shape: of one sample; one -1 stands for what is left.
Result<TensorId> BuildReshape(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const Json& target = call.options()["target_shape"];
  if (!target.is_array() || target.size() > 7) {
    return call.options().Corrupt("target_shape is not a list of at most 7 numbers");
  }
  const int64_t elements = ElementCount(call.ShapeOf(input));
  int64_t known = 1;
  Shape shape;
  for (const Json& dim : target) {
    const int64_t value = dim.is_number_integer() ? dim.get<int64_t>() : 0;
    if (value < -1 || value == 0 || value > elements || known > elements) {
      return call.options().Corrupt("target_shape does not fit its input");
    }
    if (value > 0) known *= value;
    shape.push_back(static_cast<int32_t>(value));
  }
  for (int32_t& dim : shape) {
    if (dim == -1) dim = static_cast<int32_t>(elements / known);
  }
  if (ElementCount(shape) != elements) {
    return call.options().Corrupt("target_shape does not fit its input");
  }
  return EmitReshape(call, input, std::move(shape));
}

}  // namespace qbench::graph::import
