// Nodes on constants, computed at import: the arithmetic on shapes that exporters write down
// (Shape, Gather, Concat, …), and weights that are made of others.
#pragma once

#include <string_view>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {

// Whether a node of this operator is computed where all of its inputs are constants.
bool IsFolded(std::string_view op_type);
// Whether it is so whatever its inputs are: it asks for the shape of a tensor, or has no inputs.
bool IsFoldedAlways(std::string_view op_type);

// The node's one output. `budget` is how many elements may still be made for the whole model, and
// gets less. kCorrupt, kUnsupported.
Result<HostTensorRef> FoldNode(NodeCall& call, int64_t& budget);

// onnx_fold_nd.cc
Result<HostTensorRef> FoldGatherNd(NodeCall& call, int64_t& budget);
Result<HostTensorRef> FoldScatterNd(NodeCall& call, int64_t& budget);
Result<HostTensorRef> FoldClip(NodeCall& call, int64_t& budget);
Result<HostTensorRef> FoldMatMul(NodeCall& call, int64_t& budget);
Result<HostTensorRef> FoldWhere(NodeCall& call, int64_t& budget);

// onnx_fold_arithmetic.cc. Null where it is not one of: Add, Sub, Mul, Div, Mod, Pow, Min, Max,
// Equal, Less, LessOrEqual, Greater, GreaterOrEqual, And, Or; Neg, Sqrt, Reciprocal, Exp, Log,
// Relu, Sigmoid, Tanh, Floor, Ceil, Abs, Not.
using Folder = Result<HostTensorRef> (*)(NodeCall& call, int64_t& budget);
Folder FindArithmetic(std::string_view op_type);
// Takes `count` elements from the budget; kUnsupported where it is used up.
Status Spend(const NodeCall& call, int64_t count, int64_t& budget);
// `tensor` stretched to `dims`.
Result<HostTensorRef> Stretched(NodeCall& call, const HostTensor& tensor, const Dims& dims,
                                int64_t& budget);

}  // namespace qbench::graph::import::onnx
