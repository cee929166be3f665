#include "graph/import/tensorflow/flat_graph.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/one_line.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMaxNodes = 200000;
constexpr size_t kMaxInputs = 1000000;  // of all nodes together
constexpr int kMaxDepth = 64;           // of calls in calls
constexpr size_t kMaxName = 4096;

// A graph or a function's body: its nodes by name.
struct Body {
  std::unordered_map<std::string_view, tensorflow::Node*> nodes;
  std::unordered_map<std::string_view, size_t> arguments;
};

template <typename Nodes>
Status AddNodes(Nodes& nodes, Body& body) {
  for (tensorflow::Node& node : nodes) {
    if (!body.nodes.emplace(node.name(), &node).second) {
      return Error(StatusCode::kCorrupt, "two nodes are called \"{}\"", SafeName(node.name()));
    }
  }
  return OkStatus();
}

// The part of a tensor's name behind the node's: "", ":1" or, in functions, ":output:1".
struct InputName {
  std::string_view node;
  std::string_view argument;
  int32_t index = 0;
};

std::optional<InputName> SplitInput(std::string_view text) {
  InputName name;
  const size_t colon = text.find(':');
  name.node = text.substr(0, colon);
  if (colon == std::string_view::npos) return name;
  std::string_view rest = text.substr(colon + 1);
  if (const size_t second = rest.find(':'); second != std::string_view::npos) {
    name.argument = rest.substr(0, second);
    rest = rest.substr(second + 1);
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), name.index);
  if (error != std::errc() || end != rest.data() + rest.size() || name.index < 0) {
    return std::nullopt;
  }
  return name;
}

// Functions name an operator's output and count within it. Only these operators have several that
// are read.
int32_t OutputIndex(const tensorflow::Node& node, const InputName& input) {
  const std::string_view op = node.op();
  const std::string_view argument = input.argument;
  if (argument.empty()) return input.index;
  if (op.starts_with("FusedBatchNorm")) return argument == "y" ? input.index : 1;
  if (op == "Switch") return argument == "output_true" ? 1 : 0;
  if (op == "Merge" || op == "TopKV2" || op == "MaxPoolWithArgmax") {
    return argument == "output" || argument == "values" ? input.index : 1;
  }
  return input.index;
}

class Flattener {
 public:
  Flattener(tensorflow::Graph& graph, const std::vector<std::string>& cut)
      : graph_(graph), cut_(cut.begin(), cut.end()) {}

  Result<FlatGraph> Run(const std::vector<std::string>& wanted);

 private:
  // What a node of a body became: one flat node, or what a call returned.
  struct Place {
    int32_t node = -1;
    std::vector<FlatRef> results;  // of a call
  };
  struct Scope {
    const Body* body = nullptr;
    const std::vector<FlatRef>* arguments = nullptr;
    std::string prefix;
    int depth = 0;
    std::unordered_map<std::string_view, Place> done;
    std::set<std::string_view> open;  // entered, and not done
  };

  Result<const Body*> BodyOf(tensorflow::Function& function);
  Result<std::vector<FlatRef>> Expand(Scope& scope, const std::vector<std::string_view>& wanted);
  Result<FlatRef> Resolve(const Scope& scope, std::string_view text) const;
  Status Enter(Scope& scope, std::string_view root);
  Result<tensorflow::Node*> Find(const Scope& scope, std::string_view name) const;
  Status Finish(Scope& scope, tensorflow::Node& node);
  Status Call(Scope& scope, tensorflow::Node& node, const std::vector<FlatRef>& arguments);
  bool IsCut(const Scope& scope, const tensorflow::Node& node) const {
    return scope.depth == 0 && cut_.contains(node.name());
  }

  tensorflow::Graph& graph_;
  std::set<std::string, std::less<>> cut_;
  std::unordered_map<std::string_view, tensorflow::Function*> functions_;
  std::unordered_map<const tensorflow::Function*, Body> bodies_;
  std::set<const tensorflow::Function*> active_;
  FlatGraph flat_;
  size_t inputs_ = 0;
  size_t calls_ = 0;
};

bool IsCall(const tensorflow::Node& node) {
  return node.op() == "PartitionedCall" || node.op() == "StatefulPartitionedCall";
}

bool IsControl(std::string_view input) { return input.starts_with('^'); }

