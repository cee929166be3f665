// How the operators of a model are quantized, one by one: what a quantizer's options and a recipe
// (recipe/recipe.h) choose, and what the rewrites go by.
#pragma once

#include <cstddef>
#include <vector>

namespace qbench::quantize {

struct OperatorChoice {
  bool in_float = false;      // it stays float32
  bool int8_storage = false;  // of one that stays float32: its weights are stored as int8
  bool per_tensor = false;    // its weights get one scale for the tensor
  bool symmetric = false;     // its output has zero point 0
  bool operator==(const OperatorChoice&) const = default;
};

// One place an operator, or empty: then each is at the defaults.
using OperatorChoices = std::vector<OperatorChoice>;

inline OperatorChoice ChoiceOf(const OperatorChoices& choices, size_t op) {
  return op < choices.size() ? choices[op] : OperatorChoice();
}

}  // namespace qbench::quantize
