// Resize and Upsample: only where an operator of TensorFlow Lite takes the same pixels.
#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

constexpr int64_t kMostPixels = 1 << 16;

// One direction.
struct Side {
  int64_t input = 1, output = 1;
  double scale = 1.0;  // output / input, as the node says it
};

struct Sides {
  Side rows, columns;
};

// Scales and sizes, one for each of ONNX's dimensions, or neither.
struct Wanted {
  std::vector<float> scales;
  std::vector<int64_t> sizes;
};

Result<Wanted> ReadWanted(const NodeCall& call) {
  Wanted wanted;
  const bool upsample = call.op_type() == "Upsample";
  if (upsample && call.opset() < 9) {
    if (const auto* attribute = call.Attribute("scales")) {
      wanted.scales.assign(attribute->floats().begin(), attribute->floats().end());
    }
    return wanted;
  }
  const size_t scales = upsample || call.opset() < 11 ? 1 : 2;
  if (call.Has(scales)) {
    QB_ASSIGN_OR_RETURN(wanted.scales, call.FloatsOf(scales));
  }
  if (scales == 2 && call.Has(3)) {
    QB_ASSIGN_OR_RETURN(wanted.sizes, call.IntsOf(3));
  }
  return wanted;
}

// In all of the dimensions, or in those that the attribute axes (since 18) names.
Result<Sides> ReadSides(const NodeCall& call, const Value& input) {
  QB_ASSIGN_OR_RETURN(const Wanted wanted, ReadWanted(call));
  std::vector<size_t> axes = SameOrder(4);
  if (const auto some = call.Ints("axes")) {
    QB_ASSIGN_OR_RETURN(axes, call.AxesOf(*some, 4));
  }
  std::vector<Side> sides;
  for (const int64_t dim : input.dims) sides.push_back({dim, dim, 1.0});
  const bool by_size = wanted.scales.empty();
  if ((by_size ? wanted.sizes.size() : wanted.scales.size()) != axes.size()) {
    return call.Corrupt("its scales or sizes are not one for each dimension");
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    Side& side = sides[axes[i]];
    const double output = by_size ? static_cast<double>(wanted.sizes[i])
                                  : std::floor(static_cast<double>(side.input) * wanted.scales[i]);
    if (!(output >= 1.0) || output > static_cast<double>(kMostPixels)) {
      return call.Unsupported("its output is empty or too large");
    }
    side.output = static_cast<int64_t>(output);
    side.scale = by_size ? output / static_cast<double>(side.input) : double{wanted.scales[i]};
  }
  if (sides[0].output != 1 || sides[1].output != sides[1].input) {
    return call.Unsupported("it changes more than height and width");
  }
  return Sides{sides[2], sides[3]};
}

// Where an output pixel lies in the input; nullopt: a way that is not known.
using Place = std::function<double(const Side&, int64_t)>;
std::optional<Place> PlaceBy(const std::string& mode) {
  if (mode == "asymmetric") {
    return [](const Side& s, int64_t i) { return static_cast<double>(i) / s.scale; };
  }
  if (mode == "half_pixel" || mode == "half_pixel_symmetric") {
    return [](const Side& s, int64_t i) { return (static_cast<double>(i) + 0.5) / s.scale - 0.5; };
  }
  if (mode == "pytorch_half_pixel") {
    return [](const Side& s, int64_t i) {
      return s.output > 1 ? (static_cast<double>(i) + 0.5) / s.scale - 0.5 : 0.0;
    };
  }
  if (mode == "align_corners") {
    return [](const Side& s, int64_t i) {
      return s.output > 1
                 ? static_cast<double>(i * (s.input - 1)) / static_cast<double>(s.output - 1)
                 : 0.0;
    };
  }
  return std::nullopt;
}

int64_t Nearest(const std::string& mode, double place) {
  if (mode == "floor") return static_cast<int64_t>(std::floor(place));
  if (mode == "ceil") return static_cast<int64_t>(std::ceil(place));
  if (mode == "round_prefer_ceil") return static_cast<int64_t>(std::floor(place + 0.5));
  return static_cast<int64_t>(std::ceil(place - 0.5));  // round_prefer_floor
}

