#include "graph/validate.h"

#include <cmath>
#include <limits>
#include <set>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/operators.h"

namespace qbench::graph {
namespace {

// More than any image classifier needs, and within what every runtime's kernels take.
constexpr size_t kMaxRank = 5;
constexpr int64_t kMaxTensorBytes = std::numeric_limits<int32_t>::max();
// All tensors together, were each to have its own memory. The largest board has 16 GiB.
constexpr int64_t kMaxTotalBytes = int64_t{1} << 33;

Status CheckShape(const Tensor& tensor) {
  if (tensor.shape.size() > kMaxRank) {
    return Error(StatusCode::kUnsupported, "{} dimensions; qbench knows at most {}",
                 tensor.shape.size(), kMaxRank);
  }
  auto bytes = static_cast<int64_t>(DataTypeSize(tensor.type));
  for (const int32_t dimension : tensor.shape) {
    if (dimension < 1) return Error(StatusCode::kCorrupt, "a dimension of {}", dimension);
    bytes *= dimension;  // both below 2^31
    if (bytes > kMaxTensorBytes) {
      return Error(StatusCode::kUnsupported, "more than 2 GiB ([{}] {})",
                   fmt::join(tensor.shape, ", "), DataTypeName(tensor.type));
    }
  }
  if (tensor.dynamic_batch && (tensor.shape.empty() || tensor.shape[0] != 1)) {
    return Error(StatusCode::kCorrupt, "a free batch whose dimension is not 1");
  }
  return OkStatus();
}

// The values of a zero point that the type can represent.
bool ZeroPointFits(DataType type, int64_t zero_point) {
  switch (type) {
    case DataType::kInt8:
      return zero_point >= -128 && zero_point <= 127;
    case DataType::kUInt8:
      return zero_point >= 0 && zero_point <= 255;
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kInt4:
      return zero_point == 0;  // symmetric by the quantization specification
    default:
      return false;  // other types have no quantization
  }
}

Status CheckQuantization(const Tensor& tensor) {
  const Quantization& q = *tensor.quantization;
  if (q.scales.empty() || q.scales.size() != q.zero_points.size()) {
    return Error(StatusCode::kCorrupt, "{} scales and {} zero points", q.scales.size(),
                 q.zero_points.size());
  }
  if (q.axis < 0 || (q.axis > 0 && static_cast<size_t>(q.axis) >= tensor.shape.size())) {
    return Error(StatusCode::kCorrupt, "quantized along dimension {}", q.axis);
  }
  if (q.per_channel() &&
      (tensor.shape.empty() ||
       static_cast<size_t>(tensor.shape[static_cast<size_t>(q.axis)]) != q.scales.size())) {
    return Error(StatusCode::kCorrupt, "{} scales along dimension {} of [{}]", q.scales.size(),
                 q.axis, fmt::join(tensor.shape, ", "));
  }
  for (const float scale : q.scales) {
    if (!std::isfinite(scale) || scale <= 0.0F) {
      return Error(StatusCode::kCorrupt, "a scale of {}", scale);
    }
  }
  for (const int64_t zero_point : q.zero_points) {
    if (!ZeroPointFits(tensor.type, zero_point)) {
      return Error(StatusCode::kCorrupt, "a zero point of {} with type {}", zero_point,
                   DataTypeName(tensor.type));
    }
  }
  return OkStatus();
}

Status CheckLearnedRange(const Tensor& tensor) {
  const LearnedRange& range = *tensor.learned_range;
  const size_t count = range.min.size();
  if (tensor.type != DataType::kFloat32 || tensor.quantization) {
    return Error(StatusCode::kCorrupt, "a learned range of a tensor that is not float32");
  }
  if (count == 0 || count != range.max.size()) {
    return Error(StatusCode::kCorrupt, "a learned range of {} minima and {} maxima", count,
                 range.max.size());
  }
  if (range.axis < 0 ||
      (range.axis > 0 && static_cast<size_t>(range.axis) >= tensor.shape.size())) {
    return Error(StatusCode::kCorrupt, "learned ranges along dimension {}", range.axis);
  }
  if (count > 1 && (!tensor.constant || tensor.shape.empty() ||
                    static_cast<size_t>(tensor.shape[static_cast<size_t>(range.axis)]) != count)) {
    return Error(StatusCode::kCorrupt, "{} learned ranges along dimension {} of [{}]", count,
                 range.axis, fmt::join(tensor.shape, ", "));
  }
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(range.min[i]) || !std::isfinite(range.max[i]) ||
        range.min[i] > range.max[i]) {
      return Error(StatusCode::kCorrupt, "a learned range from {} to {}", range.min[i],
                   range.max[i]);
    }
  }
  return OkStatus();
}

