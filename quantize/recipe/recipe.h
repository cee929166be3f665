// Recipes: which operators are quantized, and how, chosen by the user in a TOML file
// (docs/recipes.md).
//
//   [[rule]]
//   layer = "block_1_"               # a regular expression, found anywhere in the layer's name
//   operator = "DEPTHWISE_CONV_2D"   # or a list
//   position = "first"               # or "last" (with weights); or the number that qbench inspect
//                                    # shows, "3-7", or a list of both
//   compute = "float"                # or "integer"
//   weights = "per-tensor"           # or "per-channel"
//   activations = "symmetric"        # or "asymmetric"
//
// A rule is for the operators that match all of its first three keys, every operator where there
// are none; it sets what its last three say. Of several rules the later one wins.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"
#include "quantize/operator_choices.h"
#include "quantize/rewrites/boundary.h"

namespace qbench::quantize {

struct RecipeRule {
  int line = 0;            // in the file, for messages
  std::string layer_text;  // as it was written
  std::optional<std::regex> layer;
  std::vector<graph::OpKind> operators;  // empty: any
  enum class End { kFirst, kLast };
  std::optional<End> end;
  struct Span {
    int64_t first = 0;
    int64_t last = 0;  // included
  };
  std::vector<Span> positions;  // empty: any
  std::optional<bool> float_compute;
  std::optional<bool> per_channel;
  std::optional<bool> symmetric;
};

struct Recipe {
  std::string source;  // the file's path, for messages
  std::vector<RecipeRule> rules;
};

// kCorrupt: not TOML; kInvalidArgument, naming line and key: what is not a recipe.
Result<Recipe> ParseRecipe(std::string_view text, std::string_view source);

// kInvalidArgument, naming the rule, where one asks for activations that this type does not have:
// int16 ones are always symmetric.
Status CheckActivations(const Recipe& recipe, graph::DataType activations);

// Applies the rules to `choices`, which hold the quantizer's own, one place an operator. Then
// operators that only move or select values and that no rule set `compute` for (pooling, reshape,
// pad, concatenation) go to the side, integer or float, that makes the boundaries cheapest
// (boundary.h). kInvalidArgument, naming the rule and what comes near, where one matches no
// operator, or a position is beyond the last operator.
Status ApplyRecipe(const Recipe& recipe, const graph::Model& model, const BoundaryEnds& ends,
                   OperatorChoices& choices);

// For quantizers that store weights and round no activation: what the recipe in `file` says of a
// model; nothing stays float and nothing is per-tensor where `file` is empty. Fails as the
// functions above do, and where a rule says more than `compute` and, if `per_tensor` allows it,
// `weights`.
Result<OperatorChoices> ReadWeightRecipe(const std::string& file, const graph::Model& model,
                                         bool per_tensor);

}  // namespace qbench::quantize
