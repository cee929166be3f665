// Under which key of its checkpoint each variable of a SavedModel stands. The graph itself says so:
// it holds the operators that restore the variables.
#pragma once

#include <map>
#include <string>

#include "base/status.h"

namespace qbench::tensorflow {
class MetaGraph;
class Node;
}  // namespace qbench::tensorflow

namespace qbench::graph::import {

using CheckpointKeys = std::map<const tensorflow::Node*, std::string>;

// A variable that is restored in parts has no key. kCorrupt, kUnsupported: as Flatten.
Result<CheckpointKeys> FindCheckpointKeys(tensorflow::MetaGraph& graph);

}  // namespace qbench::graph::import
