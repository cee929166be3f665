#include "graph/import/onnx/onnx_node.h"

#include <algorithm>

#include "base/one_line.h"

namespace qbench::graph::import::onnx {

Order SameOrder(size_t rank) {
  Order order(rank);
  for (size_t i = 0; i < rank; ++i) order[i] = i;
  return order;
}

Order ChannelsLast(size_t rank) {
  Order order = SameOrder(rank);
  if (rank > 2) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

size_t Value::PlaceOf(size_t axis) const {
  return static_cast<size_t>(std::ranges::find(order, axis) - order.begin());
}

Value ConstantValue(HostTensorRef tensor) {
  Value value;
  value.dims = tensor->dims;
  value.constant = std::move(tensor);
  return value;
}

NodeCall::NodeCall(OnnxImport& import, pb::NodeProto& node, std::vector<Value> inputs)
    : import_(import), node_(node), inputs_(std::move(inputs)) {
  name_ = node.name();
  if (name_.empty() && node.output_size() > 0) name_ = node.output(0);
  name_ = SafeLine(name_);
}

bool NodeCall::Has(size_t index) const {
  return index < inputs_.size() &&
         (inputs_[index].is_constant() || inputs_[index].tensor != kNoTensor);
}

Result<Value> NodeCall::Input(size_t index) const {
  if (Has(index)) return inputs_[index];
  return Corrupt(fmt::format("it has no input {}", index));
}

Result<Value> NodeCall::Computed(size_t index, size_t rank) const {
  QB_ASSIGN_OR_RETURN(Value value, Input(index));
  if (value.is_constant()) {
    return Unsupported(
        fmt::format("its input {} is a constant, where a computed tensor is expected", index));
  }
  if (value.integer) {
    return Unsupported(
        "it computes with whole numbers, as the model's input is; put a Cast to "
        "float behind the input");
  }
  if (value.quantized) {
    return Unsupported(
        "it takes integers of a QuantizeLinear without a DequantizeLinear between "
        "them; export the model in QDQ format, or the float model");
  }
  if (rank == 0 || value.rank() == rank) return value;
  return Unsupported(fmt::format("its input has {} dimensions; {} are known", value.rank(), rank));
}

Result<HostTensorRef> NodeCall::ConstantInput(size_t index) const {
  QB_ASSIGN_OR_RETURN(const Value value, Input(index));
  if (value.is_constant()) return value.constant;
  return Unsupported(
      fmt::format("its input {} is computed from the model's input, and not a "
                  "constant",
                  index));
}

Result<std::vector<int64_t>> NodeCall::IntsOf(size_t index) const {
  QB_ASSIGN_OR_RETURN(const HostTensorRef tensor, ConstantInput(index));
  if (tensor->is_float()) return Corrupt(fmt::format("its input {} is not of integers", index));
  return tensor->ints;
}

Result<std::vector<float>> NodeCall::FloatsOf(size_t index) const {
  QB_ASSIGN_OR_RETURN(const HostTensorRef tensor, ConstantInput(index));
  if (!tensor->is_float()) return Corrupt(fmt::format("its input {} is not of floats", index));
  return tensor->floats.Values<float>();
}

Result<float> NodeCall::ScalarOf(size_t index) const {
  QB_ASSIGN_OR_RETURN(const std::vector<float> values, FloatsOf(index));
  if (values.size() == 1) return values[0];
  return Corrupt(fmt::format("its input {} is not one number", index));
}

const pb::AttributeProto* NodeCall::Attribute(std::string_view name) const {
  const auto found = std::ranges::find_if(
      node_.attribute(), [&](const pb::AttributeProto& a) { return a.name() == name; });
  return found == node_.attribute().end() ? nullptr : &*found;
}

pb::AttributeProto* NodeCall::MutableAttribute(std::string_view name) {
  for (pb::AttributeProto& attribute : *node_.mutable_attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

int64_t NodeCall::Int(std::string_view name, int64_t fallback) const {
  const pb::AttributeProto* attribute = Attribute(name);
  return attribute != nullptr && attribute->has_i() ? attribute->i() : fallback;
}

float NodeCall::Float(std::string_view name, float fallback) const {
  const pb::AttributeProto* attribute = Attribute(name);
  return attribute != nullptr && attribute->has_f() ? attribute->f() : fallback;
}

std::string NodeCall::Text(std::string_view name, std::string fallback) const {
  const pb::AttributeProto* attribute = Attribute(name);
  return attribute != nullptr && attribute->has_s() ? attribute->s() : fallback;
}

std::optional<std::vector<int64_t>> NodeCall::Ints(std::string_view name) const {
  const pb::AttributeProto* attribute = Attribute(name);
  if (attribute == nullptr) return std::nullopt;
  return std::vector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

Result<std::optional<std::vector<int64_t>>> NodeCall::IntsFrom(std::string_view name,
                                                               size_t index) const {
  if (Has(index)) {
    QB_ASSIGN_OR_RETURN(std::vector<int64_t> values, IntsOf(index));
    return std::optional(std::move(values));
  }
  return Ints(name);
}

Result<size_t> NodeCall::AxisOf(int64_t axis, size_t rank) const {
  const auto all = static_cast<int64_t>(rank);
  if (axis >= -all && axis < all) return static_cast<size_t>(axis < 0 ? axis + all : axis);
  return Corrupt(fmt::format("axis {} of {} dimensions", axis, rank));
}

Result<std::vector<size_t>> NodeCall::AxesOf(const std::vector<int64_t>& axes, size_t rank) const {
  std::vector<size_t> all;
  for (const int64_t axis : axes) {
    QB_ASSIGN_OR_RETURN(const size_t from_front, AxisOf(axis, rank));
    if (std::ranges::find(all, from_front) != all.end()) {
      return Corrupt(fmt::format("axis {} twice", axis));
    }
    all.push_back(from_front);
  }
  return all;
}

Status NodeCall::Corrupt(std::string_view what) const {
  return Error(StatusCode::kCorrupt, "node \"{}\" ({}): {}", SafeName(name_), SafeName(op_type()),
               what);
}

Status NodeCall::Unsupported(std::string_view what) const {
  return Error(
      StatusCode::kUnsupported,
      "node \"{}\" ({}): {}; change that in the model and export it again, or convert it to "
      ".tflite by other means: qbench measures that file as it is",
      SafeName(name_), SafeName(op_type()), what);
}

Result<TensorId> NodeCall::Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs) {
  auto output = import_.builder.Emit(kind, std::move(options), std::move(inputs), name_);
  if (output.ok()) {
    const Shape& shape = ShapeOf(*output);
    if (shape.size() > kMostDimensions && kind != OpKind::kReshape) {
      return Unsupported(fmt::format("it computes a tensor of {} dimensions; at most {} are known",
                                     shape.size(), kMostDimensions));
    }
    if (!shape.empty() && shape[0] == 1) return output;
    return Unsupported("it makes another dimension of the batch");
  }
  const Status& status = output.status();
  if (status.code() == StatusCode::kCorrupt) return Corrupt(status.message());
  return Unsupported(status.message());
}

std::string NodeCall::ConstantName(std::string_view suffix) const {
  return fmt::format("{}/{}", name_, suffix);
}

TensorId NodeCall::Constant(std::string_view suffix, const HostTensor& tensor) {
  Tensor added;
  added.name = import_.builder.UniqueName(ConstantName(suffix));
  added.shape.assign(tensor.dims.begin(), tensor.dims.end());  // below 2^29: CountOf
  added.constant = tensor.floats;
  added.learned_range = tensor.range;
  return import_.builder.graph.AddTensor(std::move(added));
}

}  // namespace qbench::graph::import::onnx
