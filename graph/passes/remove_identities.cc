#include "graph/learned_range.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

bool IsFilledWith(const Tensor& tensor, float value) {
  if (!IsFloatConstant(tensor)) return false;
  const std::vector<float> values = tensor.constant->Values<float>();
  return std::ranges::all_of(values, [value](float v) { return v == value; });
}

// The input that the operator passes on unchanged, or kNoTensor.
TensorId UnchangedInput(const Graph& graph, const Op& op) {
  const bool multiplies = op.kind == OpKind::kMul;
  if (!multiplies && op.kind != OpKind::kAdd && op.kind != OpKind::kSub) return kNoTensor;
  if (std::get<BinaryOptions>(op.options).activation != Activation::kNone) return kNoTensor;
  const float neutral = multiplies ? 1.0F : 0.0F;
  if (IsFilledWith(TensorAt(graph, op.inputs[1]), neutral)) return op.inputs[0];
  const bool commutes = op.kind != OpKind::kSub;
  if (commutes && IsFilledWith(TensorAt(graph, op.inputs[0]), neutral)) return op.inputs[1];
  return kNoTensor;
}

// Whether the reshape gives any batch the shape that it has.
bool IsIdentityReshape(const Graph& graph, const Op& op) {
  const Tensor& input = TensorAt(graph, op.inputs[0]);
  if (input.shape != TensorAt(graph, op.outputs[0]).shape) return false;
  if (!input.dynamic_batch) return true;
  const std::vector<int32_t>& new_shape = std::get<ReshapeOptions>(op.options).new_shape;
  return new_shape[0] == -1;  // and so all others are given, and equal
}

// The tensor that may stand for the operator's output.
TensorId Replacement(const Graph& graph, const Op& op) {
  TensorId input = UnchangedInput(graph, op);
  if (op.kind == OpKind::kReshape && IsIdentityReshape(graph, op)) input = op.inputs[0];
  if (input == kNoTensor || IsGraphOutput(graph, op.outputs[0])) return kNoTensor;
  const Tensor& from = TensorAt(graph, op.outputs[0]);
  const Tensor& to = TensorAt(graph, input);
  const bool same = from.shape == to.shape && from.dynamic_batch == to.dynamic_batch &&
                    from.quantization == to.quantization;
  return same ? input : kNoTensor;
}

// a - (-b) is a + b.
void AddNegated(const Graph& graph, const Uses& uses, Op& op) {
  const int32_t producer = uses.producer[static_cast<size_t>(op.inputs[1])];
  if (producer < 0 || OnlyUser(graph, uses, op.inputs[1]) < 0) return;
  const Op& product = graph.ops[static_cast<size_t>(producer)];
  const bool negates = product.kind == OpKind::kMul &&
                       std::get<BinaryOptions>(product.options).activation == Activation::kNone &&
                       IsFilledWith(TensorAt(graph, product.inputs[1]), -1.0F);
  if (!negates) return;
  op.kind = OpKind::kAdd;
  op.inputs[1] = product.inputs[0];
}

}  // namespace

Status RemoveIdentities(Model& model) {
  Graph& graph = model.graph;
  const Uses uses = FindUses(graph);
  std::vector<bool> dead(graph.ops.size(), false);
  std::vector<TensorId> stands_for(graph.tensors.size());
  for (size_t i = 0; i < stands_for.size(); ++i) stands_for[i] = static_cast<TensorId>(i);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    Op& op = graph.ops[i];
    for (TensorId& input : op.inputs) {
      if (input != kNoTensor) input = stands_for[static_cast<size_t>(input)];
    }
    if (op.kind == OpKind::kReshape) {
      const int32_t producer = uses.producer[static_cast<size_t>(op.inputs[0])];
      if (producer >= 0 && graph.ops[static_cast<size_t>(producer)].kind == OpKind::kReshape) {
        // All three have one scale.
        StandInFor(TensorAt(graph, op.inputs[0]), TensorAt(graph, op.outputs[0]));
        op.inputs[0] = graph.ops[static_cast<size_t>(producer)].inputs[0];
      }
    }
    if (op.kind == OpKind::kSub) AddNegated(graph, uses, op);
    const TensorId replacement = Replacement(graph, op);
    if (replacement == kNoTensor) continue;
    stands_for[static_cast<size_t>(op.outputs[0])] = replacement;
    StandInFor(TensorAt(graph, op.outputs[0]), TensorAt(graph, replacement));
    dead[i] = true;
  }
  EraseOps(graph, dead);
  return OkStatus();
}

}  // namespace qbench::graph
