#include "graph/import/tensorflow/checkpoint_keys.h"

#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/import/tensorflow/flat_graph.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

bool IsAssignment(const tensorflow::Node& node) {
  return node.op() == "Assign" || node.op() == "AssignVariableOp";
}

// Assignments of a graph of TensorFlow 1 whose value is restored, not initialized.
std::vector<std::string> RestoringNodes(const tensorflow::Graph& graph) {
  std::unordered_map<std::string_view, const tensorflow::Node*> nodes;
  for (const tensorflow::Node& node : graph.node()) nodes.emplace(node.name(), &node);
  std::vector<std::string> found;
  for (const tensorflow::Node& node : graph.node()) {
    if (!IsAssignment(node) || node.input_size() < 2) continue;
    const tensorflow::Node* value = &node;
    for (int i = 0; i < 3 && value != nullptr; ++i) {
      const int input = value == &node ? 1 : 0;
      if (value != &node && value->op() != "Identity") break;
      if (value->input_size() <= input) break;
      const std::string_view name = value->input(input);
      const auto next = nodes.find(name.substr(0, name.find(':')));
      value = next == nodes.end() ? nullptr : next->second;
    }
    if (value != nullptr && value->op() == "RestoreV2") found.push_back(node.name());
  }
  return found;
}

const FlatNode& NodeAt(const FlatGraph& flat, FlatRef ref) {
  return flat.nodes[static_cast<size_t>(ref.node)];
}

// The texts of a constant; null where it is none.
const tensorflow::TensorValue* TextsOf(const FlatGraph& flat, const FlatNode& node, size_t input) {
  if (input >= node.inputs.size() || node.inputs[input].node < 0) return nullptr;
  const FlatNode& source = NodeAt(flat, node.inputs[input]);
  const auto value = source.def->attr().find("value");
  if (source.def_op() != "Const" || value == source.def->attr().end()) return nullptr;
  return &value->second.tensor();
}

// Of an assignment: the key of the value that it restores; empty where it restores none, or a part.
std::string KeyOf(const FlatGraph& flat, const FlatNode& assignment) {
  FlatRef ref = assignment.inputs[1];
  while (ref.node >= 0) {
    const FlatNode& node = NodeAt(flat, ref);
    if (node.def_op() == "RestoreV2") {
      const tensorflow::TensorValue* names = TextsOf(flat, node, 1);
      const tensorflow::TensorValue* slices = TextsOf(flat, node, 2);
      if (names == nullptr || ref.output >= names->string_val_size()) return "";
      const bool part = slices != nullptr && ref.output < slices->string_val_size() &&
                        !slices->string_val(ref.output).empty();
      return part ? "" : names->string_val(ref.output);
    }
    if (node.def_op() != "Identity" || node.inputs.empty()) return "";
    ref = node.inputs[0];
  }
  return "";
}

// Behind nodes that pass a handle on.
const tensorflow::Node* VariableOf(const FlatGraph& flat, FlatRef ref) {
  while (ref.node >= 0) {
    const FlatNode& node = NodeAt(flat, ref);
    if (node.def_op() != "Identity" || node.inputs.empty()) return node.def;
    ref = node.inputs[0];
  }
  return nullptr;
}

}  // namespace

Result<CheckpointKeys> FindCheckpointKeys(tensorflow::MetaGraph& graph) {
  tensorflow::Graph& nodes = *graph.mutable_graph_def();
  std::vector<std::string> wanted = RestoringNodes(nodes);
  const std::string& restore = graph.saver_def().restore_op_name();
  for (const tensorflow::Node& node : nodes.node()) {
    if (node.name() == restore && node.op().ends_with("PartitionedCall")) {
      wanted.push_back(restore);
    }
  }
  QB_ASSIGN_OR_RETURN(const FlatGraph flat, Flatten(nodes, wanted));
  CheckpointKeys keys;
  for (const FlatNode& node : flat.nodes) {
    if (!IsAssignment(*node.def) || node.inputs.size() < 2) continue;
    const std::string key = KeyOf(flat, node);
    const tensorflow::Node* variable = VariableOf(flat, node.inputs[0]);
    if (!key.empty() && variable != nullptr) keys.emplace(variable, key);
  }
  return keys;
}

}  // namespace qbench::graph::import
