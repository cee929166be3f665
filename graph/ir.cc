#include "graph/ir.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "graph/op_kinds.h"

namespace qbench::graph {
namespace {

constexpr std::string_view kUnknownType = "unknown";
constexpr std::string_view kUnknownOperator = "UNKNOWN";

// These switches cannot leave an enumerator out, so the first value behind the last one has no
// name, and one that is appended is found by the assertions below.
constexpr std::string_view NameOf(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "float32";
    case DataType::kFloat16:
      return "float16";
    case DataType::kInt8:
      return "int8";
    case DataType::kUInt8:
      return "uint8";
    case DataType::kInt16:
      return "int16";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
    case DataType::kBool:
      return "bool";
    case DataType::kInt4:
      return "int4";
  }
  return kUnknownType;
}

constexpr std::string_view NameOf(OpKind kind) {
  switch (kind) {
    case OpKind::kAdd:
      return "ADD";
    case OpKind::kSub:
      return "SUB";
    case OpKind::kMul:
      return "MUL";
    case OpKind::kConcatenation:
      return "CONCATENATION";
    case OpKind::kConv2D:
      return "CONV_2D";
    case OpKind::kDepthwiseConv2D:
      return "DEPTHWISE_CONV_2D";
    case OpKind::kFullyConnected:
      return "FULLY_CONNECTED";
    case OpKind::kAveragePool2D:
      return "AVERAGE_POOL_2D";
    case OpKind::kMaxPool2D:
      return "MAX_POOL_2D";
    case OpKind::kMean:
      return "MEAN";
    case OpKind::kPad:
      return "PAD";
    case OpKind::kReshape:
      return "RESHAPE";
    case OpKind::kRelu:
      return "RELU";
    case OpKind::kRelu6:
      return "RELU6";
    case OpKind::kLogistic:
      return "LOGISTIC";
    case OpKind::kTanh:
      return "TANH";
    case OpKind::kLeakyRelu:
      return "LEAKY_RELU";
    case OpKind::kHardSwish:
      return "HARD_SWISH";
    case OpKind::kSoftmax:
      return "SOFTMAX";
    case OpKind::kQuantize:
      return "QUANTIZE";
    case OpKind::kDequantize:
      return "DEQUANTIZE";
  }
  return kUnknownOperator;
}

static_assert(NameOf(static_cast<DataType>(kDataTypeCount)) == kUnknownType,
              "a type was appended: kDataTypeCount");
static_assert(NameOf(static_cast<OpKind>(kOpKindCount)) == kUnknownOperator,
              "an operator was appended: kOpKindCount");

}  // namespace

size_t DataTypeSize(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kUInt8:
    case DataType::kBool:
    case DataType::kInt4:
      return 1;
    case DataType::kFloat16:
    case DataType::kInt16:
      return 2;
    case DataType::kFloat32:
    case DataType::kInt32:
      return 4;
    case DataType::kInt64:
      return 8;
  }
  return 0;
}

std::string_view DataTypeName(DataType type) { return NameOf(type); }

int64_t ElementCount(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

int64_t StoredBytes(const Tensor& tensor) {
  const int64_t elements = ElementCount(tensor.shape);
  if (tensor.type == DataType::kInt4) return (elements + 1) / 2;
  return elements * static_cast<int64_t>(DataTypeSize(tensor.type));
}

Bytes PackInt4(std::span<const int8_t> values) {
  Bytes packed((values.size() + 1) / 2, 0);
  for (size_t i = 0; i < values.size(); ++i) {
    const int half = values[i] & 0xF;
    packed[i / 2] = static_cast<uint8_t>(packed[i / 2] | (i % 2 == 0 ? half : half << 4));
  }
  return packed;
}

std::vector<int8_t> UnpackInt4(ByteSpan packed, size_t count) {
  std::vector<int8_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    const int half = (packed[i / 2] >> (i % 2 == 0 ? 0 : 4)) & 0xF;
    values[i] = static_cast<int8_t>(half < 8 ? half : half - 16);
  }
  return values;
}

Constant::Constant(Bytes bytes) {
  auto owned = std::make_shared<const Bytes>(std::move(bytes));
  bytes_ = *owned;
  owner_ = std::move(owned);
}

bool Constant::operator==(const Constant& other) const {
  const bool shared = bytes_.data() == other.bytes_.data() && bytes_.size() == other.bytes_.size();
  return shared || std::ranges::equal(bytes_, other.bytes_);
}

std::string_view OpKindName(OpKind kind) { return NameOf(kind); }

OpOptions DefaultOptions(OpKind kind) {
  switch (kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
      return BinaryOptions{};
    case OpKind::kConcatenation:
      return ConcatenationOptions{};
    case OpKind::kConv2D:
      return Conv2DOptions{};
    case OpKind::kDepthwiseConv2D:
      return DepthwiseConv2DOptions{};
    case OpKind::kFullyConnected:
      return FullyConnectedOptions{};
    case OpKind::kAveragePool2D:
    case OpKind::kMaxPool2D:
      return Pool2DOptions{};
    case OpKind::kMean:
      return MeanOptions{};
    case OpKind::kReshape:
      return ReshapeOptions{};
    case OpKind::kLeakyRelu:
      return LeakyReluOptions{};
    case OpKind::kSoftmax:
      return SoftmaxOptions{};
    case OpKind::kPad:
    case OpKind::kRelu:
    case OpKind::kRelu6:
    case OpKind::kLogistic:
    case OpKind::kTanh:
    case OpKind::kHardSwish:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      break;
  }
  return NoOptions{};
}

TensorId Graph::AddTensor(Tensor tensor) {
  tensors.push_back(std::move(tensor));
  return static_cast<TensorId>(tensors.size()) - 1;
}

TensorId Graph::AddConstant(std::string name, Shape shape, const std::vector<float>& values) {
  return AddTensor({.name = std::move(name),
                    .type = DataType::kFloat32,
                    .shape = std::move(shape),
                    .constant = MakeConstant(values)});
}

TensorId Graph::AddConstant(std::string name, Shape shape, const std::vector<int32_t>& values) {
  return AddTensor({.name = std::move(name),
                    .type = DataType::kInt32,
                    .shape = std::move(shape),
                    .constant = MakeConstant(values)});
}

Uses FindUses(const Graph& graph) {
  Uses uses;
  uses.users.resize(graph.tensors.size());
  uses.producer.assign(graph.tensors.size(), -1);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const auto op = static_cast<int32_t>(i);
    for (const TensorId input : graph.ops[i].inputs) {
      if (input == kNoTensor) continue;
      std::vector<int32_t>& users = uses.users[static_cast<size_t>(input)];
      if (users.empty() || users.back() != op) users.push_back(op);
    }
    for (const TensorId output : graph.ops[i].outputs) {
      uses.producer[static_cast<size_t>(output)] = op;
    }
  }
  return uses;
}

std::string_view DisplayName(const Graph& graph, const Op& op) {
  if (!op.name.empty()) return op.name;
  if (!op.outputs.empty() && op.outputs[0] >= 0 &&
      static_cast<size_t>(op.outputs[0]) < graph.tensors.size()) {
    return graph.tensors[static_cast<size_t>(op.outputs[0])].name;
  }
  return OpKindName(op.kind);
}

std::string Printable(std::string_view name) {
  constexpr size_t kLongest = 80;
  std::string text(name.substr(0, kLongest));
  for (char& c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  if (name.size() > kLongest) text += "...";
  return text;
}

}  // namespace qbench::graph
