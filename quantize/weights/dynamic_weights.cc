#include "quantize/weights/dynamic_weights.h"

#include <map>
#include <utility>

#include "graph/constant_values.h"
#include "graph/numerics/quantize_math.h"
#include "graph/operators.h"
#include "quantize/weights/weight_only.h"

namespace qbench::quantize {

using graph::DataType;
using graph::TensorId;

namespace {

// By tensor and channel axis, so that weights which several operators share are stored once.
using StoredWeights = std::map<std::pair<TensorId, int32_t>, TensorId>;

void MakeHybrid(graph::Graph& graph, graph::Op& op, const WeightInputs& inputs,
                StoredWeights& stored) {
  const graph::Tensor& weights = graph.tensors[static_cast<size_t>(inputs.weights)];
  if (!weights.is_constant() || graph::ElementCount(weights.shape) < kMinDynamicElements) return;
  const auto [entry, added] =
      stored.try_emplace({inputs.weights, inputs.channel_axis}, graph::kNoTensor);
  if (added) {
    const graph::ConstantValues<float> values(*weights.constant);
    graph::QuantizedWeights result =
        graph::QuantizeWeightsPerChannel(values.span(), weights.shape, inputs.channel_axis);
    graph::Tensor tensor = weights;
    tensor.type = DataType::kInt8;
    tensor.constant = graph::TakeConstant(std::move(result.values));
    tensor.quantization = std::move(result.quantization);
    entry->second = graph.AddTensor(std::move(tensor));
  }
  op.inputs[kWeightsInput] = entry->second;
  if (auto* options = std::get_if<graph::FullyConnectedOptions>(&op.options)) {
    options->asymmetric_quantize_inputs = true;
  }
}

}  // namespace

Status QuantizeWeightsDynamically(graph::Model& model, const OperatorChoices& choices,
                                  HybridOperators hybrid) {
  graph::Graph& graph = model.graph;
  StoredWeights stored;
  WeightStorage dequantized{.float_below = kMinDynamicElements,
                            .choices = OperatorChoices(graph.ops.size(), {.in_float = true})};
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    graph::Op& op = graph.ops[i];
    const auto inputs = FindWeights(op);
    if (!inputs || ChoiceOf(choices, i).in_float) continue;
    const bool slow = op.kind == graph::OpKind::kDepthwiseConv2D;
    if (!graph::IsGrouped(graph, op) && (hybrid == HybridOperators::kAll || !slow)) {
      MakeHybrid(graph, op, *inputs, stored);
    } else {
      dequantized.choices[i].in_float = false;
    }
  }
  return StoreWeights(model, dequantized);  // removes the float weights of all
}

}  // namespace qbench::quantize