Status CheckTensor(const Tensor& tensor) {
  QB_RETURN_IF_ERROR(CheckShape(tensor));
  if (tensor.quantization) QB_RETURN_IF_ERROR(CheckQuantization(tensor));
  if (tensor.learned_range) QB_RETURN_IF_ERROR(CheckLearnedRange(tensor));
  if (tensor.constant &&
      static_cast<int64_t>(tensor.constant->bytes().size()) != StoredBytes(tensor)) {
    return Error(StatusCode::kCorrupt, "{} bytes of data, but [{}] {} takes {}",
                 tensor.constant->bytes().size(), fmt::join(tensor.shape, ", "),
                 DataTypeName(tensor.type), StoredBytes(tensor));
  }
  if (tensor.type == DataType::kInt4 && (!tensor.constant || !tensor.quantization)) {
    return Error(StatusCode::kUnsupported, "int4 that is not a weight with a scale");
  }
  if (tensor.constant && tensor.dynamic_batch) {
    return Error(StatusCode::kCorrupt, "a constant with a free batch");
  }
  return OkStatus();
}

Status CheckTensors(const Graph& graph) {
  if (graph.tensors.size() > static_cast<size_t>(std::numeric_limits<TensorId>::max())) {
    return Error(StatusCode::kUnsupported, "{} tensors", graph.tensors.size());
  }
  int64_t total = 0;
  for (size_t i = 0; i < graph.tensors.size(); ++i) {
    const Tensor& tensor = graph.tensors[i];
    if (const Status status = CheckTensor(tensor); !status.ok()) {
      return status.WithContext(fmt::format("tensor {} ('{}')", i, SafeName(tensor.name)));
    }
    total += StoredBytes(tensor);
    if (total > kMaxTotalBytes) {
      return Error(StatusCode::kUnsupported, "the tensors take more than 8 GiB");
    }
  }
  return OkStatus();
}

bool InRange(const Graph& graph, TensorId tensor) {
  return tensor >= 0 && static_cast<size_t>(tensor) < graph.tensors.size();
}

// Graph inputs and outputs: in range, none twice (LiteRT leaves the earlier of two equal outputs
// unwritten), inputs not constant.
Status CheckEnds(const Graph& graph) {
  const auto check = [&graph](const std::vector<TensorId>& ids, std::string_view what) -> Status {
    std::vector<bool> seen(graph.tensors.size(), false);
    for (const TensorId id : ids) {
      if (!InRange(graph, id)) return Error(StatusCode::kCorrupt, "no tensor {}, a {}", id, what);
      if (seen[static_cast<size_t>(id)]) {
        return Error(StatusCode::kCorrupt, "tensor {} is {} twice", id, what);
      }
      seen[static_cast<size_t>(id)] = true;
    }
    return OkStatus();
  };
  if (graph.inputs.empty() || graph.outputs.empty()) {
    return Error(StatusCode::kCorrupt, "the model has no {}",
                 graph.inputs.empty() ? "inputs" : "outputs");
  }
  QB_RETURN_IF_ERROR(check(graph.inputs, "input"));
  QB_RETURN_IF_ERROR(check(graph.outputs, "output"));
  for (const TensorId id : graph.inputs) {
    if (graph.tensors[static_cast<size_t>(id)].is_constant()) {
      return Error(StatusCode::kCorrupt, "input tensor {} is a constant", id);
    }
  }
  return OkStatus();
}

