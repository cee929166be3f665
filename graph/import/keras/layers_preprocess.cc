// Layers that prepare images, and those that only do something while training.
#include <algorithm>
#include <cmath>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// keras.backend.epsilon(), the least standard deviation that Normalization divides by.
constexpr double kEpsilon = 1e-7;

// One value for all channels, or one for each.
Result<TensorId> ScalarOrPerChannel(LayerCall& call, TensorId input, std::string_view suffix,
                                    const std::vector<float>& values) {
  const auto count = static_cast<int64_t>(values.size());
  if (count != 1 && count != call.Channels(input)) {
    return call.options().Corrupt(
        fmt::format("it has {} values for {} channels", count, call.Channels(input)));
  }
  return call.Constant(suffix, {static_cast<int32_t>(count)}, values);
}

bool AllEqual(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == value; });
}

// input * factor, left out where it is the identity; then likewise the addition.
Result<TensorId> Multiply(LayerCall& call, TensorId input, const std::vector<float>& factor) {
  if (AllEqual(factor, 1.0F)) return input;
  QB_ASSIGN_OR_RETURN(const TensorId constant, ScalarOrPerChannel(call, input, "factor", factor));
  return call.Emit(OpKind::kMul, {input, constant});
}

Result<TensorId> Add(LayerCall& call, TensorId input, const std::vector<float>& offset) {
  if (AllEqual(offset, 0.0F)) return input;
  QB_ASSIGN_OR_RETURN(const TensorId constant, ScalarOrPerChannel(call, input, "offset", offset));
  return call.Emit(OpKind::kAdd, {input, constant});
}

// The option `mean` or `variance`, or the variable of that name that adapt() filled.
Result<std::vector<float>> Moments(LayerCall& call, TensorId input, const char* name) {
  if (call.options().Has(name)) return call.options().Numbers(name, 0.0F);
  const Json& axis = call.options()["axis"];
  if (axis.is_array() && axis.empty()) return call.Weight({name}, {});
  if (axis.is_array() && axis.size() > 1) {
    return call.options().UnsupportedOption("axis is several dimensions");
  }
  return call.Weight({name}, {call.Channels(input)});
}

// (x - mean) / deviation, or with `invert` x * deviation + mean.
Result<TensorId> Standardize(LayerCall& call, TensorId input) {
  QB_ASSIGN_OR_RETURN(const bool invert, call.options().Bool("invert", false));
  QB_ASSIGN_OR_RETURN(auto mean, Moments(call, input, "mean"));
  QB_ASSIGN_OR_RETURN(auto factor, Moments(call, input, "variance"));
  for (float& value : factor) {
    const double deviation = std::max(std::sqrt(static_cast<double>(value)), kEpsilon);
    value = static_cast<float>(invert ? deviation : 1.0 / deviation);
  }
  if (invert) {
    QB_ASSIGN_OR_RETURN(const TensorId scaled, Multiply(call, input, factor));
    return Add(call, scaled, mean);
  }
  for (float& value : mean) value = -value;
  QB_ASSIGN_OR_RETURN(const TensorId centred, Add(call, input, mean));
  return Multiply(call, centred, factor);
}

}  // namespace

Result<TensorId> BuildIdentity(LayerCall& call) { return call.Input(); }

Result<TensorId> BuildRescaling(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  QB_ASSIGN_OR_RETURN(const auto scale, call.options().Numbers("scale", 1.0F));
  QB_ASSIGN_OR_RETURN(const auto offset, call.options().Numbers("offset", 0.0F));
  QB_ASSIGN_OR_RETURN(const TensorId scaled, Multiply(call, input, scale));
  return Add(call, scaled, offset);
}

Result<TensorId> BuildNormalization(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(TensorId input, call.Input());
  // Of values along another dimension than the last: that one is last in between.
  const size_t rank = call.ShapeOf(input).size();
  const Json& axis = call.options()["axis"];
  const bool one = axis.is_number_integer() || (axis.is_array() && axis.size() == 1);
  QB_ASSIGN_OR_RETURN(const size_t along, one ? call.options().OneAxis(rank) : rank - 1);
  if (along + 1 == rank) return Standardize(call, input);
  std::vector<int32_t> order;
  for (size_t i = 0; i < rank; ++i) order.push_back(static_cast<int32_t>(i));
  std::swap(order[along], order.back());
  QB_ASSIGN_OR_RETURN(input, EmitTranspose(call, input, order));
  QB_ASSIGN_OR_RETURN(const TensorId output, Standardize(call, input));
  return EmitTranspose(call, output, order);
}

Result<TensorId> Scaled(LayerCall& call, TensorId input, double factor) {
  return Multiply(call, input, {static_cast<float>(factor)});
}

Result<TensorId> Shifted(LayerCall& call, TensorId input, double offset) {
  return Add(call, input, {static_cast<float>(offset)});
}

// ConvNeXt's: input * gamma, which has no name of its own in Keras 3.
Result<TensorId> BuildLayerScale(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  if (!call.options().Has("projection_dim")) {
    return call.options().Unsupported("it is not the layer of that name in keras.applications");
  }
  QB_ASSIGN_OR_RETURN(const auto gamma,
                      call.Weight({"gamma", kAnyVariable}, {call.Channels(input)}));
  return Multiply(call, input, gamma);
}

// InceptionResNetV2's: the first input + the second * scale.
Result<TensorId> BuildCustomScale(LayerCall& call) {
  const auto& inputs = call.inputs();
  if (inputs.size() != 2) return call.options().Corrupt("it takes two inputs");
  if (!call.options().Has("scale")) return call.options().Corrupt("it has no scale");
  QB_ASSIGN_OR_RETURN(const double scale, call.options().Number("scale", 1.0));
  QB_ASSIGN_OR_RETURN(const TensorId scaled, Scaled(call, inputs[1], scale));
  return call.Emit(OpKind::kAdd, {inputs[0], scaled});
}

}  // namespace qbench::graph::import
