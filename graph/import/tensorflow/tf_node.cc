#include "graph/import/tensorflow/tf_node.h"

#include <algorithm>
#include <limits>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

bool PassesOn(const std::string& op) {
  return op == "Identity" || op == "IdentityN" || op == "StopGradient" || op == "PreventGradient" ||
         op == "Snapshot" || op == "CheckNumerics";
}

}  // namespace

const TfValue* TfImport::Find(FlatRef ref) const {
  if (ref.node < 0 || static_cast<size_t>(ref.node) >= values.size()) return nullptr;
  const auto& outputs = values[static_cast<size_t>(ref.node)];
  const auto index = static_cast<size_t>(ref.output);
  return index < outputs.size() ? &outputs[index] : nullptr;
}

Result<Shape> ShapeOfDims(const Dims& dims) {
  Shape shape;
  for (const int64_t dim : dims) {
    if (dim < 1 || dim > std::numeric_limits<int32_t>::max()) {
      return Error(StatusCode::kUnsupported, "a constant with a dimension of {}", dim);
    }
    shape.push_back(static_cast<int32_t>(dim));
  }
  if (shape.empty()) shape.push_back(1);
  return shape;
}

TfNode::TfNode(TfImport& import, int32_t index)
    : import_(import),
      index_(index),
      flat_(import.flat->nodes[static_cast<size_t>(index)]),
      first_tensor_(import.builder.graph.tensors.size()) {}

const std::string& TfNode::op() const { return flat_.def->op(); }

Result<const TfValue*> TfNode::Value(size_t index) const {
  if (index >= flat_.inputs.size()) {
    return Corrupt(fmt::format("it has {} inputs", flat_.inputs.size()));
  }
  const TfValue* value = import_.Find(flat_.inputs[index]);
  if (value != nullptr) return value;
  return Corrupt(fmt::format("its input {} is an output that its node has not", index));
}

bool TfNode::IsArray(size_t index) const {
  const auto value = Value(index);
  return value.ok() && (*value)->kind == TfValue::Kind::kArray;
}

bool TfNode::IsTensor(size_t index) const {
  const auto value = Value(index);
  return value.ok() && (*value)->kind == TfValue::Kind::kTensor;
}

Result<TensorId> TfNode::Tensor(size_t index, bool whole_numbers) const {
  QB_ASSIGN_OR_RETURN(const TfValue* value, Value(index));
  if (value->kind == TfValue::Kind::kTensor) {
    if (!value->is_integer || whole_numbers) return value->tensor;
    return Unsupported(
        "it computes with whole numbers, as the model's input is; cast them to "
        "float32 first");
  }
  if (value->kind == TfValue::Kind::kRows) {
    if (rows_) return value->tensor;
    return Unsupported(
        "its input has the rows of all samples in one dimension; only dense layers, activations "
        "and "
        "Reshape are known there");
  }
  if (value->kind != TfValue::Kind::kArray || value->array->kind == TfArray::Kind::kTexts) {
    return Unsupported(fmt::format("its input {} is no tensor of numbers", index));
  }
  const TfArray& array = *value->array;
  if (array.any_open()) return Unsupported("it computes with the size of the batch");
  const Result<Shape> shape = ShapeOfDims(array.dims);
  if (!shape.ok()) return Unsupported(shape.status().message());
  GraphBuilder& builder = import_.builder;
  const std::string label = fmt::format("{}/constant", name());
  if (array.kind == TfArray::Kind::kFloats) {
    return builder.graph.AddTensor({.name = builder.UniqueName(label),
                                    .shape = *shape,
                                    .learned_range = array.range,
                                    .constant = array.floats});
  }
  const std::vector<float> floats(array.ints.begin(), array.ints.end());
  return builder.AddConstant(label, *shape, floats);
}

