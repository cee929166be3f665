#include "plugins/runtimes/xnnpack/float_weights.h"

#include "graph/constant_values.h"
#include "graph/operators.h"
#include "kernels/kernel.h"

namespace qbench::xnnpack {
namespace {

using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;

Tensor& At(graph::Model& model, graph::TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)];
}

// DEQUANTIZE of the constant `from` into `to`, which becomes a constant.
Status Dequantize(const Tensor& from, Tensor& to) {
  std::vector<float> values(static_cast<size_t>(graph::ElementCount(to.shape)));
  // A copy, since the bytes of a file need not be aligned.
  Bytes input(from.constant->bytes().begin(), from.constant->bytes().end());
  if (from.type == DataType::kInt4) {
    const std::vector<int8_t> unpacked = graph::UnpackInt4(input, values.size());
    input.assign(unpacked.begin(), unpacked.end());
  }
  const Op op{.kind = OpKind::kDequantize,
              .options = graph::NoOptions{},
              .inputs = {},
              .outputs = {},
              .name = from.name};
  kernels::OpContext context;
  context.op = &op;
  context.inputs = {{&from, input.data()}};
  context.outputs = {{&to, reinterpret_cast<uint8_t*>(values.data())}};
  QB_ASSIGN_OR_RETURN(const kernels::Run run, kernels::PrepareOp(context));
  run();
  to.constant = graph::TakeConstant(std::move(values));
  return OkStatus();
}

// The int8 or int4 filter of an operator whose input is float32, or -1.
graph::TensorId DynamicFilter(graph::Model& model, const Op& op) {
  if (!graph::HasWeights(op.kind) || At(model, op.inputs[0]).type != DataType::kFloat32) {
    return graph::kNoTensor;
  }
  const DataType type = At(model, op.inputs[1]).type;
  const bool integer = type == DataType::kInt8 || type == DataType::kInt4;
  return integer ? op.inputs[1] : graph::kNoTensor;
}

}  // namespace

Result<UnpackedWeights> UnpackFloatWeights(graph::Model& model) {
  UnpackedWeights unpacked;
  std::vector<Op> kept;
  for (size_t i = 0; i < model.graph.ops.size(); ++i) {
    Op& op = model.graph.ops[i];
    if (op.kind == OpKind::kDequantize && At(model, op.inputs[0]).is_constant()) {
      QB_RETURN_IF_ERROR(Dequantize(At(model, op.inputs[0]), At(model, op.outputs[0])));
      ++unpacked.tensors;
      unpacked.gone.push_back({i, op.outputs[0]});
      continue;
    }
    if (const graph::TensorId filter = DynamicFilter(model, op); filter != graph::kNoTensor) {
      const Tensor packed = At(model, filter);
      Tensor weights{.name = packed.name, .type = DataType::kFloat32, .shape = packed.shape};
      QB_RETURN_IF_ERROR(Dequantize(packed, weights));
      op.inputs[1] = model.graph.AddTensor(std::move(weights));
      ++unpacked.tensors;
    }
    unpacked.left.push_back(i);
    kept.push_back(std::move(op));
  }
  model.graph.ops = std::move(kept);
  return unpacked;
}

}  // namespace qbench::xnnpack
