// Conv2DBackpropInput, which is what TensorFlow makes of a transposed convolution: the gradient of
// a convolution by its input.
#include <algorithm>

#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/transposed_convolution.h"

namespace qbench::graph::import {
namespace {

struct Sides {
  TransposedSide rows, columns;
};

// Of batch, height, width and channels.
Result<int32_t> StrideAt(const TfNode& node, const std::vector<int64_t>& list, size_t index) {
  constexpr int64_t kMost = 64;
  if (list.size() != 4) return node.Corrupt("strides are not four numbers");
  const bool moves = index == 1 || index == 2;
  if (list[index] < 1 || list[index] > (moves ? kMost : 1)) {
    return node.Unsupported(fmt::format("strides of [{}]", fmt::join(list, ", ")));
  }
  return static_cast<int32_t>(list[index]);
}

// One direction, with the zeros that the convolution had before its input: for SAME half of what it
// needs, rounded down (tf.nn.convolution says how many).
Result<TransposedSide> ReadSide(const TfNode& node, int64_t input, int64_t kernel, int32_t stride,
                                int64_t size, size_t dimension) {
  constexpr int64_t kMost = 1 << 24;
  if (kernel < 1 || kernel > 4096 || size < 1 || size > kMost || input > kMost) {
    return node.Unsupported("its sizes are too large");
  }
  TransposedSide side{.input = static_cast<int32_t>(input),
                      .kernel = static_cast<int32_t>(kernel),
                      .stride = stride,
                      .size = static_cast<int32_t>(size)};
  const std::string padding = node.Text("padding", "");
  int64_t before = 0;
  if (padding == "SAME") {
    before = std::max<int64_t>((input - 1) * stride + kernel - size, 0) / 2;
  } else if (padding == "EXPLICIT") {
    const std::vector<int64_t> sides = node.List("explicit_paddings");
    if (sides.size() != 8) {
      return node.Corrupt("explicit_paddings are not two numbers a dimension");
    }
    before = sides[2 * dimension];
  } else if (padding != "VALID") {
    return node.Corrupt("padding is neither SAME nor VALID nor EXPLICIT");
  }
  if (before < 0 || before >= kernel) return node.Corrupt(fmt::format("it pads by {}", before));
  side.before = static_cast<int32_t>(before);
  side.ChooseBlocks();
  if (side.IsSound()) return side;
  return node.Unsupported("its padding leaves output pixels without input");
}

// The height and width of the output.
Result<std::pair<int64_t, int64_t>> OutputSize(const TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TfArrayPtr sizes, node.Array(0));
  const bool whole =
      sizes->kind == TfArray::Kind::kInts && (sizes->ints.size() == 2 || sizes->ints.size() == 4);
  if (!whole) return node.Corrupt("its output's sizes are not two or four numbers");
  const size_t height = sizes->ints.size() == 4 ? 1 : 0;
  if (sizes->is_open(height) || sizes->is_open(height + 1)) {
    return node.Unsupported("the size of its output depends on the batch");
  }
  return std::pair(sizes->ints[height], sizes->ints[height + 1]);
}

Result<Sides> ReadSides(const TfNode& node, const Shape& input, const Dims& kernel) {
  QB_RETURN_IF_ERROR(node.CheckChannelsLast());
  const std::vector<int64_t> dilations = node.List("dilations");
  if (std::ranges::any_of(dilations, [](int64_t dilation) { return dilation != 1; })) {
    return node.Unsupported("dilations other than 1");
  }
  const std::vector<int64_t> strides = node.List("strides");
  for (const size_t index : {0, 3}) {
    QB_RETURN_IF_ERROR(StrideAt(node, strides, index).status());
  }
  QB_ASSIGN_OR_RETURN(const int32_t down, StrideAt(node, strides, 1));
  QB_ASSIGN_OR_RETURN(const int32_t along, StrideAt(node, strides, 2));
  QB_ASSIGN_OR_RETURN(const auto size, OutputSize(node));
  Sides sides;
  QB_ASSIGN_OR_RETURN(sides.rows, ReadSide(node, input[1], kernel[0], down, size.first, 1));
  QB_ASSIGN_OR_RETURN(sides.columns, ReadSide(node, input[2], kernel[1], along, size.second, 2));
  return sides;
}

// [n, h, w, y * x * c] -> [n, h * y, w * x, c]. Blocks of one row lie as they should already.
Result<TensorId> Unfolded(TfNode& node, TensorId input, int32_t y, int32_t x) {
  if (y == 1 && x == 1) return input;
  const std::vector<int32_t> shape = node.OpenShape(input);
  const int32_t channels = shape[3] / (y * x);
  const std::vector<int32_t> unfolded = {shape[0], shape[1] * y, shape[2] * x, channels};
  if (y == x) return node.Emit(OpKind::kDepthToSpace, DepthToSpaceOptions{.block = y}, {input});
  if (y == 1) return node.Reshaped(input, unfolded);
  QB_ASSIGN_OR_RETURN(const TensorId rows,
                      node.Reshaped(input, {shape[0], shape[1], shape[2], y, x * channels}));
  QB_ASSIGN_OR_RETURN(const TensorId turned, node.Transposed(rows, {0, 1, 3, 2, 4}));
  return node.Reshaped(turned, unfolded);
}

// The pixels that are kept.
Result<TensorId> Kept(TfNode& node, TensorId input, const Sides& sides) {
  const Shape shape = node.ShapeOf(input);
  const auto& [rows, columns] = sides;
  if (shape[1] == rows.size && shape[2] == columns.size) return input;
  const TensorId begin =
      node.Constant("begin", {4}, std::vector<int32_t>{0, rows.skip, columns.skip, 0});
  const TensorId end = node.Constant(
      "end", {4},
      std::vector<int32_t>{shape[0], rows.skip + rows.size, columns.skip + columns.size, shape[3]});
  const TensorId steps = node.Constant("steps", {4}, std::vector<int32_t>{1, 1, 1, 1});
  return node.Emit(OpKind::kStridedSlice, StridedSliceOptions{.begin_mask = 1, .end_mask = 1},
                   {input, begin, end, steps});
}

Status BuildTransposedConvolution(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(2));
  QB_ASSIGN_OR_RETURN(const TfArrayPtr kernel, node.Array(1));
  const Shape shape = node.ShapeOf(input);
  if (shape.size() != 4 || kernel->kind != TfArray::Kind::kFloats || kernel->dims.size() != 4 ||
      kernel->dims[3] != shape[3] || kernel->count() < 1) {
    return node.Corrupt("its kernel does not fit its input");
  }
  if (kernel->range) return node.Unsupported("its kernel has a learned range");
  QB_ASSIGN_OR_RETURN(const Sides sides, ReadSides(node, shape, kernel->dims));
  const auto& [rows, columns] = sides;
  const int64_t filters = kernel->dims[2];
  const int64_t phases = int64_t{rows.stride} * columns.stride;
  if (filters * phases > (int64_t{1} << 24) ||
      filters * phases * rows.taps() * columns.taps() > kMaxElements / shape[3]) {
    return node.Unsupported("it has too many filters for its strides");
  }
  const auto outputs = static_cast<int32_t>(filters * phases);
  // [height, width, filters, channels], as TensorFlow keeps it.
  const std::vector<float> values = kernel->floats.Values<float>();
  const TensorId filter =
      node.Constant("filter", {outputs, rows.taps(), columns.taps(), shape[3]},
                    PhaseFilter(values, rows, columns, static_cast<int32_t>(filters), shape[3]));
  const TensorId bias =
      node.Constant("bias", {outputs}, std::vector<float>(static_cast<size_t>(outputs), 0.0F));
  TensorId result = input;
  const std::vector<int32_t> paddings = {
      0, 0, rows.pad_before(), rows.pad_after(), columns.pad_before(), columns.pad_after(), 0, 0};
  if (std::ranges::any_of(paddings, [](int32_t zeros) { return zeros > 0; })) {
    const TensorId zeros = node.Constant("paddings", {4, 2}, paddings);
    QB_ASSIGN_OR_RETURN(result, node.Emit(OpKind::kPad, {result, zeros}));
  }
  QB_ASSIGN_OR_RETURN(result, node.Emit(OpKind::kConv2D, Conv2DOptions{.padding = Padding::kValid},
                                        {result, filter, bias}));
  QB_ASSIGN_OR_RETURN(result, Unfolded(node, result, rows.stride, columns.stride));
  QB_ASSIGN_OR_RETURN(result, Kept(node, result, sides));
  return node.Give(result);
}

constexpr TfBuilderEntry kBuilders[] = {{"Conv2DBackpropInput", BuildTransposedConvolution}};

}  // namespace

std::span<const TfBuilderEntry> TransposedBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
