// The type rules of each operator: the second half of Validate. Internal to graph/.
#pragma once

#include "graph/ir.h"

namespace qbench::graph {

// Types, quantization and constants. InferOutputShape has passed: the operator has the inputs and
// options that it takes.
Status CheckOp(const Graph& graph, const Op& op);

}  // namespace qbench::graph