Result<const Body*> Flattener::BodyOf(tensorflow::Function& function) {
  const auto [place, added] = bodies_.try_emplace(&function);
  Body& body = place->second;
  if (!added) return &body;
  QB_RETURN_IF_ERROR(AddNodes(*function.mutable_node_def(), body));
  for (const auto& argument : function.signature().input_arg()) {
    body.arguments.emplace(argument.name(), body.arguments.size());
  }
  return &body;
}

Result<tensorflow::Node*> Flattener::Find(const Scope& scope, std::string_view name) const {
  const auto found = scope.body->nodes.find(name);
  if (found != scope.body->nodes.end()) return found->second;
  return Error(StatusCode::kNotFound, "there is no node \"{}\"", SafeName(name));
}

Result<FlatRef> Flattener::Resolve(const Scope& scope, std::string_view text) const {
  const std::optional<InputName> name = SplitInput(text);
  if (!name) return Error(StatusCode::kCorrupt, "\"{}\" names no tensor", SafeName(text));
  if (scope.arguments != nullptr) {
    const auto argument = scope.body->arguments.find(name->node);
    if (argument != scope.body->arguments.end()) {
      if (argument->second < scope.arguments->size()) return (*scope.arguments)[argument->second];
      return Error(StatusCode::kCorrupt, "a call gives no \"{}\"", SafeName(name->node));
    }
  }
  QB_ASSIGN_OR_RETURN(const tensorflow::Node* node, Find(scope, name->node));
  const Place& place = scope.done.at(node->name());
  if (place.node >= 0) return FlatRef{place.node, OutputIndex(*node, *name)};
  const auto index = static_cast<size_t>(name->index);
  if (index < place.results.size()) return place.results[index];
  return Error(StatusCode::kCorrupt, "the call \"{}\" has no output {}", SafeName(node->name()),
               index);
}

Status Flattener::Call(Scope& scope, tensorflow::Node& node,
                       const std::vector<FlatRef>& arguments) {
  const auto attribute = node.attr().find("f");
  const std::string_view callee =
      attribute == node.attr().end() ? "" : std::string_view(attribute->second.func().name());
  const auto found = functions_.find(callee);
  if (found == functions_.end()) {
    return Error(StatusCode::kCorrupt, "node \"{}\" calls the function \"{}\", which is not there",
                 SafeName(node.name()), SafeName(callee));
  }
  tensorflow::Function& function = *found->second;
  if (scope.depth >= kMaxDepth || ++calls_ > kMaxNodes) {
    return Error(StatusCode::kUnsupported, "its functions call each other too often");
  }
  if (!active_.insert(&function).second) {
    return Error(StatusCode::kCorrupt, "the function \"{}\" calls itself", SafeName(callee));
  }
  Scope inner;
  QB_ASSIGN_OR_RETURN(inner.body, BodyOf(function));
  inner.arguments = &arguments;
  // "StatefulPartitionedCall_1" says nothing to people.
  inner.prefix = scope.prefix;
  if (node.name().find("PartitionedCall") == std::string::npos) {
    inner.prefix += node.name() + "/";
  }
  inner.depth = scope.depth + 1;
  std::vector<std::string_view> wanted;
  for (const auto& output : function.signature().output_arg()) {
    const auto ret = function.ret().find(output.name());
    if (ret == function.ret().end()) {
      return Error(StatusCode::kCorrupt, "the function \"{}\" returns no \"{}\"", SafeName(callee),
                   SafeName(output.name()));
    }
    wanted.push_back(ret->second);
  }
  // What a function does beside what it returns is taken with it: that is how variables are
  // restored.
  for (const tensorflow::Node& inside : function.node_def()) {
    if (inside.op() == "AssignVariableOp") wanted.push_back(inside.name());
  }
  QB_ASSIGN_OR_RETURN(std::vector<FlatRef> results, Expand(inner, wanted));
  results.resize(static_cast<size_t>(function.signature().output_arg_size()));
  scope.done[node.name()].results = std::move(results);
  active_.erase(&function);
  return OkStatus();
}

