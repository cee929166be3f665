// ConvTranspose.
#include <algorithm>

#include "graph/import/onnx/onnx_nodes.h"
#include "graph/import/transposed_convolution.h"

namespace qbench::graph::import::onnx {
namespace {

struct Sides {
  TransposedSide rows, columns;
};

Result<int64_t> NumberAt(const NodeCall& call, std::string_view name, size_t index,
                         int64_t fallback, int64_t low) {
  const auto values = call.Ints(name);
  if (!values) return fallback;
  if (index >= values->size()) return call.Corrupt(fmt::format("{} is too short", name));
  const int64_t value = (*values)[index];
  if (value >= low && value <= 4096) return value;
  return call.Corrupt(fmt::format("{} is out of range", name));
}

// One direction: 0 is height. Output size as ONNX's: stride * (input - 1) + output_padding + kernel
// - pads.
Result<TransposedSide> ReadSide(const NodeCall& call, size_t index, int64_t input, int64_t kernel) {
  QB_ASSIGN_OR_RETURN(const int64_t stride, NumberAt(call, "strides", index, 1, 1));
  QB_ASSIGN_OR_RETURN(const int64_t dilation, NumberAt(call, "dilations", index, 1, 1));
  QB_ASSIGN_OR_RETURN(const int64_t before, NumberAt(call, "pads", index, 0, 0));
  QB_ASSIGN_OR_RETURN(const int64_t after, NumberAt(call, "pads", index + 2, 0, 0));
  QB_ASSIGN_OR_RETURN(const int64_t extra, NumberAt(call, "output_padding", index, 0, 0));
  if (dilation != 1) return call.Unsupported("a dilation other than 1 is not known");
  if (stride > 64 || kernel > 4096) return call.Unsupported("its kernel or strides are too large");
  const int64_t size = stride * (input - 1) + extra + kernel - before - after;
  TransposedSide side{.input = static_cast<int32_t>(input),
                      .kernel = static_cast<int32_t>(kernel),
                      .stride = static_cast<int32_t>(stride),
                      .before = static_cast<int32_t>(before)};
  side.size = static_cast<int32_t>(std::clamp<int64_t>(size, 0, INT32_MAX));
  side.ChooseBlocks();
  if (side.IsSound()) return side;
  return call.Unsupported("its padding leaves output pixels without input");
}

Result<Sides> ReadSides(const NodeCall& call, const Value& input, const Dims& weights) {
  if (call.Text("auto_pad", "NOTSET") != "NOTSET" || call.Attribute("output_shape") != nullptr) {
    return call.Unsupported("auto_pad and output_shape are not known; give it pads");
  }
  if (call.Int("group", 1) != 1) return call.Unsupported("groups are not known");
  if (weights.size() != 4 || weights[0] != input.dims[1] || weights[1] < 1 || weights[2] < 1 ||
      weights[3] < 1) {
    return call.Corrupt("its weights do not fit its input");
  }
  Sides sides;
  QB_ASSIGN_OR_RETURN(sides.rows, ReadSide(call, 0, input.dims[2], weights[2]));
  QB_ASSIGN_OR_RETURN(sides.columns, ReadSide(call, 1, input.dims[3], weights[3]));
  if (sides.rows.stride == sides.columns.stride) return sides;
  return call.Unsupported("strides are not the same in both directions");
}

// The bias of each filter, or zeros.
Result<std::vector<float>> FilterBias(const NodeCall& call, size_t filters) {
  std::vector<float> bias(filters, 0.0F);
  if (call.Has(2)) {
    QB_ASSIGN_OR_RETURN(bias, call.FloatsOf(2));
    if (bias.size() != filters) return call.Corrupt("its biases are not one for each channel");
  }
  return bias;
}

// Pixels that are kept.
Result<Value> Cropped(NodeCall& call, Value value, const Sides& sides) {
  QB_ASSIGN_OR_RETURN(value, Part(call, value, 2, {sides.rows.skip, sides.rows.size, 1}));
  return Part(call, value, 3, {sides.columns.skip, sides.columns.size, 1});
}

}  // namespace

Result<Value> BuildConvTranspose(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0, 4));
  QB_ASSIGN_OR_RETURN(const HostTensorRef weights, call.ConstantInput(1));
  if (!weights->is_float()) return call.Unsupported("its weights are not floats");
  QB_ASSIGN_OR_RETURN(const Sides sides, ReadSides(call, input, weights->dims));
  const auto& [rows, columns] = sides;
  const int64_t filters = weights->dims[1];
  const int64_t phases = int64_t{rows.stride} * columns.stride;
  if (filters * phases > (int64_t{1} << 24) ||
      filters * phases * rows.taps() * columns.taps() > kMaxElements / weights->dims[0]) {
    return call.Unsupported("it has too many filters for its strides");
  }
  const auto channels = static_cast<int32_t>(weights->dims[0]);
  const auto outputs = static_cast<int32_t>(filters * phases);
  // [channels, filters, height, width] -> [height, width, filters, channels]
  const std::vector<float> kernel = Permuted(*weights, {2, 3, 1, 0}).floats.Values<float>();
  const TensorId filter =
      call.Constant("weights", {outputs, rows.taps(), columns.taps(), channels},
                    PhaseFilter(kernel, rows, columns, static_cast<int32_t>(filters), channels));
  QB_ASSIGN_OR_RETURN(const auto biases, FilterBias(call, static_cast<size_t>(filters)));
  const TensorId bias = call.Constant("bias", {outputs}, PhaseBias(biases, phases));
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, input));
  TensorId result = image.tensor;
  const std::vector<int32_t> paddings = {
      0, 0, rows.pad_before(), rows.pad_after(), columns.pad_before(), columns.pad_after(), 0, 0};
  if (std::ranges::any_of(paddings, [](int32_t zeros) { return zeros > 0; })) {
    QB_ASSIGN_OR_RETURN(result, EmitPad(call, result, paddings));
  }
  QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kConv2D, Conv2DOptions{.padding = Padding::kValid},
                                        {result, filter, bias}));
  if (rows.stride > 1) {
    QB_ASSIGN_OR_RETURN(result, call.Emit(OpKind::kDepthToSpace,
                                          DepthToSpaceOptions{.block = rows.stride}, {result}));
  }
  return Cropped(call, InMemory(call, result, image.order), sides);
}

}  // namespace qbench::graph::import::onnx
