// Activation layers, and the activation that other layers carry as an option.
#include <algorithm>
#include <cmath>

#include "graph/import/keras_layers.h"

namespace qbench::graph::import {
namespace {

Result<TensorId> Identity(LayerCall&, TensorId input) { return input; }

template <OpKind kKind>
Result<TensorId> One(LayerCall& call, TensorId input) {
  return call.Emit(kKind, {input});
}

Result<TensorId> Swish(LayerCall& call, TensorId input) {
  QB_ASSIGN_OR_RETURN(const TensorId gate, call.Emit(OpKind::kLogistic, {input}));
  return call.Emit(OpKind::kMul, {input, gate});
}

Result<TensorId> LeakyRelu(LayerCall& call, TensorId input, double slope) {
  return call.Emit(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = static_cast<float>(slope)},
                   {input});
}

// The function's slope, which is not the layer's (0.3).
Result<TensorId> LeakyReluFunction(LayerCall& call, TensorId input) {
  return LeakyRelu(call, input, 0.2);
}

struct NamedActivation {
  std::string_view name;
  Result<TensorId> (*apply)(LayerCall&, TensorId);
};

constexpr NamedActivation kActivations[] = {
    {"linear", Identity},
    {"relu", One<OpKind::kRelu>},
    {"relu6", One<OpKind::kRelu6>},
    {"leaky_relu", LeakyReluFunction},
    {"sigmoid", One<OpKind::kLogistic>},
    {"softmax", One<OpKind::kSoftmax>},
    {"softmax_v2", One<OpKind::kSoftmax>},  // tf.nn.softmax by its own name
    {"tanh", One<OpKind::kTanh>},
    {"hard_swish", One<OpKind::kHardSwish>},  // x * relu6(x + 3) / 6
    {"hard_silu", One<OpKind::kHardSwish>},
    {"swish", Swish},  // x * sigmoid(x)
    {"silu", Swish},
};

std::string KnownActivations() {
  std::string names;
  for (const NamedActivation& known : kActivations) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
  }
  return names;
}

}  // namespace

// "relu", or {"class_name": "function", "config": "relu6"}.
Result<TensorId> ApplyActivation(LayerCall& call, TensorId input) {
  const Json* activation = &call.options()["activation"];
  if (activation->is_null()) return input;
  if (activation->is_object() && activation->value("class_name", Json()) == "function" &&
      activation->contains("config")) {
    activation = &activation->at("config");
  }
  if (!activation->is_string()) {
    return call.options().Unsupported(
        "its activation is a layer; put that layer after it as one of its own");
  }
  const auto& name = activation->get_ref<const std::string&>();
  const auto* found =
      std::find_if(std::begin(kActivations), std::end(kActivations),
                   [&](const NamedActivation& known) { return known.name == name; });
  if (found == std::end(kActivations)) {
    return call.options().UnsupportedOption(
        fmt::format("the activation {} is not known (known: {})",
                    DumpJson(*activation).substr(0, 60), KnownActivations()));
  }
  return found->apply(call, input);
}

Result<TensorId> BuildActivation(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  if (!call.options().Has("activation")) return call.options().Corrupt("it has no activation");
  return ApplyActivation(call, input);
}

// max(x, 0) up to max_value; negative_slope * (x - threshold) below the threshold.
Result<TensorId> BuildRelu(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const LayerOptions& options = call.options();
  QB_ASSIGN_OR_RETURN(const double max_value, options.Number("max_value", HUGE_VAL));
  QB_ASSIGN_OR_RETURN(const double slope, options.Number("negative_slope", 0.0));
  QB_ASSIGN_OR_RETURN(const double threshold, options.Number("threshold", 0.0));
  if (threshold != 0.0) return options.UnsupportedOption("a threshold other than 0 is not known");
  if (slope != 0.0) {
    if (max_value == HUGE_VAL) return LeakyRelu(call, input, slope);
    return options.UnsupportedOption("max_value together with negative_slope is not known");
  }
  if (max_value == HUGE_VAL) return call.Emit(OpKind::kRelu, {input});
  if (max_value == 6.0) return call.Emit(OpKind::kRelu6, {input});
  return options.UnsupportedOption(
      fmt::format("max_value = {} is not known; none and 6 are", max_value));
}

Result<TensorId> BuildLeakyRelu(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  // "alpha" in Keras 2. Both default to 0.3.
  const char* key = call.options().Has("alpha") ? "alpha" : "negative_slope";
  QB_ASSIGN_OR_RETURN(const double slope, call.options().Number(key, 0.3));
  return LeakyRelu(call, input, slope);
}

Result<TensorId> BuildSoftmax(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  if (!call.options().AxisIsLast(call.ShapeOf(input).size())) {
    return call.options().UnsupportedOption("axis is not the last one");
  }
  return call.Emit(OpKind::kSoftmax, {input});
}

}  // namespace qbench::graph::import
