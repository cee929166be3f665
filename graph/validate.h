// Checks that a graph means something: indices in range, operators in an order in which they can
// run, every operator with the inputs, options, types and shapes that TensorFlow Lite's operator
// of that name takes, constants of the right size, quantization parameters of the right count.
#pragma once

#include "graph/ir.h"

namespace qbench::graph {

// kCorrupt (the structure is broken) or kUnsupported (an operator's variant that qbench does not
// know); the message names the operator. Everything that reads models from outside calls this, so
// that passes, kernels and quantizers may rely on it.
Status Validate(const Model& model);

// The shape that `op` gives its output, from its inputs' shapes and its options (TensorFlow's
// rules for SAME and VALID padding). Reads nothing of the outputs, so that whoever builds a graph
// may ask before there is one. kCorrupt or kUnsupported where inputs and options do not fit
// together or are not those of the operator.
Result<Shape> InferOutputShape(const Graph& graph, const Op& op);

}  // namespace qbench::graph
