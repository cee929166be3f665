#include <optional>
#include <utility>

#include "graph/constant_values.h"
#include "graph/learned_range.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// y = scale * x + offset for each channel.
struct Affine {
  std::vector<double> scale;
  std::vector<double> offset;

  explicit Affine(size_t channels) : scale(channels, 1.0), offset(channels, 0.0) {}
};

// A float32 constant that broadcasts over all but the last dimension, one value a channel.
std::optional<std::vector<float>> PerChannelValues(const Tensor& tensor, const Shape& data) {
  if (!IsFloatConstant(tensor) || tensor.shape.size() > data.size()) return std::nullopt;
  const auto channels = static_cast<size_t>(data.back());
  std::vector<float> values = tensor.constant->Values<float>();
  // Only the last dimension may differ from 1, so there are as many values as it has indices.
  if (!tensor.shape.empty() && values.size() != static_cast<size_t>(tensor.shape.back())) {
    return std::nullopt;
  }
  if (values.size() == 1) values.resize(channels, values[0]);
  if (values.size() != channels) return std::nullopt;
  return values;
}

// Puts `op`, which reads `data`, behind `affine`. False where it is not affine in `data`.
bool Append(const Graph& graph, const Op& op, TensorId data, Affine& affine) {
  if (op.kind != OpKind::kMul && op.kind != OpKind::kAdd && op.kind != OpKind::kSub) return false;
  const bool data_first = op.inputs[0] == data;
  const std::optional<std::vector<float>> values =
      PerChannelValues(TensorAt(graph, op.inputs[data_first ? 1 : 0]), TensorAt(graph, data).shape);
  if (!values) return false;
  for (size_t i = 0; i < values->size(); ++i) {
    const auto value = static_cast<double>((*values)[i]);
    double& scale = affine.scale[i];
    double& offset = affine.offset[i];
    if (op.kind == OpKind::kMul) {
      scale *= value;
      offset *= value;
    } else if (op.kind == OpKind::kAdd) {
      offset += value;
    } else if (data_first) {  // data - value
      offset -= value;
    } else {  // value - data
      scale = -scale;
      offset = value - offset;
    }
  }
  return true;
}

bool CanTakeWeights(const Graph& graph, Op& op) {
  return HasWeights(op.kind) && *FusedActivation(op) == Activation::kNone &&
         IsFloatConstant(TensorAt(graph, op.inputs[1])) &&
         (op.inputs[2] == kNoTensor || IsFloatConstant(TensorAt(graph, op.inputs[2])));
}

// New tensors take the folded weights: the old ones may have other users. Where they have none,
// their bytes go at once, as those of all layers together are many.
void Apply(Graph& graph, const Uses& uses, Op& op, const Affine& affine) {
  const size_t channels = affine.scale.size();
  const TensorId old_filter = op.inputs[1];
  const Tensor filter = TensorAt(graph, old_filter);
  std::vector<float> weights = filter.constant->Values<float>();
  // Output channels are the first dimension, of depthwise filters the last.
  const int32_t axis = InfoOf(op.kind).channel_axis;
  const bool last = axis > 0;
  const size_t per_channel = weights.size() / channels;
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t channel = last ? i % channels : i / per_channel;
    weights[i] = static_cast<float>(static_cast<double>(weights[i]) * affine.scale[channel]);
  }
  std::vector<float> bias(channels, 0.0F);
  std::string bias_name = std::string(DisplayName(graph, op)) + "/bias";
  if (op.inputs[2] != kNoTensor) {
    bias = TensorAt(graph, op.inputs[2]).constant->Values<float>();
    bias_name = TensorAt(graph, op.inputs[2]).name;
  }
  for (size_t i = 0; i < channels; ++i) {
    bias[i] = static_cast<float>(static_cast<double>(bias[i]) * affine.scale[i] + affine.offset[i]);
  }
  op.inputs[1] = graph.AddTensor({.name = filter.name,
                                  .type = DataType::kFloat32,
                                  .shape = filter.shape,
                                  .learned_range = ScaledRange(filter, affine.scale, axis),
                                  .constant = TakeConstant(std::move(weights))});
  if (OnlyUser(graph, uses, old_filter) >= 0) {
    TensorAt(graph, old_filter).constant.reset();
    TensorAt(graph, old_filter).learned_range.reset();
  }
  op.inputs[2] = graph.AddConstant(std::move(bias_name), {static_cast<int32_t>(channels)}, bias);
}

}  // namespace

Status FoldBatchNorm(Model& model) {
  Graph& graph = model.graph;
  const Uses uses = FindUses(graph);
  std::vector<bool> dead(graph.ops.size(), false);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    Op& op = graph.ops[i];
    if (!CanTakeWeights(graph, op)) continue;
    Affine affine(static_cast<size_t>(TensorAt(graph, op.outputs[0]).shape.back()));
    bool folded = false;
    // Follows the chain of affine operators until one has an activation or another user looks on.
    while (*FusedActivation(op) == Activation::kNone) {
      const TensorId data = op.outputs[0];
      // Trained to be integers here, where the layer ends therefore.
      if (TensorAt(graph, data).learned_range) break;
      const int32_t next = OnlyUser(graph, uses, data);
      if (next < 0 || !Append(graph, graph.ops[static_cast<size_t>(next)], data, affine)) break;
      *FusedActivation(op) = *FusedActivation(graph.ops[static_cast<size_t>(next)]);
      op.outputs = graph.ops[static_cast<size_t>(next)].outputs;
      op.statistics = graph.ops[static_cast<size_t>(next)].statistics;  // the last one's, or none
      dead[static_cast<size_t>(next)] = true;
      folded = true;
    }
    if (folded) Apply(graph, uses, op, affine);
  }
  EraseOps(graph, dead);
  return OkStatus();
}

}  // namespace qbench::graph
