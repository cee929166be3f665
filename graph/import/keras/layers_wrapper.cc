// Layers in layers: TimeDistributed; and any layer whose images have their channels first.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// Each step is a copy of the layer's operators.
constexpr int32_t kMostSteps = 512;

Result<TensorId> BuildBetweenTransposes(LayerCall& call, LayerBuilder builder) {
  Json config = call.options().config();
  config["data_format"] = "channels_last";
  LayerOptions options(call.options().name(), call.options().class_name(), config);
  options.SetOtherName(call.options().other_name());
  std::vector<TensorId> inputs;
  for (const TensorId input : call.inputs()) {
    const size_t rank = call.ShapeOf(input).size();
    inputs.push_back(input);
    if (rank < 3) continue;  // one vector, or what the builder refuses
    QB_ASSIGN_OR_RETURN(inputs.back(), EmitTranspose(call, input, ChannelsLast(rank)));
  }
  LayerCall inner = call.With(options, std::move(inputs));
  QB_ASSIGN_OR_RETURN(const TensorId output, builder(inner));
  QB_RETURN_IF_ERROR(inner.CheckAllTaken());
  const size_t rank = call.ShapeOf(output).size();
  return rank < 3 ? output : EmitTranspose(call, output, ChannelsFirst(rank));
}

// Layers that do with a sequence of samples what they do with one: each computes with single
// values, or with the last dimension.
bool TakesSequences(LayerBuilder builder) {
  static constexpr LayerBuilder kBuilders[] = {BuildDense,
                                               BuildActivation,
                                               BuildRelu,
                                               BuildLeakyRelu,
                                               BuildElu,
                                               BuildSoftmax,
                                               BuildBatchNormalization,
                                               BuildLayerNormalization,
                                               BuildUnitNormalization,
                                               BuildRescaling,
                                               BuildIdentity};
  return std::ranges::find(kBuilders, builder) != std::end(kBuilders);
}

// Layers that reduce a sample's dimensions between the first and the last.
std::optional<OpKind> ReductionOf(LayerBuilder builder) {
  if (builder == BuildGlobalAveragePooling2D || builder == BuildGlobalAveragePooling1D) {
    return OpKind::kMean;
  }
  if (builder == BuildGlobalMaxPooling2D || builder == BuildGlobalMaxPooling1D) {
    return OpKind::kReduceMax;
  }
  return std::nullopt;
}

// Dimensions that are counted from the front are one further behind in a sequence.
void ShiftAxes(Json& config) {
  if (!config.is_object() || !config.contains("axis")) return;
  Json& axis = config["axis"];
  const auto shift = [](Json& number) {
    if (number.is_number_unsigned() && number < 8) number = number.get<int32_t>() + 1;
  };
  if (!axis.is_array()) return shift(axis);
  for (Json& item : axis) shift(item);
}

// The layer on each step, and the results one behind the other.
Result<TensorId> StepByStep(LayerCall& call, const LayerOptions& options) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const Shape shape = call.ShapeOf(input);
  if (shape[1] > kMostSteps) {
    return call.options().Unsupported(fmt::format(
        "it has {} steps, and its layer is copied for each; {} at most", shape[1], kMostSteps));
  }
  std::vector<TensorId> results;
  for (int32_t step = 0; step < shape[1]; ++step) {
    std::vector<Range> ranges;
    for (const int32_t size : shape) ranges.push_back({0, size});
    ranges[1] = {.begin = step, .end = step + 1, .index = true};
    QB_ASSIGN_OR_RETURN(const TensorId sample, EmitSlice(call, input, ranges));
    LayerCall inner = call.Part(options, {"layer"}, {sample});
    QB_ASSIGN_OR_RETURN(const TensorId result, BuildLayer(inner));
    QB_RETURN_IF_ERROR(inner.CheckAllTaken());
    results.push_back(result);
  }
  Shape joined = call.ShapeOf(results[0]);
  if (joined.size() < 2) return call.options().Unsupported("its layer leaves single numbers");
  QB_ASSIGN_OR_RETURN(
      const TensorId all,
      call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = 1}, std::move(results)));
  joined[0] = shape[1];
  return EmitReshape(call, all, std::move(joined));
}

}  // namespace

