#include <algorithm>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

struct KnownNode {
  std::string_view op_type;
  NodeBuilder builder;
};

constexpr KnownNode kNodes[] = {
    {"Abs", BuildAbs},
    {"Add", BuildAdd},
    {"AveragePool", BuildAveragePool},
    {"BatchNormalization", BuildBatchNormalization},
    {"Cast", BuildCast},
    {"Celu", BuildCelu},
    {"Clip", BuildClip},
    {"Concat", BuildConcat},
    {"Conv", BuildConv},
    {"ConvTranspose", BuildConvTranspose},
    {"DepthToSpace", BuildDepthToSpace},
    {"DequantizeLinear", BuildDequantizeLinear},
    {"Div", BuildDiv},
    {"Dropout", BuildIdentity},
    {"Elu", BuildElu},
    {"Expand", BuildExpand},
    {"Flatten", BuildFlatten},
    {"Gather", BuildGather},
    {"Gelu", BuildGelu},
    {"Gemm", BuildGemm},
    {"GlobalAveragePool", BuildGlobalAveragePool},
    {"GlobalMaxPool", BuildGlobalMaxPool},
    {"GroupNormalization", BuildGroupNormalization},
    {"HardSigmoid", BuildHardSigmoid},
    {"HardSwish", BuildHardSwish},
    {"Identity", BuildIdentity},
    {"InstanceNormalization", BuildInstanceNormalization},
    {"LayerNormalization", BuildLayerNormalization},
    {"LeakyRelu", BuildLeakyRelu},
    {"MatMul", BuildMatMul},
    {"Max", BuildMax},
    {"MaxPool", BuildMaxPool},
    {"Min", BuildMin},
    {"Mul", BuildMul},
    {"Neg", BuildNeg},
    {"PRelu", BuildPRelu},
    {"Pad", BuildPad},
    {"Pow", BuildPow},
    {"QuantizeLinear", BuildQuantizeLinear},
    {"Reciprocal", BuildReciprocal},
    {"ReduceL2", BuildReduceL2},
    {"ReduceMax", BuildReduceMax},
    {"ReduceMean", BuildReduceMean},
    {"ReduceSum", BuildReduceSum},
    {"Relu", BuildRelu},
    {"Reshape", BuildReshape},
    {"Resize", BuildResize},
    {"Selu", BuildSelu},
    {"Sigmoid", BuildSigmoid},
    {"Slice", BuildSlice},
    {"Softmax", BuildSoftmax},
    {"Softsign", BuildSoftsign},
    {"Split", BuildSplit},
    {"Sqrt", BuildSqrt},
    {"Squeeze", BuildSqueeze},
    {"Sub", BuildSub},
    {"Sum", BuildSum},
    {"Tanh", BuildTanh},
    {"Transpose", BuildTranspose},
    {"Unsqueeze", BuildUnsqueeze},
    {"Upsample", BuildResize},
};

}  // namespace

NodeBuilder FindNodeBuilder(std::string_view op_type) {
  const auto* found = std::ranges::find(kNodes, op_type, &KnownNode::op_type);
  return found == std::end(kNodes) ? nullptr : found->builder;
}

std::vector<std::string_view> KnownNodes() {
  std::vector<std::string_view> names;
  for (const KnownNode& node : kNodes) names.push_back(node.op_type);
  return names;
}

}  // namespace qbench::graph::import::onnx
