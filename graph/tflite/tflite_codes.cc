#include "graph/tflite/tflite_codes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "graph/operators.h"
#include "graph/tflite/tflite_names.h"

namespace qbench::graph {
namespace {

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

std::optional<DataType> TypeOfCode(int8_t code) {
  const std::string name = ElementTypeName(code);
  for (size_t i = 0; i < kDataTypeCount; ++i) {
    if (DataTypeName(static_cast<DataType>(i)) == name) return static_cast<DataType>(i);
  }
  return std::nullopt;
}
int8_t CodeOf(DataType type) { return static_cast<int8_t>(ElementTypeCode(DataTypeName(type))); }

std::optional<OpKind> OperatorOfCode(int32_t code) {
  const OperatorInfo* info = FindOperator(BuiltinOperatorName(code));
  return info == nullptr ? std::nullopt : std::optional(info->kind);
}
int32_t CodeOf(OpKind kind) { return BuiltinOperatorCode(OpKindName(kind)); }

std::optional<Padding> FromWire(wire::Padding padding) { return Ours(kPaddings, padding); }
wire::Padding ToWire(Padding padding) { return Theirs(kPaddings, padding); }

std::optional<Activation> FromWire(wire::ActivationFunctionType activation) {
  return Ours(kActivations, activation);
}
wire::ActivationFunctionType ToWire(Activation activation) {
  return Theirs(kActivations, activation);
}

int32_t BuiltinCode(const wire::OperatorCode& code) {
  return std::max(code.builtin_code(), int32_t{code.deprecated_builtin_code()});
}

std::string OperatorName(const wire::OperatorCode& code) {
  const int32_t builtin = BuiltinCode(code);
  if (builtin == kCustomOperatorCode && code.custom_code() != nullptr) {
    return code.custom_code()->str();
  }
  return BuiltinOperatorName(builtin);
}

}  // namespace qbench::graph
