#include "graph/tflite/op_versions.h"

#include <charconv>
#include <span>

namespace qbench::graph {
namespace {

const Tensor& At(const Graph& graph, TensorId id) { return graph.tensors[static_cast<size_t>(id)]; }

// Most operators: 1 float and uint8, 2 int8, 3 int16.
int32_t ByType(DataType type) {
  if (type == DataType::kInt8) return 2;
  return type == DataType::kInt16 ? 3 : 1;
}

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

int32_t DequantizeVersion(const Tensor& input) {
  if (input.type == DataType::kFloat16 || input.type == DataType::kInt16) return 3;
  if (input.type == DataType::kInt4) return 6;
  if (input.quantization && input.quantization->per_channel()) return 5;
  return input.type == DataType::kInt8 ? 2 : 1;
}

// The releases that brought version 1, 2, … of an operator (TensorFlow's source file
// lite/tools/versioning/runtime_version.cc; 12 of FULLY_CONNECTED as its converter writes it).
// Empty: a version that OpVersion never asks for.
std::span<const std::string_view> Runtimes(OpKind kind) {
  static constexpr std::string_view kAdd[] = {"1.5.0", "1.14.0", "2.4.0"};
  static constexpr std::string_view kSub[] = {"1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"};
  static constexpr std::string_view kMul[] = {"1.5.0", "1.14.0", "1.15.0", "2.3.0"};
  static constexpr std::string_view kConv[] = {"1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0"};
  static constexpr std::string_view kDepthwise[] = {"1.5.0", "1.12.0", "1.14.0",
                                                    "2.2.0", "2.3.0",  "2.3.0"};
  static constexpr std::string_view kFullyConnected[] = {"1.5.0", "1.10.0", "1.14.0", "1.14.0",
                                                         "2.0.0", "2.1.0",  "2.3.0",  "2.3.0",
                                                         "2.3.0", "",       "",       "2.17.0"};
  static constexpr std::string_view kByType[] = {"1.5.0", "1.14.0", "2.3.0"};
  static constexpr std::string_view kMean[] = {"1.6.0", "1.14.0", "2.4.0"};
  static constexpr std::string_view kPad[] = {"1.5.0", "1.14.0", "2.4.0", "2.6.0"};
  static constexpr std::string_view kReshape[] = {"1.5.0"};
  static constexpr std::string_view kRelu[] = {"1.5.0", "2.1.0", "2.5.0"};
  static constexpr std::string_view kRelu6[] = {"1.5.0", "1.14.0", "2.5.0"};
  static constexpr std::string_view kSigmoid[] = {"1.14.0", "1.14.0", "2.3.0"};
  static constexpr std::string_view kLeakyRelu[] = {"1.13.1", "2.3.0"};
  static constexpr std::string_view kHardSwish[] = {"1.15.0"};
  static constexpr std::string_view kQuantize[] = {"1.14.0", "1.15.0", "2.7.0"};
  static constexpr std::string_view kDequantize[] = {"1.13.1", "1.14.0", "1.15.0",
                                                     "2.2.0",  "2.7.0",  "2.18.0"};
  switch (kind) {
    case OpKind::kAdd:
      return kAdd;
    case OpKind::kSub:
      return kSub;
    case OpKind::kMul:
      return kMul;
    case OpKind::kConv2D:
      return kConv;
    case OpKind::kDepthwiseConv2D:
      return kDepthwise;
    case OpKind::kFullyConnected:
      return kFullyConnected;
    case OpKind::kConcatenation:
    case OpKind::kAveragePool2D:
    case OpKind::kMaxPool2D:
    case OpKind::kSoftmax:
      return kByType;
    case OpKind::kMean:
      return kMean;
    case OpKind::kPad:
      return kPad;
    case OpKind::kReshape:
      return kReshape;
    case OpKind::kRelu:
      return kRelu;
    case OpKind::kRelu6:
      return kRelu6;
    case OpKind::kLogistic:
    case OpKind::kTanh:
      return kSigmoid;
    case OpKind::kLeakyRelu:
      return kLeakyRelu;
    case OpKind::kHardSwish:
      return kHardSwish;
    case OpKind::kQuantize:
      return kQuantize;
    case OpKind::kDequantize:
      return kDequantize;
  }
  return {};
}

int NextNumber(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);  // the dot
  return number;
}

}  // namespace

int32_t OpVersion(const Graph& graph, const Op& op) {
  const Tensor& input = At(graph, op.inputs[0]);
  switch (op.kind) {
    case OpKind::kConv2D:
      return Conv2DVersion(graph, op);
    case OpKind::kDepthwiseConv2D:
      return DepthwiseConv2DVersion(graph, op);
    case OpKind::kFullyConnected:
      return FullyConnectedVersion(graph, op);
    case OpKind::kMul:
      return MulVersion(graph, op);
    case OpKind::kSub:
      if (input.type == DataType::kInt16) return 5;
      // Broadcasting over five dimensions.
      if (input.shape != At(graph, op.inputs[1]).shape &&
          At(graph, op.outputs[0]).shape.size() > 4) {
        return 3;
      }
      return ByType(input.type);
    case OpKind::kPad:
      return input.shape.size() > 4 ? 4 : ByType(input.type);
    case OpKind::kRelu:
      if (input.type == DataType::kUInt8) return 2;
      return ByType(input.type);
    case OpKind::kLeakyRelu:
      return input.type == DataType::kInt16 ? 2 : 1;
    case OpKind::kQuantize:
      return At(graph, op.outputs[0]).type == DataType::kInt16 ? 2 : 1;
    case OpKind::kDequantize:
      return DequantizeVersion(input);
    case OpKind::kReshape:
    case OpKind::kHardSwish:
      return 1;
    case OpKind::kAdd:
    case OpKind::kConcatenation:
    case OpKind::kAveragePool2D:
    case OpKind::kMaxPool2D:
    case OpKind::kMean:
    case OpKind::kRelu6:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kSoftmax:
      return ByType(input.type);
  }
  return 1;
}

std::string_view FirstRuntime(OpKind kind, int32_t version) {
  return Runtimes(kind)[static_cast<size_t>(version) - 1];
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
