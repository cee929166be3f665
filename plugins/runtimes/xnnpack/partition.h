// Which operators run together: XNNPACK's in as few subgraphs as their order allows, the others one
// by one between them.
#pragma once

#include <vector>

#include "graph/ir.h"

namespace qbench::xnnpack {

struct Step {
  bool on_kernels = false;  // one operator of kernels/; else a subgraph of XNNPACK's
  std::vector<size_t> ops;  // indices into Graph::ops, in an order in which they can run
  std::vector<graph::TensorId> inputs;   // what it reads of other steps or the caller
  std::vector<graph::TensorId> outputs;  // what other steps or the caller read of it
};

// Steps in an order in which they can run. `on_kernels` has an element for every operator.
std::vector<Step> MakeSteps(const graph::Graph& graph, const std::vector<bool>& on_kernels);

// The step's operators as steps of their own, in an order in which they can run: to time each. A
// PAD that one convolution alone reads stays with it, as XNNPACK makes one of them.
std::vector<Step> SplitStep(const graph::Graph& graph, const Step& step);

// A step of one operator, which reads and writes everything from outside.
Step StepOf(const graph::Graph& graph, size_t op);

}  // namespace qbench::xnnpack
