#include <cmath>

#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

struct Scaled {
  TensorId tensor = kNoTensor;
  float factor = 0.0F;
};

// The number of a float constant that holds one; NaN else.
float NumberIn(const Graph& graph, TensorId id) {
  const Tensor& tensor = TensorAt(graph, id);
  if (!IsFloatConstant(tensor) || ElementCount(tensor.shape) != 1) return NAN;
  return tensor.constant->Values<float>()[0];
}

bool IsSixth(float number) { return std::abs(number - 1.0F / 6.0F) < 1.0e-6F; }

class Matcher {
 public:
  Matcher(const Graph& graph, const Uses& uses) : graph_(graph), uses_(uses) {}

  // x, where the MUL is x * relu6(x + 3) / 6, multiplied in whatever order; else kNoTensor.
  TensorId Argument(const Op& op) const {
    if (!IsPlain(op, OpKind::kMul)) return kNoTensor;
    for (const size_t first : {0, 1}) {
      const TensorId a = op.inputs[first];
      const TensorId b = op.inputs[1 - first];
      // x * (relu6(x + 3) / 6)
      if (const Op* gate = MakerOf(b)) {
        const Scaled scaled = BySixth(*gate);
        if (scaled.tensor != kNoTensor && ClippedSum(scaled.tensor) == a) return a;
      }
      // (x * relu6(x + 3)) / 6
      const Op* product = IsSixth(NumberIn(graph_, b)) ? MakerOf(a) : nullptr;
      if (product == nullptr || !IsPlain(*product, OpKind::kMul)) continue;
      for (const size_t x : {0, 1}) {
        if (ClippedSum(product->inputs[1 - x]) == product->inputs[x]) return product->inputs[x];
      }
    }
    return kNoTensor;
  }

 private:
  static bool IsPlain(const Op& op, OpKind kind) {
    return op.kind == kind && std::get<BinaryOptions>(op.options).activation == Activation::kNone;
  }

  // Of a tensor that one operator alone reads, and that was not trained to keep to a range.
  const Op* MakerOf(TensorId id) const {
    const int32_t maker = uses_.producer[static_cast<size_t>(id)];
    if (maker < 0 || OnlyUser(graph_, uses_, id) < 0) return nullptr;
    if (TensorAt(graph_, id).learned_range) return nullptr;
    return &graph_.ops[static_cast<size_t>(maker)];
  }

  Scaled BySixth(const Op& op) const {
    if (!IsPlain(op, OpKind::kMul)) return {};
    for (const size_t number : {0, 1}) {
      const float factor = NumberIn(graph_, op.inputs[number]);
      if (IsSixth(factor)) return {op.inputs[1 - number], factor};
    }
    return {};
  }

  // Of relu6(x + 3), in one operator or two: x.
  TensorId ClippedSum(TensorId id) const {
    const Op* op = MakerOf(id);
    if (op != nullptr && op->kind == OpKind::kRelu6) {
      op = MakerOf(op->inputs[0]);
      if (op == nullptr || !IsPlain(*op, OpKind::kAdd)) return kNoTensor;
    } else if (op == nullptr || op->kind != OpKind::kAdd ||
               std::get<BinaryOptions>(op->options).activation != Activation::kRelu6) {
      return kNoTensor;
    }
    for (const size_t number : {0, 1}) {
      if (NumberIn(graph_, op->inputs[number]) == 3.0F) return op->inputs[1 - number];
    }
    return kNoTensor;
  }

  const Graph& graph_;
  const Uses& uses_;
};

}  // namespace

// What it stood on has no user any more: RemoveDeadCode takes it.
Status FuseHardSwish(Model& model) {
  Graph& graph = model.graph;
  const Uses uses = FindUses(graph);
  const Matcher matcher(graph, uses);
  for (Op& op : graph.ops) {
    const TensorId x = matcher.Argument(op);
    if (x == kNoTensor || TensorAt(graph, x).type != DataType::kFloat32 ||
        TensorAt(graph, x).shape != TensorAt(graph, op.outputs[0]).shape) {
      continue;
    }
    op.kind = OpKind::kHardSwish;
    op.options = NoOptions{};
    op.inputs = {x};
  }
  return OkStatus();
}

}  // namespace qbench::graph
