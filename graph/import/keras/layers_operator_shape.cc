// Operators that move values: reshape, x[…], tf.pad, …
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/import/keras/operator_arguments.h"

namespace qbench::graph::import {
namespace {

// To [-1, dims…], where -1 is the batch.
Result<TensorId> ReshapeTo(LayerCall& call, TensorId input, const std::vector<int64_t>& dims) {
  const int64_t elements = ElementCount(call.ShapeOf(input));
  if (dims.empty() || dims[0] != -1) {
    return call.options().Unsupported("its new shape changes the batch");
  }
  Shape shape;
  for (size_t i = 1; i < dims.size(); ++i) {
    if (dims[i] < 1 || dims[i] > elements || ElementCount(shape) > elements) {
      return call.options().Unsupported("its new shape does not fit its input");
    }
    shape.push_back(static_cast<int32_t>(dims[i]));
  }
  if (ElementCount(shape) == elements) return EmitReshape(call, input, std::move(shape));
  return call.options().Unsupported("its new shape does not fit its input");
}

Result<TensorId> ReshapeOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const Json& json = call.options()[call.options().Has("newshape") ? "newshape" : "shape"];
  std::vector<int64_t> dims;
  for (const Json& dim : json) {
    if (!dim.is_number_integer()) return call.options().Unsupported("its new shape is computed");
    dims.push_back(dim.get<int64_t>());
  }
  return ReshapeTo(call, input, dims);
}

Result<TensorId> ExpandDims(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  Shape shape = call.ShapeOf(input);
  QB_ASSIGN_OR_RETURN(const auto axes, ReadAxes(call, "axis", shape.size() + 1));
  for (const int32_t axis : axes) shape.insert(shape.begin() + axis, 1);
  return EmitReshape(call, input, Shape(shape.begin() + 1, shape.end()));
}

Result<TensorId> Squeeze(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  Shape shape = call.ShapeOf(input);
  QB_ASSIGN_OR_RETURN(auto axes, ReadAxes(call, "axis", shape.size()));
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (shape[static_cast<size_t>(*axis)] != 1) {
      return call.options().Corrupt("it removes a dimension that is not 1");
    }
    shape.erase(shape.begin() + *axis);
  }
  return EmitReshape(call, input, Shape(shape.begin() + 1, shape.end()));
}

// The first argument, a list of tensors; one at least.
Result<std::vector<TensorId>> JoinedTensors(const LayerCall& call) {
  const Json& list = call.Argument(0);
  std::vector<TensorId> inputs;
  for (const Json& item : list.is_array() ? list : Json::array()) {
    const auto tensor = call.TensorOf(item);
    if (!tensor) return call.options().Unsupported("it joins something that is no tensor");
    inputs.push_back(*tensor);
  }
  if (inputs.empty()) return call.options().Corrupt("it joins nothing");
  return inputs;
}

Result<TensorId> Concat(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const std::vector<TensorId> inputs, JoinedTensors(call));
  QB_ASSIGN_OR_RETURN(const auto axes, ReadAxes(call, "axis", call.ShapeOf(inputs[0]).size()));
  return call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = axes[0]}, inputs);
}

Result<TensorId> PadOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const LayerOptions& options = call.options();
  QB_ASSIGN_OR_RETURN(const std::string mode, options.Text("mode", "constant"));
  QB_ASSIGN_OR_RETURN(const double value, options.Number("constant_values", 0.0));
  if ((mode != "constant" && mode != "CONSTANT") || value != 0.0) {
    return options.Unsupported("it pads with something other than zeros");
  }
  const auto rank = static_cast<int32_t>(call.ShapeOf(input).size());
  const auto numbers = ReadNumbers(options[options.Has("paddings") ? "paddings" : "pad_width"]);
  if (!numbers || numbers->shape != Shape{rank, 2} || numbers->values[0] != 0.0F ||
      numbers->values[1] != 0.0F) {
    return options.Unsupported("its paddings are not two numbers a dimension, none for the batch");
  }
  std::vector<int32_t> paddings;
  for (const float padding : numbers->values) {
    if (!(padding >= 0.0F && padding <= 4096.0F)) return options.Corrupt("a padding is too large");
    paddings.push_back(static_cast<int32_t>(padding));
  }
  const TensorId constant = call.Constant("paddings", {rank, 2}, paddings);
  return call.Emit(OpKind::kPad, {input, constant});
}

// The option `perm` or `axes`: an order in which the batch stays first.
Result<TensorId> TransposeOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const Json& json = call.options()[call.options().Has("perm") ? "perm" : "axes"];
  const auto rank = static_cast<int64_t>(call.ShapeOf(input).size());
  std::vector<int32_t> order;
  for (const Json& item : json) {
    const int64_t axis = item.is_number_integer() ? item.get<int64_t>() : rank;
    if (axis >= rank || axis < -rank) return call.options().Unsupported("its order is computed");
    order.push_back(static_cast<int32_t>(axis < 0 ? axis + rank : axis));
  }
  if (!order.empty() && order[0] == 0) return EmitTranspose(call, input, order);
  return call.options().Unsupported("it moves the batch");
}

