#include "plugins/quantizers/common/dynamic_weights.h"

#include <map>
#include <utility>

#include "graph/passes.h"
#include "graph/quantize_math.h"

namespace qbench::quantize {

using graph::DataType;
using graph::TensorId;

Status QuantizeWeightsDynamically(graph::Model& model, const std::vector<bool>& float_ops) {
  graph::Graph& graph = model.graph;
  // By tensor and channel axis, so that weights which several operators share are stored once.
  std::map<std::pair<TensorId, int32_t>, TensorId> quantized;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    graph::Op& op = graph.ops[i];
    const auto inputs = FindWeights(op);
    if (!inputs || (i < float_ops.size() && float_ops[i])) continue;
    const graph::Tensor& weights = graph.tensors[static_cast<size_t>(inputs->weights)];
    if (!weights.is_constant() || graph::ElementCount(weights.shape) < kMinDynamicElements) {
      continue;
    }
    const auto [entry, added] =
        quantized.try_emplace({inputs->weights, inputs->channel_axis}, graph::kNoTensor);
    if (added) {
      graph::QuantizedWeights result = graph::QuantizeWeightsPerChannel(
          weights.constant->Values<float>(), weights.shape, inputs->channel_axis);
      graph::Tensor tensor = weights;
      tensor.type = DataType::kInt8;
      tensor.constant = graph::MakeConstant(result.values);
      tensor.quantization = std::move(result.quantization);
      entry->second = graph.AddTensor(std::move(tensor));
    }
    op.inputs[kWeightsInput] = entry->second;
    if (auto* options = std::get_if<graph::FullyConnectedOptions>(&op.options)) {
      options->asymmetric_quantize_inputs = true;
    }
  }
  return graph::RemoveDeadCode(model);  // the float weights
}

}  // namespace qbench::quantize
