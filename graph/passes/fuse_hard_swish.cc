#include <cmath>
#include <optional>

#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

bool IsNumber(const Tensor& tensor, float number) {
  if (!IsFloatConstant(tensor) || ElementCount(tensor.shape) != 1) return false;
  const float value = tensor.constant->Values<float>()[0];
  return std::abs(value - number) <= 2.0e-7F * number;
}

class Matcher {
 public:
  explicit Matcher(const Graph& graph) : graph_(graph), uses_(FindUses(graph)) {}

  // x where this operator is x * relu6(x + 3) / 6 with what comes before it, in either order.
  std::optional<TensorId> HardSwishOf(const Op& op) const {
    const Op* product = &op;
    bool divided = false;
    if (const auto inner = TimesASixth(op)) {  // (x * relu6(x + 3)) * 1/6
      product = Alone(*inner);
      divided = true;
    }
    if (product == nullptr || !IsPlain(*product, OpKind::kMul)) return std::nullopt;
    for (const size_t gate : {size_t{0}, size_t{1}}) {
      const TensorId x = product->inputs[1 - gate];
      if (GateOf(product->inputs[gate], divided) == x) return x;
    }
    return std::nullopt;
  }

 private:
  static bool IsPlain(const Op& op, OpKind kind) {
    return op.kind == kind && FusedActivationOf(op) == Activation::kNone;
  }
  // The operator that makes the tensor, if nobody but its one user sees it and it was not trained
  // to keep to a range.
  const Op* Alone(TensorId id) const {
    const int32_t maker = uses_.producer[static_cast<size_t>(id)];
    if (maker < 0 || OnlyUser(graph_, uses_, id) < 0) return nullptr;
    if (TensorAt(graph_, id).learned_range) return nullptr;
    return &graph_.ops[static_cast<size_t>(maker)];
  }
  // The tensor that the operator adds `number` to, or multiplies with it.
  std::optional<TensorId> With(const Op& op, OpKind kind, float number) const {
    if (op.kind != kind) return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      if (IsNumber(TensorAt(graph_, op.inputs[i]), number)) return op.inputs[1 - i];
    }
    return std::nullopt;
  }
  std::optional<TensorId> TimesASixth(const Op& op) const {
    if (!IsPlain(op, OpKind::kMul)) return std::nullopt;
    return With(op, OpKind::kMul, 1.0F / 6.0F);
  }
  // x of relu6(x + 3), or of a sixth of it.
  std::optional<TensorId> GateOf(TensorId id, bool divided) const {
    const Op* gate = Alone(id);
    if (gate == nullptr) return std::nullopt;
    if (!divided) {
      const auto inner = TimesASixth(*gate);
      gate = inner ? Alone(*inner) : nullptr;
      if (gate == nullptr) return std::nullopt;
    }
    if (gate->kind == OpKind::kRelu6) {
      gate = Alone(gate->inputs[0]);
      if (gate == nullptr || !IsPlain(*gate, OpKind::kAdd)) return std::nullopt;
    } else if (FusedActivationOf(*gate) != Activation::kRelu6) {
      return std::nullopt;
    }
    return With(*gate, OpKind::kAdd, 3.0F);
  }

  const Graph& graph_;
  const Uses uses_;
};

}  // namespace

// What the new operator makes superfluous, RemoveDeadCode removes.
Status FuseHardSwish(Model& model) {
  Graph& graph = model.graph;
  const Matcher matcher(graph);
  std::vector<std::pair<size_t, TensorId>> found;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (const auto x = matcher.HardSwishOf(graph.ops[i])) found.emplace_back(i, *x);
  }
  for (const auto& [i, x] : found) {
    if (TensorAt(graph, x).shape != TensorAt(graph, graph.ops[i].outputs[0]).shape) continue;
    graph.ops[i].kind = OpKind::kHardSwish;
    graph.ops[i].options = NoOptions{};
    graph.ops[i].inputs = {x};
  }
  return RemoveDeadCode(model);
}

}  // namespace qbench::graph