// All inputs of the node are done.
Status Flattener::Finish(Scope& scope, tensorflow::Node& node) {
  std::vector<FlatRef> inputs;
  if (!IsCut(scope, node)) {
    for (const std::string& input : node.input()) {
      if (IsControl(input)) continue;
      QB_ASSIGN_OR_RETURN(const FlatRef ref, Resolve(scope, input));
      inputs.push_back(ref);
    }
  }
  if (IsCall(node) && !IsCut(scope, node)) return Call(scope, node, inputs);
  inputs_ += inputs.size();
  if (flat_.nodes.size() >= kMaxNodes || inputs_ > kMaxInputs ||
      scope.prefix.size() + node.name().size() > kMaxName) {
    return Error(StatusCode::kUnsupported, "the graph has more than {} nodes", kMaxNodes);
  }
  scope.done[node.name()].node = static_cast<int32_t>(flat_.nodes.size());
  flat_.nodes.push_back({&node, scope.prefix + node.name(), std::move(inputs)});
  return OkStatus();
}

// Does `root` and all it needs, without recursion: a graph may be one long chain.
Status Flattener::Enter(Scope& scope, std::string_view root) {
  struct Step {
    tensorflow::Node* node;
    int next = 0;
  };
  std::vector<Step> stack;
  const auto push = [&](std::string_view text) -> Status {
    const std::optional<InputName> name = SplitInput(text);
    if (!name) return Error(StatusCode::kCorrupt, "\"{}\" names no tensor", SafeName(text));
    if (scope.body->arguments.contains(name->node)) return OkStatus();
    QB_ASSIGN_OR_RETURN(tensorflow::Node * node, Find(scope, name->node));
    if (scope.done.contains(node->name())) return OkStatus();
    if (!scope.open.insert(node->name()).second) {
      return Error(StatusCode::kUnsupported,
                   "the node \"{}\" depends on itself: loops are not known",
                   SafeName(node->name()));
    }
    stack.push_back({node});
    return OkStatus();
  };
  QB_RETURN_IF_ERROR(push(root));
  while (!stack.empty()) {
    Step& step = stack.back();
    tensorflow::Node& node = *step.node;
    if (!IsCut(scope, node) && step.next < node.input_size()) {
      const std::string& input = node.input(step.next++);
      if (!IsControl(input)) QB_RETURN_IF_ERROR(push(input));
      continue;
    }
    QB_RETURN_IF_ERROR(Finish(scope, node));
    scope.open.erase(node.name());
    stack.pop_back();
  }
  return OkStatus();
}

Result<std::vector<FlatRef>> Flattener::Expand(Scope& scope,
                                               const std::vector<std::string_view>& wanted) {
  std::vector<FlatRef> results;
  for (const std::string_view name : wanted) {
    QB_RETURN_IF_ERROR(Enter(scope, name));
    const tensorflow::Node* node = nullptr;
    const std::optional<InputName> split = SplitInput(name);
    const auto found = scope.body->nodes.find(split->node);
    if (found != scope.body->nodes.end()) node = found->second;
    // A call that is wanted for what it does has no output.
    if (node != nullptr && IsCall(*node) && scope.done.at(node->name()).results.empty() &&
        scope.done.at(node->name()).node < 0) {
      results.push_back({});
      continue;
    }
    QB_ASSIGN_OR_RETURN(const FlatRef ref, Resolve(scope, name));
    results.push_back(ref);
  }
  return results;
}

Result<FlatGraph> Flattener::Run(const std::vector<std::string>& wanted) {
  for (tensorflow::Function& function : *graph_.mutable_library()->mutable_function()) {
    functions_.emplace(function.signature().name(), &function);
  }
  Body body;
  QB_RETURN_IF_ERROR(AddNodes(*graph_.mutable_node(), body));
  Scope scope;
  scope.body = &body;
  QB_ASSIGN_OR_RETURN(flat_.outputs,
                      Expand(scope, std::vector<std::string_view>(wanted.begin(), wanted.end())));
  return std::move(flat_);
}

}  // namespace

const std::string& FlatNode::def_op() const { return def->op(); }

std::pair<std::string, int32_t> SplitTensorName(std::string_view name) {
  const std::optional<InputName> split = SplitInput(name);
  if (!split) return {std::string(name), 0};
  return {std::string(split->node), split->index};
}

Result<FlatGraph> Flatten(tensorflow::Graph& graph, const std::vector<std::string>& wanted,
                          const std::vector<std::string>& cut) {
  return Flattener(graph, cut).Run(wanted);
}

}  // namespace qbench::graph::import
