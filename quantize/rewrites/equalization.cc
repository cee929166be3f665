#include "quantize/rewrites/equalization.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "quantize/float_model.h"

namespace qbench::quantize {
namespace {

using graph::Op;
using graph::OpKind;
using graph::TensorId;

// Two layers with weights, the first of which alone makes what the second reads.
struct Pair {
  size_t first = 0;
  size_t second = 0;
  bool only_relu = true;  // between them is nothing but the first one's activation
};

// f(s * x) = s * f(x) for every s > 0, each channel by itself, and channels stay the last
// dimension.
bool IsHomogeneous(const graph::Graph& graph, const Op& op) {
  const graph::Tensor& input = graph.tensors[static_cast<size_t>(op.inputs[0])];
  const graph::Tensor& output = graph.tensors[static_cast<size_t>(op.outputs[0])];
  switch (op.kind) {
    case OpKind::kMaxPool2D:
    case OpKind::kAveragePool2D:
      return std::get<graph::Pool2DOptions>(op.options).activation == graph::Activation::kNone;
    case OpKind::kMean: {
      const graph::Tensor& axes = graph.tensors[static_cast<size_t>(op.inputs[1])];
      if (!axes.is_constant()) return false;
      const auto last = static_cast<int32_t>(input.shape.size()) - 1;
      return std::ranges::none_of(axes.constant->Values<int32_t>(),
                                  [&](int32_t axis) { return axis == last || axis == -1; });
    }
    case OpKind::kReshape:  // to the rows of a matrix
      return output.shape.size() == 2 && output.shape[0] == input.shape[0];
    case OpKind::kPad:
      return output.shape.back() == input.shape.back();
    case OpKind::kRelu:
    case OpKind::kLeakyRelu:
      return true;
    default:
      return false;
  }
}

// The weights of a layer, seen as [outer, channels, inner] for its output and its input channels.
class Layer {
 public:
  Layer(graph::Model& model, Op& op) : graph_(model.graph), op_(op), inputs_(*FindWeights(op)) {
    const graph::Tensor& weights = Weights();
    outputs_ = static_cast<size_t>(weights.shape[static_cast<size_t>(inputs_.channel_axis)]);
    values_ = weights.constant->Values<float>();
    if (HasBias()) bias_ = Bias().constant->Values<float>();
  }

  static bool IsConstant(const graph::Graph& graph, const Op& op) {
    const auto inputs = FindWeights(op);
    const auto is_constant = [&](TensorId id) {
      return id == graph::kNoTensor || graph.tensors[static_cast<size_t>(id)].is_constant();
    };
    return inputs && is_constant(inputs->weights) && is_constant(inputs->bias);
  }

  size_t outputs() const { return outputs_; }
  // Of a fully connected layer behind a flattened image the features are positions x channels.
  size_t inputs() const {
    return depthwise() ? outputs_ / multiplier() : static_cast<size_t>(Weights().shape.back());
  }
  bool HasBias() const { return inputs_.bias != graph::kNoTensor; }
  std::vector<float>& values() { return values_; }
  std::vector<float>& bias() { return bias_; }

  size_t OutputOf(size_t weight) const {
    return depthwise() ? weight % outputs_ : weight / (values_.size() / outputs_);
  }
  // Of `channels` that what it reads has.
  size_t InputOf(size_t weight, size_t channels) const {
    return depthwise() ? weight % outputs_ / multiplier() : weight % channels;
  }

  std::vector<double> OutputRanges() const {
    std::vector<double> ranges(outputs_, 0.0);
    for (size_t i = 0; i < values_.size(); ++i) Raise(ranges[OutputOf(i)], values_[i]);
    return ranges;
  }
  std::vector<double> InputRanges(size_t channels) const {
    std::vector<double> ranges(channels, 0.0);
    for (size_t i = 0; i < values_.size(); ++i) Raise(ranges[InputOf(i, channels)], values_[i]);
    return ranges;
  }

