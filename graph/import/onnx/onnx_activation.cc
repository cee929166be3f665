// Activations.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

template <OpKind kKind>
Result<Value> One(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  return Apply(call, kKind, input);
}

// x above 0, alpha * (exp(x) - 1) below: alpha * elu(x) + (1 - alpha) * relu(x).
Result<Value> EluOf(NodeCall& call, const Value& input, double alpha) {
  QB_ASSIGN_OR_RETURN(const Value elu, Apply(call, OpKind::kElu, input));
  if (alpha == 1.0) return elu;
  QB_ASSIGN_OR_RETURN(const Value scaled, Scaled(call, elu, alpha));
  QB_ASSIGN_OR_RETURN(const Value relu, Apply(call, OpKind::kRelu, input));
  QB_ASSIGN_OR_RETURN(const Value rest, Scaled(call, relu, 1.0 - alpha));
  return Binary(call, OpKind::kAdd, scaled, rest);
}

// A bound of Clip: an attribute up to operator set 10, then an input that may be left out.
Result<double> Bound(const NodeCall& call, std::string_view name, size_t index, double none) {
  double bound = none;
  if (call.opset() < 11) {
    bound = call.Float(name, static_cast<float>(none));
  } else if (call.Has(index)) {
    QB_ASSIGN_OR_RETURN(bound, call.ScalarOf(index));
  }
  if (std::isnan(bound)) return call.Corrupt("a bound is not a number");
  const double most = std::numeric_limits<float>::max();
  return std::abs(bound) >= most ? none : bound;
}

Result<Value> BoundBy(NodeCall& call, OpKind kind, const Value& input, double bound) {
  if (std::isinf(bound)) return input;
  return Binary(call, kind, input, ConstantValue(MakeFloats({}, {static_cast<float>(bound)})));
}

// Up to operator set 12 over all dimensions from `axis` on, then over that one. ONNX's dimension
// goes last in memory and stays there.
Result<Value> SoftmaxOver(NodeCall& call, const Value& input, size_t axis) {
  QB_ASSIGN_OR_RETURN(const Value last, Ordered(call, input, WithLast(input.order, {axis})));
  constexpr size_t kMost = 4;  // of LiteRT's kernel
  const Shape shape = call.ShapeOf(last.tensor);
  if (shape.size() <= kMost) return Apply(call, OpKind::kSoftmax, last);
  const auto rows = static_cast<int32_t>(ElementCount(shape) / shape.back());
  QB_ASSIGN_OR_RETURN(const TensorId flat, EmitReshape(call, last.tensor, {1, rows, shape.back()}));
  QB_ASSIGN_OR_RETURN(const TensorId softmax, call.Emit(OpKind::kSoftmax, {flat}));
  QB_ASSIGN_OR_RETURN(const TensorId output, EmitReshape(call, softmax, shape));
  return Like(last, output);
}

// Over all dimensions from `axis` on, in whatever order those are, as long as they are last in
// memory.
Result<Value> SoftmaxOverAll(NodeCall& call, const Value& input, size_t axis) {
  if (input.is_within()) return call.Unsupported("it has the batch as a part of a dimension");
  const auto first = input.order.begin() + static_cast<ptrdiff_t>(axis);
  const bool last =
      std::all_of(first, input.order.end(), [axis](size_t other) { return other >= axis; });
  QB_ASSIGN_OR_RETURN(const Value placed, last ? Result<Value>(input) : Plain(call, input));
  const Value memory = InMemory(call, placed.tensor, SameOrder(input.rank()));
  Dims flat(memory.dims.begin(), memory.dims.begin() + static_cast<ptrdiff_t>(axis));
  flat.push_back(1);
  for (size_t i = axis; i < input.rank(); ++i) flat.back() *= input.dims[i];
  QB_ASSIGN_OR_RETURN(const Value joined, Reshaped(call, memory, flat));
  QB_ASSIGN_OR_RETURN(const Value softmax, SoftmaxOver(call, joined, axis));
  QB_ASSIGN_OR_RETURN(const Value apart, Reshaped(call, softmax, memory.dims));
  QB_ASSIGN_OR_RETURN(const Value same, Plain(call, apart));
  return Like(placed, same.tensor);
}

}  // namespace

bool IsNonNegative(const Graph& graph, TensorId tensor, int depth) {
  const auto op = std::ranges::find_if(graph.ops.rbegin(), graph.ops.rend(),
                                       [tensor](const Op& o) { return o.outputs[0] == tensor; });
  if (op == graph.ops.rend() || depth == 0) return false;
  constexpr size_t kMostJoined = 16;
  switch (op->kind) {
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kLogistic:
    case OpKind::kSoftmax:
      return true;
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
    case OpKind::kMean:
    case OpKind::kReshape:
    case OpKind::kTranspose:
    case OpKind::kStridedSlice:
    case OpKind::kPad:
      return IsNonNegative(graph, op->inputs[0], depth - 1);
    case OpKind::kConcatenation:
      return op->inputs.size() <= kMostJoined &&
             std::ranges::all_of(
                 op->inputs, [&graph](TensorId input) { return IsNonNegative(graph, input, 1); });
    default:
      return false;
  }
}

Result<Value> Apply(NodeCall& call, OpKind kind, const Value& input) {
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(kind, {input.tensor}));
  return Like(input, output);
}

