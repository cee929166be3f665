// Normalization by what a sample itself holds.
#include <algorithm>
#include <string_view>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

// (x - mean) / sqrt(variance + epsilon) over these places in memory.
Result<Value> Standardized(NodeCall& call, const Value& input, const std::vector<int32_t>& places,
                           double epsilon) {
  QB_ASSIGN_OR_RETURN(const TensorId mean, EmitMean(call, input.tensor, places, true));
  QB_ASSIGN_OR_RETURN(const TensorId centred, call.Emit(OpKind::kSub, {input.tensor, mean}));
  QB_ASSIGN_OR_RETURN(const TensorId squares, call.Emit(OpKind::kMul, {centred, centred}));
  QB_ASSIGN_OR_RETURN(const TensorId variance, EmitMean(call, squares, places, true));
  QB_ASSIGN_OR_RETURN(const Value safe, Shifted(call, Like(input, variance), epsilon));
  QB_ASSIGN_OR_RETURN(const TensorId factor, call.Emit(OpKind::kRsqrt, {safe.tensor}));
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kMul, {centred, factor}));
  return Like(input, output);
}

std::vector<int32_t> PlacesOf(const Value& input, size_t first_axis) {
  std::vector<int32_t> places;
  for (size_t i = 0; i < input.order.size(); ++i) {
    const size_t axis = input.order[i];
    if (axis != kWithin && axis >= first_axis) places.push_back(static_cast<int32_t>(i));
  }
  return places;
}

// result * scale + bias, the inputs 1 and 2, in these dims.
Result<Value> ScaledAndShifted(NodeCall& call, const Value& standard, const Dims& dims) {
  Value result = standard;
  for (const size_t index : {size_t{1}, size_t{2}}) {
    if (!call.Has(index)) continue;
    QB_ASSIGN_OR_RETURN(std::vector<float> values, call.FloatsOf(index));
    QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(dims));
    if (values.size() != static_cast<size_t>(count)) {
      return call.Corrupt(
          fmt::format("input {} has {} values, not {}", index, values.size(), count));
    }
    const OpKind kind = index == 1 ? OpKind::kMul : OpKind::kAdd;
    QB_ASSIGN_OR_RETURN(
        result, Binary(call, kind, result, ConstantValue(MakeFloats(dims, std::move(values)))));
  }
  return result;
}

// A value for each channel.
Dims PerChannel(const Value& input) {
  Dims dims(input.rank() - 1, 1);
  dims[0] = input.dims[1];
  return dims;
}

Status CheckChannels(const NodeCall& call, const Value& input) {
  if (input.rank() >= 3 && input.order[0] == 0) return OkStatus();
  return call.Unsupported("its input is not [batch, channels, places]");
}

}  // namespace

Result<TensorId> EmitMean(NodeCall& call, TensorId input, const std::vector<int32_t>& places,
                          bool keep) {
  const TensorId axes = call.Ints("axes", places);
  return call.Emit(OpKind::kMean, MeanOptions{.keep_dims = keep}, {input, axes});
}

Result<Value> BuildLayerNormalization(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", -1), input.rank()));
  if (input.BatchAxis() >= axis) return call.Unsupported("it is over the batch");
  if (call.outputs() > 1) return call.Unsupported("only its first output is known");
  QB_ASSIGN_OR_RETURN(const Value standard, Standardized(call, input, PlacesOf(input, axis),
                                                         call.Float("epsilon", 1e-5F)));
  const Dims dims(input.dims.begin() + static_cast<ptrdiff_t>(axis), input.dims.end());
  return ScaledAndShifted(call, standard, dims);
}

Result<Value> BuildInstanceNormalization(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_RETURN_IF_ERROR(CheckChannels(call, input));
  QB_ASSIGN_OR_RETURN(const Value standard,
                      Standardized(call, input, PlacesOf(input, 2), call.Float("epsilon", 1e-5F)));
  return ScaledAndShifted(call, standard, PerChannel(input));
}

// Scale and bias are one for each group up to operator set 20, then one for each channel.
Result<Value> BuildGroupNormalization(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_RETURN_IF_ERROR(CheckChannels(call, input));
  const int64_t groups = call.Int("num_groups", 0);
  const int64_t channels = input.dims[1];
  if (groups < 1 || groups > channels || channels % groups != 0) {
    return call.Corrupt("its channels do not fall into groups");
  }
  Dims apart = {1, groups, channels / groups};
  apart.insert(apart.end(), input.dims.begin() + 2, input.dims.end());
  QB_ASSIGN_OR_RETURN(const Value grouped, Reshaped(call, input, apart));
  std::vector<int32_t> places = PlacesOf(grouped, 2);
  QB_ASSIGN_OR_RETURN(Value standard,
                      Standardized(call, grouped, places, call.Float("epsilon", 1e-5F)));
  if (call.opset() >= 21) {
    QB_ASSIGN_OR_RETURN(standard, Reshaped(call, standard, input.dims));
    return ScaledAndShifted(call, standard, PerChannel(input));
  }
  Dims each(apart.size() - 1, 1);
  each[0] = groups;
  QB_ASSIGN_OR_RETURN(standard, ScaledAndShifted(call, standard, each));
  return Reshaped(call, standard, input.dims);
}

}  // namespace qbench::graph::import::onnx
