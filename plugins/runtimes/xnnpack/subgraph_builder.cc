#include "plugins/runtimes/xnnpack/subgraph_builder.h"

#include <algorithm>

namespace qbench::xnnpack {
namespace {

using graph::DataType;
using graph::Shape;
using graph::Tensor;
using graph::TensorId;

std::vector<size_t> Dimensions(const Shape& shape) { return {shape.begin(), shape.end()}; }

// xnn_datatype_invalid where XNNPACK has no activations of this type.
xnn_datatype ActivationType(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return xnn_datatype_fp32;
    case DataType::kInt8:
      return xnn_datatype_qint8;
    case DataType::kUInt8:
      return xnn_datatype_quint8;
    default:
      return xnn_datatype_invalid;
  }
}

}  // namespace

// What the three functions that define a value take, of which one fits.
struct SubgraphBuilder::ValueSpec {
  xnn_datatype type = xnn_datatype_invalid;
  std::vector<size_t> dims;
  const void* data = nullptr;
  float scale = 0;  // of quantized types, unless there is one for each channel:
  int32_t zero_point = 0;
  const float* channel_scales = nullptr;
  size_t channel_dim = 0;
  uint32_t external_id = XNN_INVALID_VALUE_ID;
  uint32_t flags = 0;

  void TakeQuantization(const Tensor& tensor) {
    if (!tensor.quantization) return;
    scale = tensor.quantization->scales[0];
    zero_point = static_cast<int32_t>(tensor.quantization->zero_points[0]);
  }
};

Result<SubgraphBuilder> SubgraphBuilder::Create(const graph::Graph& graph, ConstantStore& constants,
                                                const Step& step) {
  SubgraphBuilder builder(graph, constants);
  xnn_subgraph_t subgraph = nullptr;
  const size_t externals = step.inputs.size() + step.outputs.size();
  QB_RETURN_IF_ERROR(
      FromXnn(xnn_create_subgraph(static_cast<uint32_t>(externals), 0, &subgraph), "subgraph"));
  builder.subgraph_.reset(subgraph);
  uint32_t next = 0;
  for (const TensorId id : step.inputs) {
    QB_RETURN_IF_ERROR(builder.Activation(id, next++, XNN_VALUE_FLAG_EXTERNAL_INPUT).status());
  }
  for (const TensorId id : step.outputs) {
    QB_RETURN_IF_ERROR(builder.Activation(id, next++, XNN_VALUE_FLAG_EXTERNAL_OUTPUT).status());
  }
  return builder;
}

Result<RuntimePtr> SubgraphBuilder::Finish(pthreadpool_t pool) {
  xnn_runtime_t runtime = nullptr;
  // Idle workers sleep between runs instead of spinning: other instances need the cores.
  const uint32_t flags = XNN_FLAG_YIELD_WORKERS;
  QB_RETURN_IF_ERROR(
      FromXnn(xnn_create_runtime_v2(subgraph_.get(), pool, flags, &runtime), "runtime"));
  return RuntimePtr(runtime);
}

Result<uint32_t> SubgraphBuilder::DefineValue(const ValueSpec& spec) {
  ValueId id = XNN_INVALID_VALUE_ID;
  xnn_status status = xnn_status_success;
  const size_t rank = spec.dims.size();
  if (rank > XNN_MAX_TENSOR_DIMS) {
    return Error(StatusCode::kUnsupported, "XNNPACK: a tensor of {} dimensions", rank);
  }
  if (spec.type == xnn_datatype_fp32) {
    status = xnn_define_tensor_value(subgraph_.get(), spec.type, rank, spec.dims.data(), spec.data,
                                     spec.external_id, spec.flags, &id);
  } else if (spec.channel_scales != nullptr) {
    status = xnn_define_channelwise_quantized_tensor_value(
        subgraph_.get(), spec.type, spec.channel_scales, rank, spec.channel_dim, spec.dims.data(),
        spec.data, spec.external_id, spec.flags, &id);
  } else {
    status = xnn_define_quantized_tensor_value(subgraph_.get(), spec.type, spec.zero_point,
                                               spec.scale, rank, spec.dims.data(), spec.data,
                                               spec.external_id, spec.flags, &id);
  }
  QB_RETURN_IF_ERROR(FromXnn(status, "value"));
  return id;
}

