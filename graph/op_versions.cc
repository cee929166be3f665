#include "graph/op_versions.h"

#include <charconv>

#include "graph/operator_rules.h"
#include "graph/operators.h"

namespace qbench::graph {
namespace {

const Tensor& At(const Graph& graph, TensorId id) { return graph.tensors[static_cast<size_t>(id)]; }

// What convolutions and fully connected layers distinguish.
enum class Scheme { kFloatOrUInt8, kInt8, kInt16, kHybrid, kHybridPerChannel };

Scheme SchemeOf(const Graph& graph, const Op& op) {
  const DataType type = At(graph, op.inputs[0]).type;
  const Tensor& filter = At(graph, op.inputs[1]);
  if (type == DataType::kInt8) return Scheme::kInt8;
  if (type == DataType::kInt16) return Scheme::kInt16;
  if (type == DataType::kFloat32 &&
      (filter.type == DataType::kInt8 || filter.type == DataType::kInt4)) {
    return filter.quantization->per_channel() ? Scheme::kHybridPerChannel : Scheme::kHybrid;
  }
  return Scheme::kFloatOrUInt8;
}

int NextNumber(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);  // the dot
  return number;
}

}  // namespace

int32_t OneVersion(const Graph&, const Op&) { return 1; }

int32_t VersionByType(const Graph& graph, const Op& op) {
  const DataType type = At(graph, op.inputs[0]).type;
  if (type == DataType::kInt8) return 2;
  return type == DataType::kInt16 ? 3 : 1;
}

int32_t Conv2DVersion(const Graph& graph, const Op& op) {
  switch (SchemeOf(graph, op)) {
    case Scheme::kHybrid:
      return 2;
    case Scheme::kInt8:
      return 3;
    case Scheme::kInt16:
      return 4;
    case Scheme::kHybridPerChannel:
      return 5;
    case Scheme::kFloatOrUInt8:
      break;
  }
  return 1;
}

int32_t DepthwiseConv2DVersion(const Graph& graph, const Op& op) {
  const auto& options = std::get<DepthwiseConv2DOptions>(op.options);
  switch (SchemeOf(graph, op)) {
    case Scheme::kInt8:
      return 3;
    case Scheme::kHybrid:
      return 4;
    case Scheme::kInt16:
      return 5;
    case Scheme::kHybridPerChannel:
      return 6;
    case Scheme::kFloatOrUInt8:
      break;
  }
  return options.dilation_h != 1 || options.dilation_w != 1 ? 2 : 1;
}

int32_t FullyConnectedVersion(const Graph& graph, const Op& op) {
  const auto& options = std::get<FullyConnectedOptions>(op.options);
  const Scheme scheme = SchemeOf(graph, op);
  if (scheme == Scheme::kHybridPerChannel) return 12;
  if (scheme == Scheme::kInt16) return 7;
  if (scheme == Scheme::kHybrid && options.asymmetric_quantize_inputs) return 9;
  if (op.inputs[2] == kNoTensor) return 6;
  if (options.keep_num_dims) return 5;
  if (scheme == Scheme::kInt8) return 4;
  return scheme == Scheme::kHybrid ? 3 : 1;
}

int32_t MulVersion(const Graph& graph, const Op& op) {
  const Tensor& output = At(graph, op.outputs[0]);
  if (output.type == DataType::kInt16) return 4;
  if (output.type == DataType::kFloat32) return 1;
  const double rescale = static_cast<double>(At(graph, op.inputs[0]).quantization->scales[0]) *
                         static_cast<double>(At(graph, op.inputs[1]).quantization->scales[0]) /
                         static_cast<double>(output.quantization->scales[0]);
  if (rescale >= 1.0) return 3;
  return output.type == DataType::kInt8 ? 2 : 1;
}

int32_t SubVersion(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  if (input.type == DataType::kInt16) return 5;
  // Broadcasting over five dimensions.
  const bool stretches = input.shape != At(graph, op.inputs[1]).shape;
  if (stretches && At(graph, op.outputs[0]).shape.size() > 4) return 3;
  return VersionByType(graph, op);
}

int32_t PadVersion(const Graph& graph, const Op& op) {
  return At(graph, op.inputs[0]).shape.size() > 4 ? 4 : VersionByType(graph, op);
}

int32_t ExtremumVersion(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  if (input.type == DataType::kInt16) return 4;
  const bool stretches = input.shape != At(graph, op.inputs[1]).shape;
  if (stretches && At(graph, op.outputs[0]).shape.size() > 4) return 3;
  return input.type == DataType::kInt8 ? 2 : 1;
}

int32_t TransposeVersion(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  if (input.type == DataType::kInt16) return 5;
  if (input.shape.size() > 4) return 4;
  return input.type == DataType::kInt8 ? 2 : 1;
}

int32_t StridedSliceVersion(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  if (input.shape.size() > 4) return 4;
  return input.type == DataType::kInt8 ? 2 : 1;
}

int32_t ResizeVersion(const Graph& graph, const Op& op) {
  const DataType type = At(graph, op.inputs[0]).type;
  const auto& options = std::get<ResizeOptions>(op.options);
  if (type == DataType::kInt16) return 4;
  const bool corners = op.kind == OpKind::kResizeNearestNeighbor && options.align_corners;
  if (options.half_pixel_centers || corners) return 3;
  return type == DataType::kInt8 ? 2 : 1;
}

int32_t GeluVersion(const Graph& graph, const Op& op) {
  return At(graph, op.inputs[0]).type == DataType::kFloat32 ? 1 : 2;
}

int32_t ReluVersion(const Graph& graph, const Op& op) {
  return At(graph, op.inputs[0]).type == DataType::kUInt8 ? 2 : VersionByType(graph, op);
}

int32_t LeakyReluVersion(const Graph& graph, const Op& op) {
  return At(graph, op.inputs[0]).type == DataType::kInt16 ? 2 : 1;
}

int32_t QuantizeVersion(const Graph& graph, const Op& op) {
  return At(graph, op.outputs[0]).type == DataType::kInt16 ? 2 : 1;
}

int32_t DequantizeVersion(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  if (input.type == DataType::kFloat16 || input.type == DataType::kInt16) return 3;
  if (input.type == DataType::kInt4) return 6;
  if (input.quantization && input.quantization->per_channel()) return 5;
  return input.type == DataType::kInt8 ? 2 : 1;
}

int32_t OpVersion(const Graph& graph, const Op& op) { return InfoOf(op.kind).version(graph, op); }

std::string_view FirstRuntime(OpKind kind, int32_t version) {
  return InfoOf(kind).releases[static_cast<size_t>(version) - 1];
}

bool IsOlderRuntime(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const int x = NextNumber(a);
    const int y = NextNumber(b);
    if (x != y) return x < y;
  }
  return false;
}

}  // namespace qbench::graph
