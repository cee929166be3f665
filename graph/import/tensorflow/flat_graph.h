// A TensorFlow graph without functions: every call is replaced by what it calls, as far as the
// wanted tensors need it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace qbench::tensorflow {
class Graph;
class Node;
}  // namespace qbench::tensorflow

namespace qbench::graph::import {

// An output of a node.
struct FlatRef {
  int32_t node = -1;
  int32_t output = 0;
  auto operator<=>(const FlatRef&) const = default;
};

struct FlatNode {
  tensorflow::Node* def = nullptr;  // may be that of several nodes: of each call of its function
  std::string name;  // that of `def`, behind the names of the calls but for TensorFlow's own
  std::vector<FlatRef> inputs;  // data alone; their nodes stand before this one

  const std::string& def_op() const;
};

struct FlatGraph {
  std::vector<FlatNode> nodes;
  std::vector<FlatRef> outputs;  // of the wanted tensors, in their order
};

// "node:1" -> {"node", 1}.
std::pair<std::string, int32_t> SplitTensorName(std::string_view name);

// `wanted` are names of tensors, "node" or "node:1". A node of `cut` is taken without its inputs
// (the importer's inputs); so are nodes whose operator is in it. The result points into `graph`.
// kNotFound: there is no such node. kCorrupt: nodes depend on each other in a circle, or a function
// on itself. kUnsupported: more nodes or calls than any network has.
Result<FlatGraph> Flatten(tensorflow::Graph& graph, const std::vector<std::string>& wanted,
                          const std::vector<std::string>& cut = {});

}  // namespace qbench::graph::import
