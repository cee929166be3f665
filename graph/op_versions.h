// Which version of an operator a file has to name: TensorFlow Lite's kernels learnt types and
// options one after the other, and a runtime refuses a version that it does not know. For
// graph/tflite.
#pragma once

#include <string_view>

#include "graph/ir.h"

namespace qbench::graph {

// The lowest version that has what `op` of this valid graph needs.
int32_t OpVersion(const Graph& graph, const Op& op);

// The first TensorFlow release whose runtime has that version, "2.4.0".
std::string_view FirstRuntime(OpKind kind, int32_t version);

// Compares releases by their numbers: "1.14.0" is older than "2.1.0".
bool IsOlderRuntime(std::string_view a, std::string_view b);

}  // namespace qbench::graph
