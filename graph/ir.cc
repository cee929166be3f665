#include "graph/ir.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace qbench::graph {
namespace {

struct TypeInfo {
  DataType type;
  std::string_view name;
  size_t bytes;
};

constexpr std::array<TypeInfo, kDataTypeCount> kTypes = {{
    {DataType::kFloat32, "float32", 4},
    {DataType::kFloat16, "float16", 2},
    {DataType::kInt8, "int8", 1},
    {DataType::kUInt8, "uint8", 1},
    {DataType::kInt16, "int16", 2},
    {DataType::kInt32, "int32", 4},
    {DataType::kInt64, "int64", 8},
    {DataType::kBool, "bool", 1},
    {DataType::kInt4, "int4", 1},
}};

constexpr bool AreInOrder(std::span<const TypeInfo> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].type != static_cast<DataType>(i)) return false;
  }
  return true;
}
static_assert(AreInOrder(kTypes));

}  // namespace

size_t DataTypeSize(DataType type) { return kTypes[static_cast<size_t>(type)].bytes; }

std::string_view DataTypeName(DataType type) { return kTypes[static_cast<size_t>(type)].name; }

int64_t ElementCount(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

int64_t StoredBytes(const Tensor& tensor) {
  const int64_t bytes = MemoryBytes(tensor);
  return tensor.type == DataType::kInt4 ? (bytes + 1) / 2 : bytes;
}

int64_t MemoryBytes(const Tensor& tensor) {
  return ElementCount(tensor.shape) * static_cast<int64_t>(DataTypeSize(tensor.type));
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

}  // namespace qbench::graph
