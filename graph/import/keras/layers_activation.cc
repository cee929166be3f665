// Activation layers, and the activation that other layers carry as an option.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "graph/import/keras/keras_layers.h"
#include "graph/import/keras/keras_wrappers.h"

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

// x above 0, alpha * (exp(x) - 1) below: ELU has the sign of x, so that a slope below 0 is alpha.
Result<TensorId> EluOf(LayerCall& call, TensorId input, double alpha) {
  QB_ASSIGN_OR_RETURN(const TensorId elu, call.Emit(OpKind::kElu, {input}));
  return alpha == 1.0 ? elu : LeakyRelu(call, elu, alpha);
}

// Keras 3: relu6(x + 3) / 6. Keras 2: x / 5 + 1/2 between 0 and 1, which is relu6(1.2 x + 3) / 6.
Result<TensorId> HardSigmoid(LayerCall& call, TensorId input) {
  QB_ASSIGN_OR_RETURN(const TensorId scaled, Scaled(call, input, call.is_keras3() ? 1.0 : 1.2));
  QB_ASSIGN_OR_RETURN(const TensorId shifted, Shifted(call, scaled, 3.0));
  QB_ASSIGN_OR_RETURN(const TensorId clipped, call.Emit(OpKind::kRelu6, {shifted}));
  return Scaled(call, clipped, 1.0 / 6.0);
}

Result<TensorId> Gelu(LayerCall& call, TensorId input) {
  return call.Emit(OpKind::kGelu, GeluOptions{}, {input});
}

// With alpha = 1.6733 and scale = 1.0507 (Klambauer et al. 2017, arXiv 1706.02515): scale * x above
// 0 and scale * alpha * (exp(x) - 1) below, from ELU, which has neither.
Result<TensorId> Selu(LayerCall& call, TensorId input) {
  constexpr double kAlpha = 1.6732632423543772;
  constexpr double kScale = 1.0507009873554805;
  QB_ASSIGN_OR_RETURN(const TensorId elu, EluOf(call, input, kAlpha));
  return Scaled(call, elu, kScale);
}

// x / (1 + |x|)
Result<TensorId> Softsign(LayerCall& call, TensorId input) {
  QB_ASSIGN_OR_RETURN(const TensorId size, LeakyRelu(call, input, -1.0));
  QB_ASSIGN_OR_RETURN(const TensorId divisor, Shifted(call, size, 1.0));
  return call.Emit(OpKind::kDiv, {input, divisor});
}

Result<TensorId> Elu(LayerCall& call, TensorId input) { return EluOf(call, input, 1.0); }

struct NamedActivation {
  std::string_view name;
  Result<TensorId> (*apply)(LayerCall&, TensorId);
};

constexpr NamedActivation kActivations[] = {
    {"linear", Identity},
    {"relu", One<OpKind::kRelu>},
    {"relu6", One<OpKind::kRelu6>},
    {"leaky_relu", LeakyReluFunction},
    {"elu", Elu},
    {"selu", Selu},
    {"gelu", Gelu},
    {"sigmoid", One<OpKind::kLogistic>},
    {"hard_sigmoid", HardSigmoid},
    {"softmax", One<OpKind::kSoftmax>},
    {"softsign", Softsign},
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

// min(x, most)
Result<TensorId> AtMost(LayerCall& call, TensorId input, double most) {
  const TensorId bound = call.Constant("bound", {1}, std::vector{static_cast<float>(most)});
  return call.Emit(OpKind::kMinimum, {input, bound});
}

Result<TensorId> Emit(LayerCall& call, OpKind kind, TensorId a, TensorId b, Activation activation) {
  return call.Emit(kind, BinaryOptions{.activation = activation}, {a, b});
}

// x above the threshold and 0 elsewhere. Without a comparison: what is above by however little is,
// times 2^100, above 1, and cut off there.
Result<TensorId> AboveThreshold(LayerCall& call, TensorId input, float threshold) {
  const TensorId bound = call.Constant("threshold", {1}, std::vector{threshold});
  const TensorId steep = call.Constant("steep", {1}, std::vector{0x1p100F});
  QB_ASSIGN_OR_RETURN(const TensorId above,
                      Emit(call, OpKind::kSub, input, bound, Activation::kRelu));
  QB_ASSIGN_OR_RETURN(const TensorId one,
                      Emit(call, OpKind::kMul, above, steep, Activation::kReluN1To1));
  return call.Emit(OpKind::kMul, {input, one});
}

// As keras.activations.relu has it: AboveThreshold between 0 and max_value, less slope * (threshold
// - x) below the threshold.
Result<TensorId> ReluFromThreshold(LayerCall& call, TensorId input, double max_value, double slope,
                                   double threshold) {
  const auto bound = static_cast<float>(threshold);
  QB_ASSIGN_OR_RETURN(TensorId result, AboveThreshold(call, input, bound));
  if (max_value != HUGE_VAL) {
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kRelu, {result}));
    QB_ASSIGN_OR_RETURN(result, AtMost(call, result, max_value));
  }
  if (slope == 0.0) return result;
  const TensorId from = call.Constant("threshold", {1}, std::vector{bound});
  QB_ASSIGN_OR_RETURN(const TensorId below,
                      Emit(call, OpKind::kSub, from, input, Activation::kRelu));
  QB_ASSIGN_OR_RETURN(const TensorId scaled, Scaled(call, below, slope));
  return call.Emit(OpKind::kSub, {result, scaled});
}

