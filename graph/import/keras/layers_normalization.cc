// Normalization by what a sample itself holds.
#include <algorithm>
#include <cmath>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// The option `axis` from the front, in rising order.
Result<std::vector<int32_t>> NormalizedAxes(const LayerCall& call, size_t rank) {
  const Json& json = call.options()["axis"];
  const Json list = json.is_array() ? json : Json::array({json.is_null() ? Json(-1) : json});
  std::vector<int32_t> axes;
  for (const Json& item : list) {
    const int64_t axis = item.is_number_integer() ? item.get<int64_t>() : 0;
    const int64_t from_front = axis < 0 ? axis + static_cast<int64_t>(rank) : axis;
    if (from_front < 1 || from_front >= static_cast<int64_t>(rank)) {
      return call.options().Unsupported("axis is not a list of its input's dimensions");
    }
    axes.push_back(static_cast<int32_t>(from_front));
  }
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) == axes.end()) return axes;
  return call.options().Corrupt("axis names a dimension twice");
}

// A variable of the normalized dimensions, in the shape in which it meets the input.
Result<TensorId> PerPlace(LayerCall& call, const char* name, const std::vector<int32_t>& axes,
                          const Shape& input) {
  std::vector<int64_t> dims;
  Shape shape(input.size(), 1);
  for (const int32_t axis : axes) {
    const auto d = static_cast<size_t>(axis);
    dims.push_back(input[d]);
    shape[d] = input[d];
  }
  QB_ASSIGN_OR_RETURN(const auto values, call.Weight({name}, dims));
  while (shape.size() > 1 && shape.front() == 1) shape.erase(shape.begin());
  return call.WeightConstant(name, shape, values);
}

// (x - mean) / sqrt(variance + epsilon) over these dimensions.
Result<TensorId> Standardized(LayerCall& call, TensorId input, const std::vector<int32_t>& axes,
                              double epsilon) {
  const TensorId over = call.Constant("axes", {static_cast<int32_t>(axes.size())}, axes);
  const MeanOptions keep{.keep_dims = true};
  QB_ASSIGN_OR_RETURN(const TensorId mean, call.Emit(OpKind::kMean, keep, {input, over}));
  QB_ASSIGN_OR_RETURN(const TensorId centred, call.Emit(OpKind::kSub, {input, mean}));
  QB_ASSIGN_OR_RETURN(const TensorId squares, call.Emit(OpKind::kMul, {centred, centred}));
  QB_ASSIGN_OR_RETURN(const TensorId variance, call.Emit(OpKind::kMean, keep, {squares, over}));
  QB_ASSIGN_OR_RETURN(const TensorId safe, Shifted(call, variance, epsilon));
  QB_ASSIGN_OR_RETURN(const TensorId factor, call.Emit(OpKind::kRsqrt, {safe}));
  return call.Emit(OpKind::kMul, {centred, factor});
}

// Layer normalization over each of `groups` groups of channels (the last dimension) and all places.
// -1: a group for each channel.
Result<TensorId> GroupNormalized(LayerCall& call, TensorId input) {
  const Shape shape = call.ShapeOf(input);
  const LayerOptions& options = call.options();
  const int32_t channels = shape.back();
  const bool each = options["groups"] == -1;
  QB_ASSIGN_OR_RETURN(const int32_t groups,
                      each ? Result<int32_t>(channels) : options.Size("groups", 32));
  if (channels % groups != 0) return options.Corrupt("its channels do not fall into groups");
  QB_ASSIGN_OR_RETURN(const double epsilon, options.Number("epsilon", 1e-3));
  QB_ASSIGN_OR_RETURN(const bool scale, options.Bool("scale", true));
  QB_ASSIGN_OR_RETURN(const bool center, options.Bool("center", true));
  const auto places = static_cast<int32_t>(ElementCount(shape) / channels);
  QB_ASSIGN_OR_RETURN(const TensorId grouped,
                      EmitReshape(call, input, {places, groups, channels / groups}));
  QB_ASSIGN_OR_RETURN(const TensorId standard, Standardized(call, grouped, {1, 3}, epsilon));
  QB_ASSIGN_OR_RETURN(TensorId result,
                      EmitReshape(call, standard, Shape(shape.begin() + 1, shape.end())));
  const std::vector<int32_t> last = {static_cast<int32_t>(shape.size()) - 1};
  if (scale) {
    QB_ASSIGN_OR_RETURN(const TensorId gamma, PerPlace(call, "gamma", last, shape));
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kMul, {result, gamma}));
  }
  if (center) {
    QB_ASSIGN_OR_RETURN(const TensorId beta, PerPlace(call, "beta", last, shape));
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kAdd, {result, beta}));
  }
  return result;
}

}  // namespace

