// A GraphDef whose variables have become constants.
#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/import/tensorflow/flat_graph.h"
#include "graph/import/tensorflow/proto_file.h"
#include "graph/import/tensorflow/tf_importer.h"
#include "graph/import/tensorflow/tf_model.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMostNamed = 12;  // in a message

bool IsPlaceholder(const tensorflow::Node& node) {
  return node.op() == "Placeholder" || node.op() == "PlaceholderV2";
}

std::string NodeOf(std::string_view tensor) {
  if (tensor.starts_with('^')) tensor.remove_prefix(1);
  return std::string(tensor.substr(0, tensor.find(':')));
}

std::string Named(const std::vector<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < kMostNamed) shown.push_back(SafeName(name));
  }
  const std::string more =
      names.size() > shown.size() ? fmt::format(" and {} others", names.size() - shown.size()) : "";
  return fmt::format("{}{}", fmt::join(shown, ", "), more);
}

// Nodes that something computed from a placeholder ends in.
std::vector<std::string> FindEnds(const tensorflow::Graph& graph) {
  std::unordered_map<std::string_view, size_t> index;
  for (int i = 0; i < graph.node_size(); ++i) {
    index.emplace(graph.node(i).name(), static_cast<size_t>(i));
  }
  const auto count = static_cast<size_t>(graph.node_size());
  std::vector<std::vector<size_t>> users(count);
  std::vector<size_t> next;
  std::vector<bool> computed(count, false);
  for (size_t i = 0; i < count; ++i) {
    const tensorflow::Node& node = graph.node(static_cast<int>(i));
    if (IsPlaceholder(node)) next.push_back(i);
    for (const std::string& input : node.input()) {
      if (input.starts_with('^')) continue;
      const auto found = index.find(NodeOf(input));
      if (found != index.end()) users[found->second].push_back(i);
    }
  }
  while (!next.empty()) {
    const size_t i = next.back();
    next.pop_back();
    if (computed[i]) continue;
    computed[i] = true;
    next.insert(next.end(), users[i].begin(), users[i].end());
  }
  static constexpr std::array<std::string_view, 3> kNoData = {"NoOp", "Assert", "Print"};
  std::vector<std::string> ends;
  for (size_t i = 0; i < count; ++i) {
    const tensorflow::Node& node = graph.node(static_cast<int>(i));
    const bool data = std::ranges::find(kNoData, node.op()) == kNoData.end();
    if (computed[i] && users[i].empty() && data && !IsPlaceholder(node)) {
      ends.push_back(node.name());
    }
  }
  return ends;
}

Result<std::vector<std::string>> ChooseOutputs(const tensorflow::Graph& graph,
                                               const TfOptions& options) {
  const std::vector<std::string> ends = FindEnds(graph);
  if (options.outputs.empty()) {
    if (ends.size() == 1) return ends;
    if (ends.empty()) {
      return Error(StatusCode::kInvalidArgument,
                   "nothing in the graph is computed from a placeholder; name its ends with "
                   "--inputs NODE --outputs NODE");
    }
    return Error(StatusCode::kInvalidArgument,
                 "the graph ends in {} nodes ({}); say with --outputs NODE which is the model's",
                 ends.size(), Named(ends));
  }
  std::unordered_set<std::string_view> names;
  for (const tensorflow::Node& node : graph.node()) names.insert(node.name());
  for (const std::string& output : options.outputs) {
    if (names.contains(NodeOf(output))) continue;
    return Error(StatusCode::kInvalidArgument, "the graph has no node \"{}\"; it ends in: {}",
                 SafeName(output), Named(ends));
  }
  return options.outputs;
}

Status CheckInputs(const tensorflow::Graph& graph, const TfOptions& options) {
  std::unordered_set<std::string_view> names;
  std::vector<std::string> placeholders;
  for (const tensorflow::Node& node : graph.node()) {
    names.insert(node.name());
    if (IsPlaceholder(node)) placeholders.push_back(node.name());
  }
  for (const std::string& input : options.inputs) {
    const auto [node, output] = SplitTensorName(input);
    if (names.contains(node) && output == 0) continue;
    return Error(StatusCode::kInvalidArgument,
                 "the graph has no node \"{}\" with one output; its placeholders are: {}",
                 SafeName(input), Named(placeholders));
  }
  return OkStatus();
}

Result<Model> Import(tensorflow::Graph& graph, const TfOptions& options,
                     std::vector<std::string>* notes) {
  if (graph.node_size() == 0) return Error(StatusCode::kCorrupt, "the graph has no nodes");
  QB_RETURN_IF_ERROR(CheckInputs(graph, options));
  QB_ASSIGN_OR_RETURN(const auto outputs, ChooseOutputs(graph, options));
  TfEnds ends;
  std::vector<std::string> cut;
  for (const std::string& input : options.inputs) {
    const std::string node = SplitTensorName(input).first;
    ends.inputs.push_back({.name = node, .node = node});
    cut.push_back(node);
  }
  QB_ASSIGN_OR_RETURN(const FlatGraph flat, Flatten(graph, outputs, cut));
  for (size_t i = 0; i < outputs.size(); ++i) {
    ends.outputs.push_back({.name = SplitTensorName(outputs[i]).first, .ref = flat.outputs[i]});
  }
  if (options.inputs.empty()) {
    for (const FlatNode& node : flat.nodes) {
      if (IsPlaceholder(*node.def)) ends.inputs.push_back({.name = node.name, .node = node.name});
    }
  }
  return ImportTf(flat, ends, {}, notes);
}

}  // namespace

Result<Model> ReadFrozenGraph(const std::filesystem::path& path, const TfOptions& options,
                              std::vector<std::string>* notes) {
  if (!options.signature.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "{}: a graph has no signatures; name its ends with --inputs and --outputs",
                 path.string());
  }
  tensorflow::Graph graph;
  QB_RETURN_IF_ERROR(ReadProtoFile(path, "a TensorFlow graph", graph));
  auto model = Import(graph, options, notes);
  if (!model.ok()) return model.status().WithContext(path.string());
  return model;
}

}  // namespace qbench::graph::import
