#include "graph/passes/passes.h"
#include "graph/rewrite.h"
#include "graph/validate.h"

namespace qbench::graph {
namespace {

void MarkAll(const std::vector<TensorId>& ids, std::vector<bool>& marked) {
  for (const TensorId id : ids) {
    if (id != kNoTensor) marked[static_cast<size_t>(id)] = true;
  }
}

void Renumber(const std::vector<TensorId>& new_ids, std::vector<TensorId>& ids) {
  for (TensorId& id : ids) {
    if (id != kNoTensor) id = new_ids[static_cast<size_t>(id)];
  }
}

void RemoveTensors(Graph& graph, const std::vector<bool>& used) {
  std::vector<TensorId> new_ids(graph.tensors.size(), kNoTensor);
  std::vector<Tensor> kept;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    if (!used[i]) continue;
    new_ids[i] = static_cast<TensorId>(kept.size());
    kept.push_back(std::move(graph.tensors[i]));
  }
  graph.tensors = std::move(kept);
  Renumber(new_ids, graph.inputs);
  Renumber(new_ids, graph.outputs);
  for (Op& op : graph.ops) {
    Renumber(new_ids, op.inputs);
    Renumber(new_ids, op.outputs);
  }
}

Status RunAll(Model& model) {
  QB_RETURN_IF_ERROR(FoldBatchNorm(model));
  QB_RETURN_IF_ERROR(FuseActivations(model));
  QB_RETURN_IF_ERROR(FuseHardSwish(model));
  QB_RETURN_IF_ERROR(FoldPads(model));
  QB_RETURN_IF_ERROR(RemoveIdentities(model));
  QB_RETURN_IF_ERROR(FoldConstants(model));
  return RemoveDeadCode(model);
}

}  // namespace

Status RemoveDeadCode(Model& model) {
  Graph& graph = model.graph;
  std::vector<bool> needed(graph.tensors.size(), false);
  MarkAll(graph.outputs, needed);
  std::vector<bool> dead(graph.ops.size(), false);
  for (size_t i = graph.ops.size(); i-- > 0;) {
    const Op& op = graph.ops[i];
    dead[i] = !needed[static_cast<size_t>(op.outputs[0])];
    if (!dead[i]) MarkAll(op.inputs, needed);
  }
  EraseOps(graph, dead);
  MarkAll(graph.inputs, needed);  // the caller gives them, used or not
  RemoveTensors(graph, needed);
  return OkStatus();
}

Status Optimize(Model& model) {
  QB_RETURN_IF_ERROR(Validate(model));
  // Each round that changes something removes an operator, so this ends.
  for (size_t before = model.graph.ops.size() + 1; model.graph.ops.size() < before;) {
    before = model.graph.ops.size();
    QB_RETURN_IF_ERROR(RunAll(model));
  }
  return Validate(model).WithContext("after optimizing (a bug in qbench)");
}

}  // namespace qbench::graph
