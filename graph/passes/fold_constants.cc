#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "graph/learned_range.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// PAD and broadcasting grow their inputs: a result larger than this stays an operator.
constexpr int64_t kMaxElements = int64_t{1} << 24;

// Rounded like the kernels: in float, one operator after the other.
float Clamp(Activation activation, float value) {
  const ActivationInfo& info = InfoOf(activation);
  return std::clamp(value, info.min, info.max);
}

float Compute(OpKind kind, float a, float b) {
  if (kind == OpKind::kMul) return a * b;
  return kind == OpKind::kAdd ? a + b : a - b;
}

// Walks a shape's indices in order and says where each element comes from in a smaller tensor that
// broadcasts to it, or in a larger one of which it is a part.
class Walker {
 public:
  Walker(const Shape& shape, std::vector<size_t> strides, size_t start = 0)
      : shape_(shape), strides_(std::move(strides)), index_(shape.size(), 0), position_(start) {}

  size_t position() const { return position_; }
  void Next() {
    for (size_t i = shape_.size(); i-- > 0;) {
      position_ += strides_[i];
      if (++index_[i] < shape_[i]) return;
      position_ -= strides_[i] * static_cast<size_t>(shape_[i]);
      index_[i] = 0;
    }
  }

 private:
  const Shape& shape_;
  std::vector<size_t> strides_;
  std::vector<int32_t> index_;
  size_t position_;
};

// Row-major strides of `shape`, aligned to the last of `rank` dimensions; 0 where it has size 1.
std::vector<size_t> BroadcastStrides(const Shape& shape, size_t rank) {
  std::vector<size_t> strides(rank, 0);
  size_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const auto size = static_cast<size_t>(shape[shape.size() - 1 - i]);
    if (size > 1) strides[rank - 1 - i] = stride;
    stride *= size;
  }
  return strides;
}

std::vector<float> ComputeBinary(const Graph& graph, const Op& op) {
  const Tensor& a = TensorAt(graph, op.inputs[0]);
  const Tensor& b = TensorAt(graph, op.inputs[1]);
  const Shape& shape = TensorAt(graph, op.outputs[0]).shape;
  const std::vector<float> x = a.constant->Values<float>();
  const std::vector<float> y = b.constant->Values<float>();
  const Activation activation = std::get<BinaryOptions>(op.options).activation;
  Walker at_x(shape, BroadcastStrides(a.shape, shape.size()));
  Walker at_y(shape, BroadcastStrides(b.shape, shape.size()));
  std::vector<float> result(static_cast<size_t>(ElementCount(shape)));
  for (float& value : result) {
    value = Clamp(activation, Compute(op.kind, x[at_x.position()], y[at_y.position()]));
    at_x.Next();
    at_y.Next();
  }
  return result;
}

std::vector<float> ComputePad(const Graph& graph, const Op& op) {
  const Tensor& input = TensorAt(graph, op.inputs[0]);
  const Shape& shape = TensorAt(graph, op.outputs[0]).shape;
  const std::vector<int32_t> paddings = TensorAt(graph, op.inputs[1]).constant->Values<int32_t>();
  // Strides of the output, also where the size is 1: the input is a part of it.
  std::vector<size_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * static_cast<size_t>(shape[i]);
  }
  size_t start = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    start += strides[i] * static_cast<size_t>(paddings[2 * i]);
  }
  std::vector<float> result(static_cast<size_t>(ElementCount(shape)), 0.0F);
  Walker place(input.shape, std::move(strides), start);
  for (const float value : input.constant->Values<float>()) {
    result[place.position()] = value;
    place.Next();
  }
  return result;
}

std::vector<float> ComputeUnary(const Graph& graph, const Op& op,
                                const std::function<float(float)>& function) {
  std::vector<float> values = TensorAt(graph, op.inputs[0]).constant->Values<float>();
  for (float& value : values) value = function(value);
  return values;
}

// nullopt: not an operator that is computed here.
std::optional<std::vector<float>> ComputeFloat(const Graph& graph, const Op& op) {
  switch (op.kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
      return ComputeBinary(graph, op);
    case OpKind::kPad:
      return ComputePad(graph, op);
    case OpKind::kRelu:
    case OpKind::kRelu6:
      return ComputeUnary(graph, op,
                          [&op](float x) { return Clamp(InfoOf(op.kind).activation, x); });
    case OpKind::kLeakyRelu: {
      const float alpha = std::get<LeakyReluOptions>(op.options).alpha;
      return ComputeUnary(graph, op, [alpha](float x) { return x > 0.0F ? x : x * alpha; });
    }
    default:
      return std::nullopt;
  }
}

std::optional<Constant> ComputeNow(const Graph& graph, const Op& op) {
  if (op.kind == OpKind::kReshape) return TensorAt(graph, op.inputs[0]).constant;
  if (TensorAt(graph, op.outputs[0]).type != DataType::kFloat32) return std::nullopt;
  const std::optional<std::vector<float>> values = ComputeFloat(graph, op);
  if (!values) return std::nullopt;
  return MakeConstant(*values);
}

}  // namespace

Status FoldConstants(Model& model) {
  Graph& graph = model.graph;
  std::vector<bool> dead(graph.ops.size(), false);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    const bool all_constant = std::ranges::all_of(op.inputs, [&graph](TensorId id) {
      return id == kNoTensor || TensorAt(graph, id).is_constant();
    });
    Tensor& output = TensorAt(graph, op.outputs[0]);
    if (!all_constant || output.dynamic_batch || ElementCount(output.shape) > kMaxElements) {
      continue;
    }
    output.constant = ComputeNow(graph, op);
    dead[i] = output.constant.has_value();
    // A range stays with the tensor that it was learned for; a new shape alone changes no values.
    if (dead[i] && op.kind == OpKind::kReshape) {
      StandInFor(TensorAt(graph, op.inputs[0]), output);
    }
  }
  EraseOps(graph, dead);
  return OkStatus();
}

}  // namespace qbench::graph