// What RESIZE_NEAREST_NEIGHBOR takes.
int64_t TfliteNearest(const ResizeOptions& options, const Side& s, int64_t i) {
  const bool aligned = options.align_corners && s.output > 1;
  const float scale = aligned ? static_cast<float>(s.input - 1) / static_cast<float>(s.output - 1)
                              : static_cast<float>(s.input) / static_cast<float>(s.output);
  const float at = (static_cast<float>(i) + (options.half_pixel_centers ? 0.5F : 0.0F)) * scale;
  const auto pixel = static_cast<int64_t>(aligned ? std::round(at) : std::floor(at));
  return std::min(pixel, s.input - 1);
}

bool TakesTheSame(const ResizeOptions& options, const Side& s, const Place& place,
                  const std::string& rounding) {
  for (int64_t i = 0; i < s.output; ++i) {
    const int64_t pixel = std::clamp<int64_t>(Nearest(rounding, place(s, i)), 0, s.input - 1);
    if (pixel != TfliteNearest(options, s, i)) return false;
  }
  return true;
}

constexpr ResizeOptions kOptions[] = {{}, {.half_pixel_centers = true}, {.align_corners = true}};

// The three ways of TensorFlow Lite, tried pixel by pixel.
std::optional<ResizeOptions> NearestOptions(const NodeCall& call, const Sides& sides,
                                            const Place& place, bool old) {
  const std::string rounding = old ? "floor" : call.Text("nearest_mode", "round_prefer_floor");
  for (const ResizeOptions& options : kOptions) {
    if (TakesTheSame(options, sides.rows, place, rounding) &&
        TakesTheSame(options, sides.columns, place, rounding)) {
      return options;
    }
  }
  return std::nullopt;
}

std::optional<ResizeOptions> LinearOptions(const Sides& sides, const Place& place) {
  for (const ResizeOptions& options : kOptions) {
    const std::optional<Place> own = PlaceBy(options.align_corners        ? "align_corners"
                                             : options.half_pixel_centers ? "half_pixel"
                                                                          : "asymmetric");
    bool same = true;
    for (const Side& s : {sides.rows, sides.columns}) {
      const Side exact = {s.input, s.output,
                          static_cast<double>(s.output) / static_cast<double>(s.input)};
      for (int64_t i = 0; i < s.output; ++i) {
        same = same && std::abs(place(s, i) - (*own)(exact, i)) < 1e-6;
      }
    }
    if (same) return options;
  }
  return std::nullopt;
}

}  // namespace

Result<Value> BuildResize(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0, 4));
  QB_ASSIGN_OR_RETURN(const Sides sides, ReadSides(call, input));
  const std::string mode = call.Text("mode", "nearest");
  const bool old = call.op_type() == "Upsample" || call.opset() < 11;
  if (mode != "nearest" && mode != "linear" && mode != "bilinear") {
    return call.Unsupported("its mode is neither nearest nor linear");
  }
  if (call.Int("antialias", 0) != 0 ||
      call.Text("keep_aspect_ratio_policy", "stretch") != "stretch") {
    return call.Unsupported("antialias and keep_aspect_ratio_policy are not known");
  }
  const auto place =
      PlaceBy(old ? "asymmetric" : call.Text("coordinate_transformation_mode", "half_pixel"));
  if (!place) return call.Unsupported("its coordinate_transformation_mode is not known");
  const bool nearest = mode == "nearest";
  const auto options =
      nearest ? NearestOptions(call, sides, *place, old) : LinearOptions(sides, *place);
  if (!options) {
    return call.Unsupported("no operator of TensorFlow Lite takes the same pixels");
  }
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, input));
  const TensorId size = call.Ints("size", {static_cast<int32_t>(sides.rows.output),
                                           static_cast<int32_t>(sides.columns.output)});
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(nearest ? OpKind::kResizeNearestNeighbor : OpKind::kResizeBilinear,
                                *options, {image.tensor, size}));
  return InMemory(call, output, image.order);
}

}  // namespace qbench::graph::import::onnx
