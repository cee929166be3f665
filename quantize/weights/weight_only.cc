#include "quantize/weights/weight_only.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "graph/constant_values.h"
#include "graph/numerics/quantize_math.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "quantize/weights/feedback_rounding.h"
#include "quantize/weights/integer_weights.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::TensorId;

// In the file: a scale (4 bytes) and a zero point (8); and the tables of one more tensor
// and one more operator, measured on MobileNets.
constexpr int64_t kBytesAScale = 12;
constexpr int64_t kBytesOfTables = 400;

constexpr int32_t kInt8Limit = 127;
constexpr int32_t kInt4Limit = 7;  // symmetric, as int8 is

// Of scales of a channel, for int4 weights that are rounded with feedback: more find scales that
// fit the calibration images better and others no better.
constexpr int kScaleCandidates = 10;

// How one tensor's weights become integers.
struct Rounding {
  int32_t channel_axis = 0;
  bool per_channel = true;
  int32_t limit = kInt8Limit;
};

bool Worthwhile(const graph::Tensor& weights, const WeightStorage& storage,
                const Rounding& rounding) {
  if (!weights.is_constant() || weights.type != DataType::kFloat32) return false;
  const int64_t elements = graph::ElementCount(weights.shape);
  if (elements < storage.float_below) return false;
  const int64_t scales =
      rounding.per_channel ? weights.shape[static_cast<size_t>(rounding.channel_axis)] : 1;
  const int64_t integers = rounding.limit == kInt4Limit ? (elements + 1) / 2 : elements;
  const int64_t saved = elements * static_cast<int64_t>(sizeof(float)) - integers;
  return saved > scales * kBytesAScale + kBytesOfTables;
}

int8_t Nearest4(float weight, float scale) {
  const double steps = std::round(static_cast<double>(weight) / scale);
  return static_cast<int8_t>(std::clamp<double>(steps, -kInt4Limit, kInt4Limit));
}

// Makes int8 weights int4 ones, of the scales with the smallest squared error. The first dimension
// is the channels, where there are several scales.
void ReduceToInt4(std::span<const float> weights, graph::QuantizedWeights& quantized) {
  constexpr int kCandidates = 50;
  std::vector<float>& scales = quantized.quantization.scales;
  const size_t row = weights.size() / scales.size();
  for (size_t channel = 0; channel < scales.size(); ++channel) {
    const double widest = static_cast<double>(scales[channel]) * kInt8Limit / kInt4Limit;
    double least = std::numeric_limits<double>::infinity();
    for (int candidate = 0; candidate < kCandidates; ++candidate) {
      const auto scale = static_cast<float>(widest * (1.0 - 0.5 * candidate / kCandidates));
      double error = 0.0;
      for (size_t i = channel * row; i < (channel + 1) * row; ++i) {
        const double difference =
            static_cast<double>(scale) * Nearest4(weights[i], scale) - weights[i];
        error += difference * difference;
      }
      if (error >= least) continue;
      least = error;
      scales[channel] = scale;
    }
    for (size_t i = channel * row; i < (channel + 1) * row; ++i) {
      quantized.values[i] = Nearest4(weights[i], scales[channel]);
    }
  }
}