Result<Value> BuildRelu(NodeCall& call) { return One<OpKind::kRelu>(call); }
Result<Value> BuildSigmoid(NodeCall& call) { return One<OpKind::kLogistic>(call); }
Result<Value> BuildTanh(NodeCall& call) { return One<OpKind::kTanh>(call); }
Result<Value> BuildHardSwish(NodeCall& call) { return One<OpKind::kHardSwish>(call); }

Result<Value> BuildClip(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const double low, Bound(call, "min", 1, -HUGE_VAL));
  QB_ASSIGN_OR_RETURN(const double high, Bound(call, "max", 2, HUGE_VAL));
  if (low == 0.0 && high == 6.0) return Apply(call, OpKind::kRelu6, input);
  if (low == 0.0 && high > 0.0) {
    QB_ASSIGN_OR_RETURN(const Value above, Apply(call, OpKind::kRelu, input));
    return BoundBy(call, OpKind::kMinimum, above, high);
  }
  QB_ASSIGN_OR_RETURN(const Value above, BoundBy(call, OpKind::kMaximum, input, low));
  return BoundBy(call, OpKind::kMinimum, above, high);
}

Result<Value> BuildLeakyRelu(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  const LeakyReluOptions options{.alpha = call.Float("alpha", 0.01F)};
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kLeakyRelu, options, {input.tensor}));
  return Like(input, output);
}

// max(x, 0) + slope * min(x, 0) = slope * x + (1 - slope) * max(x, 0).
Result<Value> BuildPRelu(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef constant, call.ConstantInput(1));
  QB_ASSIGN_OR_RETURN(std::vector<float> slope, call.FloatsOf(1));
  std::vector<float> rest(slope.size());
  for (size_t i = 0; i < slope.size(); ++i) rest[i] = 1.0F - slope[i];
  const Value slopes = ConstantValue(MakeFloats(constant->dims, std::move(slope)));
  const Value rests = ConstantValue(MakeFloats(constant->dims, std::move(rest)));
  QB_ASSIGN_OR_RETURN(const Value all, Binary(call, OpKind::kMul, input, slopes));
  QB_ASSIGN_OR_RETURN(const Value positive, Apply(call, OpKind::kRelu, input));
  QB_ASSIGN_OR_RETURN(const Value above, Binary(call, OpKind::kMul, positive, rests));
  return Binary(call, OpKind::kAdd, all, above);
}

Result<Value> BuildElu(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  return EluOf(call, input, call.Float("alpha", 1.0F));
}

// x above 0, alpha * (exp(x / alpha) - 1) below.
Result<Value> BuildCelu(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  const double alpha = call.Float("alpha", 1.0F);
  if (!(alpha > 0.0)) return call.Unsupported("its alpha is not above 0");
  QB_ASSIGN_OR_RETURN(const Value scaled, Scaled(call, input, 1.0 / alpha));
  QB_ASSIGN_OR_RETURN(const Value elu, Apply(call, OpKind::kElu, scaled));
  return Scaled(call, elu, alpha);
}

// Its alpha and gamma are float32's nearest to Klambauer et al. 2017 (arXiv 1706.02515).
Result<Value> BuildSelu(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Value elu,
                      EluOf(call, input, call.Float("alpha", 1.67326319217681884765625F)));
  return Scaled(call, elu, call.Float("gamma", 1.05070102214813232421875F));
}

Result<Value> BuildGelu(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  const std::string approximate = call.Text("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    return call.Corrupt("its attribute approximate is unknown");
  }
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      call.Emit(OpKind::kGelu, GeluOptions{.approximate = approximate == "tanh"}, {input.tensor}));
  return Like(input, output);
}

// alpha * x + beta between 0 and 1: relu6(6 * alpha * x + 6 * beta) / 6.
Result<Value> BuildHardSigmoid(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  double alpha = 6.0 * double{call.Float("alpha", 0.2F)};
  if (std::abs(alpha - 1.0) < 1e-6) alpha = 1.0;  // float32 has no sixth
  const double beta = 6.0 * double{call.Float("beta", 0.5F)};
  QB_ASSIGN_OR_RETURN(const Value scaled, Scaled(call, input, alpha));
  QB_ASSIGN_OR_RETURN(const Value shifted, Shifted(call, scaled, beta));
  QB_ASSIGN_OR_RETURN(const Value clipped, Apply(call, OpKind::kRelu6, shifted));
  return Scaled(call, clipped, 1.0 / 6.0);
}

// x / (1 + |x|)
Result<Value> BuildSoftsign(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Value size, BuildAbs(call));
  QB_ASSIGN_OR_RETURN(const Value divisor, Shifted(call, size, 1.0));
  return Binary(call, OpKind::kDiv, input, divisor);
}

Result<Value> BuildSoftmax(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  const bool one = call.opset() >= 13;
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", one ? -1 : 1), input.rank()));
  if (input.IsBatch(axis)) return call.Unsupported("it is over the batch");
  size_t several = 0;
  for (size_t i = axis; i < input.rank(); ++i) several += input.dims[i] != 1 ? 1 : 0;
  if (one || axis + 1 == input.rank()) return SoftmaxOver(call, input, axis);
  if (several <= 1) {
    size_t only = axis;
    for (size_t i = axis; i < input.rank(); ++i) {
      if (input.dims[i] != 1) only = i;
    }
    return SoftmaxOver(call, input, only);
  }
  return SoftmaxOverAll(call, input, axis);
}

}  // namespace qbench::graph::import::onnx
