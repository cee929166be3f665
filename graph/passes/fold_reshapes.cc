#include <utility>

#include "graph/learned_range.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

bool Reduces(OpKind kind) {
  return kind == OpKind::kMean || kind == OpKind::kSum || kind == OpKind::kReduceMax;
}

// The reduction with its dimensions kept where they went, or gone where they were kept, if it gives
// the reshape's output then.
bool GivesAfterReshape(const Graph& graph, const Op& reduction, const Op& reshape) {
  const Shape& input = TensorAt(graph, reduction.inputs[0]).shape;
  const std::vector<int32_t> axes =
      TensorAt(graph, reduction.inputs[1]).constant->Values<int32_t>();
  const bool kept = std::get<MeanOptions>(reduction.options).keep_dims;
  Shape turned;
  for (size_t i = 0; i < input.size(); ++i) {
    const auto rank = static_cast<int32_t>(input.size());
    const bool reduced = std::ranges::any_of(axes, [&](int32_t axis) {
      return (axis < 0 ? axis + rank : axis) == static_cast<int32_t>(i);
    });
    if (!reduced) turned.push_back(input[i]);
    if (reduced && !kept) turned.push_back(1);
  }
  // The batch is the first of both, so that it may be open.
  return turned == TensorAt(graph, reshape.outputs[0]).shape && turned.size() > 1 &&
         std::ranges::none_of(axes, [](int32_t axis) { return axis == 0; });
}

}  // namespace

Status FoldReshapes(Model& model) {
  Graph& graph = model.graph;
  const Uses uses = FindUses(graph);
  std::vector<bool> dead(graph.ops.size(), false);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& reshape = graph.ops[i];
    if (reshape.kind != OpKind::kReshape) continue;
    const TensorId data = reshape.inputs[0];
    const int32_t maker = uses.producer[static_cast<size_t>(data)];
    if (maker < 0 || OnlyUser(graph, uses, data) < 0 ||
        TensorAt(graph, data).type != DataType::kFloat32) {
      continue;
    }
    Op& reduction = graph.ops[static_cast<size_t>(maker)];
    if (!Reduces(reduction.kind) || !GivesAfterReshape(graph, reduction, reshape)) continue;
    bool& kept = std::get<MeanOptions>(reduction.options).keep_dims;
    kept = !kept;
    StandInFor(TensorAt(graph, data), TensorAt(graph, reshape.outputs[0]));
    reduction.outputs = reshape.outputs;
    dead[i] = true;
  }
  EraseOps(graph, dead);
  return OkStatus();
}

// Constants of integers: axes, shapes, paddings. (Biases may get scales of their own.)
Status ShareParameters(Model& model) {
  Graph& graph = model.graph;
  std::vector<TensorId> first;
  for (Op& op : graph.ops) {
    const size_t parameters = InfoOf(op.kind).inputs.parameters;
    for (size_t i = op.inputs.size() - parameters; i < op.inputs.size(); ++i) {
      const Tensor& tensor = TensorAt(graph, op.inputs[i]);
      const auto same = std::ranges::find_if(first, [&](TensorId id) {
        const Tensor& other = TensorAt(graph, id);
        return other.type == tensor.type && other.shape == tensor.shape &&
               *other.constant == *tensor.constant;
      });
      if (same == first.end()) {
        first.push_back(op.inputs[i]);
      } else {
        op.inputs[i] = *same;
      }
    }
  }
  return RemoveDeadCode(model);
}

}  // namespace qbench::graph
