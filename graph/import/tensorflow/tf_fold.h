// Operators of TensorFlow whose inputs are all known: computed when the graph is imported, as
// TensorFlow would, in float32 or whole numbers. Weights that training folded, and shape
// arithmetic, in which what depends on an open batch is followed.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "graph/import/tensorflow/tf_node.h"

namespace qbench::graph::import {

using TfFold = Result<TfArray> (*)(const TfNode& node, std::span<const TfArrayPtr> inputs);

struct TfFoldEntry {
  std::string_view op;
  TfFold fold;
};
std::span<const TfFoldEntry> ArithmeticFolds();
std::span<const TfFoldEntry> ShapeFolds();
// Null where the operator is not computed at import.
TfFold FindFold(std::string_view op);

// Strides by which an array of `dims` is walked as one of `out`, in which it stretches.
std::vector<size_t> StretchStrides(const Dims& dims, const Dims& out);
// kUnsupported where they do not fit together or the result would be too large.
Result<Dims> StretchedDims(const TfNode& node, const Dims& a, const Dims& b);
// Calls visit(i) for each place of `out` with the place in an array that has these strides.
void Walk(const Dims& out, const std::vector<size_t>& strides, size_t start,
          const std::function<void(size_t place)>& visit);
// The elements at these places, with all that an array knows of them but a range.
TfArray Picked(const TfArray& array, Dims dims, const std::vector<size_t>& places);

}  // namespace qbench::graph::import