// `options` are the activation's own.
Result<TensorId> ReluLayer(LayerCall& call, const LayerOptions& options, TensorId input) {
  QB_ASSIGN_OR_RETURN(const double max_value, options.Number("max_value", HUGE_VAL));
  QB_ASSIGN_OR_RETURN(const double slope, options.Number("negative_slope", 0.0));
  QB_ASSIGN_OR_RETURN(const double threshold, options.Number("threshold", 0.0));
  if (!(max_value >= 0.0)) return options.Corrupt("max_value is below 0");
  if (!(slope >= 0.0)) return options.Corrupt("negative_slope is below 0");
  if (threshold != 0.0) return ReluFromThreshold(call, input, max_value, slope, threshold);
  if (slope != 0.0) {
    QB_ASSIGN_OR_RETURN(const TensorId leaky, LeakyRelu(call, input, slope));
    return max_value == HUGE_VAL ? leaky : AtMost(call, leaky, max_value);
  }
  if (max_value == 6.0) return call.Emit(OpKind::kRelu6, {input});
  QB_ASSIGN_OR_RETURN(const TensorId relu, call.Emit(OpKind::kRelu, {input}));
  return max_value == HUGE_VAL ? relu : AtMost(call, relu, max_value);
}

Result<TensorId> LeakyReluLayer(LayerCall& call, const LayerOptions& options, TensorId input) {
  // "alpha" in Keras 2. Both default to 0.3.
  const char* key = options.Has("alpha") ? "alpha" : "negative_slope";
  QB_ASSIGN_OR_RETURN(const double slope, options.Number(key, 0.3));
  return LeakyRelu(call, input, slope);
}

Result<TensorId> EluLayer(LayerCall& call, const LayerOptions& options, TensorId input) {
  QB_ASSIGN_OR_RETURN(const double alpha, options.Number("alpha", 1.0));
  return EluOf(call, input, alpha);
}

Result<TensorId> NamedLayer(LayerCall& call, const LayerOptions& options, TensorId input) {
  QB_ASSIGN_OR_RETURN(const std::string name, options.Text("activation", ""));
  return ApplyNamed(call, name, input);
}

// Activations that are layers without weights.
struct ActivationLayer {
  std::string_view class_name;
  Result<TensorId> (*apply)(LayerCall&, const LayerOptions&, TensorId);
};
constexpr ActivationLayer kLayers[] = {
    {"Activation", NamedLayer}, {"ELU", EluLayer},        {"LeakyReLU", LeakyReluLayer},
    {"ReLU", ReluLayer},        {"Softmax", SoftmaxOver},
};

// The option `activation`: "relu", or {"class_name": "function", "config": "relu6"}, or a layer.
const Json& PlainActivation(const Json& activation) {
  const bool function = activation.is_object() &&
                        activation.value("class_name", Json()) == "function" &&
                        activation.contains("config");
  return function ? activation.at("config") : activation;
}

Status UnknownActivation(const LayerOptions& options, std::string_view name) {
  return options.UnsupportedOption(fmt::format("the activation {} is not known (known: {})",
                                               DumpJson(Json(std::string(name))).substr(0, 60),
                                               KnownActivations()));
}

// {"class_name": "LeakyReLU", "config": {…}} as an option of another layer.
Result<TensorId> ApplyLayer(LayerCall& call, const Json& layer, TensorId input) {
  const Json name = layer.value("class_name", Json());
  const auto* found = std::ranges::find_if(
      kLayers, [&](const ActivationLayer& known) { return name == known.class_name; });
  if (found == std::end(kLayers)) {
    return call.options().Unsupported(
        "its activation is a layer; put that layer after it as one of its own");
  }
  const Json config = layer.value("config", Json::object());
  const LayerOptions options(call.options().name(), std::string(found->class_name), config);
  return found->apply(call, options, input);
}

}  // namespace

