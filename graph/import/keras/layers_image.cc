// Layers that move, cut out and resize.
#include <cmath>
#include <string>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// Pixels are squares, as tf.image.resize of TensorFlow 2 has them.
Result<TensorId> EmitResize(LayerCall& call, TensorId input, int32_t height, int32_t width,
                            const std::string& interpolation) {
  const bool nearest = interpolation == "nearest";
  if (!nearest && interpolation != "bilinear") {
    return call.options().UnsupportedOption(fmt::format(
        "interpolation \"{}\" is neither nearest nor bilinear", interpolation.substr(0, 20)));
  }
  const TensorId size = call.Constant("size", {2}, std::vector<int32_t>{height, width});
  return call.Emit(nearest ? OpKind::kResizeNearestNeighbor : OpKind::kResizeBilinear,
                   ResizeOptions{.half_pixel_centers = true}, {input, size});
}

// The options height and width.
Result<LayerOptions::Pair> ReadTarget(const LayerCall& call) {
  QB_RETURN_IF_ERROR(call.options().CheckChannelsLast());
  QB_ASSIGN_OR_RETURN(const int32_t height, call.options().Size("height", 0));
  QB_ASSIGN_OR_RETURN(const int32_t width, call.options().Size("width", 0));
  if (height > 0 && width > 0) return LayerOptions::Pair{height, width};
  return call.options().Corrupt("it has no height or width");
}

}  // namespace

Result<TensorId> EmitTranspose(LayerCall& call, TensorId input, const std::vector<int32_t>& order) {
  const auto rank = static_cast<int32_t>(order.size());
  const TensorId constant = call.Constant("order", {rank}, order);
  return call.Emit(OpKind::kTranspose, {input, constant});
}

Result<TensorId> EmitSlice(LayerCall& call, TensorId input, const std::vector<Range>& ranges) {
  std::vector<int32_t> begin;
  std::vector<int32_t> end;
  std::vector<int32_t> strides;
  // The batch is open: all of it, whatever the end says.
  StridedSliceOptions options{.begin_mask = 1, .end_mask = 1};
  for (size_t i = 0; i < ranges.size(); ++i) {
    begin.push_back(ranges[i].begin);
    end.push_back(ranges[i].end);
    strides.push_back(ranges[i].stride);
    if (ranges[i].index) options.shrink_axis_mask |= 1 << i;
  }
  const auto rank = static_cast<int32_t>(ranges.size());
  const TensorId from = call.Constant("begin", {rank}, begin);
  const TensorId to = call.Constant("end", {rank}, end);
  const TensorId steps = call.Constant("strides", {rank}, strides);
  return call.Emit(OpKind::kStridedSlice, options, {input, from, to, steps});
}

// dims: of the sample's dimensions, counted from 1.
Result<TensorId> BuildPermute(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input());
  const Json& dims = call.options()["dims"];
  std::vector<int32_t> order = {0};
  for (const Json& dim : dims) {
    const bool sound = dim.is_number_unsigned() && dim >= 1 && dim < 8;
    if (!sound) return call.options().Corrupt("dims is not an order of dimensions");
    order.push_back(dim.get<int32_t>());
  }
  return EmitTranspose(call, input, order);
}

Result<TensorId> BuildCropping2D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  const LayerOptions& options = call.options();
  QB_RETURN_IF_ERROR(options.CheckChannelsLast());
  const Json& cropping = options["cropping"];
  if (cropping.is_null()) return options.Corrupt("it has no cropping");
  const bool list = cropping.is_array() && cropping.size() == 2;
  QB_ASSIGN_OR_RETURN(const auto rows,
                      options.ReadPair(list ? cropping[0] : cropping, "cropping", 0));
  QB_ASSIGN_OR_RETURN(const auto columns,
                      options.ReadPair(list ? cropping[1] : cropping, "cropping", 0));
  const Shape shape = call.ShapeOf(input);
  return EmitSlice(call, input,
                   {{0, shape[0]},
                    {rows.first, shape[1] - rows.second},
                    {columns.first, shape[2] - columns.second},
                    {0, shape[3]}});
}

Result<TensorId> BuildUpSampling2D(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_RETURN_IF_ERROR(call.options().CheckChannelsLast());
  QB_ASSIGN_OR_RETURN(const auto size, call.options().SizePair("size", 2));
  QB_ASSIGN_OR_RETURN(const std::string interpolation,
                      call.options().Text("interpolation", "nearest"));
  const Shape shape = call.ShapeOf(input);
  const int64_t height = int64_t{shape[1]} * size.first;
  const int64_t width = int64_t{shape[2]} * size.second;
  constexpr int64_t kMostPixels = 1 << 16;
  if (height > kMostPixels || width > kMostPixels) {
    return call.options().Unsupported("its output is too large");
  }
  return EmitResize(call, input, static_cast<int32_t>(height), static_cast<int32_t>(width),
                    interpolation);
}

// Nothing to do where the input has that size.
Result<TensorId> BuildResizing(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_ASSIGN_OR_RETURN(const auto target, ReadTarget(call));
  const Shape shape = call.ShapeOf(input);
  if (shape[1] == target.first && shape[2] == target.second) return input;
  const LayerOptions& options = call.options();
  for (const char* flag : {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"}) {
    QB_ASSIGN_OR_RETURN(const bool set, options.Bool(flag, false));
    if (set) return options.UnsupportedOption(fmt::format("{} is not known", flag));
  }
  if (options.class_name() != "Resizing") {
    return options.Unsupported(
        fmt::format("it changes the image's size from {}x{} to {}x{}; resize before the model "
                    "(qbench does so) and give it an input of {}x{}",
                    shape[1], shape[2], target.first, target.second, target.first, target.second));
  }
  QB_ASSIGN_OR_RETURN(const std::string interpolation, options.Text("interpolation", "bilinear"));
  return EmitResize(call, input, target.first, target.second, interpolation);
}

// Of images that are large enough, the middle; the odd pixel stays at the bottom and right.
Result<TensorId> BuildCenterCrop(LayerCall& call) {
  QB_ASSIGN_OR_RETURN(const TensorId input, call.Input(4));
  QB_ASSIGN_OR_RETURN(const auto target, ReadTarget(call));
  const Shape shape = call.ShapeOf(input);
  const auto [height, width] = target;
  if (shape[1] == height && shape[2] == width) return input;
  if (shape[1] < height || shape[2] < width) {
    return call.options().Unsupported(
        fmt::format("it crops {}x{} to {}x{}, which resizes first; resize before the model (qbench "
                    "does so)",
                    shape[1], shape[2], height, width));
  }
  const int32_t top = (shape[1] - height) / 2;
  const int32_t left = (shape[2] - width) / 2;
  return EmitSlice(call, input,
                   {{0, shape[0]}, {top, top + height}, {left, left + width}, {0, shape[3]}});
}

}  // namespace qbench::graph::import
