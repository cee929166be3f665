#include "quantize/recipe/recipe.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/files.h"
#include "base/one_line.h"
#include "base/toml.h"
#include "graph/operators.h"
#include "quantize/float_model.h"
#include "quantize/ranges/activation_scales.h"
#include "quantize/recipe/near_names.h"

namespace qbench::quantize {
namespace {

using graph::Op;
using graph::OpKind;

int LineOf(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

std::string OpKindNames() {
  std::vector<std::string_view> names;
  for (const graph::OperatorInfo& info : graph::AllOperators()) names.push_back(info.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

// "3-7".
std::optional<RecipeRule::Span> ParseSpan(std::string_view text) {
  RecipeRule::Span span;
  const char* end = text.data() + text.size();
  const auto [dash, first] = std::from_chars(text.data(), end, span.first);
  if (first != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [rest, last] = std::from_chars(dash + 1, end, span.last);
  if (last != std::errc() || rest != end) return std::nullopt;
  return span;
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
      rule_.layer_text = *text;
    } catch (const std::regex_error& error) {
      return Error(StatusCode::kInvalidArgument,
                   "line {}: layer = \"{}\" is no regular expression: {}", LineOf(*node), *text,
                   error.what());
    }
    return OkStatus();
  }

  Status AddOperator(const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    const graph::OperatorInfo* info = text ? graph::FindOperator(*text) : nullptr;
    if (info == nullptr)
      return WrongType(node, "operator", "one of, or a list of, " + OpKindNames());
    rule_.operators.push_back(info->kind);
    return OkStatus();
  }

  Status AddPosition(const toml::node& node) {
    std::optional<RecipeRule::Span> span;
    if (const auto number = node.value_exact<int64_t>()) {
      span = {*number, *number};
    } else if (const auto text = node.value_exact<std::string>()) {
      span = ParseSpan(*text);
    }
    if (!span || span->first < 0 || span->last < span->first) {
      return WrongType(node, "position",
                       "\"first\", \"last\", a number from 0 (see qbench inspect), a range like "
                       "\"3-7\", or a list of numbers and ranges");
    }
    rule_.positions.push_back(*span);
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

bool MatchesLayer(const RecipeRule& rule, const graph::Graph& graph, const Op& op) {
  return !rule.layer || std::regex_search(std::string(graph::DisplayName(graph, op)), *rule.layer);
}

bool MatchesOperator(const RecipeRule& rule, const Op& op) {
  return rule.operators.empty() ||
         std::ranges::find(rule.operators, op.kind) != rule.operators.end();
}

bool MatchesPosition(const RecipeRule& rule, int64_t index, const Ends& ends) {
  if (rule.end) return index == (*rule.end == RecipeRule::End::kFirst ? ends.first : ends.last);
  return rule.positions.empty() ||
         std::ranges::any_of(rule.positions, [&](const RecipeRule::Span& span) {
           return span.first <= index && index <= span.last;
         });
}

bool Matches(const RecipeRule& rule, const graph::Graph& graph, int64_t index, const Ends& ends) {
  const Op& op = graph.ops[static_cast<size_t>(index)];
  return MatchesLayer(rule, graph, op) && MatchesOperator(rule, op) &&
         MatchesPosition(rule, index, ends);
}

// The letters of a regular expression, to be held against names.
std::string PlainText(std::string_view pattern) {
  constexpr std::string_view kSpecial = "^$.*+?()[]{}|\\";
  std::string text;
  for (const char c : pattern) {
    if (kSpecial.find(c) == std::string_view::npos) text += c;
  }
  return text;
}

// Why a rule matches nothing, as far as one of its keys alone is to blame.
std::string WhyNothing(const RecipeRule& rule, const graph::Graph& graph) {
  const auto none = [&](const auto& matches) { return std::ranges::none_of(graph.ops, matches); };
  if (none([&](const Op& op) { return MatchesLayer(rule, graph, op); })) {
    std::vector<std::string> names;
    for (const Op& op : graph.ops) names.emplace_back(graph::DisplayName(graph, op));
    return fmt::format(
        ": no layer's name matches \"{}\"{}", SafeName(rule.layer_text),
        NearNames(PlainText(rule.layer_text), std::move(names), NameMatch::kAnywhere));
  }
  if (none([&](const Op& op) { return MatchesOperator(rule, op); })) {
    std::set<std::string_view> kinds;
    for (const Op& op : graph.ops) kinds.insert(graph::OpKindName(op.kind));
    return fmt::format(": the model has {}", fmt::join(kinds, ", "));
  }
  return ": no operator matches all of its keys";
}

Status CheckPositions(const Recipe& recipe, const RecipeRule& rule, size_t operators) {
  for (const RecipeRule::Span& span : rule.positions) {
    if (static_cast<size_t>(span.last) < operators) continue;
    return Error(StatusCode::kInvalidArgument,
                 "{}: the rule in line {}: position {} is beyond the model's last operator, {}",
                 recipe.source, rule.line, span.last, static_cast<int64_t>(operators) - 1);
  }
  return OkStatus();
}

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

Status CheckActivations(const Recipe& recipe, graph::DataType activations) {
  if (activations != graph::DataType::kInt16) return OkStatus();
  for (const RecipeRule& rule : recipe.rules) {
    if (rule.symmetric.value_or(true)) continue;
    return Error(StatusCode::kInvalidArgument,
                 "{}: the rule in line {}: int16 activations are always symmetric; leave "
                 "activations out, or use int8",
                 recipe.source, rule.line);
  }
  return OkStatus();
}

Status ApplyRecipe(const Recipe& recipe, const graph::Model& model, const BoundaryEnds& ends,
                   OperatorChoices& choices) {
  const graph::Graph& graph = model.graph;
  const Ends with_weights(graph);
  std::vector<bool> free_ops;
  for (const Op& op : graph.ops) free_ops.push_back(KeepsScale(op.kind));
  for (const RecipeRule& rule : recipe.rules) {
    QB_RETURN_IF_ERROR(CheckPositions(recipe, rule, graph.ops.size()));
    bool matched = false;
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      if (!Matches(rule, graph, static_cast<int64_t>(i), with_weights)) continue;
      matched = true;
      if (rule.float_compute) {
        choices[i].in_float = *rule.float_compute;
        free_ops[i] = false;
      }
      if (rule.per_channel) choices[i].per_tensor = !*rule.per_channel;
      if (rule.symmetric) choices[i].symmetric = *rule.symmetric;
    }
    if (!matched) {
      return Error(StatusCode::kInvalidArgument,
                   "{}: the rule in line {} matches no operator{}; qbench inspect shows names, "
                   "kinds and numbers",
                   recipe.source, rule.line, WhyNothing(rule, graph));
    }
  }
  std::vector<bool> float_ops;
  for (const OperatorChoice& choice : choices) float_ops.push_back(choice.in_float);
  PlaceBoundaries(graph, ends, free_ops, float_ops);
  for (size_t i = 0; i < choices.size(); ++i) choices[i].in_float = float_ops[i];
  return OkStatus();
}

Result<OperatorChoices> ReadWeightRecipe(const std::string& file, const graph::Model& model,
                                         bool per_tensor) {
  OperatorChoices choices(model.graph.ops.size());
  if (file.empty()) return choices;
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  QB_ASSIGN_OR_RETURN(const Recipe recipe, ParseRecipe(text, file));
  for (const RecipeRule& rule : recipe.rules) {
    if (!rule.symmetric && (per_tensor || !rule.per_channel)) continue;
    return Error(
        StatusCode::kInvalidArgument,
        "{}: the rule in line {}: this quantizer takes {}; {} with int8, uint8 and int16x8", file,
        rule.line, per_tensor ? "compute and weights" : "compute alone",
        per_tensor ? "activations goes" : "weights and activations go");
  }
  QB_RETURN_IF_ERROR(ApplyRecipe(recipe, model, {}, choices));
  return choices;
}

}  // namespace qbench::quantize
