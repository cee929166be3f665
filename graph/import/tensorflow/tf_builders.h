// TensorFlow's operators, a builder for each: it emits what the operator is in the model and gives
// the node's outputs.
#pragma once

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
std::span<const TfBuilderEntry> DenseBuilders();
std::span<const TfBuilderEntry> ElementwiseBuilders();
std::span<const TfBuilderEntry> ReductionBuilders();
std::span<const TfBuilderEntry> ShapeBuilders();
std::span<const TfBuilderEntry> PartBuilders();
std::span<const TfBuilderEntry> FakeQuantBuilders();

// Null where the operator is not known.
TfBuilder FindTfBuilder(std::string_view op);
// All of them, and those that are only computed at import.
std::vector<std::string_view> KnownTfOperators();

// Whether the node is the end of gelu as TensorFlow writes it, x / 2 * (1 + erf(x / sqrt(2))),
// whose operators stand for nothing one by one. Then it has been built.
Result<bool> BuildGelu(TfNode& node);

// The matrix as weights of a fully connected layer: [in, out], or with `turned` [out, in] already.
Result<TensorId> DenseWeights(TfNode& node, const TfArray& matrix, bool turned);

}  // namespace qbench::graph::import
