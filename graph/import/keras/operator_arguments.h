// What operators are called with: tensors, numbers, dimensions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {

// Numbers in nested lists.
struct NumberArray {
  Shape shape;
  std::vector<float> values;
};
// Nothing where it is anything else, or the lists are not of one length.
std::optional<NumberArray> ReadNumbers(const Json& json);

// One of two operands: a tensor, or numbers.
struct Operand {
  std::optional<TensorId> tensor;
  NumberArray numbers;

  bool is_number() const { return !tensor && numbers.values.size() == 1; }
  double number() const { return numbers.values[0]; }
};

// The two operands of a binary operator, at least one of them a tensor, fit for broadcasting: the
// batch stays what it is.
Result<std::pair<Operand, Operand>> ReadOperands(const LayerCall& call);
// The operand's tensor, or a constant of its numbers.
Result<TensorId> AsTensor(LayerCall& call, const Operand& operand);

// What the operator is called on.
Result<TensorId> FirstTensor(const LayerCall& call);

// The option `key`, one dimension or several from either end, in rising order; `rank` is the
// input's. kUnsupported for the batch.
Result<std::vector<int32_t>> ReadAxes(const LayerCall& call, const char* key, size_t rank);

// A table of operators by their functions' names.
using OperatorEntry = std::pair<std::string_view, LayerBuilder>;
// layers_operator_shape.cc: those that move values.
std::span<const OperatorEntry> ShapeOperators();

}  // namespace qbench::graph::import