// gamma * (x - mean) / sqrt(variance + epsilon) + beta, both of the sample's own values.
Result<TensorId> BuildLayerNormalization(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const Shape shape = call.ShapeOf(input);
  const LayerOptions& options = call.options();
  QB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, NormalizedAxes(call, shape.size()));
  QB_ASSIGN_OR_RETURN(const double epsilon, options.Number("epsilon", 1e-3));
  QB_ASSIGN_OR_RETURN(const bool scale, options.Bool("scale", true));
  QB_ASSIGN_OR_RETURN(const bool center, options.Bool("center", true));
  QB_ASSIGN_OR_RETURN(const bool rms, options.Bool("rms_scaling", false));
  if (rms) return options.UnsupportedOption("rms_scaling is not known");
  TensorId gamma = kNoTensor;
  TensorId beta = kNoTensor;
  if (scale) {
    QB_ASSIGN_OR_RETURN(gamma, PerPlace(call, "gamma", axes, shape));
  }
  if (center) {
    QB_ASSIGN_OR_RETURN(beta, PerPlace(call, "beta", axes, shape));
  }
  QB_ASSIGN_OR_RETURN(TensorId result, Standardized(call, input, axes, epsilon));
  if (gamma != kNoTensor) {
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kMul, {result, gamma}));
  }
  if (beta != kNoTensor) {
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kAdd, {result, beta}));
  }
  return result;
}

Result<TensorId> BuildGroupNormalization(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const size_t rank = call.ShapeOf(input).size();
  QB_ASSIGN_OR_RETURN(const size_t axis, call.options().OneAxis(rank));
  if (axis + 1 == rank) return GroupNormalized(call, input);
  std::vector<int32_t> order;
  for (size_t i = 0; i < rank; ++i) order.push_back(static_cast<int32_t>(i));
  std::swap(order[axis], order.back());
  QB_ASSIGN_OR_RETURN(const TensorId turned, EmitTranspose(call, input, order));
  QB_ASSIGN_OR_RETURN(const TensorId output, GroupNormalized(call, turned));
  return EmitTranspose(call, output, order);
}

// x / sqrt(sum of squares), which is taken to be at least 1e-12.
Result<TensorId> BuildUnitNormalization(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const Shape shape = call.ShapeOf(input);
  QB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, NormalizedAxes(call, shape.size()));
  const TensorId over = call.Constant("axes", {static_cast<int32_t>(axes.size())}, axes);
  QB_ASSIGN_OR_RETURN(const TensorId squares, call.Emit(OpKind::kMul, {input, input}));
  QB_ASSIGN_OR_RETURN(const TensorId sum,
                      call.Emit(OpKind::kSum, MeanOptions{.keep_dims = true}, {squares, over}));
  QB_ASSIGN_OR_RETURN(const TensorId safe, Clip(call, sum, 1e-12, HUGE_VAL));
  QB_ASSIGN_OR_RETURN(const TensorId factor, call.Emit(OpKind::kRsqrt, {safe}));
  return call.Emit(OpKind::kMul, {input, factor});
}

}  // namespace qbench::graph::import
