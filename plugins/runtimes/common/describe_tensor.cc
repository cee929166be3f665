#include "plugins/runtimes/common/describe_tensor.h"

namespace qbench::plugin {
namespace {

qbench_type AbiType(graph::DataType type) {
  switch (type) {
    case graph::DataType::kFloat32:
      return QBENCH_FLOAT32;
    case graph::DataType::kFloat16:
      return QBENCH_FLOAT16;
    case graph::DataType::kInt8:
      return QBENCH_INT8;
    case graph::DataType::kUInt8:
      return QBENCH_UINT8;
    case graph::DataType::kInt16:
      return QBENCH_INT16;
    case graph::DataType::kInt32:
      return QBENCH_INT32;
    case graph::DataType::kInt64:
      return QBENCH_INT64;
    case graph::DataType::kBool:
      return QBENCH_BOOL;
    case graph::DataType::kInt4:
      break;  // inputs and outputs are never int4
  }
  return QBENCH_FLOAT32;
}

}  // namespace

TensorDescription DescribeTensor(const std::string& name, graph::DataType type,
                                 const graph::Shape& shape,
                                 const std::optional<graph::Quantization>& quantization) {
  TensorDescription description{name, AbiType(type), shape};
  if (quantization.has_value() && quantization->scales.size() == 1) {
    description.scale = quantization->scales[0];
    if (!quantization->zero_points.empty()) {
      description.zero_point = static_cast<int32_t>(quantization->zero_points[0]);
    }
  }
  return description;
}

}  // namespace qbench::plugin