Result<TensorId> SoftmaxOver(LayerCall& call, const LayerOptions& options, TensorId input) {
  const size_t rank = call.ShapeOf(input).size();
  QB_ASSIGN_OR_RETURN(const size_t axis, options.OneAxis(rank));
  if (axis + 1 == rank) return call.Emit(OpKind::kSoftmax, {input});
  // That dimension last, and back.
  std::vector<int32_t> order;
  for (size_t i = 0; i < rank; ++i) order.push_back(static_cast<int32_t>(i));
  std::swap(order[axis], order.back());
  QB_ASSIGN_OR_RETURN(const TensorId turned, EmitTranspose(call, input, order));
  QB_ASSIGN_OR_RETURN(const TensorId softmax, call.Emit(OpKind::kSoftmax, {turned}));
  return EmitTranspose(call, softmax, order);
}

Result<TensorId> Clip(LayerCall& call, TensorId input, double low, double high) {
  if (!(low < high)) return call.options().Corrupt("its bounds are the wrong way round");
  TensorId clipped = input;
  for (const auto& [kind, bound] : {std::pair(OpKind::kMaximum, low), {OpKind::kMinimum, high}}) {
    if (std::isinf(bound)) continue;
    const TensorId constant = call.Constant("bound", {1}, std::vector{static_cast<float>(bound)});
    QB_ASSIGN_OR_RETURN(clipped, call.Emit(kind, {clipped, constant}));
  }
  return clipped;
}

Result<TensorId> ApplyNamed(LayerCall& call, std::string_view name, TensorId input) {
  const auto* found = std::ranges::find(kActivations, name, &NamedActivation::name);
  if (found != std::end(kActivations)) return found->apply(call, input);
  return UnknownActivation(call.options(), name);
}

Status CheckActivation(const LayerOptions& options) {
  const Json& activation = PlainActivation(options["activation"]);
  if (!activation.is_string()) return OkStatus();
  const auto& name = activation.get_ref<const std::string&>();
  const bool known =
      std::ranges::find(kActivations, name, &NamedActivation::name) != std::end(kActivations);
  return known ? OkStatus() : UnknownActivation(options, name);
}

Result<TensorId> ApplyActivation(LayerCall& call, TensorId input) {
  const Json& activation = call.options()["activation"];
  if (IsQuantizeAware(activation)) return ApplyQuantizeAware(call, activation, input);
  return ApplyActivationOption(call, activation, input);
}

Result<TensorId> ApplyActivationOption(LayerCall& call, const Json& option, TensorId input) {
  const Json& activation = PlainActivation(option);
  if (activation.is_null()) return input;
  if (activation.is_object()) return ApplyLayer(call, activation, input);
  if (!activation.is_string()) return call.options().Corrupt("activation is not a name");
  return ApplyNamed(call, activation.get_ref<const std::string&>(), input);
}

Result<TensorId> BuildActivation(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  if (!call.options().Has("activation")) return call.options().Corrupt("it has no activation");
  return ApplyActivation(call, input);
}

// max(x, 0) up to max_value; negative_slope * (x - threshold) below the threshold.
Result<TensorId> BuildRelu(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  return ReluLayer(call, call.options(), input);
}

Result<TensorId> BuildLeakyRelu(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  return LeakyReluLayer(call, call.options(), input);
}

Result<TensorId> BuildElu(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  return EluLayer(call, call.options(), input);
}

Result<TensorId> BuildSoftmax(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  return SoftmaxOver(call, call.options(), input);
}

// With a slope for each value of a sample, or for each of the dimensions that are not shared.
Result<TensorId> BuildPRelu(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  Shape shape = call.ShapeOf(input);
  shape.erase(shape.begin());
  for (const Json& axis : call.options()["shared_axes"]) {
    if (!axis.is_number_unsigned() || axis == 0 || axis.get<size_t>() > shape.size()) {
      return call.options().Corrupt("shared_axes are not dimensions of its input");
    }
    shape[axis.get<size_t>() - 1] = 1;
  }
  const std::vector<int64_t> dims(shape.begin(), shape.end());
  QB_ASSIGN_OR_RETURN(const auto alpha, call.Weight({"alpha"}, dims));
  return call.Emit(OpKind::kPrelu, {input, call.WeightConstant("alpha", shape, alpha)});
}

}  // namespace qbench::graph::import
