// Operators: functions on tensors that Keras writes down among the layers (x / 127.5 - 1,
// tf.nn.relu6(x), keras.ops.mean(x)), under TensorFlow's names or those of keras.ops. Here are
// those that compute.
#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/import/keras/operator_arguments.h"

namespace qbench::graph::import {
namespace {

template <OpKind kKind>
Result<TensorId> Binary(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const auto operands, ReadOperands(call));
  QB_ASSIGN_OR_RETURN(const TensorId a, AsTensor(call, operands.first));
  QB_ASSIGN_OR_RETURN(const TensorId b, AsTensor(call, operands.second));
  return call.Emit(kKind, {a, b});
}

// By numbers: times one over them.
Result<TensorId> Divide(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(auto operands, ReadOperands(call));
  if (operands.second.tensor) return Binary<OpKind::kDiv>(call);
  for (float& value : operands.second.numbers.values) {
    if (value == 0.0F) return call.options().Unsupported("it divides by 0");
    value = static_cast<float>(1.0 / static_cast<double>(value));
  }
  QB_ASSIGN_OR_RETURN(const TensorId factor, AsTensor(call, operands.second));
  return call.Emit(OpKind::kMul, {*operands.first.tensor, factor});
}

Result<TensorId> ClipOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const bool keras3 = call.options().Has("x_min");
  QB_ASSIGN_OR_RETURN(const double low,
                      call.options().Number(keras3 ? "x_min" : "clip_value_min", -HUGE_VAL));
  QB_ASSIGN_OR_RETURN(const double high,
                      call.options().Number(keras3 ? "x_max" : "clip_value_max", HUGE_VAL));
  return Clip(call, input, low, high);
}

template <const char* kName>
Result<TensorId> Named(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return ApplyNamed(call, kName, input);
}
constexpr char kRelu[] = "relu";
constexpr char kRelu6[] = "relu6";
constexpr char kSigmoid[] = "sigmoid";
constexpr char kTanh[] = "tanh";
constexpr char kSilu[] = "silu";
constexpr char kHardSigmoid[] = "hard_sigmoid";
constexpr char kHardSilu[] = "hard_silu";
constexpr char kElu[] = "elu";
constexpr char kSelu[] = "selu";
constexpr char kSoftsign[] = "softsign";

Result<TensorId> GeluOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  // The default of keras.ops is true, and written down; TensorFlow's is false.
  QB_ASSIGN_OR_RETURN(const bool approximate, call.options().Bool("approximate", false));
  return call.Emit(OpKind::kGelu, GeluOptions{.approximate = approximate}, {input});
}

Result<TensorId> Sqrt(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return call.Emit(OpKind::kSqrt, {input});
}

Result<TensorId> Rsqrt(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return call.Emit(OpKind::kRsqrt, {input});
}

Result<TensorId> Softmax(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return SoftmaxOver(call, call.options(), input);
}

Result<TensorId> LeakyReluOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const char* key = call.options().Has("alpha") ? "alpha" : "negative_slope";
  QB_ASSIGN_OR_RETURN(const double slope, call.options().Number(key, 0.2));
  return call.Emit(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = static_cast<float>(slope)},
                   {input});
}

Result<TensorId> Negative(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return Scaled(call, input, -1.0);
}

Result<TensorId> Square(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return call.Emit(OpKind::kMul, {input, input});
}

Result<TensorId> SquaredDifference(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId difference, Binary<OpKind::kSub>(call));
  return call.Emit(OpKind::kMul, {difference, difference});
}

// A slope of -1 below 0.
Result<TensorId> Absolute(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  return call.Emit(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = -1.0F}, {input});
}

Result<TensorId> Power(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const auto operands, ReadOperands(call));
  const bool square = operands.first.tensor && operands.second.is_number();
  if (square && operands.second.number() == 1.0) return *operands.first.tensor;
  if (square && operands.second.number() == 2.0) return Square(call);
  return call.options().Unsupported("a power other than 1 and 2 is not known");
}

template <OpKind kKind>
Result<TensorId> Reduced(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  QB_ASSIGN_OR_RETURN(const auto axes, ReadAxes(call, "axis", call.ShapeOf(input).size()));
  QB_ASSIGN_OR_RETURN(const bool keep_dims, call.options().Bool("keepdims", false));
  const TensorId constant = call.Constant("axes", {static_cast<int32_t>(axes.size())}, axes);
  return call.Emit(kKind, MeanOptions{.keep_dims = keep_dims}, {input, constant});
}