graph::QuantizedWeights Quantize(const graph::Tensor& weights, const Rounding& rounding,
                                 const LayerInputs* inputs) {
  const graph::ConstantValues<float> constant(*weights.constant);
  const std::span<const float> values = constant.span();
  graph::QuantizedWeights quantized =
      rounding.per_channel
          ? graph::QuantizeWeightsPerChannel(values, weights.shape, rounding.channel_axis)
          : graph::QuantizeWeightsPerTensor(values);
  const bool int4 = rounding.limit == kInt4Limit;
  const bool known = inputs != nullptr && inputs->moments.measured();
  if (int4 && known && rounding.per_channel) {
    ScaledWeights scaled = RoundAndScaleWithFeedback(values, weights.shape, rounding.channel_axis,
                                                     inputs->moments, kInt4Limit, kScaleCandidates);
    quantized.values = std::move(scaled.integers);
    quantized.quantization.scales = std::move(scaled.scales);
    return quantized;
  }
  if (int4) ReduceToInt4(values, quantized);
  if (known) {
    quantized.values = RoundWithFeedback(values, weights.shape, rounding.channel_axis,
                                         quantized.quantization.scales, inputs->moments,
                                         /*noise=*/0.0, /*accept=*/{}, rounding.limit);
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
  const graph::ConstantValues<float> weight_values(*weights.constant);
  const std::vector<double> errors =
      MeanRoundingErrors(weight_values.span(), weights.shape, places.channel_axis, quantized.values,
                         quantized.quantization.scales, inputs.means);
  std::vector<float> values = bias.constant->Values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(values[i] - errors[i]);
  bias.constant = graph::MakeConstant(values);
  op.inputs[kBiasInput] = graph.AddTensor(std::move(bias));
}

graph::Tensor ToIntegers(const graph::Tensor& weights, int32_t limit,
                         graph::QuantizedWeights quantized) {
  const bool int4 = limit == kInt4Limit;
  graph::Tensor tensor = weights;
  tensor.type = int4 ? DataType::kInt4 : DataType::kInt8;
  tensor.constant = int4 ? graph::Constant(graph::PackInt4(quantized.values))
                         : graph::TakeConstant(std::move(quantized.values));
  tensor.quantization = std::move(quantized.quantization);
  return tensor;
}

// The DEQUANTIZE operator that has to stand before; nothing where the weights stay as they are or
// the operator reads integers.
std::optional<graph::Op> StoreWeightsOf(graph::Graph& graph, graph::Op& op,
                                        const WeightStorage& storage, bool per_channel,
                                        const LayerInputs* inputs) {
  const auto places = FindWeights(op);
  if (!places) return std::nullopt;
  const graph::Tensor weights = graph.tensors[static_cast<size_t>(places->weights)];
  const bool int4 = storage.int4_from >= 0 && op.kind != graph::OpKind::kDepthwiseConv2D &&
                    !graph::IsGrouped(graph, op) &&
                    graph::ElementCount(weights.shape) >= storage.int4_from;
  const Rounding rounding{.channel_axis = places->channel_axis,
                          .per_channel = per_channel,
                          .limit = int4 ? kInt4Limit : kInt8Limit};
  if (!Worthwhile(weights, storage, rounding)) return std::nullopt;
  graph::QuantizedWeights quantized = Quantize(weights, rounding, inputs);
  if (inputs != nullptr) CorrectBias(graph, op, *places, quantized, *inputs);
  const TensorId stored =
      graph.AddTensor(ToIntegers(weights, rounding.limit, std::move(quantized)));
  if (int4 && storage.dynamic_int4) {
    op.inputs[kWeightsInput] = stored;
    return std::nullopt;
  }
  // The float tensor keeps the name; converters' names are long, and once in the file is enough.
  graph.tensors[static_cast<size_t>(stored)].name =
      fmt::format("{}_{}", int4 ? "int4" : "int8", stored);
  graph::Tensor output = weights;
  output.constant.reset();
  op.inputs[kWeightsInput] = graph.AddTensor(std::move(output));
  return graph::Op{
      graph::OpKind::kDequantize, graph::NoOptions{}, {stored}, {op.inputs[kWeightsInput]}, {}};
}

}  // namespace

std::optional<graph::Op> StoreWeightsAsInt8(graph::Graph& graph, graph::Op& op,
                                            const LayerInputs* inputs) {
  return StoreWeightsOf(graph, op, {}, /*per_channel=*/true, inputs);
}

Status StoreWeights(graph::Model& model, const WeightStorage& storage,
                    std::span<const LayerInputs> inputs) {
  graph::Graph& graph = model.graph;
  std::vector<graph::Op> ops;
  // By tensor, channel axis and per_channel, so that weights which several operators share are
  // stored once.
  std::map<std::tuple<TensorId, int32_t, bool>, TensorId> dequantized;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    graph::Op& op = graph.ops[i];
    const auto places = FindWeights(op);
    const OperatorChoice choice = ChoiceOf(storage.choices, i);
    if (!places || choice.in_float) continue;
    const bool per_channel = !choice.per_tensor;
    const auto [entry, added] = dequantized.try_emplace(
        {places->weights, places->channel_axis, per_channel}, places->weights);
    if (added) {
      const LayerInputs* known = i < inputs.size() ? &inputs[i] : nullptr;
      if (auto dequantize = StoreWeightsOf(graph, op, storage, per_channel, known)) {
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
