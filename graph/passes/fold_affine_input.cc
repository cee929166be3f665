#include <cmath>
#include <optional>
#include <utility>

#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// x = scale * y + offset for each input channel of a layer, which has them in its weights.
struct InputAffine {
  std::vector<double> scale, offset;
};

// Where the values of a constant are one for each channel, or one for all.
std::optional<std::vector<float>> ChannelValues(const Tensor& constant, size_t channels) {
  if (!IsFloatConstant(constant) || ElementCount(constant.shape) > int64_t{1} << 24) {
    return std::nullopt;
  }
  std::vector<float> values = constant.constant->Values<float>();
  const bool last =
      constant.shape.empty() || values.size() == static_cast<size_t>(constant.shape.back());
  if (values.size() == 1) values.resize(channels, values[0]);
  if (!last || values.size() != channels) return std::nullopt;
  return values;
}

// Padding is zeros of x, which are no zeros of y where there is an offset.
bool Pads(const Graph& graph, const Op& op) {
  const Shape& input = TensorAt(graph, op.inputs[0]).shape;
  const Shape& filter = TensorAt(graph, op.inputs[1]).shape;
  const Shape& output = TensorAt(graph, op.outputs[0]).shape;
  const auto pads = [&](const auto& o) {
    if (o.padding == Padding::kValid) return false;
    const auto reach = [](int64_t out, int64_t stride, int64_t size, int64_t dilation) {
      return (out - 1) * stride + (size - 1) * dilation + 1;
    };
    return reach(output[1], o.stride_h, filter[1], o.dilation_h) > input[1] ||
           reach(output[2], o.stride_w, filter[2], o.dilation_w) > input[2];
  };
  if (const auto* conv = std::get_if<Conv2DOptions>(&op.options)) return pads(*conv);
  if (const auto* depthwise = std::get_if<DepthwiseConv2DOptions>(&op.options)) {
    return pads(*depthwise);
  }
  return false;
}

// The input channel that each of the layer's weights is for, and the output channel.
struct Place {
  size_t input = 0, output = 0;
};
class Weights {
 public:
  Weights(const Graph& graph, const Op& op)
      : kind_(op.kind), shape_(TensorAt(graph, op.inputs[1]).shape) {
    const auto depth = static_cast<size_t>(shape_.back());
    if (kind_ == OpKind::kDepthwiseConv2D) {
      const auto& options = std::get<DepthwiseConv2DOptions>(op.options);
      multiplier_ = static_cast<size_t>(options.depth_multiplier);
      inputs_ = depth / multiplier_;
      outputs_ = depth;
      return;
    }
    outputs_ = static_cast<size_t>(shape_[0]);
    const size_t groups =
        kind_ == OpKind::kConv2D
            ? static_cast<size_t>(GroupsOf(TensorAt(graph, op.inputs[0]).shape, shape_))
            : 1;
    inputs_ = depth * groups;
    outputs_in_group_ = outputs_ / groups;
  }
  size_t inputs() const { return inputs_; }
  size_t outputs() const { return outputs_; }
  Place Of(size_t index) const {
    const auto depth = static_cast<size_t>(shape_.back());
    if (kind_ == OpKind::kDepthwiseConv2D) return {index % depth / multiplier_, index % depth};
    const size_t each = static_cast<size_t>(ElementCount(shape_)) / outputs_;
    const size_t output = index / each;
    return {output / outputs_in_group_ * depth + index % depth, output};
  }

