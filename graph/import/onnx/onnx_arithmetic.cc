// Nodes that compute element by element from one or several tensors.
#include <algorithm>
#include <cmath>

#include "graph/import/onnx/onnx_fold.h"
#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

int64_t Elements(const Value& value) {
  int64_t count = 1;
  for (const int64_t dim : value.dims) count *= dim;
  return count;
}

// Of `value`, a sum that Concat made, and one more constant: one sum. Null where it is none.
Result<std::optional<Value>> AddedToJoined(NodeCall& call, const Value& value,
                                           const HostTensor& constant) {
  const auto found = call.import().joined.find(value.tensor);
  if (found == call.import().joined.end() || !constant.is_float()) return std::optional<Value>();
  const auto [padded, before] = found->second;
  const bool same = padded.order == value.order && padded.dims == value.dims;
  if (!same || constant.dims.size() > value.rank()) return std::optional<Value>();
  QB_ASSIGN_OR_RETURN(const Dims dims, ExpandDims(call, value.dims, constant.dims));
  if (dims != value.dims) return std::optional<Value>();
  QB_ASSIGN_OR_RETURN(const HostTensorRef more,
                      Stretched(call, constant, dims, call.import().budget));
  std::vector<float> sum = before->floats.Values<float>();
  const ConstantValues<float> added(more->floats);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += added.span()[i];
  QB_ASSIGN_OR_RETURN(Value result, Binary(call, OpKind::kAdd, padded,
                                           ConstantValue(MakeFloats(dims, std::move(sum)))));
  return std::optional(std::move(result));
}

// One of the two is a constant.
Result<Value> WithConstant(NodeCall& call, OpKind kind, const Value& a, const Value& b) {
  const bool first = a.is_constant();
  const Value& value = first ? b : a;
  const HostTensor& constant = first ? *a.constant : *b.constant;
  if (kind == OpKind::kAdd) {
    QB_ASSIGN_OR_RETURN(const auto sum, AddedToJoined(call, value, constant));
    if (sum) return *sum;
  }
  QB_ASSIGN_OR_RETURN(const TensorId beside, Beside(call, "constant", constant, value));
  std::vector<TensorId> inputs = {value.tensor, beside};
  if (first) std::swap(inputs[0], inputs[1]);
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(kind, std::move(inputs)));
  return InMemory(call, output, value);
}

// A tensor of fewer dimensions gets them in front, where the batch is: its own has to be the same.
Status CheckRanks(const NodeCall& call, const Value& a, const Value& b) {
  if (a.rank() == b.rank()) return OkStatus();
  return call.Unsupported(
      fmt::format("it joins tensors of {} and {} dimensions, of which the first "
                  "are batches",
                  a.rank(), b.rank()));
}

Result<Value> TwoInputs(NodeCall& call, OpKind kind) {
  QB_ASSIGN_OR_RETURN(const Value a, call.Input(0));
  QB_ASSIGN_OR_RETURN(const Value b, call.Input(1));
  if (!a.is_constant()) QB_RETURN_IF_ERROR(call.Computed(0).status());
  if (!b.is_constant()) QB_RETURN_IF_ERROR(call.Computed(1).status());
  return Binary(call, kind, a, b);
}

// ((a + b) + c), of any number of inputs.
Result<Value> Chain(NodeCall& call, OpKind kind) {
  QB_ASSIGN_OR_RETURN(Value result, call.Input(0));
  for (size_t i = 1; i < call.inputs(); ++i) {
    QB_ASSIGN_OR_RETURN(const Value next, call.Input(i));
    if (!next.is_constant()) QB_RETURN_IF_ERROR(call.Computed(i).status());
    QB_ASSIGN_OR_RETURN(result, Binary(call, kind, result, next));
  }
  return result;
}

Result<TensorId> Number(NodeCall& call, double value) {
  if (!std::isfinite(value)) return call.Corrupt("one of its numbers is not finite");
  return call.Constant("number", {1}, std::vector{static_cast<float>(value)});
}

// 1 / sqrt(input)
Result<Value> Rsqrt(NodeCall& call, const Value& input) {
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kRsqrt, {input.tensor}));
  return Like(input, output);
}

// 1 / input
Result<Value> Reciprocal(NodeCall& call, const Value& input) {
  QB_ASSIGN_OR_RETURN(const TensorId one, Number(call, 1.0));
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kDiv, {one, input.tensor}));
  return Like(input, output);
}

// 1 / value, where it is a root.
Result<std::optional<Value>> InverseRoot(NodeCall& call, const Value& value) {
  const auto root = call.import().sqrt_of.find(value.tensor);
  if (root == call.import().sqrt_of.end()) return std::optional<Value>();
  QB_ASSIGN_OR_RETURN(Value inverse, Rsqrt(call, Like(value, root->second)));
  return std::optional(std::move(inverse));
}

}  // namespace