// tf.nn.bias_add(x, bias): one number for each channel.
Result<TensorId> BiasAdd(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  QB_ASSIGN_OR_RETURN(const std::string format, call.options().Text("data_format", "NHWC"));
  if (format.starts_with("NC")) return call.options().Unsupported("its channels are not last");
  auto bias = ReadNumbers(call.options()["bias"]);
  if (!bias || bias->shape != Shape{call.Channels(input)}) {
    return call.options().Unsupported("its bias is not one number for each channel");
  }
  const TensorId constant = call.Constant("bias", bias->shape, bias->values);
  return call.Emit(OpKind::kAdd, {input, constant});
}

constexpr OperatorEntry kOperators[] = {
    {"__operators__.add", Binary<OpKind::kAdd>},
    {"math.add", Binary<OpKind::kAdd>},
    {"Add", Binary<OpKind::kAdd>},
    {"math.subtract", Binary<OpKind::kSub>},
    {"Subtract", Binary<OpKind::kSub>},
    {"math.multiply", Binary<OpKind::kMul>},
    {"Multiply", Binary<OpKind::kMul>},
    {"math.truediv", Divide},
    {"math.divide", Divide},
    {"Divide", Divide},
    {"TrueDivide", Divide},
    {"math.maximum", Binary<OpKind::kMaximum>},
    {"Maximum", Binary<OpKind::kMaximum>},
    {"math.minimum", Binary<OpKind::kMinimum>},
    {"Minimum", Binary<OpKind::kMinimum>},
    {"clip_by_value", ClipOperator},
    {"Clip", ClipOperator},
    {"math.negative", Negative},
    {"Negative", Negative},
    {"math.square", Square},
    {"Square", Square},
    {"math.abs", Absolute},
    {"Absolute", Absolute},
    {"math.pow", Power},
    {"Power", Power},
    {"nn.relu", Named<kRelu>},
    {"Relu", Named<kRelu>},
    {"nn.relu6", Named<kRelu6>},
    {"Relu6", Named<kRelu6>},
    {"math.sigmoid", Named<kSigmoid>},
    {"Sigmoid", Named<kSigmoid>},
    {"math.tanh", Named<kTanh>},
    {"Tanh", Named<kTanh>},
    {"nn.silu", Named<kSilu>},
    {"Silu", Named<kSilu>},
    {"HardSigmoid", Named<kHardSigmoid>},
    {"HardSilu", Named<kHardSilu>},
    {"nn.elu", Named<kElu>},
    {"Elu", Named<kElu>},
    {"nn.selu", Named<kSelu>},
    {"Selu", Named<kSelu>},
    {"nn.gelu", GeluOperator},
    {"Gelu", GeluOperator},
    {"nn.softsign", Named<kSoftsign>},
    {"SoftSign", Named<kSoftsign>},
    {"Softsign", Named<kSoftsign>},
    {"math.sqrt", Sqrt},
    {"Sqrt", Sqrt},
    {"math.rsqrt", Rsqrt},
    {"Rsqrt", Rsqrt},
    {"nn.softmax", Softmax},
    {"Softmax", Softmax},
    {"nn.leaky_relu", LeakyReluOperator},
    {"LeakyRelu", LeakyReluOperator},
    {"math.reduce_mean", Reduced<OpKind::kMean>},
    {"Mean", Reduced<OpKind::kMean>},
    {"math.reduce_sum", Reduced<OpKind::kSum>},
    {"Sum", Reduced<OpKind::kSum>},
    {"math.reduce_max", Reduced<OpKind::kReduceMax>},
    {"Max", Reduced<OpKind::kReduceMax>},
    {"nn.bias_add", BiasAdd},
    {"math.squared_difference", SquaredDifference},
    {"SquaredDifference", SquaredDifference},
};

}  // namespace

LayerBuilder FindOperatorBuilder(std::string_view function) {
  const auto find = [&](std::span<const OperatorEntry> table) -> LayerBuilder {
    const auto found = std::ranges::find(table, function, &OperatorEntry::first);
    return found == table.end() ? nullptr : found->second;
  };
  const LayerBuilder builder = find(kOperators);
  return builder == nullptr ? find(ShapeOperators()) : builder;
}

std::vector<std::string_view> KnownOperators() {
  std::vector<std::string_view> names;
  for (const OperatorEntry& entry : kOperators) names.push_back(entry.first);
  for (const OperatorEntry& entry : ShapeOperators()) names.push_back(entry.first);
  return names;
}

bool MakesFloats(std::string_view function) {
  static constexpr std::string_view kMake[] = {"cast", "Cast", "math.truediv", "TrueDivide",
                                               "Divide"};
  return std::ranges::find(kMake, function) != std::end(kMake);
}

}  // namespace qbench::graph::import
