// Layers that prepare images, and those that only do something while training.
#include <algorithm>
#include <cmath>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// keras.backend.epsilon(), the least standard deviation that Normalization divides by.
constexpr double kEpsilon = 1e-7;

// One value for all, or one for each index of the dimension that is `behind` dimensions before the
// last.
Result<TensorId> ScalarOrEach(LayerCall& call, TensorId input, std::string_view suffix,
                              const std::vector<float>& values, size_t behind) {
  const auto count = static_cast<int64_t>(values.size());
  const Shape& shape = call.ShapeOf(input);
  const int32_t wanted = shape[shape.size() - 1 - behind];
  if (count != 1 && count != wanted) {
    return call.options().Corrupt(fmt::format("it has {} values for {} channels", count, wanted));
  }
  Shape stretched = {static_cast<int32_t>(count)};
  if (count != 1) stretched.resize(1 + behind, 1);
  return call.Constant(suffix, stretched, values);
}

bool AllEqual(const std::vector<float>& values, float value) {
  return std::all_of(values.begin(), values.end(), [&](float v) { return v == value; });
}

// input * factor, left out where it is the identity; then likewise the addition.
Result<TensorId> Multiply(LayerCall& call, TensorId input, const std::vector<float>& factor,
                          size_t behind = 0) {
  if (AllEqual(factor, 1.0F)) return input;
  QB_ASSIGN_OR_RETURN(const TensorId constant, ScalarOrEach(call, input, "factor", factor, behind));
  return call.Emit(OpKind::kMul, {input, constant});
}

Result<TensorId> Add(LayerCall& call, TensorId input, const std::vector<float>& offset,
                     size_t behind = 0) {
  if (AllEqual(offset, 0.0F)) return input;
  QB_ASSIGN_OR_RETURN(const TensorId constant, ScalarOrEach(call, input, "offset", offset, behind));
  return call.Emit(OpKind::kAdd, {input, constant});
}

// The option `mean` or `variance`, or the variable of that name that adapt() filled.
Result<std::vector<float>> Moments(LayerCall& call, int32_t count, const char* name) {
  if (call.options().Has(name)) return call.options().Numbers(name, 0.0F);
  const Json& axis = call.options()["axis"];
  if (axis.is_array() && axis.empty()) return call.Weight({name}, {});
  if (axis.is_array() && axis.size() > 1) {
    return call.options().UnsupportedOption("axis is several dimensions");
  }
  return call.Weight({name}, {count});
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

// (x - mean) / deviation, or with `invert` x * deviation + mean.
Result<TensorId> BuildNormalization(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  QB_ASSIGN_OR_RETURN(const bool invert, call.options().Bool("invert", false));
  const Shape shape = call.ShapeOf(input);
  const Json& axis = call.options()["axis"];
  const bool one = axis.is_number_integer() || (axis.is_array() && axis.size() == 1);
  QB_ASSIGN_OR_RETURN(const size_t along, one ? call.options().OneAxis(shape.size())
                                              : Result<size_t>(shape.size() - 1));
  const size_t behind = shape.size() - 1 - along;
  QB_ASSIGN_OR_RETURN(auto mean, Moments(call, shape[along], "mean"));
  QB_ASSIGN_OR_RETURN(auto factor, Moments(call, shape[along], "variance"));
  for (float& value : factor) {
    const double deviation = std::max(std::sqrt(static_cast<double>(value)), kEpsilon);
    value = static_cast<float>(invert ? deviation : 1.0 / deviation);
  }
  if (invert) {
    QB_ASSIGN_OR_RETURN(const TensorId scaled, Multiply(call, input, factor, behind));
    return Add(call, scaled, mean, behind);
  }
  for (float& value : mean) value = -value;
  QB_ASSIGN_OR_RETURN(const TensorId centred, Add(call, input, mean, behind));
  return Multiply(call, centred, factor, behind);
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