Result<TfArrayPtr> TfNode::Array(size_t index) const {
  QB_ASSIGN_OR_RETURN(const TfValue* value, Value(index));
  if (value->kind == TfValue::Kind::kArray) return value->array;
  return Unsupported(
      fmt::format("its input {} is computed when the model runs; only a constant "
                  "is known there",
                  index));
}

Result<std::vector<float>> TfNode::Floats(size_t index) const {
  QB_ASSIGN_OR_RETURN(const TfArrayPtr array, Array(index));
  if (array->kind == TfArray::Kind::kFloats) return array->floats.Values<float>();
  if (array->any_open() || array->kind != TfArray::Kind::kInts) {
    return Unsupported(fmt::format("its input {} is no list of numbers", index));
  }
  return std::vector<float>(array->ints.begin(), array->ints.end());
}

Result<std::vector<int32_t>> TfNode::Ints(size_t index) const {
  QB_ASSIGN_OR_RETURN(const TfArrayPtr array, Array(index));
  if (array->kind != TfArray::Kind::kInts || array->any_open()) {
    return Unsupported(
        fmt::format("its input {} is no list of whole numbers, or depends on the "
                    "batch",
                    index));
  }
  std::vector<int32_t> ints;
  for (const int64_t value : array->ints) {
    if (value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      return Corrupt(fmt::format("its input {} holds {}", index, value));
    }
    ints.push_back(static_cast<int32_t>(value));
  }
  return ints;
}

Result<std::vector<int32_t>> TfNode::Axes(size_t index, size_t rank) const {
  QB_ASSIGN_OR_RETURN(std::vector<int32_t> axes, Ints(index));
  for (int32_t& axis : axes) {
    const auto count = static_cast<int64_t>(rank);
    if (axis < -count || axis >= count) {
      return Corrupt(fmt::format("axis {} of {} dimensions", axis, rank));
    }
    if (axis < 0) axis += static_cast<int32_t>(count);
  }
  std::ranges::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

FlatRef TfNode::Source(const FlatNode& node, size_t index) const {
  FlatRef ref = index < node.inputs.size() ? node.inputs[index] : FlatRef{};
  while (ref.node >= 0) {
    const FlatNode& source = import_.flat->nodes[static_cast<size_t>(ref.node)];
    const auto output = static_cast<size_t>(ref.output);
    if (!PassesOn(source.def->op()) || output >= source.inputs.size()) break;
    ref = source.inputs[output];
  }
  return ref;
}

const FlatNode* TfNode::Producer(const FlatNode& node, size_t index) const {
  const FlatRef ref = Source(node, index);
  return ref.node < 0 ? nullptr : &import_.flat->nodes[static_cast<size_t>(ref.node)];
}

const tensorflow::Attribute* TfNode::Find(const char* key) const {
  const auto& attributes = flat_.def->attr();
  const auto found = attributes.find(key);
  return found == attributes.end() ? nullptr : &found->second;
}

int64_t TfNode::Int(const char* key, int64_t fallback) const {
  const tensorflow::Attribute* attribute = Find(key);
  return attribute != nullptr && attribute->has_i() ? attribute->i() : fallback;
}

double TfNode::Float(const char* key, double fallback) const {
  const tensorflow::Attribute* attribute = Find(key);
  return attribute != nullptr && attribute->has_f() ? attribute->f() : fallback;
}

bool TfNode::Bool(const char* key, bool fallback) const {
  const tensorflow::Attribute* attribute = Find(key);
  return attribute != nullptr && attribute->has_b() ? attribute->b() : fallback;
}

std::string TfNode::Text(const char* key, std::string_view fallback) const {
  const tensorflow::Attribute* attribute = Find(key);
  return attribute != nullptr && attribute->has_s() ? attribute->s() : std::string(fallback);
}

int32_t TfNode::Type(const char* key) const {
  const tensorflow::Attribute* attribute = Find(key);
  return attribute == nullptr ? 0 : attribute->type();
}

std::vector<int64_t> TfNode::List(const char* key) const {
  const tensorflow::Attribute* attribute = Find(key);
  if (attribute == nullptr) return {};
  return {attribute->list().i().begin(), attribute->list().i().end()};
}

Status TfNode::CheckChannelsLast() const {
  const std::string format = Text("data_format", "NHWC");
  if (format == "NHWC") return OkStatus();
  return Unsupported(
      fmt::format("its data_format is {}; build the model with channels last (NHWC), which is what "
                  "runs on a processor, and give it these weights",
                  SafeName(format)));
}

Result<TensorId> TfNode::Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs) {
  auto output = import_.builder.Emit(kind, std::move(options), std::move(inputs), name());
  if (!output.ok())
    return Status(output.status().code(), Corrupt(output.status().message()).message());
  import_.builder.graph.tensors[static_cast<size_t>(*output)].dynamic_batch = import_.open_batch;
  return output;
}

