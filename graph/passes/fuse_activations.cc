#include <optional>

#include "graph/learned_range.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// next(first(x)) as one activation.
std::optional<Activation> Combine(Activation first, Activation next) {
  if (first == Activation::kNone || first == next) return next;
  if (first == Activation::kReluN1To1) return std::nullopt;  // together they clamp to [0, 1]
  return Activation::kRelu6;                                 // RELU and RELU6 in either order
}

}  // namespace

Status FuseActivations(Model& model) {
  Graph& graph = model.graph;
  Uses uses = FindUses(graph);
  std::vector<bool> dead(graph.ops.size(), false);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& activation = graph.ops[i];
    const Activation next = InfoOf(activation.kind).activation;
    if (next == Activation::kNone) continue;
    const TensorId data = activation.inputs[0];
    const int32_t producer = uses.producer[static_cast<size_t>(data)];
    // Integer operators rescale to their output; only in float is an activation nothing but a
    // clamp.
    if (producer < 0 || OnlyUser(graph, uses, data) < 0 ||
        TensorAt(graph, data).type != DataType::kFloat32) {
      continue;
    }
    Op& before = graph.ops[static_cast<size_t>(producer)];
    Activation* fused = FusedActivation(before);
    const std::optional<Activation> both = fused == nullptr ? std::nullopt : Combine(*fused, next);
    if (!both) continue;
    *fused = *both;
    // The activation's own range, or what it leaves of the one before it.
    Tensor& output = TensorAt(graph, activation.outputs[0]);
    if (!output.learned_range) {
      output.learned_range = ClampedRange(TensorAt(graph, data).learned_range, next);
    }
    before.outputs = activation.outputs;
    uses.producer[static_cast<size_t>(activation.outputs[0])] = producer;
    dead[i] = true;
  }
  EraseOps(graph, dead);
  return OkStatus();
}

}  // namespace qbench::graph