 private:
  OpKind kind_;
  Shape shape_;
  size_t inputs_ = 0, outputs_ = 0, outputs_in_group_ = 1, multiplier_ = 1;
};

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), uses_(FindUses(graph)) {}

  void Run() {
    std::vector<bool> dead(graph_.ops.size(), false);
    for (Op& op : graph_.ops) {
      const bool foldable =
          HasWeights(op.kind) && IsFloatConstant(TensorAt(graph_, op.inputs[1])) &&
          !TensorAt(graph_, op.inputs[1]).learned_range &&
          (op.inputs[2] == kNoTensor || IsFloatConstant(TensorAt(graph_, op.inputs[2])));
      if (foldable) Fold(op, dead);
    }
    EraseOps(graph_, dead);
  }

 private:
  void Fold(Op& op, std::vector<bool>& dead) {
    const Weights weights(graph_, op);
    const bool pads = Pads(graph_, op);
    InputAffine affine{std::vector<double>(weights.inputs(), 1.0),
                       std::vector<double>(weights.inputs(), 0.0)};
    TensorId data = op.inputs[0];
    std::vector<size_t> folded;
    while (true) {
      const Tensor& tensor = TensorAt(graph_, data);
      const int32_t maker = uses_.producer[static_cast<size_t>(data)];
      if (maker < 0 || OnlyUser(graph_, uses_, data) < 0 || tensor.learned_range ||
          tensor.shape.empty() || static_cast<size_t>(tensor.shape.back()) != weights.inputs()) {
        break;
      }
      const auto before = Take(graph_.ops[static_cast<size_t>(maker)], pads, affine);
      if (before == kNoTensor || TensorAt(graph_, before).shape != tensor.shape) break;
      folded.push_back(static_cast<size_t>(maker));
      data = before;
    }
    if (folded.empty() || !Apply(op, weights, affine)) return;
    for (const size_t maker : folded) dead[maker] = true;
    op.inputs[0] = data;
  }

  // What the operator computes from, after `affine` has taken it in; kNoTensor where it cannot.
  TensorId Take(const Op& op, bool pads, InputAffine& affine) const {
    const bool shifts = op.kind == OpKind::kAdd || op.kind == OpKind::kSub;
    if ((op.kind != OpKind::kMul && !shifts) || FusedActivationOf(op) != Activation::kNone ||
        (shifts && pads)) {
      return kNoTensor;
    }
    size_t data = 0;
    auto values = ChannelValues(TensorAt(graph_, op.inputs[1]), affine.scale.size());
    if (!values) {
      if (op.kind == OpKind::kSub) return kNoTensor;
      data = 1;
      values = ChannelValues(TensorAt(graph_, op.inputs[0]), affine.scale.size());
    }
    if (!values) return kNoTensor;
    for (size_t c = 0; c < values->size(); ++c) {
      const auto value = static_cast<double>((*values)[c]);
      if (op.kind == OpKind::kMul) {
        affine.scale[c] *= value;
      } else {
        affine.offset[c] += affine.scale[c] * (op.kind == OpKind::kAdd ? value : -value);
      }
    }
    return op.inputs[data];
  }

  // False where a weight would not be a number any more.
  bool Apply(Op& op, const Weights& weights, const InputAffine& affine) {
    const Tensor old = TensorAt(graph_, op.inputs[1]);
    std::vector<float> values = old.constant->Values<float>();
    std::vector<double> sums(weights.outputs(), 0.0);
    std::string bias_name = std::string(DisplayName(graph_, op)) + "/bias";
    if (op.inputs[2] != kNoTensor) {
      const std::vector<float> bias = TensorAt(graph_, op.inputs[2]).constant->Values<float>();
      std::ranges::copy(bias, sums.begin());
      bias_name = TensorAt(graph_, op.inputs[2]).name;
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const Place place = weights.Of(i);
      sums[place.output] += static_cast<double>(values[i]) * affine.offset[place.input];
      values[i] = static_cast<float>(static_cast<double>(values[i]) * affine.scale[place.input]);
    }
    const std::vector<float> bias(sums.begin(), sums.end());
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::ranges::all_of(values, finite) || !std::ranges::all_of(bias, finite)) return false;
    op.inputs[1] = graph_.AddConstant(old.name, Shape(old.shape), values);
    op.inputs[2] =
        graph_.AddConstant(std::move(bias_name), {static_cast<int32_t>(bias.size())}, bias);
    return true;
  }

  Graph& graph_;
  const Uses uses_;
};

}  // namespace

Status FoldAffineInput(Model& model) {
  Folder(model.graph).Run();
  return OkStatus();
}

}  // namespace qbench::graph
