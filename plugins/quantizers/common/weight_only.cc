#include "plugins/quantizers/common/weight_only.h"

#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "graph/passes.h"
#include "graph/quantize_math.h"

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

graph::Tensor ToInt8(const graph::Tensor& weights, int32_t channel_axis) {
  graph::QuantizedWeights quantized = graph::QuantizeWeightsPerChannel(
      weights.constant->Values<float>(), weights.shape, channel_axis);
  graph::Tensor tensor = weights;
  tensor.type = DataType::kInt8;
  tensor.constant = graph::MakeConstant(quantized.values);
  tensor.quantization = std::move(quantized.quantization);
  tensor.name += "_int8";
  return tensor;
}

}  // namespace

std::optional<graph::Op> StoreWeightsAsInt8(graph::Graph& graph, graph::Op& op) {
  const auto inputs = FindWeights(op);
  if (!inputs) return std::nullopt;
  const graph::Tensor weights = graph.tensors[static_cast<size_t>(inputs->weights)];
  if (!Worthwhile(weights, inputs->channel_axis)) return std::nullopt;
  const TensorId stored = graph.AddTensor(ToInt8(weights, inputs->channel_axis));
  graph::Tensor output = weights;
  output.constant.reset();
  op.inputs[kWeightsInput] = graph.AddTensor(std::move(output));
  return graph::Op{
      graph::OpKind::kDequantize, graph::NoOptions{}, {stored}, {op.inputs[kWeightsInput]}, {}};
}

Status StoreWeightsAsInt8(graph::Model& model) {
  graph::Graph& graph = model.graph;
  std::vector<graph::Op> ops;
  // By tensor and channel axis, so that weights which several operators share are stored once.
  std::map<std::pair<TensorId, int32_t>, TensorId> dequantized;
  for (graph::Op& op : graph.ops) {
    const auto inputs = FindWeights(op);
    if (!inputs) continue;
    const auto [entry, added] =
        dequantized.try_emplace({inputs->weights, inputs->channel_axis}, inputs->weights);
    if (added) {
      if (auto dequantize = StoreWeightsAsInt8(graph, op)) ops.push_back(std::move(*dequantize));
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
