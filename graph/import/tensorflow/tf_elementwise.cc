// Arithmetic of tensors and numbers, and activations.
#include <algorithm>
#include <optional>
#include <utility>

#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

template <OpKind kKind>
Status BuildBinary(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId a, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId b, node.Tensor(1));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(kKind, {a, b}));
  return node.Give(output);
}

Status BuildBiasAdd(TfNode& node) {
  QB_RETURN_IF_ERROR(node.CheckChannelsLast());
  return BuildBinary<OpKind::kAdd>(node);
}

// By numbers: times what they are to 1.
Status BuildDivision(TfNode& node) {
  if (!node.IsArray(1)) return BuildBinary<OpKind::kDiv>(node);
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TfArrayPtr array, node.Array(1));
  QB_ASSIGN_OR_RETURN(std::vector<float> divisors, node.Floats(1));
  const Result<Shape> shape = ShapeOfDims(array->dims);
  if (!shape.ok()) return node.Unsupported(shape.status().message());
  for (float& divisor : divisors) divisor = static_cast<float>(1.0 / double{divisor});
  const TensorId factors = node.Constant("factor", *shape, divisors);
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kMul, {input, factors}));
  return node.Give(output);
}

// The number that an input is; none where it is several, or computed.
std::optional<float> NumberAt(const TfNode& node, size_t index) {
  if (!node.IsArray(index)) return std::nullopt;
  const auto values = node.Floats(index);
  if (!values.ok() || values->size() != 1) return std::nullopt;
  return (*values)[0];
}

// An extremum with a number: the bound, and which input is the tensor.
struct Bound {
  float value = 0.0F;
  size_t tensor = 0;
};
std::optional<Bound> BoundOf(const TfNode& node) {
  for (const size_t constant : {1, 0}) {
    const std::optional<float> value = NumberAt(node, constant);
    if (value && node.IsTensor(1 - constant)) return Bound{*value, 1 - constant};
  }
  return std::nullopt;
}

// The operator that made a tensor; null where it is an input.
const Op* MakerOf(const TfNode& node, TensorId tensor) {
  for (const Op& op : node.import().builder.graph.ops) {
    if (op.outputs[0] == tensor) return &op;
  }
  return nullptr;
}

// min(relu(x), 6) is relu6, however it is written.
Status BuildMinimum(TfNode& node) {
  const std::optional<Bound> bound = BoundOf(node);
  if (bound && bound->value == 6.0F) {
    QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(bound->tensor));
    const Op* maker = MakerOf(node, input);
    if (maker != nullptr && maker->kind == OpKind::kRelu) {
      QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kRelu6, {input}));
      return node.Give(output);
    }
  }
  return BuildBinary<OpKind::kMinimum>(node);
}

// max(x, 0), and max(min(x, 6), 0).
Status BuildMaximum(TfNode& node) {
  const std::optional<Bound> bound = BoundOf(node);
  if (!bound || bound->value != 0.0F) return BuildBinary<OpKind::kMaximum>(node);
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(bound->tensor));
  OpKind kind = OpKind::kRelu;
  TensorId clipped = input;
  const Op* maker = MakerOf(node, input);
  if (maker != nullptr && maker->kind == OpKind::kMinimum) {
    const auto is_six = [&](TensorId id) {
      const Tensor& tensor = node.import().builder.graph.tensors[static_cast<size_t>(id)];
      return tensor.is_constant() && tensor.constant->Values<float>() == std::vector{6.0F};
    };
    for (const size_t constant : {1, 0}) {
      if (kind != OpKind::kRelu || !is_six(maker->inputs[constant])) continue;
      kind = OpKind::kRelu6;
      clipped = maker->inputs[1 - constant];
    }
  }
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(kind, {clipped}));
  return node.Give(output);
}

template <OpKind kKind>
Status BuildUnary(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(kKind, {input}));
  return node.Give(output);
}

Status GiveLeaky(TfNode& node, double slope) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  const LeakyReluOptions options{.alpha = static_cast<float>(slope)};
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kLeakyRelu, options, {input}));
  return node.Give(output);
}

