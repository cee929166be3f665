#include "graph/input_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "graph/operators.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// A value for each channel (dimension `axis` of `shape`), of a constant that is broadcast to it.
std::optional<std::vector<double>> ChannelValues(const Tensor& constant, const Shape& shape,
                                                 size_t axis) {
  const auto channels = static_cast<size_t>(shape[axis]);
  if (!IsFloatConstant(constant) || constant.shape.size() > shape.size() ||
      constant.constant->bytes().size() != static_cast<size_t>(StoredBytes(constant))) {
    return std::nullopt;
  }
  const size_t missing = shape.size() - constant.shape.size();  // dimensions in front
  for (size_t i = 0; i < constant.shape.size(); ++i) {
    if (constant.shape[i] != 1 && i + missing != axis) return std::nullopt;
  }
  const std::vector<float> values = constant.constant->Values<float>();
  std::vector<double> result(values.begin(), values.end());
  if (result.size() == 1) result.resize(channels, result[0]);
  if (result.size() != channels) return std::nullopt;
  return result;
}

class Walk {
 public:
  explicit Walk(const Graph& graph) : graph_(graph), uses_(FindUses(graph)) {}

  std::optional<InputArithmetic> Run() {
    data_ = graph_.inputs.front();
    const Shape& shape = TensorAt(graph_, data_).shape;
    const auto is_channels = [&](size_t axis) { return shape[axis] == 1 || shape[axis] == 3; };
    if (shape.size() != 4 || (!is_channels(3) && !is_channels(1))) return std::nullopt;
    axis_ = is_channels(3) ? 3 : 1;
    factor_.assign(static_cast<size_t>(shape[axis_]), 1.0);
    offset_.assign(factor_.size(), 0.0);
    while (Step()) {
    }
    const auto finite = [](double value) {
      return std::abs(value) < std::numeric_limits<float>::max();
    };
    if (!found_ || !std::ranges::all_of(factor_, finite) || !std::ranges::all_of(offset_, finite)) {
      return std::nullopt;
    }
    return InputArithmetic{{factor_.begin(), factor_.end()}, {offset_.begin(), offset_.end()}};
  }

 private:
  // Takes in the next operator; false where it is no arithmetic of this kind.
  bool Step() {
    const int32_t next = OnlyUser(graph_, uses_, data_);
    if (next < 0) return false;
    const Op& op = graph_.ops[static_cast<size_t>(next)];
    const bool taken = op.kind == OpKind::kTranspose ? Turn(op) : Compute(op);
    if (taken) data_ = op.outputs[0];
    return taken;
  }

  bool Turn(const Op& op) {
    const Tensor& order = TensorAt(graph_, op.inputs[1]);
    if (order.type != DataType::kInt32 || !order.is_constant()) return false;
    const std::vector<int32_t> permutation = order.constant->Values<int32_t>();
    const auto found = std::ranges::find(permutation, static_cast<int32_t>(axis_));
    if (permutation.size() != 4 || found == permutation.end()) return false;
    axis_ = static_cast<size_t>(found - permutation.begin());
    return true;
  }

  bool Compute(const Op& op) {
    const bool shifts = op.kind == OpKind::kAdd || op.kind == OpKind::kSub;
    const bool scales = op.kind == OpKind::kMul || op.kind == OpKind::kDiv;
    if ((!shifts && !scales) || FusedActivationOf(op) != Activation::kNone) return false;
    const bool first = op.inputs[0] == data_;
    // A constant less the image, or divided by it, is nobody's normalization.
    if (!first && op.kind != OpKind::kAdd && op.kind != OpKind::kMul) return false;
    const Shape& shape = TensorAt(graph_, data_).shape;
    if (TensorAt(graph_, op.outputs[0]).shape != shape) return false;
    const auto values = ChannelValues(TensorAt(graph_, op.inputs[first ? 1 : 0]), shape, axis_);
    if (!values) return false;
    for (size_t c = 0; c < values->size(); ++c) {
      const double value = (*values)[c];
      if (scales) {
        const double by = op.kind == OpKind::kMul ? value : 1 / value;
        factor_[c] *= by;
        offset_[c] *= by;
      } else {
        offset_[c] += op.kind == OpKind::kAdd ? value : -value;
      }
    }
    found_ = true;
    return true;
  }

  const Graph& graph_;
  const Uses uses_;
  TensorId data_ = kNoTensor;
  size_t axis_ = 3;
  std::vector<double> factor_, offset_;
  bool found_ = false;
};

std::optional<InputRange> RangeOf(const Tensor& tensor) {
  if (tensor.learned_range && tensor.learned_range->min.size() == 1) {
    return InputRange{tensor.learned_range->min[0], tensor.learned_range->max[0]};
  }
  if (!tensor.quantization || tensor.quantization->scales.size() != 1) return std::nullopt;
  double low = 0;
  double high = 0;
  switch (tensor.type) {
    case DataType::kInt8:
      low = -128, high = 127;
      break;
    case DataType::kUInt8:
      low = 0, high = 255;
      break;
    case DataType::kInt16:
      low = -32768, high = 32767;
      break;
    default:
      return std::nullopt;
  }
  const Quantization& quantization = *tensor.quantization;
  const auto scale = static_cast<double>(quantization.scales[0]);
  const auto zero =
      static_cast<double>(quantization.zero_points.empty() ? 0 : quantization.zero_points[0]);
  return InputRange{static_cast<float>(scale * (low - zero)),
                    static_cast<float>(scale * (high - zero))};
}

}  // namespace

std::optional<InputArithmetic> FindInputArithmetic(const Graph& graph) {
  if (graph.inputs.empty()) return std::nullopt;
  return Walk(graph).Run();
}

std::optional<InputRange> FindInputRange(const Graph& graph) {
  if (graph.inputs.empty()) return std::nullopt;
  const TensorId input = graph.inputs.front();
  if (const auto range = RangeOf(TensorAt(graph, input))) return range;
  const int32_t next = OnlyUser(graph, FindUses(graph), input);
  if (next < 0 || graph.ops[static_cast<size_t>(next)].kind != OpKind::kQuantize) {
    return std::nullopt;
  }
  return RangeOf(TensorAt(graph, graph.ops[static_cast<size_t>(next)].outputs[0]));
}

}  // namespace qbench::graph
