// From the messages of an ONNX file to a graph.
#pragma once

#include <string>
#include <vector>

#include "graph/import/onnx/onnx_file.h"
#include "graph/ir.h"

namespace qbench::graph::import::onnx {

// As ReadOnnxModel of onnx_model.h; messages do not begin with the path. Takes the weights out of
// the messages as it goes, so that they are in memory once.
Result<Model> ImportOnnx(pb::ModelProto& model, std::vector<std::string>* notes);

// kUnsupported where there are nodes that cannot be read: all of them, at once.
Status CheckNodes(const pb::GraphProto& graph);

}  // namespace qbench::graph::import::onnx