std::vector<int32_t> ChannelsLast(size_t rank) {
  std::vector<int32_t> order = {0};
  for (size_t i = 2; i < rank; ++i) order.push_back(static_cast<int32_t>(i));
  order.push_back(1);
  return order;
}
std::vector<int32_t> ChannelsFirst(size_t rank) {
  std::vector<int32_t> order = {0, static_cast<int32_t>(rank) - 1};
  for (size_t i = 1; i + 1 < rank; ++i) order.push_back(static_cast<int32_t>(i));
  return order;
}

Result<TensorId> BuildLayer(LayerCall& call) {
  const LayerBuilder builder = FindLayerBuilder(call.options().class_name());
  if (builder == nullptr) return call.options().Unsupported("layers of this class cannot be read");
  QB_ASSIGN_OR_RETURN(const std::string format,
                      call.options().Text("data_format", "channels_last"));
  const bool turns = format == "channels_first" && builder != BuildIdentity;
  return turns ? BuildBetweenTransposes(call, builder) : builder(call);
}

std::string WrappedClass(const Json& config) {
  if (!config.is_object() || !config.contains("layer")) return "";
  const Json& layer = config.at("layer");
  const Json name = layer.is_object() ? layer.value("class_name", Json()) : Json();
  return name.is_string() ? name.get<std::string>().substr(0, 100) : "";
}

Result<TensorId> BuildTimeDistributed(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const Shape shape = call.ShapeOf(input);
  const std::string class_name = WrappedClass(call.options().config());
  const Json& layer = call.options()["layer"];
  const Json name = layer.is_object() ? layer.value("config", Json()) : Json();
  if (class_name.empty() || !name.is_object()) return call.options().Corrupt("it has no layer");
  const LayerBuilder builder = FindLayerBuilder(class_name);
  if (builder == nullptr || builder == BuildTimeDistributed) {
    return call.options().Unsupported(
        fmt::format("its layer is a {}, which cannot be read there", class_name));
  }
  if (shape.size() < 3) return call.options().Corrupt("its input is no sequence");
  Json config = layer.at("config");
  QB_ASSIGN_OR_RETURN(
      const std::string inner,
      LayerOptions(call.options().name(), class_name, config).Text("name", "layer"));
  const bool printable =
      std::ranges::all_of(inner, [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
  if (!printable || inner.size() > 1000) return call.options().Corrupt("its layer has no name");
  if (builder == BuildFlatten) {
    return EmitReshape(call, input,
                       {shape[1], static_cast<int32_t>(ElementCount(shape) / shape[1])});
  }
  if (const auto kind = ReductionOf(builder); kind && shape.size() > 3) {
    LayerOptions reduced(call.options().name(), class_name, config);
    QB_RETURN_IF_ERROR(reduced.CheckChannelsLast());
    QB_ASSIGN_OR_RETURN(const bool keep_dims, reduced.Bool("keepdims", false));
    std::vector<int32_t> axes;
    for (size_t i = 2; i + 1 < shape.size(); ++i) axes.push_back(static_cast<int32_t>(i));
    const TensorId constant = call.Constant("axes", {static_cast<int32_t>(axes.size())}, axes);
    return call.Emit(*kind, MeanOptions{.keep_dims = keep_dims}, {input, constant});
  }
  const bool direct = TakesSequences(builder);
  if (direct) ShiftAxes(config);
  LayerOptions options(fmt::format("{}/{}", call.options().name(), inner), class_name, config);
  options.SetOtherName(call.options().name());
  if (!direct) return StepByStep(call, options);
  LayerCall part = call.Part(options, {"layer"}, {input});
  QB_ASSIGN_OR_RETURN(const TensorId output, BuildLayer(part));
  QB_RETURN_IF_ERROR(part.CheckAllTaken());
  return output;
}

}  // namespace qbench::graph::import
