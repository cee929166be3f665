// Calibration: which tensors of a float model need a measured range, the model that shows them, and
// the ranges themselves.
//
// A tensor whose quantization follows from another's is not measured: the output of an operator
// that only moves or selects values (pooling, reshape, pad, concatenation), or one whose
// parameters the operator fixes (softmax).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/ir.h"

namespace qbench::quantize {

// The smallest and largest value seen of one tensor.
struct ValueRange {
  float min = 0.0F;
  float max = 0.0F;
  bool operator==(const ValueRange&) const = default;
};

// One place a tensor of the model; empty where the tensor was not measured.
using TensorRanges = std::vector<std::optional<ValueRange>>;

// The tensors to measure, each once, in the order of their producers: first the model's inputs.
std::vector<graph::TensorId> TensorsToMeasure(const graph::Model& model);

// Widens *range (or starts it) by `values`. kInvalidArgument where a value is not finite.
Status WidenRange(std::span<const float> values, std::optional<ValueRange>& range);

}  // namespace qbench::quantize
