// The rules that the rows of operators.cc name. Internal to graph/: others go through InfoOf.
#pragma once

#include <cstdint>

#include "graph/ir.h"

namespace qbench::graph {

// The output's shape (shape_inference.cc). CheckForm of InferOutputShape has passed: as many inputs
// as the operator takes, the operator's own options, and a parameter is an int32 constant.
Result<Shape> SameShape(const Graph& graph, const Op& op);  // as the first input
Result<Shape> SameShapeOfVectors(const Graph& graph, const Op& op);
Result<Shape> BroadcastShape(const Graph& graph, const Op& op);
Result<Shape> ConcatenationShape(const Graph& graph, const Op& op);
Result<Shape> Conv2DShape(const Graph& graph, const Op& op);
Result<Shape> DepthwiseConv2DShape(const Graph& graph, const Op& op);
Result<Shape> FullyConnectedShape(const Graph& graph, const Op& op);
Result<Shape> PoolShape(const Graph& graph, const Op& op);
Result<Shape> MeanShape(const Graph& graph, const Op& op);
Result<Shape> PadShape(const Graph& graph, const Op& op);
Result<Shape> ReshapeShape(const Graph& graph, const Op& op);
Result<Shape> TransposeShape(const Graph& graph, const Op& op);
Result<Shape> StridedSliceShape(const Graph& graph, const Op& op);
Result<Shape> ResizeShape(const Graph& graph, const Op& op);
Result<Shape> DepthToSpaceShape(const Graph& graph, const Op& op);
Result<Shape> BatchMatMulShape(const Graph& graph, const Op& op);
Result<Shape> PreluShape(const Graph& graph, const Op& op);

// Types, quantization and values of options (validate_ops.cc). The shapes have been checked.
Status CheckSameType(const Graph& graph, const Op& op);  // of all activations and the output
Status CheckSameScale(const Graph& graph, const Op& op);
Status CheckFixedScale(const Graph& graph, const Op& op);
Status CheckConcatenation(const Graph& graph, const Op& op);
Status CheckWeighted(const Graph& graph, const Op& op);
Status CheckReshape(const Graph& graph, const Op& op);
Status CheckLeakyRelu(const Graph& graph, const Op& op);
Status CheckSoftmax(const Graph& graph, const Op& op);
Status CheckResize(const Graph& graph, const Op& op);
Status CheckQuantize(const Graph& graph, const Op& op);
Status CheckDequantize(const Graph& graph, const Op& op);

// The lowest version that has what the operator needs (op_versions.cc): TensorFlow Lite's kernels
// learnt types and options one after the other, and a runtime refuses a version that it does not
// know. TensorFlow's list is its source file lite/tools/versioning/op_version.cc, with the kernels'
// registrations.
int32_t OneVersion(const Graph& graph, const Op& op);
int32_t VersionByType(const Graph& graph, const Op& op);  // most: 1 float, uint8; 2 int8; 3 int16
int32_t SubVersion(const Graph& graph, const Op& op);
int32_t MulVersion(const Graph& graph, const Op& op);
int32_t Conv2DVersion(const Graph& graph, const Op& op);
int32_t DepthwiseConv2DVersion(const Graph& graph, const Op& op);
int32_t FullyConnectedVersion(const Graph& graph, const Op& op);
int32_t PadVersion(const Graph& graph, const Op& op);
int32_t ExtremumVersion(const Graph& graph, const Op& op);  // of MAXIMUM and MINIMUM
int32_t TransposeVersion(const Graph& graph, const Op& op);
int32_t StridedSliceVersion(const Graph& graph, const Op& op);
int32_t ResizeVersion(const Graph& graph, const Op& op);
int32_t GeluVersion(const Graph& graph, const Op& op);
int32_t ReluVersion(const Graph& graph, const Op& op);
int32_t LeakyReluVersion(const Graph& graph, const Op& op);
int32_t QuantizeVersion(const Graph& graph, const Op& op);
int32_t DequantizeVersion(const Graph& graph, const Op& op);

}  // namespace qbench::graph
