#include "plugins/quantizers/common/weight_only.h"

#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "graph/passes.h"
#include "graph/quantize_math.h"
#include "plugins/quantizers/common/feedback_rounding.h"
#include "plugins/quantizers/common/integer_weights.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::TensorId;

// In the file: a scale (4 bytes) and a zero point (8) a channel; and the tables of one more tensor
// and one more operator, measured on MobileNets.
constexpr int64_t kBytesAChannel = 12;
constexpr int64_t kBytesOfTables = 400;

bool Worthwhile(const graph::Tensor& weights, int32_t channel_axis) {
  if (!weights.is_constant() || weights.type != DataType::kFloat32) return false;
  const int64_t channels = weights.shape[static_cast<size_t>(channel_axis)];
  const int64_t saved =
      graph::ElementCount(weights.shape) * static_cast<int64_t>(sizeof(float) - sizeof(int8_t));
  return saved > channels * kBytesAChannel + kBytesOfTables;
}

graph::QuantizedWeights Quantize(const graph::Tensor& weights, int32_t channel_axis,
                                 const LayerInputs* inputs) {
  const std::vector<float> values = weights.constant->Values<float>();
  graph::QuantizedWeights quantized =
      graph::QuantizeWeightsPerChannel(values, weights.shape, channel_axis);
  if (inputs != nullptr && inputs->moments.measured()) {
    quantized.values = RoundWithFeedback(values, weights.shape, channel_axis,
                                         quantized.quantization.scales, inputs->moments,
                                         /*noise=*/0.0, /*accept=*/{});
  }
  return quantized;
}

// Gives the operator biases that make up for the mean error of its rounded weights.
void CorrectBias(graph::Graph& graph, graph::Op& op, const WeightInputs& places,
                 const graph::QuantizedWeights& quantized, const LayerInputs& inputs) {
  if (inputs.means.empty() || places.bias == graph::kNoTensor) return;
  graph::Tensor bias = graph.tensors[static_cast<size_t>(places.bias)];
  if (!bias.is_constant() || bias.type != DataType::kFloat32) return;
  const graph::Tensor& weights = graph.tensors[static_cast<size_t>(places.weights)];
  const std::vector<double> errors =
      MeanRoundingErrors(weights.constant->Values<float>(), weights.shape, places.channel_axis,
                         quantized.values, quantized.quantization.scales, inputs.means);
  std::vector<float> values = bias.constant->Values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(values[i] - errors[i]);
  bias.constant = graph::MakeConstant(values);
  op.inputs[kBiasInput] = graph.AddTensor(std::move(bias));
}

graph::Tensor ToInt8(const graph::Tensor& weights, graph::QuantizedWeights quantized) {
  graph::Tensor tensor = weights;
  tensor.type = DataType::kInt8;
  tensor.constant = graph::MakeConstant(quantized.values);
  tensor.quantization = std::move(quantized.quantization);
  tensor.name += "_int8";
  return tensor;
}

}  // namespace

std::optional<graph::Op> StoreWeightsAsInt8(graph::Graph& graph, graph::Op& op,
                                            const LayerInputs* inputs) {
  const auto places = FindWeights(op);
  if (!places) return std::nullopt;
  const graph::Tensor weights = graph.tensors[static_cast<size_t>(places->weights)];
  if (!Worthwhile(weights, places->channel_axis)) return std::nullopt;
  graph::QuantizedWeights quantized = Quantize(weights, places->channel_axis, inputs);
  if (inputs != nullptr) CorrectBias(graph, op, *places, quantized, *inputs);
  const TensorId stored = graph.AddTensor(ToInt8(weights, std::move(quantized)));
  graph::Tensor output = weights;
  output.constant.reset();
  op.inputs[kWeightsInput] = graph.AddTensor(std::move(output));
  return graph::Op{
      graph::OpKind::kDequantize, graph::NoOptions{}, {stored}, {op.inputs[kWeightsInput]}, {}};
}

Status StoreWeightsAsInt8(graph::Model& model, std::span<const LayerInputs> inputs) {
  graph::Graph& graph = model.graph;
  std::vector<graph::Op> ops;
  // By tensor and channel axis, so that weights which several operators share are stored once.
  std::map<std::pair<TensorId, int32_t>, TensorId> dequantized;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    graph::Op& op = graph.ops[i];
    const auto places = FindWeights(op);
    if (!places) continue;
    const auto [entry, added] =
        dequantized.try_emplace({places->weights, places->channel_axis}, places->weights);
    if (added) {
      const LayerInputs* known = i < inputs.size() ? &inputs[i] : nullptr;
      if (auto dequantize = StoreWeightsAsInt8(graph, op, known)) {
        ops.push_back(std::move(*dequantize));
      }
      entry->second = op.inputs[kWeightsInput];
    }
    op.inputs[kWeightsInput] = entry->second;
  }
  ops.insert(ops.end(), std::make_move_iterator(graph.ops.begin()),
             std::make_move_iterator(graph.ops.end()));
  graph.ops = std::move(ops);
  return graph::RemoveDeadCode(model);  // the float weights
}

}  // namespace qbench::quantize
