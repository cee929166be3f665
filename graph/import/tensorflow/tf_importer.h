// From a flat TensorFlow graph to the model that it computes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/import/tensorflow/flat_graph.h"
#include "graph/import/tensorflow/tf_array.h"
#include "graph/ir.h"

namespace qbench::graph::import {

struct TfInput {
  std::string name;  // for callers of the model
  std::string node;  // an output 0 of it, in the graph
  // As the signature says, where it does; else the node's own shape is taken. -1: open.
  bool has_shape = false;
  std::vector<int64_t> shape = {};
  int32_t type = 0;  // 0: the node's own
};

struct TfOutput {
  std::string name;
  FlatRef ref;
};

struct TfEnds {
  std::vector<TfInput> inputs;
  std::vector<TfOutput> outputs;
  std::string signature = "serving_default";
};

// Nodes named as inputs have none of their own in `flat`.
// kUnsupported, kCorrupt: the message names the first node that cannot be imported and counts the
// operators that are not known, all of them.
Result<Model> ImportTf(const FlatGraph& flat, const TfEnds& ends,
                       const std::function<Result<TfArray>(const FlatNode&)>& read_variable,
                       std::vector<std::string>* notes);

}  // namespace qbench::graph::import