Status BuildLeakyRelu(TfNode& node) { return GiveLeaky(node, node.Float("alpha", 0.2)); }
Status BuildAbs(TfNode& node) { return GiveLeaky(node, -1.0); }

// scale * x above 0 and scale * alpha * (exp(x) - 1) below (Klambauer et al. 2017, arXiv
// 1706.02515), from ELU, which has neither: alpha * elu(x) + (1 - alpha) * relu(x).
Status BuildSelu(TfNode& node) {
  constexpr double kAlpha = 1.6732632423543772;
  constexpr double kScale = 1.0507009873554805;
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId elu, node.Emit(OpKind::kElu, {input}));
  QB_ASSIGN_OR_RETURN(const TensorId scaled, node.Scaled(elu, kAlpha * kScale));
  QB_ASSIGN_OR_RETURN(const TensorId relu, node.Emit(OpKind::kRelu, {input}));
  QB_ASSIGN_OR_RETURN(const TensorId rest, node.Scaled(relu, (1.0 - kAlpha) * kScale));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kAdd, {scaled, rest}));
  return node.Give(output);
}

// x / (1 + |x|)
Status BuildSoftsign(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId size,
                      node.Emit(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = -1.0F}, {input}));
  QB_ASSIGN_OR_RETURN(const TensorId divisor, node.Shifted(size, 1.0));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kDiv, {input, divisor}));
  return node.Give(output);
}

Status BuildSoftmax(TfNode& node) { return BuildUnary<OpKind::kSoftmax>(node); }

Status BuildSquare(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kMul, {input, input}));
  return node.Give(output);
}

Status BuildSquaredDifference(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId a, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId b, node.Tensor(1));
  QB_ASSIGN_OR_RETURN(const TensorId difference, node.Emit(OpKind::kSub, {a, b}));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kMul, {difference, difference}));
  return node.Give(output);
}

Status BuildNegation(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Scaled(input, -1.0));
  return node.Give(output);
}

// 1 / (1 / sqrt(x)).
Status BuildSqrt(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId inverse, node.Emit(OpKind::kRsqrt, {input}));
  const TensorId one = node.Constant("one", {1}, std::vector{1.0F});
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kDiv, {one, inverse}));
  return node.Give(output);
}

Status BuildReciprocal(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  const TensorId one = node.Constant("one", {1}, std::vector{1.0F});
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kDiv, {one, input}));
  return node.Give(output);
}

constexpr TfBuilderEntry kBuilders[] = {
    {"Add", BuildBinary<OpKind::kAdd>},
    {"AddV2", BuildBinary<OpKind::kAdd>},
    {"BiasAdd", BuildBiasAdd},
    {"Sub", BuildBinary<OpKind::kSub>},
    {"Mul", BuildBinary<OpKind::kMul>},
    {"RealDiv", BuildDivision},
    {"Maximum", BuildMaximum},
    {"Minimum", BuildMinimum},
    {"Relu", BuildUnary<OpKind::kRelu>},
    {"Relu6", BuildUnary<OpKind::kRelu6>},
    {"LeakyRelu", BuildLeakyRelu},
    {"Abs", BuildAbs},
    {"Elu", BuildUnary<OpKind::kElu>},
    {"Selu", BuildSelu},
    {"Softsign", BuildSoftsign},
    {"Sigmoid", BuildUnary<OpKind::kLogistic>},
    {"Tanh", BuildUnary<OpKind::kTanh>},
    {"Softmax", BuildSoftmax},
    {"Rsqrt", BuildUnary<OpKind::kRsqrt>},
    {"Sqrt", BuildSqrt},
    {"Reciprocal", BuildReciprocal},
    {"Inv", BuildReciprocal},
    {"Square", BuildSquare},
    {"SquaredDifference", BuildSquaredDifference},
    {"Neg", BuildNegation},
};

}  // namespace

std::span<const TfBuilderEntry> ElementwiseBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
