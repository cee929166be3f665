#include "graph/import/keras/operator_arguments.h"

#include <algorithm>

namespace qbench::graph::import {
namespace {

bool Collect(const Json& json, size_t depth, NumberArray& numbers) {
  if (json.is_number()) {
    numbers.values.push_back(json.get<float>());
    return depth == numbers.shape.size();
  }
  if (!json.is_array() || json.empty() || depth > 8) return false;
  const auto size = static_cast<int32_t>(json.size());
  if (numbers.values.empty() && numbers.shape.size() == depth) numbers.shape.push_back(size);
  if (depth >= numbers.shape.size() || numbers.shape[depth] != size) return false;
  return std::ranges::all_of(json,
                             [&](const Json& item) { return Collect(item, depth + 1, numbers); });
}

Result<Operand> ReadOperand(const LayerCall& call, size_t index) {
  const Json& argument = call.Argument(index);
  if (const auto tensor = call.TensorOf(argument)) return Operand{tensor, {}};
  auto numbers = ReadNumbers(argument);
  if (!numbers)
    return call.options().Unsupported("one of its operands is neither tensor nor number");
  return Operand{std::nullopt, std::move(*numbers)};
}

}  // namespace

std::optional<NumberArray> ReadNumbers(const Json& json) {
  NumberArray numbers;
  if (!Collect(Plain(json), 0, numbers)) return std::nullopt;
  return numbers;
}

Result<std::pair<Operand, Operand>> ReadOperands(const LayerCall& call) {
  QB_ASSIGN_OR_RETURN(Operand a, ReadOperand(call, 0));
  QB_ASSIGN_OR_RETURN(Operand b, ReadOperand(call, 1));
  if (!a.tensor && !b.tensor) return call.options().Corrupt("it computes with numbers alone");
  const size_t rank = call.ShapeOf(a.tensor ? *a.tensor : *b.tensor).size();
  for (const Operand* operand : {&a, &b}) {
    const Shape& shape = operand->tensor ? call.ShapeOf(*operand->tensor) : operand->numbers.shape;
    const bool fits = operand->tensor
                          ? shape.size() == rank
                          : shape.size() < rank || (shape.size() == rank && shape.front() == 1);
    if (!fits) return call.options().Unsupported("its operands have different dimensions");
  }
  return std::pair(std::move(a), std::move(b));
}

Result<TensorId> AsTensor(LayerCall& call, const Operand& operand) {
  if (operand.tensor) return *operand.tensor;
  Shape shape = operand.numbers.shape;
  if (shape.empty()) shape = {1};
  return call.Constant("constant", shape, operand.numbers.values);
}

Result<TensorId> FirstTensor(const LayerCall& call) {
  const auto tensor = call.TensorOf(call.Argument(0));
  if (tensor) return *tensor;
  return call.options().Corrupt("it is not called on a tensor");
}

Result<std::vector<int32_t>> ReadAxes(const LayerCall& call, const char* key, size_t rank) {
  const Json& json = call.options()[key];
  const Json list = json.is_array() ? json : Json::array({json});
  std::vector<int32_t> axes;
  for (const Json& item : list) {
    const int64_t axis = item.is_number_integer() ? item.get<int64_t>() : INT64_MAX;
    const auto dimensions = static_cast<int64_t>(rank);
    if (axis >= dimensions || axis < -dimensions) {
      return call.options().Unsupported(fmt::format("{} is not a list of dimensions", key));
    }
    axes.push_back(static_cast<int32_t>(axis < 0 ? axis + dimensions : axis));
  }
  std::ranges::sort(axes);
  const bool distinct = std::ranges::adjacent_find(axes) == axes.end();
  if (!axes.empty() && axes.front() > 0 && distinct) return axes;
  return call.options().Unsupported("it goes over the batch, or over a dimension twice");
}

}  // namespace qbench::graph::import
