#include "plugins/quantizers/common/recipe.h"

#include <algorithm>
#include <array>

#include "base/toml.h"
#include "plugins/quantizers/common/activation_scales.h"
#include "plugins/quantizers/common/float_model.h"

namespace qbench::quantize {
namespace {

using graph::Op;
using graph::OpKind;
using graph::TensorId;

constexpr auto kLastOpKind = OpKind::kDequantize;

int LineOf(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

std::optional<OpKind> FindOpKind(std::string_view name) {
  for (int kind = 0; kind <= static_cast<int>(kLastOpKind); ++kind) {
    if (graph::OpKindName(static_cast<OpKind>(kind)) == name) return static_cast<OpKind>(kind);
  }
  return std::nullopt;
}

std::string OpKindNames() {
  std::string names;
  for (int kind = 0; kind <= static_cast<int>(kLastOpKind); ++kind) {
    names +=
        fmt::format("{}{}", kind == 0 ? "" : ", ", graph::OpKindName(static_cast<OpKind>(kind)));
  }
  return names;
}

// Reads one [[rule]].
class RuleReader {
 public:
  explicit RuleReader(const toml::table& table) : table_(table) { rule_.line = LineOf(table); }

  Result<RecipeRule> Read() {
    static constexpr std::array kKeys = {"layer",   "operator", "position",
                                         "compute", "weights",  "activations"};
    for (const auto& [key, value] : table_) {
      if (std::ranges::find(kKeys, key.str()) != kKeys.end()) continue;
      return Error(StatusCode::kInvalidArgument, "line {}: a rule has no key \"{}\"; it has {}",
                   LineOf(value), key.str(), fmt::join(kKeys, ", "));
    }
    QB_RETURN_IF_ERROR(ReadLayer());
    QB_RETURN_IF_ERROR(ReadOperators());
    QB_RETURN_IF_ERROR(ReadPosition());
    QB_RETURN_IF_ERROR(ReadChoice("compute", "float", "integer", rule_.float_compute));
    QB_RETURN_IF_ERROR(ReadChoice("weights", "per-channel", "per-tensor", rule_.per_channel));
    QB_RETURN_IF_ERROR(ReadChoice("activations", "symmetric", "asymmetric", rule_.symmetric));
    if (!rule_.float_compute && !rule_.per_channel && !rule_.symmetric) {
      return Error(StatusCode::kInvalidArgument,
                   "line {}: the rule changes nothing; give it compute, weights or activations",
                   rule_.line);
    }
    return std::move(rule_);
  }

 private:
  Status WrongType(const toml::node& node, std::string_view key, std::string_view expected) const {
    return Error(StatusCode::kInvalidArgument, "line {}: {} must be {}", LineOf(node), key,
                 expected);
  }

  Status ReadLayer() {
    const toml::node* node = table_.get("layer");
    if (node == nullptr) return OkStatus();
    const auto text = node->value_exact<std::string>();
    if (!text) return WrongType(*node, "layer", "a regular expression in quotes");
    try {
      rule_.layer.emplace(*text);
    } catch (const std::regex_error& error) {
      return Error(StatusCode::kInvalidArgument,
                   "line {}: layer = \"{}\" is no regular expression: {}", LineOf(*node), *text,
                   error.what());
    }
    return OkStatus();
  }

  Status AddOperator(const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    const auto kind = text ? FindOpKind(*text) : std::nullopt;
    if (!kind) return WrongType(node, "operator", "one of, or a list of, " + OpKindNames());
    rule_.operators.push_back(*kind);
    return OkStatus();
  }

  Status AddPosition(const toml::node& node) {
    const auto number = node.value_exact<int64_t>();
    if (!number || *number < 0) {
      return WrongType(
          node, "position",
          "\"first\", \"last\", a number from 0 (see qbench inspect) or a list of them");
    }
    rule_.positions.push_back(*number);
    return OkStatus();
  }

  Status ReadOperators() {
    const toml::node* node = table_.get("operator");
    if (node == nullptr) return OkStatus();
    if (const toml::array* list = node->as_array(); list != nullptr && !list->empty()) {
      for (const toml::node& entry : *list) QB_RETURN_IF_ERROR(AddOperator(entry));
      return OkStatus();
    }
    return AddOperator(*node);
  }

  Status ReadPosition() {
    const toml::node* node = table_.get("position");
    if (node == nullptr) return OkStatus();
    if (const auto word = node->value_exact<std::string>(); word == "first" || word == "last") {
      rule_.end = word == "first" ? RecipeRule::End::kFirst : RecipeRule::End::kLast;
      return OkStatus();
    }
    if (const toml::array* list = node->as_array(); list != nullptr && !list->empty()) {
      for (const toml::node& entry : *list) QB_RETURN_IF_ERROR(AddPosition(entry));
      return OkStatus();
    }
    return AddPosition(*node);
  }

  Status ReadChoice(std::string_view key, std::string_view yes, std::string_view no,
                    std::optional<bool>& choice) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return OkStatus();
    const auto text = node->value_exact<std::string>();
    if (text != yes && text != no) {
      return WrongType(*node, key, fmt::format("\"{}\" or \"{}\"", yes, no));
    }
    choice = text == yes;
    return OkStatus();
  }

  const toml::table& table_;
  RecipeRule rule_;
};

// The places of the first and the last operator with weights, or -1.
struct Ends {
  int64_t first = -1;
  int64_t last = -1;

