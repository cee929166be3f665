#include "quantize/ranges/layer_inputs.h"

#include <algorithm>
#include <limits>

#include "graph/operators.h"
#include "quantize/float_model.h"

namespace qbench::quantize {

using graph::TensorId;

namespace {

TensorId BeforeReshapes(const graph::Graph& graph, const graph::Uses& uses, TensorId tensor) {
  while (true) {
    const int32_t producer = uses.producer[static_cast<size_t>(tensor)];
    if (producer < 0) return tensor;
    const graph::Op& op = graph.ops[static_cast<size_t>(producer)];
    if (op.kind != graph::OpKind::kReshape) return tensor;
    tensor = op.inputs[0];
  }
}

// The last dimension: input channels, or the features of a fully connected layer.
size_t Channels(const graph::Graph& graph, const graph::Op& op) {
  const size_t input = op.kind == graph::OpKind::kFullyConnected ? kWeightsInput : 0;
  return static_cast<size_t>(graph.tensors[static_cast<size_t>(op.inputs[input])].shape.back());
}

}  // namespace

LayerInputsMeter::LayerInputsMeter(const graph::Graph& graph, const LayerInputsOptions& options)
    : ops_(graph.ops.size()) {
  if (!options.any()) return;
  const graph::Uses uses = graph::FindUses(graph);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    if (!FindWeights(op) || graph::IsGrouped(graph, op)) continue;
    if (ChoiceOf(options.choices, i).in_float) continue;
    Layer layer{.op = i, .source = BeforeReshapes(graph, uses, op.inputs[0])};
    if (graph.tensors[static_cast<size_t>(layer.source)].is_constant()) continue;
    if (options.means) layer.sums.resize(Channels(graph, op), 0.0);
    if (options.minima) {
      layer.minima.resize(Channels(graph, op), std::numeric_limits<float>::infinity());
    }
    if (options.moments) {
      MomentMeter meter(graph, op);
      if (meter.measures()) layer.moments = std::move(meter);
    }
    layers_.push_back(std::move(layer));
  }
}

std::vector<TensorId> LayerInputsMeter::sources() const {
  std::vector<TensorId> sources;
  for (const Layer& layer : layers_) {
    if (std::ranges::find(sources, layer.source) == sources.end()) sources.push_back(layer.source);
  }
  return sources;
}

void LayerInputsMeter::Add(TensorId source, std::span<const float> values,
                           std::vector<float>& scratch) {
  for (Layer& layer : layers_) {
    if (layer.source != source) continue;
    if (layer.moments) layer.moments->Add(values, scratch);
    for (size_t i = 0; i < values.size() && !layer.minima.empty(); ++i) {
      float& lowest = layer.minima[i % layer.minima.size()];
      lowest = std::min(lowest, values[i]);
    }
    if (layer.sums.empty()) continue;
    const size_t channels = layer.sums.size();
    for (size_t i = 0; i < values.size(); ++i) layer.sums[i % channels] += values[i];
    layer.rows += static_cast<int64_t>(values.size() / channels);
  }
}

std::vector<LayerInputs> LayerInputsMeter::Finish() {
  std::vector<LayerInputs> inputs(layers_.empty() ? 0 : ops_);
  for (Layer& layer : layers_) {
    LayerInputs& of = inputs[layer.op];
    for (const double sum : layer.sums) {
      of.means.push_back(static_cast<float>(sum / static_cast<double>(layer.rows)));
    }
    of.minima = std::move(layer.minima);
    if (layer.moments) of.moments = layer.moments->Finish();
  }
  layers_.clear();
  return inputs;
}

}  // namespace qbench::quantize
