// The type rules of each operator: the second half of Validate.
#include <algorithm>
#include <cmath>

#include "base/one_line.h"
#include "graph/operator_rules.h"
#include "graph/operators.h"

namespace qbench::graph {
namespace {

bool IsQuantizedType(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 || type == DataType::kInt16;
}

bool IsActivationType(DataType type) { return type == DataType::kFloat32 || IsQuantizedType(type); }

const Tensor& At(const Graph& graph, TensorId id) { return graph.tensors[static_cast<size_t>(id)]; }
const Tensor& Output(const Graph& graph, const Op& op) { return At(graph, op.outputs[0]); }

Status BadTypes(const Graph& graph, const Op& op) {
  std::string inputs;
  for (const TensorId id : op.inputs) {
    if (!inputs.empty()) inputs += ", ";
    inputs += id == kNoTensor ? "none" : DataTypeName(At(graph, id).type);
  }
  return Error(StatusCode::kUnsupported, "not known with the types ({}) to {}", inputs,
               DataTypeName(Output(graph, op).type));
}

// Integer activations have one scale and zero point.
Status CheckActivation(const Tensor& tensor) {
  if (!IsQuantizedType(tensor.type)) return OkStatus();
  if (!tensor.quantization) {
    return Error(StatusCode::kCorrupt, "'{}' is {} without a scale", SafeName(tensor.name),
                 DataTypeName(tensor.type));
  }
  if (tensor.quantization->per_channel()) {
    return Error(StatusCode::kUnsupported, "activation '{}' is quantized per channel",
                 SafeName(tensor.name));
  }
  return OkStatus();
}

Status CheckIntegerFilter(const Op& op, const Tensor& filter) {
  if (!filter.is_constant()) {
    return Error(StatusCode::kUnsupported, "the {} weights are not a constant",
                 DataTypeName(filter.type));
  }
  if (!filter.quantization) {
    return Error(StatusCode::kCorrupt, "the {} weights have no scale", DataTypeName(filter.type));
  }
  const Quantization& q = *filter.quantization;
  const int32_t channel_axis = InfoOf(op.kind).channel_axis;
  if (q.per_channel() && q.axis != channel_axis) {
    return Error(StatusCode::kUnsupported, "the weights are quantized along dimension {}, not {}",
                 q.axis, channel_axis);
  }
  if (filter.type == DataType::kUInt8 && q.per_channel()) {
    return Error(StatusCode::kUnsupported, "uint8 weights are quantized per channel");
  }
  if (filter.type == DataType::kInt8 &&
      std::ranges::any_of(q.zero_points, [](int64_t zero_point) { return zero_point != 0; })) {
    return Error(StatusCode::kUnsupported, "int8 weights have a zero point other than 0");
  }
  return OkStatus();
}

}  // namespace

Status CheckSameType(const Graph& graph, const Op& op) {
  const DataType type = Output(graph, op).type;
  if (!IsActivationType(type)) return BadTypes(graph, op);
  for (size_t i = 0; i < ActivationInputs(op); ++i) {
    if (At(graph, op.inputs[i]).type != type) return BadTypes(graph, op);
    QB_RETURN_IF_ERROR(CheckActivation(At(graph, op.inputs[i])));
  }
  return CheckActivation(Output(graph, op));
}

// Kernels that copy or compare values do not rescale them.
Status CheckSameScale(const Graph& graph, const Op& op) {
  QB_RETURN_IF_ERROR(CheckSameType(graph, op));
  const Tensor& output = Output(graph, op);
  if (!IsQuantizedType(output.type)) return OkStatus();
  for (size_t i = 0; i < ActivationInputs(op); ++i) {
    const Quantization& q = *At(graph, op.inputs[i]).quantization;
    if (std::abs(q.scales[0] - output.quantization->scales[0]) > 1.0e-6F ||
        q.zero_points[0] != output.quantization->zero_points[0]) {
      return Error(StatusCode::kUnsupported, "input {} and output differ in scale or zero point",
                   i);
    }
  }
  return OkStatus();
}

Status CheckFixedScale(const Graph& graph, const Op& op) {
  QB_RETURN_IF_ERROR(CheckSameType(graph, op));
  const Tensor& output = Output(graph, op);
  if (!IsQuantizedType(output.type)) return OkStatus();
  const auto [scale, zero_point] = *FixedOutputScale(op.kind, output.type);
  const Quantization& q = *output.quantization;
  if (std::abs(q.scales[0] - scale) > 0.001F * scale || q.zero_points[0] != zero_point) {
    return Error(StatusCode::kUnsupported,
                 "the output has scale {} and zero point {}; it must be {} and {}", q.scales[0],
                 q.zero_points[0], scale, zero_point);
  }
  return OkStatus();
}

Status CheckConcatenation(const Graph& graph, const Op& op) {
  if (std::get<ConcatenationOptions>(op.options).activation != Activation::kNone) {
    return Error(StatusCode::kUnsupported, "a fused activation");  // no kernel has one
  }
  // The kernel of uint8 rescales.
  return Output(graph, op).type == DataType::kUInt8 ? CheckSameType(graph, op)
                                                    : CheckSameScale(graph, op);
}

// The combinations of convolutions and fully connected layers: float, float with int8 or int4
// weights ("hybrid", dynamic range), and full integer with 32 or 64-bit biases.
Status CheckWeighted(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  const Tensor& filter = At(graph, op.inputs[1]);
  const Tensor* bias = op.inputs[2] == kNoTensor ? nullptr : &At(graph, op.inputs[2]);
  if (!IsActivationType(input.type) || Output(graph, op).type != input.type) {
    return BadTypes(graph, op);
  }
  QB_RETURN_IF_ERROR(CheckActivation(input));
  QB_RETURN_IF_ERROR(CheckActivation(Output(graph, op)));
  if (input.type == DataType::kFloat32) {
    if (bias != nullptr && bias->type != DataType::kFloat32) return BadTypes(graph, op);
    if (filter.type == DataType::kFloat32) return OkStatus();
    if (filter.type == DataType::kInt8 || filter.type == DataType::kInt4) {
      return CheckIntegerFilter(op, filter);
    }
    return BadTypes(graph, op);
  }
  const DataType wanted = input.type == DataType::kUInt8 ? DataType::kUInt8 : DataType::kInt8;
  if (filter.type != wanted) return BadTypes(graph, op);
  QB_RETURN_IF_ERROR(CheckIntegerFilter(op, filter));
  if (bias == nullptr) return OkStatus();
  const bool wide = input.type == DataType::kInt16 && bias->type == DataType::kInt64;
  if (!wide && bias->type != DataType::kInt32) return BadTypes(graph, op);
  if (!bias->is_constant()) {
    return Error(StatusCode::kUnsupported, "the {} bias is not a constant",
                 DataTypeName(bias->type));
  }
  return OkStatus();
}

Status CheckQuantize(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  const Tensor& output = Output(graph, op);
  if (!IsActivationType(input.type) || !IsQuantizedType(output.type)) return BadTypes(graph, op);
  QB_RETURN_IF_ERROR(CheckActivation(input));
  return CheckActivation(output);
}

Status CheckDequantize(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  if (Output(graph, op).type != DataType::kFloat32) return BadTypes(graph, op);
  if (input.type == DataType::kFloat16) return OkStatus();
  if (input.type == DataType::kInt4) return OkStatus();  // validate.cc: it has a scale
  if (!IsQuantizedType(input.type)) return BadTypes(graph, op);
  if (!input.quantization) {
    return Error(StatusCode::kCorrupt, "the input is {} without a scale", DataTypeName(input.type));
  }
  return OkStatus();
}

Status CheckReshape(const Graph& graph, const Op& op) {
  return At(graph, op.inputs[0]).type == Output(graph, op).type ? OkStatus() : BadTypes(graph, op);
}

Status CheckLeakyRelu(const Graph& graph, const Op& op) {
  const float alpha = std::get<LeakyReluOptions>(op.options).alpha;
  if (!std::isfinite(alpha)) return Error(StatusCode::kUnsupported, "alpha is {}", alpha);
  return CheckSameType(graph, op);
}

Status CheckResize(const Graph& graph, const Op& op) {
  const auto& options = std::get<ResizeOptions>(op.options);
  if (options.align_corners && options.half_pixel_centers) {
    return Error(StatusCode::kCorrupt, "aligned corners and half-pixel centers at once");
  }
  return CheckSameScale(graph, op);
}

Status CheckSoftmax(const Graph& graph, const Op& op) {
  const float beta = std::get<SoftmaxOptions>(op.options).beta;
  if (!(beta > 0.0F) || !std::isfinite(beta)) {
    return Error(StatusCode::kUnsupported, "beta is {}", beta);
  }
  return CheckFixedScale(graph, op);
}

}  // namespace qbench::graph
