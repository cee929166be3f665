#include "graph/pairing/model_pairing.h"

#include <algorithm>
#include <limits>

#include "base/one_line.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

const Tensor& OutputOf(const Graph& graph, const Op& op) { return TensorAt(graph, op.outputs[0]); }

bool IsLayer(const Graph& graph, const Op& op) {
  if (op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize ||
      op.kind == OpKind::kReshape) {
    return false;
  }
  const DataType type = OutputOf(graph, op).type;
  return type == DataType::kFloat32 || type == DataType::kInt8 || type == DataType::kUInt8 ||
         type == DataType::kInt16;
}

std::vector<size_t> Layers(const Graph& graph) {
  std::vector<size_t> layers;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (IsLayer(graph, graph.ops[i])) layers.push_back(i);
  }
  return layers;
}

// What pairing the two is worth; 0 where they are not the same. One more pair is worth more than
// any number of equal names.
int64_t Worth(const Graph& a, const Op& op_a, const Graph& b, const Op& op_b) {
  constexpr int64_t kPair = int64_t{1} << 20;
  if (op_a.kind != op_b.kind ||
      ElementCount(OutputOf(a, op_a).shape) != ElementCount(OutputOf(b, op_b).shape)) {
    return 0;
  }
  return kPair + (OutputOf(a, op_a).name == OutputOf(b, op_b).name ? 1 : 0);
}

void FindConstantFlaws(const Graph& graph, const Op& op, std::vector<std::string>& flaws) {
  if (!HasWeights(op.kind)) return;
  const std::string name = SafeName(DisplayName(graph, op));
  const Tensor& weights = TensorAt(graph, op.inputs[kWeightsInput]);
  if (weights.is_constant() && weights.type == DataType::kInt8) {
    const std::vector<int8_t> values = weights.constant->Values<int8_t>();
    const bool last = op.kind == OpKind::kDepthwiseConv2D;  // is the dimension of the channels
    const auto channels = static_cast<size_t>(last ? weights.shape.back() : weights.shape[0]);
    std::vector<bool> alive(channels, false);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t channel = last ? i % channels : i / (values.size() / channels);
      if (values[i] != 0) alive[channel] = true;
    }
    const auto dead = std::ranges::count(alive, false);
    if (dead > 0) {
      flaws.push_back(fmt::format(
          "\"{}\": the weights of {} of {} channels are all zero (the first is {}): a per-channel "
          "scale may save them, or the float layer has dead channels",
          name, dead, channels, std::ranges::find(alive, false) - alive.begin()));
    }
  }
  if (op.inputs[kBiasInput] == kNoTensor) return;
  const Tensor& bias = TensorAt(graph, op.inputs[kBiasInput]);
  if (!bias.is_constant() || bias.type != DataType::kInt32) return;
  const std::vector<int32_t> values = bias.constant->Values<int32_t>();
  const auto saturated = std::ranges::count_if(values, [](int32_t value) {
    return value == std::numeric_limits<int32_t>::max() ||
           value == std::numeric_limits<int32_t>::min();
  });
  if (saturated > 0) {
    flaws.push_back(fmt::format(
        "\"{}\": {} of {} biases are at the end of the int32 range: the input's scale is too small",
        name, saturated, values.size()));
  }
}

}  // namespace

ModelPairing PairLayers(const Model& a, const Model& b) {
  const std::vector<size_t> layers_a = Layers(a.graph);
  const std::vector<size_t> layers_b = Layers(b.graph);
  const size_t rows = layers_a.size();
  const size_t columns = layers_b.size();
  // best[i][j]: the worth of the best pairing of what comes from layers i and j on.
  std::vector<std::vector<int64_t>> best(rows + 1, std::vector<int64_t>(columns + 1, 0));
  const auto worth = [&](size_t i, size_t j) {
    return Worth(a.graph, a.graph.ops[layers_a[i]], b.graph, b.graph.ops[layers_b[j]]);
  };
  for (size_t i = rows; i-- > 0;) {
    for (size_t j = columns; j-- > 0;) {
      best[i][j] = std::max(best[i + 1][j], best[i][j + 1]);
      if (const int64_t pair = worth(i, j); pair > 0) {
        best[i][j] = std::max(best[i][j], pair + best[i + 1][j + 1]);
      }
    }
  }
  ModelPairing pairing;
  size_t i = 0;
  size_t j = 0;
  while (i < rows && j < columns) {
    const int64_t pair = worth(i, j);
    if (pair > 0 && best[i][j] == pair + best[i + 1][j + 1]) {
      pairing.layers.push_back({layers_a[i++], layers_b[j++]});
    } else if (best[i][j] == best[i + 1][j]) {
      pairing.only_a.push_back(layers_a[i++]);
    } else {
      pairing.only_b.push_back(layers_b[j++]);
    }
  }
  for (; i < rows; ++i) pairing.only_a.push_back(layers_a[i]);
  for (; j < columns; ++j) pairing.only_b.push_back(layers_b[j]);
  return pairing;
}