Result<TensorId> TfNode::Emit(OpKind kind, std::vector<TensorId> inputs) {
  return Emit(kind, DefaultOptions(kind), std::move(inputs));
}

TensorId TfNode::AddWeights(graph::Tensor tensor) {
  tensor.name = import_.builder.UniqueName(fmt::format("{}/{}", name(), tensor.name));
  return import_.builder.graph.AddTensor(std::move(tensor));
}

Result<TensorId> TfNode::Scaled(TensorId tensor, double factor) {
  if (factor == 1.0) return tensor;
  const TensorId constant = Constant("factor", {1}, std::vector{static_cast<float>(factor)});
  return Emit(OpKind::kMul, {tensor, constant});
}

Result<TensorId> TfNode::Shifted(TensorId tensor, double offset) {
  if (offset == 0.0) return tensor;
  const TensorId constant = Constant("offset", {1}, std::vector{static_cast<float>(offset)});
  return Emit(OpKind::kAdd, {tensor, constant});
}

Result<TensorId> TfNode::Reshaped(TensorId tensor, std::vector<int32_t> shape) {
  const TensorId constant = Constant("shape", {static_cast<int32_t>(shape.size())}, shape);
  return Emit(OpKind::kReshape, ReshapeOptions{.new_shape = std::move(shape)}, {tensor, constant});
}

Result<TensorId> TfNode::Transposed(TensorId tensor, const std::vector<int32_t>& order) {
  const TensorId constant = Constant("order", {static_cast<int32_t>(order.size())}, order);
  return Emit(OpKind::kTranspose, {tensor, constant});
}

std::vector<int32_t> TfNode::OpenShape(TensorId tensor) const {
  std::vector<int32_t> shape = ShapeOf(tensor);
  if (import_.open_batch && !shape.empty()) shape[0] = -1;
  return shape;
}

Status TfNode::Give(TensorId tensor) {
  // The last tensor that a node makes is called as the node is.
  graph::Tensor& made = import_.builder.graph.tensors[static_cast<size_t>(tensor)];
  if (static_cast<size_t>(tensor) >= first_tensor_ && !made.is_constant()) {
    made.name = import_.builder.UniqueName(name());
  }
  TfValue value;
  value.kind = rows_ ? TfValue::Kind::kRows : TfValue::Kind::kTensor;
  value.tensor = tensor;
  return Give(std::move(value));
}

Status TfNode::Give(TfArray array) {
  TfValue value;
  value.kind = TfValue::Kind::kArray;
  value.array = std::make_shared<const TfArray>(std::move(array));
  return Give(std::move(value));
}

Status TfNode::Give(TfValue value) {
  outputs_.push_back(std::move(value));
  return OkStatus();
}

Status TfNode::Corrupt(std::string_view what) const {
  return Error(StatusCode::kCorrupt, "node \"{}\" ({}): {}", SafeName(name()), SafeName(op()),
               what);
}

Status TfNode::Unsupported(std::string_view what) const {
  return Error(StatusCode::kUnsupported, "node \"{}\" ({}): {}", SafeName(name()), SafeName(op()),
               what);
}

}  // namespace qbench::graph::import
