// What quantization-aware training leaves in a file: ranges beside the weights, the activations and
// the outputs of layers (keras_wrappers.h).
#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "graph/import/keras/keras_layers.h"
#include "graph/import/keras/keras_wrappers.h"
#include "graph/operators.h"

namespace qbench::graph::import {
namespace {

// "block/conv/kernel:0" -> "kernel"
std::string_view VariableOf(std::string_view name) {
  name = name.substr(0, name.rfind(':'));
  return name.substr(name.rfind('/') + 1);
}

// `tensor` is held in the range as well as in one that it has already.
void AddRange(Tensor& tensor, LearnedRange range) {
  if (!tensor.learned_range || tensor.learned_range->min.size() != range.min.size()) {
    tensor.learned_range = std::move(range);
    return;
  }
  LearnedRange& both = *tensor.learned_range;
  for (size_t i = 0; i < range.min.size(); ++i) {
    both.min[i] = std::min(both.min[i], range.min[i]);
    both.max[i] = std::max(both.max[i], range.max[i]);
  }
}

// The ranges of a weight's output channels, in the order of the graph's tensor. Of a depthwise
// kernel [h, w, in, multiplier] Keras has one for each index of the last dimension.
LearnedRange OfChannels(const LearnedRange& range, int32_t axis, size_t channels) {
  LearnedRange result{.min = {}, .max = {}, .axis = axis};
  for (size_t c = 0; c < channels; ++c) {
    result.min.push_back(range.min[c % range.min.size()]);
    result.max.push_back(range.max[c % range.max.size()]);
  }
  return result;
}

}  // namespace

bool IsQuantizeAware(const Json& activation) {
  if (!activation.is_object() || !activation.contains("class_name") ||
      !activation.at("class_name").is_string()) {
    return false;
  }
  return PlainClass(activation.at("class_name").get_ref<const std::string&>()) ==
         "QuantizeAwareActivation";
}

// What is quantized before the activation, after it or not at all, its variables say.
Result<TensorId> ApplyQuantizeAware(LayerCall& call, const Json& activation, TensorId input) {
  const Json config = activation.value("config", Json());
  if (!config.is_object() || !config.contains("activation")) {
    return call.options().Corrupt("its QuantizeAwareActivation has no activation");
  }
  const Json& inner = config.at("activation");
  QB_RETURN_IF_ERROR(call.LearnRange(input, "pre_activation").status());
  const bool none =
      inner.is_object() && inner.contains("class_name") && inner.at("class_name").is_string() &&
      PlainClass(inner.at("class_name").get_ref<const std::string&>()) == "NoOpActivation";
  TensorId output = input;
  if (!none) {
    QB_ASSIGN_OR_RETURN(output, ApplyActivationOption(call, inner, input));
  }
  QB_RETURN_IF_ERROR(call.LearnRange(output, "post_activation").status());
  return output;
}

Result<TensorId> BuildQuantizeLayer(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const std::string& path = call.options().name();
  QB_ASSIGN_OR_RETURN(const bool learned, call.LearnRange(input, path.substr(path.rfind('/') + 1)));
  // Variables of a layer that was renamed keep its first name.
  if (learned) return input;
  QB_ASSIGN_OR_RETURN(const bool renamed, call.LearnRange(input, "quantize_layer"));
  if (!renamed) return call.options().Corrupt("the file has no range of it");
  return input;
}

Result<std::optional<LearnedRange>> LayerCall::FindRange(std::string_view stem) {
  std::optional<LearnedRange> range;
  const std::string wanted(stem);
  const KerasWeight* low = OwnVariable(wanted + "_min");
  const KerasWeight* high = OwnVariable(wanted + "_max");
  if (low == nullptr && high == nullptr) return range;
  if (low == nullptr || high == nullptr || low->dims != high->dims || low->dims.size() > 1 ||
      !low->is_float || !high->is_float) {
    return options_.Corrupt(
        fmt::format("its variables \"{}_min\" and \"{}_max\" are not one range", stem, stem));
  }
  range = LearnedRange{.min = low->Values(), .max = high->Values()};
  for (size_t i = 0; i < range->min.size(); ++i) {
    if (!std::isfinite(range->min[i]) || !std::isfinite(range->max[i]) ||
        range->min[i] > range->max[i]) {
      return options_.Corrupt(
          fmt::format("its learned range \"{}\" goes from {} to {}; train it at least one step",
                      stem, range->min[i], range->max[i]));
    }
  }
  if (range->min.empty()) return options_.Corrupt(fmt::format("its range \"{}\" is empty", stem));
  return range;
}

Result<bool> LayerCall::LearnRange(TensorId tensor, std::string_view stem) {
  QB_ASSIGN_OR_RETURN(std::optional<LearnedRange> range, FindRange(stem));
  if (!range) return false;
  if (range->min.size() != 1) {
    return options_.Unsupported(
        fmt::format("its activations have {} ranges \"{}\"; qbench knows one for all channels",
                    range->min.size(), stem));
  }
  AddRange(import_.builder.graph.tensors[tensor], std::move(*range));
  return true;
}

const KerasWeight* LayerCall::OwnVariable(std::string_view variable) const {
  const std::string& owner = wrapper_name_.empty() ? options_.name() : wrapper_name_;
  const std::string_view last = std::string_view(owner).substr(owner.rfind('/') + 1);
  const KerasWeight* found = nullptr;
  for (size_t i = 0; weights_ != nullptr && i < weights_->weights.size(); ++i) {
    const KerasWeight& weight = weights_->weights[i];
    if (VariableOf(weight.name) != variable) continue;
    const std::string_view path =
        std::string_view(weight.name)
            .substr(0, std::min(weight.name.rfind('/'), weight.name.size()));
    if (!nested_ || path.substr(path.rfind('/') + 1) == last) found = &weight;
  }
  return found;
}

// The wrapper's variables that are no range of the output or the activation are of weights.
Status LayerCall::LearnWeightRanges(size_t first_op) {
  std::vector<std::string> stems;
  for (size_t i = 0; weights_ != nullptr && i < weights_->weights.size(); ++i) {
    const std::string_view variable = VariableOf(weights_->weights[i].name);
    if (!variable.ends_with("_min") || OwnVariable(variable) != &weights_->weights[i]) continue;
    const std::string stem(variable.substr(0, variable.size() - 4));
    if (stem != "output" && stem != "pre_activation" && stem != "post_activation") {
      stems.push_back(stem);
    }
  }
  if (stems.empty()) return OkStatus();
  Graph& graph = import_.builder.graph;
  std::vector<const Op*> weighted;
  for (size_t i = first_op; i < graph.ops.size(); ++i) {
    if (HasWeights(graph.ops[i].kind)) weighted.push_back(&graph.ops[i]);
  }
  if (stems.size() > 1 || weighted.size() != 1) {
    return options_.Unsupported(
        fmt::format("it has learned ranges of {} weights (\"{}\") and {} operators with weights",
                    stems.size(), stems.front(), weighted.size()));
  }
  QB_ASSIGN_OR_RETURN(const auto range, FindRange(stems.front()));
  const Op& op = *weighted.front();
  const int32_t axis = InfoOf(op.kind).channel_axis;
  Tensor& weights = graph.tensors[op.inputs[kWeightsInput]];
  const auto channels = static_cast<size_t>(weights.shape[static_cast<size_t>(axis)]);
  if (range->min.size() == 1) {
    weights.learned_range = *range;
    return OkStatus();
  }
  const bool depthwise = op.kind == OpKind::kDepthwiseConv2D;
  const size_t expected =
      depthwise ? static_cast<size_t>(std::get<DepthwiseConv2DOptions>(op.options).depth_multiplier)
                : channels;
  if (range->min.size() != expected) {
    return options_.Unsupported(
        fmt::format("its weight \"{}\" has {} learned ranges, not one for "
                    "each of {} output channels",
                    stems.front(), range->min.size(), expected));
  }
  weights.learned_range = OfChannels(*range, axis, channels);
  return OkStatus();
}

// Variables of wrappers that mean nothing at inference, or whose meaning has been taken.
Status LayerCall::CheckWrapperVariables(const KerasLayer& layer) const {
  static constexpr std::string_view kKnown[] = {"optimizer_step", "pruning_step", "threshold",
                                                "mask"};
  for (size_t i = 0; weights_ != nullptr && i < weights_->weights.size(); ++i) {
    const KerasWeight& weight = weights_->weights[i];
    const std::string_view variable = VariableOf(weight.name);
    const std::string_view path =
        std::string_view(weight.name)
            .substr(0, std::min(weight.name.rfind('/'), weight.name.size()));
    if (path.substr(path.rfind('/') + 1) != layer.name || layer.name == layer.inner_name) continue;
    const bool known = std::ranges::find(kKnown, variable) != std::end(kKnown) ||
                       variable.ends_with("_min") || variable.ends_with("_max") ||
                       variable.starts_with("cluster_centroids_") ||
                       variable.starts_with("pulling_indices_");
    if (known) continue;
    return options_.Unsupported(fmt::format(
        "its wrapper {} has a variable \"{}\" that qbench does not know; convert the model with "
        "tf.lite.TFLiteConverter, and measure that .tflite with the quantizer float",
        layer.wrappers.front().class_name, variable));
  }
  return OkStatus();
}

Status LayerCall::TakeWrapper(const KerasLayer& layer, TensorId output, size_t first_op) {
  if (layer.wrappers.empty()) return OkStatus();
  QB_RETURN_IF_ERROR(CheckWrapperVariables(layer));
  for (const KerasWrapper& wrapper : layer.wrappers) {
    if (!wrapper.class_name.starts_with("QuantizeWrapper")) continue;
    QB_RETURN_IF_ERROR(LearnWeightRanges(first_op));
    QB_ASSIGN_OR_RETURN(const bool learned, LearnRange(output, "output"));
    const Json quantize = wrapper.config.value("quantize_config", Json());
    const Json config = quantize.is_object() ? quantize.value("config", Json()) : Json();
    if (!learned && config.is_object() && config.value("quantize_output", Json()) == true) {
      return options_.Corrupt("its output is quantized, and the file has no range of it");
    }
  }
  return OkStatus();
}

std::string DescribeLearnedRanges(const Graph& graph) {
  size_t activations = 0;
  size_t weights = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.learned_range) ++(tensor.is_constant() ? weights : activations);
  }
  if (activations + weights == 0) return "";
  return fmt::format(
      "trained with simulated quantization: the ranges of {} activations and {} weights are kept, "
      "which int8 and uint8 quantize by; in float the model computes without that rounding",
      activations, weights);
}

}  // namespace qbench::graph::import
