// TensorFlow's operators, a builder for each: it emits what the operator is in the model and gives
// the node's outputs.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "graph/import/tensorflow/tf_node.h"

namespace qbench::graph::import {

// kUnsupported, kCorrupt: the message names the node.
using TfBuilder = Status (*)(TfNode& node);

struct TfBuilderEntry {
  std::string_view op;
  TfBuilder build;
};
std::span<const TfBuilderEntry> SourceBuilders();
std::span<const TfBuilderEntry> ConvolutionBuilders();
std::span<const TfBuilderEntry> TransposedBuilders();
std::span<const TfBuilderEntry> DenseBuilders();
std::span<const TfBuilderEntry> EinsumBuilders();
std::span<const TfBuilderEntry> ElementwiseBuilders();
std::span<const TfBuilderEntry> ReductionBuilders();
std::span<const TfBuilderEntry> ShapeBuilders();
std::span<const TfBuilderEntry> PartBuilders();
std::span<const TfBuilderEntry> FakeQuantBuilders();

// Null where the operator is not known.
TfBuilder FindTfBuilder(std::string_view op);
// All of them, and those that are only computed at import.
std::vector<std::string_view> KnownTfOperators();

// Whether the node is the end of something that TensorFlow writes as operators of which some stand
// for nothing one by one: gelu, ELU with a factor, ReLU with a threshold, layer normalization of
// Keras 2. Then it has been built.
Result<bool> BuildPattern(TfNode& node);
// Whether the operator is known as a part of those alone.
bool IsOfPattern(std::string_view op);

// Whether an input is one number in all places, or the node makes such a tensor, and what it does
// of it is known. Then it has been built.
Result<bool> BuildEven(TfNode& node);

// What a Reshape asks for: whole dimensions for a batch of one, and which of them grows with it.
struct NewShape {
  std::vector<int32_t> dims;
  std::optional<size_t> batch;
};
// Of a tensor of `count` values. One dimension may depend on the batch, one may be left to be found
// from the others (-1).
Result<NewShape> ReadNewShape(const TfNode& node, const TfArray& target, int64_t count);
// The dimensions, of which the first depends on the batch where that is open.
TfArray ShapeArray(const TfNode& node, const Shape& shape);

// The matrix as weights of a fully connected layer: [in, out], or with `turned` [out, in] already.
Result<TensorId> DenseWeights(TfNode& node, const TfArray& matrix, bool turned);
// The input's rows, its last dimension, times such a matrix.
Result<TensorId> Dense(TfNode& node, TensorId input, const TfArray& matrix, bool turned);
// a [samples, …, m, k] times b [samples, …, k, n]; of `turned` ones the last two are exchanged.
Result<TensorId> MatrixProduct(TfNode& node, TensorId a, TensorId b, bool turned_a, bool turned_b);

}  // namespace qbench::graph::import