Result<Model> ShowOps(const Model& model, const std::vector<size_t>& ops) {
  Model shown = model;
  shown.signature.reset();
  shown.graph.outputs.clear();
  for (const size_t op : ops) shown.graph.outputs.push_back(model.graph.ops[op].outputs[0]);
  QB_RETURN_IF_ERROR(RemoveDeadCode(shown));
  return shown;
}

Result<CutModel> CutAtOps(const Model& model, const std::vector<size_t>& ops) {
  CutModel cut;
  QB_ASSIGN_OR_RETURN(cut.model, ShowOps(model, ops));  // else dead readers would get inputs
  Graph& graph = cut.model.graph;
  for (const TensorId id : std::vector<TensorId>(graph.outputs)) {
    const auto reads = [id](const Op& op) { return std::ranges::count(op.inputs, id) > 0; };
    if (std::ranges::none_of(graph.ops, reads)) {
      cut.new_inputs.push_back(-1);
      continue;
    }
    Tensor input = TensorAt(graph, id);
    input.name += "/cut";
    const TensorId input_id = graph.AddTensor(std::move(input));
    for (Op& op : graph.ops) std::ranges::replace(op.inputs, id, input_id);
    cut.new_inputs.push_back(static_cast<int32_t>(graph.inputs.size()));
    graph.inputs.push_back(input_id);
  }
  return cut;
}

Status CheckSameNetwork(const Model& a, const Model& b, const ModelPairing& pairing) {
  const auto same_shape = [&](TensorId x, TensorId y) {
    return TensorAt(a.graph, x).shape == TensorAt(b.graph, y).shape;
  };
  if (!std::ranges::equal(a.graph.inputs, b.graph.inputs, same_shape)) {
    return Error(StatusCode::kInvalidArgument,
                 "their inputs have other shapes: they are not the same network");
  }
  const auto paired = std::ranges::count_if(pairing.layers, [&](const LayerPair& pair) {
    return HasWeights(a.graph.ops[pair.op_a].kind);
  });
  const auto all = std::ranges::count_if(a.graph.ops, HasWeights, &Op::kind);
  if (!pairing.layers.empty() && paired * 2 >= all) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "they have {} of {} layers with weights in common: they are not the same network",
               paired, all);
}

bool IsQuantized(const Model& model) {
  return std::ranges::any_of(model.graph.tensors, [](const Tensor& tensor) {
    return tensor.type == DataType::kFloat16 ||
           (tensor.quantization && tensor.type != DataType::kFloat32);
  });
}

std::vector<std::string> FindFlaws(const Model& model) {
  constexpr float kNextToNothing = 1e-6F / 255.0F;
  std::vector<std::string> flaws;
  for (const Op& op : model.graph.ops) {
    FindConstantFlaws(model.graph, op, flaws);
    const Tensor& output = OutputOf(model.graph, op);
    if (output.quantization && output.quantization->scales.size() == 1 &&
        output.quantization->scales[0] < kNextToNothing) {
      flaws.push_back(
          fmt::format("\"{}\": the range of its output is next to nothing (scale {}): it was "
                      "always the same in "
                      "calibration",
                      SafeName(DisplayName(model.graph, op)), output.quantization->scales[0]));
    }
  }
  return flaws;
}

}  // namespace qbench::graph