  explicit Ends(const graph::Graph& graph) {
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      if (!FindWeights(graph.ops[i])) continue;
      if (first < 0) first = static_cast<int64_t>(i);
      last = static_cast<int64_t>(i);
    }
  }
};

bool Matches(const RecipeRule& rule, const graph::Graph& graph, int64_t index, const Ends& ends) {
  const Op& op = graph.ops[static_cast<size_t>(index)];
  if (rule.layer && !std::regex_search(std::string(graph::DisplayName(graph, op)), *rule.layer)) {
    return false;
  }
  const auto has = [](const auto& list, const auto& value) {
    return list.empty() || std::ranges::find(list, value) != list.end();
  };
  if (!has(rule.operators, op.kind) || !has(rule.positions, index)) return false;
  if (!rule.end) return true;
  return index == (*rule.end == RecipeRule::End::kFirst ? ends.first : ends.last);
}

// Moves operators that may compute on either side to where the border is cheaper.
class BorderMover {
 public:
  BorderMover(const graph::Graph& graph, std::vector<bool> fixed, std::vector<bool>& float_ops)
      : graph_(graph), uses_(graph::FindUses(graph)), fixed_(std::move(fixed)), float_(float_ops) {}

  // Each move makes the cost smaller, so it ends.
  void Run() {
    for (bool moved = true; moved;) {
      moved = false;
      for (size_t i = 0; i < graph_.ops.size(); ++i) {
        if (fixed_[i]) continue;
        const int64_t before = CostAround(i);
        float_[i] = !float_[i];
        if (CostAround(i) < before) {
          moved = true;
        } else {
          float_[i] = !float_[i];
        }
      }
    }
  }

 private:
  // Elements to convert of the tensors that the operator reads and makes.
  int64_t CostAround(size_t op) const {
    int64_t cost = 0;
    for (const TensorId id : graph_.ops[op].inputs) cost += Cost(id);
    for (const TensorId id : graph_.ops[op].outputs) cost += Cost(id);
    return cost;
  }
  int64_t Cost(TensorId id) const {
    if (id == graph::kNoTensor) return 0;
    const graph::Tensor& tensor = graph_.tensors[static_cast<size_t>(id)];
    const int32_t producer = uses_.producer[static_cast<size_t>(id)];
    if (tensor.is_constant() || producer < 0) return 0;
    const bool made_float = float_[static_cast<size_t>(producer)];
    const bool crosses = std::ranges::any_of(
        uses_.users[static_cast<size_t>(id)],
        [&](int32_t user) { return float_[static_cast<size_t>(user)] != made_float; });
    return crosses ? graph::ElementCount(tensor.shape) : 0;
  }

  const graph::Graph& graph_;
  const graph::Uses uses_;
  const std::vector<bool> fixed_;
  std::vector<bool>& float_;
};

}  // namespace

Result<Recipe> ParseRecipe(std::string_view text, std::string_view source) {
  QB_ASSIGN_OR_RETURN(const toml::table document, ParseToml(text, source));
  Recipe recipe{.source = std::string(source), .rules = {}};
  const auto fail = [&](const Status& status) { return status.WithContext(source); };
  for (const auto& [key, value] : document) {
    if (key.str() == "rule" && value.is_array_of_tables()) continue;
    return fail(Error(StatusCode::kInvalidArgument,
                      "line {}: \"{}\": a recipe is made of tables [[rule]]", LineOf(value),
                      key.str()));
  }
  const toml::array* rules = document.get_as<toml::array>("rule");
  if (rules == nullptr) {
    return fail(Error(StatusCode::kInvalidArgument, "a recipe needs at least one [[rule]]"));
  }
  for (const toml::node& node : *rules) {
    Result<RecipeRule> rule = RuleReader(*node.as_table()).Read();
    if (!rule.ok()) return fail(rule.status());
    recipe.rules.push_back(std::move(*rule));
  }
  return recipe;
}

Status ApplyRecipe(const Recipe& recipe, const graph::Model& model, OperatorChoices& choices) {
  const graph::Graph& graph = model.graph;
  const Ends ends(graph);
  std::vector<bool> fixed;
  for (const Op& op : graph.ops) fixed.push_back(!KeepsScale(op.kind));
  for (const RecipeRule& rule : recipe.rules) {
    bool matched = false;
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      if (!Matches(rule, graph, static_cast<int64_t>(i), ends)) continue;
      matched = true;
      if (rule.float_compute) {
        choices.float_ops[i] = *rule.float_compute;
        fixed[i] = true;
      }
      if (rule.per_channel) choices.per_tensor[i] = !*rule.per_channel;
      if (rule.symmetric) choices.symmetric[i] = *rule.symmetric;
    }
    if (!matched) {
      return Error(StatusCode::kInvalidArgument,
                   "{}: the rule in line {} matches no operator; qbench inspect shows their names, "
                   "kinds and numbers",
                   recipe.source, rule.line);
    }
  }
  BorderMover(graph, std::move(fixed), choices.float_ops).Run();
  return OkStatus();
}

}  // namespace qbench::quantize
