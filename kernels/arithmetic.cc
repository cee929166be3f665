#include "kernels/arithmetic.h"

#include <cmath>

#include "graph/operators.h"
#include "kernels/kernel.h"

namespace qbench::kernels {
namespace {

using graph::DataType;
using graph::OpKind;

// Float activations and int8 weights: they are quantized by XNNPACK itself.
bool IsDynamicRange(const OpContext& context) {
  return context.input(0).type() == DataType::kFloat32 &&
         context.input(1).type() == DataType::kInt8;
}

// Sums of float products.
bool IsFloatLayer(const OpContext& context) {
  return graph::HasWeights(context.op->kind) && context.input(0).type() == DataType::kFloat32 &&
         context.input(1).type() == DataType::kFloat32;
}

bool IsByte(DataType type) { return type == DataType::kInt8 || type == DataType::kUInt8; }

// XNNPACK takes scales that are not too far apart; the delegate leaves other operators to LiteRT
// (delegates/xnnpack/xnnpack_delegate.cc). In float, as there.
bool TakesScales(const OpContext& context) {
  const auto ratio = [&](size_t i) { return context.input(i).scale() / context.output().scale(); };
  const auto within = [](float x, float low, float high) { return x >= low && x < high; };
  const auto converts = [](float x) { return x >= 1.0F / 256.0F && x <= 128.0F; };
  switch (context.op->kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
      return within(ratio(0), 1.0F / 1024.0F, 256.0F) && within(ratio(1), 1.0F / 1024.0F, 256.0F);
    case OpKind::kMul:
      return within(context.input(0).scale() * context.input(1).scale() / context.output().scale(),
                    1.0F / 65536.0F, 256.0F);
    case OpKind::kQuantize:
      return converts(ratio(0));
    case OpKind::kLeakyRelu: {
      const float alpha = context.options<graph::LeakyReluOptions>().alpha;
      const float negative = ratio(0) * alpha;
      return converts(ratio(0)) && converts(std::abs(negative)) && negative >= -127.99609375F;
    }
    default:
      return true;
  }
}

// Does LiteRT give this operator to XNNPACK?
bool DelegatedToXnnpack(const OpContext& context) {
  const DataType input = context.input(0).type();
  if (IsFloatLayer(context)) return true;
  switch (context.op->kind) {
    case OpKind::kSoftmax:
    case OpKind::kAveragePool2D:
    case OpKind::kBatchMatMul:
    case OpKind::kPrelu:
      return false;
    case OpKind::kFullyConnected:
      return IsByte(input) || IsDynamicRange(context);
    case OpKind::kConv2D:
      if (IsDynamicRange(context)) return true;
      [[fallthrough]];
    case OpKind::kDepthwiseConv2D:
      // A bias without a scale (graph/tflite_writer adds those that a model lacks) is not taken.
      return IsByte(input) && context.input(2).present() &&
             context.input(2).tensor->quantization.has_value();
    case OpKind::kQuantize:
      return input == DataType::kFloat32
                 ? IsByte(context.output().type())
                 : IsByte(input) && input == context.output().type() && TakesScales(context);
    default:
      return IsByte(input) && TakesScales(context);
  }
}

}  // namespace

Arithmetic OperatorArithmetic(Arithmetic chosen, const OpContext& context) {
  if (chosen != Arithmetic::kXnnpack || DelegatedToXnnpack(context)) return chosen;
  return Arithmetic::kBuiltin;
}

}  // namespace qbench::kernels
