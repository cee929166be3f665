// What the builder of an ONNX node sees of it and of the graph that is being made: attributes,
// inputs, and the means to add operators. Every error names the node and its operator.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/import/graph_builder.h"
#include "graph/import/onnx/onnx_tensor.h"
#include "graph/ir.h"

namespace qbench::graph::import::onnx {

// Which of ONNX's dimensions each dimension of a tensor in memory is. Images are [batch, channels,
// height, width] in ONNX and channels last in memory: {0, 2, 3, 1}. The first is the batch; it is
// kWithin where ONNX has it as a part of another dimension ([batch * heads, places, size]): in
// memory it is a dimension of its own even then.
using Order = std::vector<size_t>;
inline constexpr size_t kWithin = SIZE_MAX;
inline constexpr size_t kMostDimensions = 5;  // of a tensor, as graph::Validate has it
Order SameOrder(size_t rank);
Order ChannelsLast(size_t rank);  // {0, 2, …, rank - 1, 1}; of rank 2 and below, the same order

// A range of whole numbers and what they stand for, of one tensor.
struct QuantizedRange {
  double scale = 1.0;
  int64_t zero_point = 0;
  int64_t low = 0, high = 0;
  float min() const { return static_cast<float>(static_cast<double>(low - zero_point) * scale); }
  float max() const { return static_cast<float>(static_cast<double>(high - zero_point) * scale); }
};

// What a name of the ONNX graph stands for: a constant, or a tensor that is computed.
struct Value {
  Dims dims;
  HostTensorRef constant;
  TensorId tensor = kNoTensor;
  Order order;  // of `tensor`: dimension i of it is dims[order[i]]
  // Where order[0] is kWithin: dimension `within` is [outer, batch, inner], row by row.
  size_t within = 0;
  int64_t outer = 1;
  bool failed = false;   // the node that makes it cannot be read
  bool integer = false;  // an input of whole numbers, which nothing but Cast may take
  std::optional<QuantizedRange> quantized;  // between QuantizeLinear and DequantizeLinear

  bool is_constant() const { return constant != nullptr; }
  size_t rank() const { return dims.size(); }
  // Whether the batch is a part of another of ONNX's dimensions.
  bool is_within() const { return !order.empty() && order[0] == kWithin; }
  // The dimension that is the batch, or that the batch is a part of.
  size_t BatchAxis() const { return is_within() ? within : order[0]; }
  bool IsBatch(size_t axis) const { return !order.empty() && BatchAxis() == axis; }
  // Where dimension `axis` is in memory.
  size_t PlaceOf(size_t axis) const;
};
Value ConstantValue(HostTensorRef tensor);

// What Concat made of a tensor and a constant of the same dims: their sum. Another constant that is
// added to it goes into this one.
struct JoinedConstant {
  Value padded;
  HostTensorRef constant;
};

// The graph under construction and what is shared between its nodes.
struct OnnxImport {
  GraphBuilder builder;
  int64_t opset = 0;
  bool open_batch = false;  // of an input; else all of them are of one sample
  // Tensors in another order, by what they were made of: each is made once.
  std::map<std::pair<TensorId, std::vector<int32_t>>, TensorId> transposed;
  std::map<TensorId, std::pair<TensorId, std::vector<int32_t>>> transposed_of;
  std::map<TensorId, TensorId> sqrt_of;       // 1 / x by its x
  std::map<TensorId, JoinedConstant> joined;  // by the sum
  std::map<TensorId, TensorId> deep;  // reshaped to more than kMostDimensions, by the output
  int64_t budget = int64_t{1} << 26;  // elements that may still be computed at import
  std::vector<std::string> notes;
  size_t quantized_pairs = 0;
};

class NodeCall {
 public:
  // `inputs` has an element for each input of the node; one that is left out has no dims and is
  // neither constant nor tensor.
  NodeCall(OnnxImport& import, pb::NodeProto& node, std::vector<Value> inputs);

  OnnxImport& import() const { return import_; }
  int64_t opset() const { return import_.opset; }
  const std::string& name() const { return name_; }
  const std::string& op_type() const { return node_.op_type(); }
  size_t outputs() const { return static_cast<size_t>(node_.output_size()); }
  size_t inputs() const { return inputs_.size(); }

  // Inputs. Whether there is one at that place; what it is (kCorrupt: there is none).
  bool Has(size_t index) const;
  Result<Value> Input(size_t index) const;
  // A tensor that is computed, of floats; of that rank, if it is not 0.
  Result<Value> Computed(size_t index, size_t rank = 0) const;
  // Constants; kUnsupported where it is computed. IntsOf and Ints in any shape.
  Result<HostTensorRef> ConstantInput(size_t index) const;
  Result<std::vector<int64_t>> IntsOf(size_t index) const;
  Result<std::vector<float>> FloatsOf(size_t index) const;
  Result<float> ScalarOf(size_t index) const;

  // Attributes; kCorrupt where a number is out of range.
  const pb::AttributeProto* Attribute(std::string_view name) const;
  pb::AttributeProto* MutableAttribute(std::string_view name);
  int64_t Int(std::string_view name, int64_t fallback) const;
  float Float(std::string_view name, float fallback) const;
  std::string Text(std::string_view name, std::string fallback) const;
  std::optional<std::vector<int64_t>> Ints(std::string_view name) const;
  // The attribute, or the input at `index` where later operator sets have it.
  Result<std::optional<std::vector<int64_t>>> IntsFrom(std::string_view name, size_t index) const;
  // `axis` from the front. kCorrupt where it is none of `rank` dimensions.
  Result<size_t> AxisOf(int64_t axis, size_t rank) const;
  Result<std::vector<size_t>> AxesOf(const std::vector<int64_t>& axes, size_t rank) const;

  Status Corrupt(std::string_view what) const;
  Status Unsupported(std::string_view what) const;

  // Adds an operator of this node and returns its output.
  Result<TensorId> Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs);
  Result<TensorId> Emit(OpKind kind, std::vector<TensorId> inputs) {
    return Emit(kind, DefaultOptions(kind), std::move(inputs));
  }
  template <typename T>
  TensorId Constant(std::string_view suffix, Shape shape, const std::vector<T>& values) {
    return import_.builder.AddConstant(ConstantName(suffix), std::move(shape), values);
  }
  // Its values are not copied; its range goes along.
  TensorId Constant(std::string_view suffix, const HostTensor& tensor);
  TensorId Ints(std::string_view suffix, const std::vector<int32_t>& values) {
    return Constant(suffix, {static_cast<int32_t>(values.size())}, values);
  }
  const Shape& ShapeOf(TensorId tensor) const { return import_.builder.ShapeOf(tensor); }
  void Note(std::string note) { import_.notes.push_back(std::move(note)); }

  // Outputs behind the first, which the builder returns.
  std::vector<Value> more;

 private:
  std::string ConstantName(std::string_view suffix) const;

  OnnxImport& import_;
  pb::NodeProto& node_;
  std::vector<Value> inputs_;
  std::string name_;
};

// Adds the node's operators and returns its first output.
using NodeBuilder = Result<Value> (*)(NodeCall& call);

}  // namespace qbench::graph::import::onnx