Result<uint32_t> SubgraphBuilder::Activation(TensorId id, uint32_t external_id, uint32_t flags) {
  const Tensor& tensor = At(id);
  ValueSpec spec{.type = ActivationType(tensor.type), .dims = Dimensions(tensor.shape)};
  if (spec.type == xnn_datatype_invalid) {
    return Error(StatusCode::kUnsupported, "XNNPACK has no {} tensors",
                 graph::DataTypeName(tensor.type));
  }
  spec.TakeQuantization(tensor);
  spec.external_id = external_id;
  spec.flags = flags;
  if (tensor.is_constant()) {
    QB_ASSIGN_OR_RETURN(spec.data, constants_->Padded(id));
  }
  QB_ASSIGN_OR_RETURN(const ValueId value, DefineValue(spec));
  values_[id] = value;
  return value;
}

Result<uint32_t> SubgraphBuilder::Activation(TensorId id) {
  if (const auto found = values_.find(id); found != values_.end()) return found->second;
  return Activation(id, XNN_INVALID_VALUE_ID, 0);
}

Result<uint32_t> SubgraphBuilder::Reshaped(TensorId id, const Shape& shape) {
  const Tensor& tensor = At(id);
  ValueSpec spec{.type = ActivationType(tensor.type), .dims = Dimensions(shape)};
  spec.TakeQuantization(tensor);
  return DefineValue(spec);
}

Result<uint32_t> SubgraphBuilder::Filter(const graph::Op& op, const Shape& shape) {
  const TensorId id = op.inputs[1];
  const Tensor& filter = At(id);
  if (!filter.is_constant()) {
    return Error(StatusCode::kUnsupported, "XNNPACK: the weights are not a constant");
  }
  ValueSpec spec{.type = ActivationType(filter.type), .dims = Dimensions(shape)};
  spec.TakeQuantization(filter);
  if (filter.quantization && filter.quantization->per_channel()) {
    spec.type = xnn_datatype_qcint8;
    spec.channel_scales = filter.quantization->scales.data();
    spec.channel_dim = static_cast<size_t>(filter.quantization->axis);
  }
  QB_ASSIGN_OR_RETURN(spec.data, constants_->Aligned(id));
  return DefineValue(spec);
}

Result<uint32_t> SubgraphBuilder::Bias(const graph::Op& op) {
  const TensorId id = op.inputs[2];
  if (id == graph::kNoTensor) return uint32_t{XNN_INVALID_VALUE_ID};
  const Tensor& bias = At(id);
  if (!bias.is_constant()) {
    return Error(StatusCode::kUnsupported, "XNNPACK: the bias is not a constant");
  }
  ValueSpec spec{.type = xnn_datatype_fp32, .dims = Dimensions(bias.shape)};
  if (bias.type == DataType::kInt32) {
    // The bias's scale is that of the sums: input scale x weight scale (TensorFlow Lite's
    // quantization specification).
    const float input_scale = Input(op).quantization->scales[0];
    std::vector<float> scales = At(op.inputs[1]).quantization->scales;
    for (float& scale : scales) scale *= input_scale;
    spec.scale = scales[0];
    spec.type = scales.size() > 1 ? xnn_datatype_qcint32 : xnn_datatype_qint32;
    if (scales.size() > 1) spec.channel_scales = constants_->Keep(std::move(scales));
  }
  QB_ASSIGN_OR_RETURN(spec.data, constants_->Aligned(id));
  return DefineValue(spec);
}

}  // namespace qbench::xnnpack