// tf.image.resize(images, size, method="bilinear").
Result<TensorId> ResizeOperator(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const LayerOptions& options = call.options();
  QB_ASSIGN_OR_RETURN(const auto size, options.SizePair("size", 0));
  QB_ASSIGN_OR_RETURN(const std::string method, options.Text("method", "bilinear"));
  for (const char* flag : {"preserve_aspect_ratio", "antialias"}) {
    QB_ASSIGN_OR_RETURN(const bool set, options.Bool(flag, false));
    if (set) return options.Unsupported(fmt::format("{} is not known", flag));
  }
  if (size.first < 1 || (method != "bilinear" && method != "nearest")) {
    return options.Unsupported("its method is neither nearest nor bilinear, or it has no size");
  }
  const TensorId constant =
      call.Constant("size", {2}, std::vector<int32_t>{size.first, size.second});
  return call.Emit(method == "nearest" ? OpKind::kResizeNearestNeighbor : OpKind::kResizeBilinear,
                   ResizeOptions{.half_pixel_centers = true}, {input, constant});
}

// The channels that `from` names, in that order: a convolution of one pixel with weights of 1 and
// 0, which copies exactly and takes in what is added or multiplied behind it.
Result<TensorId> Channels(LayerCall& call, TensorId input, const std::vector<int32_t>& from) {
  const int32_t channels = call.Channels(input);
  const auto count = static_cast<int32_t>(from.size());
  std::vector<float> weights;
  for (const int32_t chosen : from) {
    for (int32_t c = 0; c < channels; ++c) weights.push_back(c == chosen ? 1.0F : 0.0F);
  }
  const TensorId bias = call.Constant("bias", {count}, std::vector<float>(from.size(), 0.0F));
  if (call.ShapeOf(input).size() == 4) {
    const TensorId filter = call.Constant("channels", {count, 1, 1, channels}, weights);
    return call.Emit(OpKind::kConv2D, Conv2DOptions{.padding = Padding::kValid},
                     {input, filter, bias});
  }
  const TensorId matrix = call.Constant("channels", {count, channels}, weights);
  return call.Emit(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true},
                   {input, matrix, bias});
}

// No image has as many channels that somebody names one by one.
constexpr int32_t kMostChosen = 256;

// The channel that `tensor` is of `source`, where x[…, channel] made it.
std::optional<int32_t> ChannelOf(const LayerCall& call, TensorId tensor, TensorId& source) {
  const Op* op = call.MakerOf(tensor);
  if (op == nullptr || op->kind != OpKind::kStridedSlice) return std::nullopt;
  const Shape& whole = call.ShapeOf(op->inputs[0]);
  const auto last = static_cast<int32_t>(whole.size()) - 1;
  const bool only_channel =
      std::get<StridedSliceOptions>(op->options).shrink_axis_mask == 1 << last &&
      ElementCount(call.ShapeOf(tensor)) == ElementCount(whole) / whole.back();
  if (!only_channel || (source != kNoTensor && source != op->inputs[0])) return std::nullopt;
  source = op->inputs[0];
  return call.IntegersOf(op->inputs[1]).back();
}

// tf.stack, keras.ops.stack: along a dimension of its own.
Result<TensorId> Stack(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(std::vector<TensorId> inputs, JoinedTensors(call));
  Shape shape = call.ShapeOf(inputs[0]);
  QB_ASSIGN_OR_RETURN(const auto axes, ReadAxes(call, "axis", shape.size() + 1));
  const auto axis = static_cast<size_t>(axes[0]);
  TensorId source = kNoTensor;
  std::vector<int32_t> channels;
  for (const TensorId input : inputs) {
    const auto channel = ChannelOf(call, input, source);
    if (channel) channels.push_back(*channel);
  }
  if (axis == shape.size() && channels.size() == inputs.size() && channels.size() <= kMostChosen) {
    return Channels(call, source, channels);
  }
  const auto count = static_cast<int32_t>(inputs.size());
  if (axis < shape.size()) {  // behind one another, and then apart
    QB_ASSIGN_OR_RETURN(const TensorId joined,
                        call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = axes[0]},
                                  std::move(inputs)));
    shape.insert(shape.begin() + axes[0], count);
    return EmitReshape(call, joined, Shape(shape.begin() + 1, shape.end()));
  }
  shape.insert(shape.begin() + axes[0], 1);
  for (TensorId& input : inputs) {
    QB_ASSIGN_OR_RETURN(input, EmitReshape(call, input, Shape(shape.begin() + 1, shape.end())));
  }
  return call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = axes[0]},
                   std::move(inputs));
}

// x[…, ::-1]: all of a dimension, backwards.
bool IsReversal(const Json& json) {
  const Json slice = json.is_object() && json.contains("config") ? json.at("config") : json;
  return slice.is_object() && slice.value("step", Json()) == -1 &&
         slice.value("start", Json()).is_null() && slice.value("stop", Json()).is_null();
}