// Walks the operators in their order; a tensor is available once it is constant, a graph input, or
// written by an operator before.
class OrderChecker {
 public:
  explicit OrderChecker(const Graph& graph) : graph_(graph) {
    available_.reserve(graph.tensors.size());
    for (const Tensor& tensor : graph.tensors) available_.push_back(tensor.is_constant());
    for (const TensorId id : graph.inputs) available_[static_cast<size_t>(id)] = true;
  }

  Status Visit(const Op& op) {
    for (const TensorId id : op.inputs) {
      if (id == kNoTensor) continue;
      if (!InRange(graph_, id)) return Error(StatusCode::kCorrupt, "no tensor {}", id);
      if (!available_[static_cast<size_t>(id)]) {
        return Error(StatusCode::kCorrupt, "input tensor {} is not computed before", id);
      }
    }
    if (op.outputs.size() != 1) {
      return Error(StatusCode::kCorrupt, "{} outputs instead of 1", op.outputs.size());
    }
    const TensorId output = op.outputs[0];
    if (!InRange(graph_, output)) return Error(StatusCode::kCorrupt, "no tensor {}", output);
    if (available_[static_cast<size_t>(output)]) {
      return Error(StatusCode::kCorrupt, "output tensor {} is written twice", output);
    }
    available_[static_cast<size_t>(output)] = true;
    return OkStatus();
  }

  Status CheckOutputs() const {
    for (const TensorId id : graph_.outputs) {
      if (!available_[static_cast<size_t>(id)]) {
        return Error(StatusCode::kCorrupt, "output tensor {} is never computed", id);
      }
    }
    return OkStatus();
  }

 private:
  const Graph& graph_;
  std::vector<bool> available_;
};

Status CheckOutputShape(const Graph& graph, const Op& op) {
  QB_ASSIGN_OR_RETURN(const Shape inferred, InferOutputShape(graph, op));
  const Shape& stated = graph.tensors[static_cast<size_t>(op.outputs[0])].shape;
  if (inferred != stated) {
    return Error(StatusCode::kCorrupt, "the output's shape is [{}] but should be [{}]",
                 fmt::join(stated, ", "), fmt::join(inferred, ", "));
  }
  return OkStatus();
}

Status CheckOps(const Graph& graph) {
  OrderChecker order(graph);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    Status status = order.Visit(op);
    if (status.ok()) status = CheckOutputShape(graph, op);
    if (status.ok()) status = InfoOf(op.kind).types(graph, op);
    if (!status.ok()) {
      return status.WithContext(fmt::format("operator {} ({} '{}')", i, OpKindName(op.kind),
                                            SafeName(DisplayName(graph, op))));
    }
  }
  return order.CheckOutputs();
}

bool AreDistinct(const std::vector<std::string>& names, size_t count) {
  return names.size() == count &&
         std::set<std::string_view>(names.begin(), names.end()).size() == count;
}

}  // namespace

Status Validate(const Model& model) {
  const Graph& graph = model.graph;
  QB_RETURN_IF_ERROR(CheckTensors(graph));
  QB_RETURN_IF_ERROR(CheckEnds(graph));
  QB_RETURN_IF_ERROR(CheckOps(graph));
  if (!model.signature) return OkStatus();
  const Signature& signature = *model.signature;
  if (!AreDistinct(signature.input_names, graph.inputs.size()) ||
      !AreDistinct(signature.output_names, graph.outputs.size())) {
    return Error(StatusCode::kCorrupt,
                 "signature '{}' does not give each input and output a name of its own",
                 SafeName(signature.key));
  }
  return OkStatus();
}

}  // namespace qbench::graph
