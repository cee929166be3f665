// Which kernel serves which operator and types. A line that is not here is not supported.
#include <optional>
#include <string>

#include "graph/operators.h"
#include "kernels/activations.h"
#include "kernels/batch_matmul.h"
#include "kernels/conv2d.h"
#include "kernels/convert.h"
#include "kernels/depthwise_conv2d.h"
#include "kernels/elementwise.h"
#include "kernels/fully_connected.h"
#include "kernels/grouped_conv2d.h"
#include "kernels/image_resize.h"
#include "kernels/kernel.h"
#include "kernels/pooling.h"
#include "kernels/rearrange.h"
#include "kernels/reduce_mean.h"
#include "kernels/sigmoid16.h"
#include "kernels/softmax.h"

namespace qbench::kernels {
namespace {

using graph::DataType;
using graph::OpKind;

constexpr DataType kF32 = DataType::kFloat32;
constexpr DataType kF16 = DataType::kFloat16;
constexpr DataType kI8 = DataType::kInt8;
constexpr DataType kU8 = DataType::kUInt8;
constexpr DataType kI16 = DataType::kInt16;

// Operators with weights: what the activations, the weights and the biases are.
struct WeightedKernel {
  OpKind kind;
  DataType activations, weights, bias;
  Prepare prepare;
};
constexpr DataType kI32 = DataType::kInt32;
constexpr DataType kI64 = DataType::kInt64;
constexpr WeightedKernel kWeightedKernels[] = {
    {OpKind::kConv2D, kF32, kF32, kF32, PrepareConv2DFloat},
    {OpKind::kConv2D, kI8, kI8, kI32, PrepareConv2DInt8},
    {OpKind::kConv2D, kU8, kU8, kI32, PrepareConv2DUInt8},
    {OpKind::kConv2D, kI16, kI8, kI64, PrepareConv2DInt16},
    {OpKind::kConv2D, kF32, kI8, kF32, PrepareConv2DDynamicRange},
    {OpKind::kDepthwiseConv2D, kF32, kF32, kF32, PrepareDepthwiseConv2DFloat},
    {OpKind::kDepthwiseConv2D, kI8, kI8, kI32, PrepareDepthwiseConv2DInt8},
    {OpKind::kDepthwiseConv2D, kU8, kU8, kI32, PrepareDepthwiseConv2DUInt8},
    {OpKind::kDepthwiseConv2D, kI16, kI8, kI64, PrepareDepthwiseConv2DInt16},
    {OpKind::kDepthwiseConv2D, kF32, kI8, kF32, PrepareDepthwiseConv2DDynamicRange},
    {OpKind::kFullyConnected, kF32, kF32, kF32, PrepareFullyConnectedFloat},
    {OpKind::kFullyConnected, kI8, kI8, kI32, PrepareFullyConnectedInt8},
    {OpKind::kFullyConnected, kU8, kU8, kI32, PrepareFullyConnectedUInt8},
    {OpKind::kFullyConnected, kI16, kI8, kI64, PrepareFullyConnectedInt16},
    {OpKind::kFullyConnected, kF32, kI8, kF32, PrepareFullyConnectedDynamicRange},
};

// All other operators: what the activations are that go in and what comes out.
struct Kernel {
  OpKind kind;
  DataType input, output;
  Prepare prepare;
};
constexpr Kernel kKernels[] = {
    {OpKind::kAdd, kF32, kF32, PrepareBinaryFloat},
    {OpKind::kAdd, kI8, kI8, PrepareAddQuantized<int8_t>},
    {OpKind::kAdd, kU8, kU8, PrepareAddQuantized<uint8_t>},
    {OpKind::kAdd, kI16, kI16, PrepareAddQuantized<int16_t>},
    {OpKind::kSub, kF32, kF32, PrepareBinaryFloat},
    {OpKind::kSub, kI8, kI8, PrepareAddQuantized<int8_t>},
    {OpKind::kSub, kU8, kU8, PrepareAddQuantized<uint8_t>},
    {OpKind::kSub, kI16, kI16, PrepareAddQuantized<int16_t>},
    {OpKind::kMul, kF32, kF32, PrepareBinaryFloat},
    {OpKind::kMul, kI8, kI8, PrepareMulQuantized<int8_t>},
    {OpKind::kMul, kU8, kU8, PrepareMulQuantized<uint8_t>},
    {OpKind::kMul, kI16, kI16, PrepareMulQuantized<int16_t>},
    {OpKind::kDiv, kF32, kF32, PrepareBinaryFloat},
    {OpKind::kBatchMatMul, kF32, kF32, PrepareBatchMatMulFloat},
    {OpKind::kBatchMatMul, kI8, kI8, PrepareBatchMatMulInt8},
    {OpKind::kPrelu, kF32, kF32, PreparePreluFloat},
    {OpKind::kPrelu, kI8, kI8, PreparePreluQuantized<int8_t>},
    {OpKind::kPrelu, kU8, kU8, PreparePreluQuantized<uint8_t>},
    {OpKind::kMaximum, kF32, kF32, PrepareExtremum<float>},
    {OpKind::kMaximum, kI8, kI8, PrepareExtremum<int8_t>},
    {OpKind::kMaximum, kU8, kU8, PrepareExtremum<uint8_t>},
    {OpKind::kMaximum, kI16, kI16, PrepareExtremum<int16_t>},
    {OpKind::kMinimum, kF32, kF32, PrepareExtremum<float>},
    {OpKind::kMinimum, kI8, kI8, PrepareExtremum<int8_t>},
    {OpKind::kMinimum, kU8, kU8, PrepareExtremum<uint8_t>},
    {OpKind::kMinimum, kI16, kI16, PrepareExtremum<int16_t>},
    {OpKind::kResizeBilinear, kF32, kF32, PrepareResizeBilinearFloat},
    {OpKind::kElu, kF32, kF32, PrepareActivationFloat},
    {OpKind::kElu, kI8, kI8, PrepareTableQuantized<int8_t>},
    {OpKind::kGelu, kF32, kF32, PrepareActivationFloat},
    {OpKind::kGelu, kI8, kI8, PrepareTableQuantized<int8_t>},
    {OpKind::kGelu, kU8, kU8, PrepareTableQuantized<uint8_t>},
    {OpKind::kRsqrt, kF32, kF32, PrepareActivationFloat},
    {OpKind::kSqrt, kF32, kF32, PrepareActivationFloat},
    {OpKind::kAveragePool2D, kF32, kF32, PrepareAveragePool2DFloat},
    {OpKind::kAveragePool2D, kI8, kI8, PrepareAveragePool2DQuantized<int8_t>},
    {OpKind::kAveragePool2D, kU8, kU8, PrepareAveragePool2DQuantized<uint8_t>},
    {OpKind::kAveragePool2D, kI16, kI16, PrepareAveragePool2DQuantized<int16_t>},
    {OpKind::kMaxPool2D, kF32, kF32, PrepareMaxPool2DFloat},
    {OpKind::kMaxPool2D, kI8, kI8, PrepareMaxPool2DQuantized<int8_t>},
    {OpKind::kMaxPool2D, kU8, kU8, PrepareMaxPool2DQuantized<uint8_t>},
    {OpKind::kMaxPool2D, kI16, kI16, PrepareMaxPool2DQuantized<int16_t>},
    {OpKind::kSum, kF32, kF32, PrepareSumFloat},
    {OpKind::kReduceMax, kF32, kF32, PrepareReduceMax<float>},
    {OpKind::kReduceMax, kI8, kI8, PrepareReduceMax<int8_t>},
    {OpKind::kReduceMax, kU8, kU8, PrepareReduceMax<uint8_t>},
    {OpKind::kReduceMax, kI16, kI16, PrepareReduceMax<int16_t>},
    {OpKind::kMean, kF32, kF32, PrepareMeanFloat},
    {OpKind::kMean, kI8, kI8, PrepareMeanQuantized<int8_t>},
    {OpKind::kMean, kU8, kU8, PrepareMeanQuantized<uint8_t>},
    {OpKind::kMean, kI16, kI16, PrepareMeanQuantized<int16_t>},
    {OpKind::kRelu, kF32, kF32, PrepareActivationFloat},
    {OpKind::kRelu, kI8, kI8, PrepareReluQuantized<int8_t>},
    {OpKind::kRelu, kU8, kU8, PrepareReluQuantized<uint8_t>},
    {OpKind::kRelu, kI16, kI16, PrepareReluQuantized<int16_t>},
    {OpKind::kRelu6, kF32, kF32, PrepareActivationFloat},
    {OpKind::kRelu6, kI8, kI8, PrepareReluQuantized<int8_t>},
    {OpKind::kRelu6, kU8, kU8, PrepareReluQuantized<uint8_t>},
    {OpKind::kRelu6, kI16, kI16, PrepareReluQuantized<int16_t>},
    {OpKind::kLeakyRelu, kF32, kF32, PrepareActivationFloat},
    {OpKind::kLeakyRelu, kI8, kI8, PrepareReluQuantized<int8_t>},
    {OpKind::kLeakyRelu, kU8, kU8, PrepareReluQuantized<uint8_t>},
    {OpKind::kLeakyRelu, kI16, kI16, PrepareReluQuantized<int16_t>},
    {OpKind::kLogistic, kF32, kF32, PrepareActivationFloat},
    {OpKind::kLogistic, kI8, kI8, PrepareTableQuantized<int8_t>},
    {OpKind::kLogistic, kU8, kU8, PrepareTableQuantized<uint8_t>},
    {OpKind::kLogistic, kI16, kI16, PrepareSigmoid16},
    {OpKind::kTanh, kF32, kF32, PrepareActivationFloat},
    {OpKind::kTanh, kI8, kI8, PrepareTableQuantized<int8_t>},
    {OpKind::kTanh, kU8, kU8, PrepareTableQuantized<uint8_t>},
    {OpKind::kTanh, kI16, kI16, PrepareSigmoid16},
    {OpKind::kHardSwish, kF32, kF32, PrepareActivationFloat},
    {OpKind::kHardSwish, kI8, kI8, PrepareHardSwishQuantized<int8_t>},
    {OpKind::kHardSwish, kU8, kU8, PrepareHardSwishQuantized<uint8_t>},
    {OpKind::kSoftmax, kF32, kF32, PrepareSoftmaxFloat},
    {OpKind::kSoftmax, kI8, kI8, PrepareSoftmaxQuantized<int8_t>},
    {OpKind::kSoftmax, kU8, kU8, PrepareSoftmaxQuantized<uint8_t>},
    {OpKind::kSoftmax, kI16, kI16, PrepareSoftmaxInt16},
    {OpKind::kQuantize, kF32, kI8, PrepareQuantize<int8_t>},
    {OpKind::kQuantize, kF32, kU8, PrepareQuantize<uint8_t>},
    {OpKind::kQuantize, kF32, kI16, PrepareQuantize<int16_t>},
    {OpKind::kQuantize, kI8, kI8, PrepareRequantize<int8_t, int8_t>},
    {OpKind::kQuantize, kI8, kU8, PrepareRequantize<int8_t, uint8_t>},
    {OpKind::kQuantize, kU8, kI8, PrepareRequantize<uint8_t, int8_t>},
    {OpKind::kQuantize, kU8, kU8, PrepareRequantize<uint8_t, uint8_t>},
    {OpKind::kQuantize, kI16, kI8, PrepareRequantize<int16_t, int8_t>},
    {OpKind::kQuantize, kI8, kI16, PrepareRequantize<int8_t, int16_t>},
    {OpKind::kQuantize, kU8, kI16, PrepareRequantize<uint8_t, int16_t>},
    {OpKind::kQuantize, kI16, kI16, PrepareRequantize<int16_t, int16_t>},
    {OpKind::kDequantize, kF16, kF32, PrepareDequantizeFloat16},
    {OpKind::kDequantize, kI8, kF32, PrepareDequantize<int8_t>},
    {OpKind::kDequantize, kU8, kF32, PrepareDequantize<uint8_t>},
    {OpKind::kDequantize, kI16, kF32, PrepareDequantize<int16_t>},
};

// These move values of any type.
struct MovingKernel {
  OpKind kind;
  Prepare prepare;
};
constexpr MovingKernel kMovingKernels[] = {
    {OpKind::kConcatenation, PrepareConcatenation},
    {OpKind::kPad, PreparePad},
    {OpKind::kReshape, PrepareReshape},
    {OpKind::kTranspose, PrepareTranspose},
    {OpKind::kDepthToSpace, PrepareDepthToSpace},
    {OpKind::kStridedSlice, PrepareStridedSlice},
    {OpKind::kResizeNearestNeighbor, PrepareResizeNearest},
};

std::optional<Prepare> FindWeightedKernel(const OpContext& context) {
  const DataType input = context.input(0).type();
  const Operand& bias = context.input(graph::kBiasInput);
  for (const WeightedKernel& kernel : kWeightedKernels) {
    if (kernel.kind == context.op->kind && kernel.activations == input &&
        kernel.activations == context.output().type() &&
        kernel.weights == context.input(graph::kWeightsInput).type() &&
        (!bias.present() || kernel.bias == bias.type())) {
      return kernel.prepare;
    }
  }
  return std::nullopt;
}

std::optional<Prepare> FindKernel(const OpContext& context) {
  const OpKind kind = context.op->kind;
  const graph::OperatorInfo& info = graph::InfoOf(kind);
  if (info.has_weights()) return FindWeightedKernel(context);
  const DataType input = context.input(0).type();
  const DataType output = context.output().type();
  const size_t activations = graph::ActivationInputs(*context.op);
  for (size_t i = 1; i < activations; ++i) {
    if (context.input(i).type() != input) return std::nullopt;
  }
  for (const MovingKernel& kernel : kMovingKernels) {
    if (kernel.kind == kind && input == output) return kernel.prepare;
  }
  for (const Kernel& kernel : kKernels) {
    if (kernel.kind == kind && kernel.input == input && kernel.output == output) {
      return kernel.prepare;
    }
  }
  return std::nullopt;
}

// "float32, int8 -> float32"
std::string TypesOf(const OpContext& context) {
  std::string types;
  for (const Operand& operand : context.inputs) {
    if (!operand.present()) continue;
    if (!types.empty()) types += ", ";
    types += graph::DataTypeName(operand.type());
  }
  return fmt::format("{} -> {}", types, graph::DataTypeName(context.output().type()));
}

}  // namespace

Result<Run> PrepareOp(const OpContext& context) {
  const std::optional<Prepare> prepare = FindKernel(context);
  if (prepare.has_value()) {
    return IsGrouped(context) ? PrepareGroupedConv2D(context, *prepare) : (*prepare)(context);
  }
  return Error(StatusCode::kUnsupported, "there is no reference kernel for the types {}",
               TypesOf(context));
}

}  // namespace qbench::kernels