// One entry of x[…]: null where Keras cannot have written it.
std::optional<Range> ReadRange(const Json& json, int64_t size) {
  if (json.is_number_integer()) {
    const int64_t index = json.get<int64_t>();
    if (index >= size || index < -size) return std::nullopt;
    const auto from_front = static_cast<int32_t>(index < 0 ? index + size : index);
    return Range{.begin = from_front, .end = from_front + 1, .stride = 1, .index = true};
  }
  // Keras 3: {"class_name": "__slice__", "config": {"start": …}}; Keras 2: the table alone.
  if (!json.is_object()) return std::nullopt;
  const Json slice = json.contains("config") ? json.at("config") : json;
  if (!slice.is_object() || !slice.contains("start")) return std::nullopt;
  const auto number = [&](const char* key, int64_t fallback) -> std::optional<int64_t> {
    const Json value = slice.value(key, Json());
    if (value.is_null()) return fallback;
    if (!value.is_number_integer()) return std::nullopt;
    return value.get<int64_t>();
  };
  const auto start = number("start", 0);
  const auto stop = number("stop", size);
  const auto step = number("step", 1);
  if (!start || !stop || !step || *step < 1 || *step > size) return std::nullopt;
  const auto inside = [&](int64_t index) {
    return static_cast<int32_t>(
        std::clamp<int64_t>(index < 0 ? std::max(index, -size) + size : index, 0, size));
  };
  return Range{.begin = inside(*start),
               .end = inside(*stop),
               .stride = static_cast<int32_t>(*step),
               .index = false};
}

// x[:, 1:-1, 2]: the batch whole, then ranges and indices; an ellipsis stands for whole dimensions.
Result<TensorId> GetItem(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, FirstTensor(call));
  const Shape shape = call.ShapeOf(input);
  const Json& given =
      call.options().Has("slice_spec") ? call.options()["slice_spec"] : call.Argument(1);
  const Json list = given.is_array() ? given : Json::array({given});
  std::vector<Range> ranges;
  bool reversed = false;  // the channels
  for (const Json& item : list) {
    const bool ellipsis = item.is_object() && item.value("class_name", Json()) == "__ellipsis__";
    const size_t whole =
        ellipsis && list.size() <= shape.size() + 1 ? shape.size() + 1 - list.size() : 0;
    for (size_t i = 0; i < whole && ranges.size() < shape.size(); ++i) {
      ranges.push_back({.begin = 0, .end = shape[ranges.size()]});
    }
    if (ellipsis) continue;
    if (ranges.size() == shape.size()) return call.options().Corrupt("it has too many entries");
    const int32_t size = shape[ranges.size()];
    if (IsReversal(item) && ranges.size() + 1 == shape.size() && size <= kMostChosen) {
      reversed = true;
      ranges.push_back({.begin = 0, .end = size});
      continue;
    }
    const auto range = ReadRange(item, shape[ranges.size()]);
    if (!range) return call.options().Unsupported("an entry is neither a range nor an index");
    ranges.push_back(*range);
  }
  for (size_t i = ranges.size(); i < shape.size(); ++i) {
    ranges.push_back({.begin = 0, .end = shape[i]});
  }
  if (ranges[0].index || ranges[0].begin != 0 || ranges[0].end != 1 || ranges[0].stride != 1) {
    return call.options().Unsupported("it takes a part of the batch");
  }
  bool whole = true;
  for (size_t i = 0; i < shape.size(); ++i) {
    whole = whole && !ranges[i].index && ranges[i].begin == 0 && ranges[i].end == shape[i] &&
            ranges[i].stride == 1;
  }
  TensorId taken = input;
  if (!whole) {
    QB_ASSIGN_OR_RETURN(taken, EmitSlice(call, input, ranges));
  }
  if (!reversed) return taken;
  std::vector<int32_t> backwards(static_cast<size_t>(call.Channels(taken)));
  std::iota(backwards.rbegin(), backwards.rend(), 0);
  return Channels(call, taken, backwards);
}

// All tensors are float32.
Result<TensorId> Cast(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const std::string type, call.options().Text("dtype", ""));
  if (type != "float32" && type != "float16" && type != "bfloat16") {
    return call.options().Unsupported(fmt::format("it makes {} of its input", type.substr(0, 60)));
  }
  return FirstTensor(call);
}

constexpr OperatorEntry kOperators[] = {
    {"reshape", ReshapeOperator},
    {"Reshape", ReshapeOperator},
    {"expand_dims", ExpandDims},
    {"ExpandDims", ExpandDims},
    {"compat.v1.squeeze", Squeeze},
    {"Squeeze", Squeeze},
    {"concat", Concat},
    {"Concatenate", Concat},
    {"stack", Stack},
    {"Stack", Stack},
    {"compat.v1.pad", PadOperator},
    {"Pad", PadOperator},
    {"transpose", TransposeOperator},
    {"compat.v1.transpose", TransposeOperator},
    {"Transpose", TransposeOperator},
    {"image.resize", ResizeOperator},
    {"__operators__.getitem", GetItem},
    {"GetItem", GetItem},
    {"cast", Cast},
    {"Cast", Cast},
};

}  // namespace

std::span<const OperatorEntry> ShapeOperators() { return kOperators; }

}  // namespace qbench::graph::import
