// Small tools that the passes share. Internal to graph/.
#pragma once

#include <algorithm>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

inline Tensor& TensorAt(Graph& graph, TensorId id) {
  return graph.tensors[static_cast<size_t>(id)];
}
inline const Tensor& TensorAt(const Graph& graph, TensorId id) {
  return graph.tensors[static_cast<size_t>(id)];
}

inline bool IsGraphOutput(const Graph& graph, TensorId id) {
  return std::ranges::find(graph.outputs, id) != graph.outputs.end();
}

// The one operator that reads the tensor, or -1: none, several, or the caller of the model too.
inline int32_t OnlyUser(const Graph& graph, const Uses& uses, TensorId id) {
  const std::vector<int32_t>& users = uses.users[static_cast<size_t>(id)];
  return users.size() == 1 && !IsGraphOutput(graph, id) ? users[0] : -1;
}

inline bool IsFloatConstant(const Tensor& tensor) {
  return tensor.type == DataType::kFloat32 && tensor.is_constant();
}

// Removes the marked operators; the others keep their order.
inline void EraseOps(Graph& graph, const std::vector<bool>& dead) {
  size_t kept = 0;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (dead[i]) continue;
    if (kept != i) graph.ops[kept] = std::move(graph.ops[i]);
    ++kept;
  }
  graph.ops.resize(kept);
}

// The activation that an operator of this kind carries in its options; null where it has none.
inline Activation* FusedActivation(Op& op) {
  if (auto* o = std::get_if<BinaryOptions>(&op.options)) return &o->activation;
  if (auto* o = std::get_if<Conv2DOptions>(&op.options)) return &o->activation;
  if (auto* o = std::get_if<DepthwiseConv2DOptions>(&op.options)) return &o->activation;
  if (auto* o = std::get_if<FullyConnectedOptions>(&op.options)) return &o->activation;
  if (auto* o = std::get_if<Pool2DOptions>(&op.options)) return &o->activation;
  return nullptr;
}

}  // namespace qbench::graph