Result<Value> Sqrt(NodeCall& call, const Value& input) {
  QB_ASSIGN_OR_RETURN(const TensorId root, call.Emit(OpKind::kSqrt, {input.tensor}));
  call.import().sqrt_of.emplace(root, input.tensor);
  return Like(input, root);
}

Result<Value> Binary(NodeCall& call, OpKind kind, const Value& a, const Value& b) {
  if (a.is_constant() && b.is_constant()) return call.Corrupt("it computes with constants alone");
  if (a.is_constant() || b.is_constant()) return WithConstant(call, kind, a, b);
  QB_RETURN_IF_ERROR(CheckRanks(call, a, b));
  QB_RETURN_IF_ERROR(CheckBatches(call, a, b));
  // The larger one's; of two that are as large, that of images.
  const bool second = Elements(a) < Elements(b) ||
                      (Elements(a) == Elements(b) && b.order == ChannelsLast(b.rank()));
  const Order order = second ? b.order : a.order;
  QB_ASSIGN_OR_RETURN(const Value x, Ordered(call, a, order));
  QB_ASSIGN_OR_RETURN(const Value y, Ordered(call, b, order));
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(kind, {x.tensor, y.tensor}));
  return InMemory(call, output, second ? y : x);
}

Result<Value> Scaled(NodeCall& call, const Value& input, double factor) {
  if (factor == 1.0) return input;
  QB_ASSIGN_OR_RETURN(const TensorId constant, Number(call, factor));
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kMul, {input.tensor, constant}));
  return Like(input, output);
}

Result<Value> Shifted(NodeCall& call, const Value& input, double offset) {
  if (offset == 0.0) return input;
  QB_ASSIGN_OR_RETURN(const TensorId constant, Number(call, offset));
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kAdd, {input.tensor, constant}));
  return Like(input, output);
}

Result<Value> BuildAdd(NodeCall& call) { return TwoInputs(call, OpKind::kAdd); }
Result<Value> BuildSub(NodeCall& call) { return TwoInputs(call, OpKind::kSub); }
Result<Value> BuildMul(NodeCall& call) { return TwoInputs(call, OpKind::kMul); }
Result<Value> BuildMax(NodeCall& call) { return Chain(call, OpKind::kMaximum); }
Result<Value> BuildMin(NodeCall& call) { return Chain(call, OpKind::kMinimum); }
Result<Value> BuildSum(NodeCall& call) { return Chain(call, OpKind::kAdd); }

// By a constant: times its inverse, which can go into the layer before. By a root: times what the
// root was made of.
Result<Value> BuildDiv(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value a, call.Input(0));
  QB_ASSIGN_OR_RETURN(const Value b, call.Input(1));
  if (!b.is_constant()) {
    QB_RETURN_IF_ERROR(call.Computed(1).status());
    if (!a.is_constant()) QB_RETURN_IF_ERROR(call.Computed(0).status());
    QB_ASSIGN_OR_RETURN(const auto inverse, InverseRoot(call, b));
    if (!inverse) return Binary(call, OpKind::kDiv, a, b);
    return Binary(call, OpKind::kMul, a, *inverse);
  }
  QB_RETURN_IF_ERROR(call.Computed(0).status());
  QB_ASSIGN_OR_RETURN(std::vector<float> values, call.FloatsOf(1));
  for (float& value : values) {
    const double inverse = 1.0 / static_cast<double>(value);
    value = static_cast<float>(inverse);
    if (!std::isfinite(value)) return TwoInputs(call, OpKind::kDiv);
  }
  return Binary(call, OpKind::kMul, a, ConstantValue(MakeFloats(b.dims, std::move(values))));
}

Result<Value> BuildPow(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef constant, call.ConstantInput(1));
  double exponent = 0.0;
  if (constant->is_float()) {
    QB_ASSIGN_OR_RETURN(exponent, call.ScalarOf(1));
  } else if (constant->ints.size() == 1) {
    exponent = static_cast<double>(constant->ints[0]);
  }
  if (exponent == 0.5) return Sqrt(call, input);
  if (exponent == -1.0) return Reciprocal(call, input);
  if (exponent == -0.5) return Rsqrt(call, input);
  if (exponent < 1.0 || exponent > 4.0 || exponent != std::floor(exponent)) {
    return call.Unsupported(fmt::format("the exponent {} is not known", exponent));
  }
  Value result = input;
  for (int i = 1; i < static_cast<int>(exponent); ++i) {
    QB_ASSIGN_OR_RETURN(result, Binary(call, OpKind::kMul, result, input));
  }
  return result;
}

Result<Value> BuildSqrt(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  return Sqrt(call, input);
}

Result<Value> BuildReciprocal(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const auto inverse, InverseRoot(call, input));
  return inverse ? *inverse : Reciprocal(call, input);
}

Result<Value> BuildNeg(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  return Scaled(call, input, -1.0);
}

// LEAKY_RELU with a slope of -1.
Result<Value> BuildAbs(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      call.Emit(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = -1.0F}, {input.tensor}));
  return Like(input, output);
}

}  // namespace qbench::graph::import::onnx
