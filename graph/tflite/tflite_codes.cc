#include "graph/tflite/tflite_codes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "graph/op_kinds.h"
#include "graph/tflite/tflite_names.h"

namespace qbench::graph {
namespace {

// Each table has a row for every value of our enumeration, one after the other.
template <typename Table>
constexpr bool IsComplete(const Table& table) {
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i].first != static_cast<decltype(table[0].first)>(i)) return false;
  }
  return true;
}

constexpr std::array<std::pair<DataType, wire::TensorType>, kDataTypeCount> kTypes = {{
    {DataType::kFloat32, wire::TensorType_FLOAT32},
    {DataType::kFloat16, wire::TensorType_FLOAT16},
    {DataType::kInt8, wire::TensorType_INT8},
    {DataType::kUInt8, wire::TensorType_UINT8},
    {DataType::kInt16, wire::TensorType_INT16},
    {DataType::kInt32, wire::TensorType_INT32},
    {DataType::kInt64, wire::TensorType_INT64},
    {DataType::kBool, wire::TensorType_BOOL},
    {DataType::kInt4, wire::TensorType_INT4},
}};

static_assert(IsComplete(kTypes));

constexpr std::array<std::pair<OpKind, wire::BuiltinOperator>, kOpKindCount> kOperators = {{
    {OpKind::kAdd, wire::BuiltinOperator_ADD},
    {OpKind::kSub, wire::BuiltinOperator_SUB},
    {OpKind::kMul, wire::BuiltinOperator_MUL},
    {OpKind::kConcatenation, wire::BuiltinOperator_CONCATENATION},
    {OpKind::kConv2D, wire::BuiltinOperator_CONV_2D},
    {OpKind::kDepthwiseConv2D, wire::BuiltinOperator_DEPTHWISE_CONV_2D},
    {OpKind::kFullyConnected, wire::BuiltinOperator_FULLY_CONNECTED},
    {OpKind::kAveragePool2D, wire::BuiltinOperator_AVERAGE_POOL_2D},
    {OpKind::kMaxPool2D, wire::BuiltinOperator_MAX_POOL_2D},
    {OpKind::kMean, wire::BuiltinOperator_MEAN},
    {OpKind::kPad, wire::BuiltinOperator_PAD},
    {OpKind::kReshape, wire::BuiltinOperator_RESHAPE},
    {OpKind::kRelu, wire::BuiltinOperator_RELU},
    {OpKind::kRelu6, wire::BuiltinOperator_RELU6},
    {OpKind::kLogistic, wire::BuiltinOperator_LOGISTIC},
    {OpKind::kTanh, wire::BuiltinOperator_TANH},
    {OpKind::kLeakyRelu, wire::BuiltinOperator_LEAKY_RELU},
    {OpKind::kHardSwish, wire::BuiltinOperator_HARD_SWISH},
    {OpKind::kSoftmax, wire::BuiltinOperator_SOFTMAX},
    {OpKind::kQuantize, wire::BuiltinOperator_QUANTIZE},
    {OpKind::kDequantize, wire::BuiltinOperator_DEQUANTIZE},
}};

static_assert(IsComplete(kOperators));

constexpr std::array<std::pair<Padding, wire::Padding>, 2> kPaddings = {{
    {Padding::kSame, wire::Padding_SAME},
    {Padding::kValid, wire::Padding_VALID},
}};

constexpr std::array<std::pair<Activation, wire::ActivationFunctionType>, 4> kActivations = {{
    {Activation::kNone, wire::ActivationFunctionType_NONE},
    {Activation::kRelu, wire::ActivationFunctionType_RELU},
    {Activation::kReluN1To1, wire::ActivationFunctionType_RELU_N1_TO_1},
    {Activation::kRelu6, wire::ActivationFunctionType_RELU6},
}};

template <typename Table, typename Wire>
auto Ours(const Table& table, Wire value) -> std::optional<decltype(table[0].first)> {
  const auto found = std::ranges::find(table, value, [](const auto& row) { return row.second; });
  if (found == table.end()) return std::nullopt;
  return found->first;
}

// Every value of our enumerations is in its table.
template <typename Table, typename Value>
auto Theirs(const Table& table, Value value) {
  return std::ranges::find(table, value, [](const auto& row) { return row.first; })->second;
}

}  // namespace

std::optional<DataType> FromWire(wire::TensorType type) { return Ours(kTypes, type); }
wire::TensorType ToWire(DataType type) { return Theirs(kTypes, type); }

std::optional<OpKind> FromWire(wire::BuiltinOperator code) { return Ours(kOperators, code); }
wire::BuiltinOperator ToWire(OpKind kind) { return Theirs(kOperators, kind); }

std::optional<Padding> FromWire(wire::Padding padding) { return Ours(kPaddings, padding); }
wire::Padding ToWire(Padding padding) { return Theirs(kPaddings, padding); }

std::optional<Activation> FromWire(wire::ActivationFunctionType activation) {
  return Ours(kActivations, activation);
}
wire::ActivationFunctionType ToWire(Activation activation) {
  return Theirs(kActivations, activation);
}

wire::BuiltinOperator BuiltinCode(const wire::OperatorCode& code) {
  return static_cast<wire::BuiltinOperator>(
      std::max(static_cast<int32_t>(code.builtin_code()), int32_t{code.deprecated_builtin_code()}));
}

std::string OperatorName(const wire::OperatorCode& code) {
  const wire::BuiltinOperator builtin = BuiltinCode(code);
  if (builtin == wire::BuiltinOperator_CUSTOM && code.custom_code() != nullptr) {
    return code.custom_code()->str();
  }
  return BuiltinOperatorName(static_cast<int32_t>(builtin));
}

}  // namespace qbench::graph
