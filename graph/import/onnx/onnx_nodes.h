// The nodes that can be read: operator -> the function that turns such a node into operators. One
// small function an operator; onnx_*.cc hold them by family.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/import/onnx/onnx_layout.h"
#include "graph/import/onnx/onnx_node.h"

namespace qbench::graph::import::onnx {

// Null where the operator is unknown.
NodeBuilder FindNodeBuilder(std::string_view op_type);
// All operators of nodes that take tensors, in order.
std::vector<std::string_view> KnownNodes();

// onnx_arithmetic.cc
Result<Value> BuildAdd(NodeCall& call);
Result<Value> BuildSub(NodeCall& call);
Result<Value> BuildMul(NodeCall& call);
Result<Value> BuildDiv(NodeCall& call);
Result<Value> BuildMax(NodeCall& call);
Result<Value> BuildMin(NodeCall& call);
Result<Value> BuildSum(NodeCall& call);
Result<Value> BuildPow(NodeCall& call);
Result<Value> BuildSqrt(NodeCall& call);
Result<Value> BuildReciprocal(NodeCall& call);
// The square root, which a division by it looks for.
Result<Value> Sqrt(NodeCall& call, const Value& input);
Result<Value> BuildNeg(NodeCall& call);
Result<Value> BuildAbs(NodeCall& call);
// kind(a, b), either of which may be a constant, with its dimensions as ONNX broadcasts them.
Result<Value> Binary(NodeCall& call, OpKind kind, const Value& a, const Value& b);
// input * factor and input + offset for all elements.
Result<Value> Scaled(NodeCall& call, const Value& input, double factor);
Result<Value> Shifted(NodeCall& call, const Value& input, double offset);

// onnx_activation.cc
Result<Value> BuildRelu(NodeCall& call);
Result<Value> BuildClip(NodeCall& call);
Result<Value> BuildLeakyRelu(NodeCall& call);
Result<Value> BuildPRelu(NodeCall& call);
Result<Value> BuildCelu(NodeCall& call);
Result<Value> BuildElu(NodeCall& call);
Result<Value> BuildSelu(NodeCall& call);
Result<Value> BuildGelu(NodeCall& call);
Result<Value> BuildHardSigmoid(NodeCall& call);
Result<Value> BuildHardSwish(NodeCall& call);
Result<Value> BuildSigmoid(NodeCall& call);
Result<Value> BuildTanh(NodeCall& call);
Result<Value> BuildSoftsign(NodeCall& call);
Result<Value> BuildSoftmax(NodeCall& call);
// Whether no element of the tensor is below 0, as far as the last few operators say.
bool IsNonNegative(const Graph& graph, TensorId tensor, int depth = 4);
// One operator that leaves shape and order as they are.
Result<Value> Apply(NodeCall& call, OpKind kind, const Value& input);

// onnx_convolution.cc
Result<Value> BuildConv(NodeCall& call);
Result<Value> BuildBatchNormalization(NodeCall& call);

// onnx_dense.cc
Result<Value> BuildGemm(NodeCall& call);
Result<Value> BuildMatMul(NodeCall& call);

// onnx_transposed.cc
Result<Value> BuildConvTranspose(NodeCall& call);

// onnx_pooling.cc
Result<Value> BuildMaxPool(NodeCall& call);
Result<Value> BuildAveragePool(NodeCall& call);
Result<Value> BuildGlobalAveragePool(NodeCall& call);
Result<Value> BuildGlobalMaxPool(NodeCall& call);
Result<Value> BuildReduceMean(NodeCall& call);
Result<Value> BuildReduceSum(NodeCall& call);
Result<Value> BuildReduceMax(NodeCall& call);
Result<Value> BuildReduceL2(NodeCall& call);

// onnx_shape.cc
Result<Value> BuildIdentity(NodeCall& call);
Result<Value> BuildCast(NodeCall& call);
Result<Value> BuildFlatten(NodeCall& call);
Result<Value> BuildReshape(NodeCall& call);
Result<Value> BuildSqueeze(NodeCall& call);
Result<Value> BuildUnsqueeze(NodeCall& call);
Result<Value> BuildTranspose(NodeCall& call);
Result<Value> BuildExpand(NodeCall& call);
Result<Value> BuildDepthToSpace(NodeCall& call);
// Dims after Reshape, Flatten, Squeeze and Unsqueeze of an input of `dims`, the same for constants.
Result<Dims> ReshapeDims(const NodeCall& call, const Dims& dims);
Result<Dims> SqueezeDims(const NodeCall& call, const Dims& dims);
Result<Dims> UnsqueezeDims(const NodeCall& call, const Dims& dims);
Result<Dims> FlattenDims(const NodeCall& call, const Dims& dims);
// The shape of both together, where dimensions of 1 stretch.
Result<Dims> ExpandDims(const NodeCall& call, const Dims& dims, const Dims& shape);
Result<std::vector<size_t>> Permutation(const NodeCall& call, size_t rank);

// onnx_concat.cc
Result<Value> BuildConcat(NodeCall& call);
// Computed parts of the same dims but along `axis`, one of ONNX's.
Result<Value> Joined(NodeCall& call, std::vector<Value> parts, size_t axis);

// onnx_slice.cc
Result<Value> BuildSplit(NodeCall& call);
Result<Value> BuildSlice(NodeCall& call);
Result<Value> BuildGather(NodeCall& call);
Result<Value> BuildPad(NodeCall& call);
// What is taken of one dimension: `count` elements, `step` apart.
struct Range {
  int64_t begin = 0, count = 0, step = 1;
};
// Slice, for an input of `dims`: a range for each dimension. Steps may be below 0.
Result<std::vector<Range>> SliceRanges(const NodeCall& call, const Dims& dims);
// [begin, end) of dimension `axis`, one of ONNX's.
Result<Value> Part(NodeCall& call, const Value& input, size_t axis, const Range& range);
// Zeros around the dimensions in memory: two numbers for each.
Result<TensorId> EmitPad(NodeCall& call, TensorId input, const std::vector<int32_t>& paddings);

// onnx_resize.cc
Result<Value> BuildResize(NodeCall& call);

// onnx_normalization.cc
Result<Value> BuildLayerNormalization(NodeCall& call);
Result<Value> BuildInstanceNormalization(NodeCall& call);
Result<Value> BuildGroupNormalization(NodeCall& call);
// The mean over places in memory.
Result<TensorId> EmitMean(NodeCall& call, TensorId input, const std::vector<int32_t>& places,
                          bool keep);

// onnx_quantize.cc
Result<Value> BuildQuantizeLinear(NodeCall& call);
Result<Value> BuildDequantizeLinear(NodeCall& call);
// The same of constants.
Result<HostTensorRef> QuantizeConstant(const NodeCall& call);
Result<HostTensorRef> DequantizeConstant(const NodeCall& call);

// onnx_window.cc
// A window that is moved over an image, in one of its two directions.
struct Window {
  int64_t input = 0, kernel = 1, stride = 1, dilation = 1;
  int64_t before = 0, after = 0;  // zeros around it

  int64_t covered() const { return (kernel - 1) * dilation + 1; }
  int64_t output() const { return (input + before + after - covered()) / stride + 1; }
  bool padded() const { return before != 0 || after != 0; }
  // The padding is that of TensorFlow's SAME.
  bool IsSame() const;
};
struct Windows {
  Window rows, columns;
  int64_t extra_rows = 0, extra_columns = 0;  // of `after`: what ceil_mode adds
  bool padded() const { return rows.padded() || columns.padded(); }
  bool IsSame() const { return rows.IsSame() && columns.IsSame(); }
};
// From kernel_shape, strides, dilations, pads, auto_pad and ceil_mode of a node on `image`, which
// is [1, height, width, channels]; of a row they have one direction, the width. Kernels: from the
// weights, or both 0.
Result<Windows> ReadWindows(const NodeCall& call, const Shape& image, bool is_row,
                            int64_t kernel_height, int64_t kernel_width);

}  // namespace qbench::graph::import::onnx
