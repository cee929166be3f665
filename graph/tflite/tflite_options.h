// An operator's options in a .tflite file: one function that reads and one that writes for each
// alternative of OpOptions. Internal to graph/: flatbuffers is private to this library.
#pragma once

#include "base/status.h"
#include "graph/ir.h"
#include "tflite_generated.h"

namespace qbench::graph {

// Sets op.options, which are of op.kind's type. A RESHAPE of an old file may get a constant, added
// to `graph`, as its second input. kCorrupt or kUnsupported.
Status ReadOptions(const wire::Operator& wire_op, Graph& graph, Op& op);

struct WireOptions {
  wire::BuiltinOptions type = wire::BuiltinOptions_NONE;
  flatbuffers::Offset<void> table = 0;
};
// `op` is an operator of a valid graph.
WireOptions WriteOptionsOf(const Op& op, const Graph& graph,
                           flatbuffers::FlatBufferBuilder& builder);

}  // namespace qbench::graph
