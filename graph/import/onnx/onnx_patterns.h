// Several nodes that are one operator: exporters write GELU down as its formula.
#pragma once

#include "graph/import/onnx/onnx_file.h"

namespace qbench::graph::import::onnx {

// x * (1 + erf(x / sqrt(2))) / 2, in any of the ways in which it is written down, becomes one node
// Gelu in the place of the last of them. Other nodes stay, also those that nothing needs any more.
void FindGelu(pb::GraphProto& graph);

}  // namespace qbench::graph::import::onnx