  // What is known of the outputs, where a channel is divided by its factor, or lowered.
  void DivideStatistics(const std::vector<double>& factors) {
    for (size_t i = 0; op_.statistics && i < factors.size(); ++i) {
      op_.statistics->mean[i] = static_cast<float>(op_.statistics->mean[i] / factors[i]);
      op_.statistics->deviation[i] = static_cast<float>(op_.statistics->deviation[i] / factors[i]);
    }
  }
  void LowerStatistics(size_t channel, float by) {
    if (op_.statistics) op_.statistics->mean[channel] -= by;
  }

  // Puts changed values into the model, as constants of this operator's own.
  void Store() {
    op_.inputs[kWeightsInput] = Replace(inputs_.weights, values_);
    if (HasBias()) op_.inputs[kBiasInput] = Replace(inputs_.bias, bias_);
  }

 private:
  bool depthwise() const { return op_.kind == OpKind::kDepthwiseConv2D; }
  size_t multiplier() const {
    return static_cast<size_t>(
        std::get<graph::DepthwiseConv2DOptions>(op_.options).depth_multiplier);
  }
  const graph::Tensor& Weights() const {
    return graph_.tensors[static_cast<size_t>(inputs_.weights)];
  }
  const graph::Tensor& Bias() const { return graph_.tensors[static_cast<size_t>(inputs_.bias)]; }
  static void Raise(double& largest, float value) {
    largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  TensorId Replace(TensorId like, const std::vector<float>& values) {
    graph::Tensor tensor = graph_.tensors[static_cast<size_t>(like)];
    tensor.constant = graph::MakeConstant(values);
    return graph_.AddTensor(std::move(tensor));
  }

  graph::Graph& graph_;
  Op& op_;
  WeightInputs inputs_;
  size_t outputs_ = 0;
  std::vector<float> values_;
  std::vector<float> bias_;
};

bool IsOutput(const graph::Graph& graph, TensorId id) {
  return std::ranges::find(graph.outputs, id) != graph.outputs.end();
}

std::vector<Pair> FindPairs(const graph::Graph& graph) {
  const graph::Uses uses = graph::FindUses(graph);
  std::vector<Pair> pairs;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& first = graph.ops[i];
    const graph::Activation activation = FusedActivationOf(first);
    if (!Layer::IsConstant(graph, first) ||
        (activation != graph::Activation::kNone && activation != graph::Activation::kRelu)) {
      continue;
    }
    Pair pair{.first = i};
    TensorId tensor = first.outputs[0];
    while (true) {
      const std::vector<int32_t>& users = uses.users[static_cast<size_t>(tensor)];
      if (users.size() != 1 || IsOutput(graph, tensor)) break;
      const Op& user = graph.ops[static_cast<size_t>(users[0])];
      if (user.inputs[0] == tensor && Layer::IsConstant(graph, user)) {
        pair.second = static_cast<size_t>(users[0]);
        pairs.push_back(pair);
        break;
      }
      if (!IsHomogeneous(graph, user)) break;
      pair.only_relu = false;
      tensor = user.outputs[0];
    }
  }
  return pairs;
}

// A reshape or mean between the layers must keep the channels last.
bool ChannelsMatch(const Layer& first, const Layer& second) {
  return second.inputs() % first.outputs() == 0;
}

// Equalizes one pair; returns the largest |log s|.
double EqualizePair(Layer& first, Layer& second) {
  const size_t channels = first.outputs();
  const std::vector<double> r1 = first.OutputRanges();
  const std::vector<double> r2 = second.InputRanges(channels);
  std::vector<double> factors(channels, 1.0);
  double moved = 0.0;
  for (size_t i = 0; i < channels; ++i) {
    if (r1[i] == 0.0 || r2[i] == 0.0) continue;  // a channel that nothing makes or reads
    factors[i] = std::sqrt(r1[i] * r2[i]) / r2[i];
    moved = std::max(moved, std::abs(std::log(factors[i])));
  }
  for (size_t i = 0; i < first.values().size(); ++i) {
    first.values()[i] = static_cast<float>(first.values()[i] / factors[first.OutputOf(i)]);
  }
  for (size_t i = 0; i < first.bias().size(); ++i) {
    first.bias()[i] = static_cast<float>(first.bias()[i] / factors[i]);
  }
  first.DivideStatistics(factors);
  for (size_t i = 0; i < second.values().size(); ++i) {
    second.values()[i] =
        static_cast<float>(second.values()[i] * factors[second.InputOf(i, channels)]);
  }
  return moved;
}

// Whether the layer may add zeros around its input.
bool MayPad(const graph::Graph& graph, const Op& op) {
  const graph::Shape& weights = graph.tensors[static_cast<size_t>(op.inputs[kWeightsInput])].shape;
  if (weights.size() != 4 || (weights[1] == 1 && weights[2] == 1)) return false;
  if (const auto* conv = std::get_if<graph::Conv2DOptions>(&op.options)) {
    return conv->padding == graph::Padding::kSame;
  }
  const auto* depthwise = std::get_if<graph::DepthwiseConv2DOptions>(&op.options);
  return depthwise != nullptr && depthwise->padding == graph::Padding::kSame;
}

}  // namespace

Result<int64_t> EqualizeCrossLayer(graph::Model& model) {
  constexpr int kMostRounds = 50;
  constexpr double kStill = 1e-3;
  std::vector<Pair> pairs = FindPairs(model.graph);
  std::vector<std::optional<Layer>> layers(model.graph.ops.size());
  for (const Pair& pair : pairs) {
    for (const size_t op : {pair.first, pair.second}) {
      if (!layers[op]) layers[op].emplace(model, model.graph.ops[op]);
    }
  }
  std::erase_if(pairs, [&](const Pair& pair) {
    return !ChannelsMatch(*layers[pair.first], *layers[pair.second]);
  });
  for (int round = 0; round < kMostRounds; ++round) {
    double moved = 0.0;
    for (const Pair& pair : pairs) {
      moved = std::max(moved, EqualizePair(*layers[pair.first], *layers[pair.second]));
    }
    if (moved < kStill) break;
  }
  for (std::optional<Layer>& layer : layers) {
    if (layer) layer->Store();
  }
  QB_RETURN_IF_ERROR(graph::RemoveDeadCode(model));  // the constants before
  return static_cast<int64_t>(pairs.size());
}

Result<int64_t> AbsorbHighBiases(graph::Model& model, const std::vector<LayerInputs>& minima) {
  int64_t absorbed = 0;
  for (const Pair& pair : FindPairs(model.graph)) {
    Op& first_op = model.graph.ops[pair.first];
    Op& second_op = model.graph.ops[pair.second];
    if (!pair.only_relu || FusedActivationOf(first_op) != graph::Activation::kRelu ||
        MayPad(model.graph, second_op) || pair.second >= minima.size()) {
      continue;
    }
    Layer first(model, first_op);
    Layer second(model, second_op);
    const std::vector<float>& lowest = minima[pair.second].minima;
    if (!first.HasBias() || !second.HasBias() || lowest.size() != first.outputs() ||
        !ChannelsMatch(first, second)) {
      continue;
    }
    for (size_t i = 0; i < lowest.size(); ++i) {
      if (!(lowest[i] > 0.0F)) continue;
      first.bias()[i] -= lowest[i];
      first.LowerStatistics(i, lowest[i]);
      ++absorbed;
    }
    std::vector<double> raised(second.outputs(), 0.0);
    for (size_t i = 0; i < second.values().size(); ++i) {
      const float lowered = std::max(lowest[second.InputOf(i, lowest.size())], 0.0F);
      raised[second.OutputOf(i)] += static_cast<double>(second.values()[i]) * lowered;
    }
    for (size_t i = 0; i < raised.size(); ++i) {
      second.bias()[i] = static_cast<float>(second.bias()[i] + raised[i]);
    }
    first.Store();
    second.Store();
  }
  QB_RETURN_IF_ERROR(graph::RemoveDeadCode(model));
  return absorbed;
}

}  // namespace qbench::quantize
