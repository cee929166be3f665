// From what an engine with a delegate says of one run to the events of qbench/profile.h: which
// operators the delegate took, in which partitions, and whose time each step is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/ir.h"
#include "plugins/support/runtime_plugin.h"

namespace qbench::plugin {

// What is needed of a model's operators to know how a delegate cuts it up.
struct OpNode {
  std::string kind;                   // "CONV_2D"
  std::vector<int32_t> inputs = {};   // tensors that it reads, constants or not
  std::vector<int32_t> outputs = {};  // tensors that it writes
  bool of_constants = false;          // reads nothing but constants
  bool flattens = false;              // is a FULLY_CONNECTED that flattens its input
};
using OpGraph = std::vector<OpNode>;  // in the file's order
OpGraph OpGraphOf(const graph::Graph& graph);
// Of a model of which the kinds alone are known: as if each operator read the one before.
OpGraph ChainOf(const std::vector<std::string>& kinds);

// What an engine says: an operator that it ran itself, or a step of the delegate's.
struct EngineStep {
  bool delegated = false;
  uint64_t index = 0;  // of the operator in the file; of a delegated step in its partition
  std::string tag;
  bool operator==(const EngineStep&) const = default;
};

// An event but for its time: that of step `source`, or 0 where there is none (-1).
struct PlannedEvent {
  int32_t op = -1;
  int32_t partition = -1;
  std::string name;
  int32_t source = -1;
};

// Operators that the engine ran itself are those with a step that is not delegated. The others are
// cut into partitions as TensorFlow Lite does it (partition_graph_into_independent_node_subsets in
// its graph_info.cc: each partition takes every operator that can run before the first that cannot
// be delegated), and the steps of each are aligned with its operators (xnnpack_steps.h). Where the
// steps do not fit those partitions, delegated steps belong to no operator. `index` of a step that
// is not delegated is that of an operator of the model.
std::vector<PlannedEvent> PlanDelegateEvents(const OpGraph& model,
                                             std::span<const EngineStep> steps);

}  // namespace qbench::plugin
