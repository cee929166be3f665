// Operators that give a tensor another shape, order or size.
#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

// The tensor with its whole numbers, where the file has some: nothing is computed of them.
Status GiveMoved(TfNode& node, size_t input, TensorId tensor) {
  QB_RETURN_IF_ERROR(node.Give(tensor));
  QB_ASSIGN_OR_RETURN(const TfValue* from, node.Value(input));
  node.outputs().back().is_integer = from->is_integer;
  return OkStatus();
}

// An open batch stays the first dimension. Dense layers on rows put the rows of all samples into it
// for a product with a matrix and take them out again; the tensor keeps its dimensions meanwhile.
Status BuildReshape(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(0));
  const bool rows = value->kind == TfValue::Kind::kRows;
  TensorId input = value->tensor;
  if (!rows) {
    QB_ASSIGN_OR_RETURN(input, node.Tensor(0, true));
  }
  QB_ASSIGN_OR_RETURN(const TfArrayPtr target, node.Array(1));
  const Shape from = node.ShapeOf(input);
  QB_ASSIGN_OR_RETURN(NewShape shape, ReadNewShape(node, *target, ElementCount(from)));
  std::vector<int32_t>& dims = shape.dims;
  if (node.import().open_batch) {
    if (!shape.batch) {
      return node.Unsupported("its new shape is for one size of the batch, which is left open");
    }
    // [1, -1] would put the whole batch into one sample.
    if (shape.batch != 0) return node.Unsupported("its new shape is for a batch of one");
    if (dims == from) return GiveMoved(node, 0, input);
    if (dims[0] != 1) {
      if (dims.size() == 2 && dims[1] == from.back() && !value->is_integer) {
        node.WorkOnRows();
        return node.Give(input);
      }
      return node.Unsupported("it puts the samples and parts of them into one dimension");
    }
    dims[0] = -1;
  }
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Reshaped(input, std::move(dims)));
  return GiveMoved(node, 0, output);
}

Status BuildSqueeze(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0, true));
  const std::vector<int32_t> shape = node.OpenShape(input);
  const std::vector<int64_t> axes = node.List("squeeze_dims");
  std::vector<bool> goes(shape.size(), false);
  for (const int64_t axis : axes) {
    const auto rank = static_cast<int64_t>(shape.size());
    if (axis < -rank || axis >= rank)
      return node.Corrupt("it removes a dimension that is not there");
    goes[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  std::vector<int32_t> left;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (goes[i] && shape[i] != 1) return node.Corrupt("it removes a dimension that is not 1");
    const bool removed = axes.empty() ? shape[i] == 1 : goes[i];
    if (!removed) left.push_back(shape[i]);
  }
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Reshaped(input, std::move(left)));
  return GiveMoved(node, 0, output);
}

Result<TensorId> Expanded(TfNode& node, TensorId input, int64_t axis) {
  std::vector<int32_t> shape = node.OpenShape(input);
  const auto rank = static_cast<int64_t>(shape.size()) + 1;
  if (axis < -rank || axis >= rank || rank > 8) return node.Corrupt("its axis is out of range");
  const int64_t place = axis < 0 ? axis + rank : axis;
  if (place == 0 && node.import().open_batch) return node.Unsupported("it moves the batch");
  shape.insert(shape.begin() + place, 1);
  return node.Reshaped(input, std::move(shape));
}

Status BuildExpandDims(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0, true));
  QB_ASSIGN_OR_RETURN(const auto axes, node.Ints(1));
  if (axes.size() != 1) return node.Corrupt("it has no axis");
  QB_ASSIGN_OR_RETURN(const TensorId output, Expanded(node, input, axes[0]));
  return GiveMoved(node, 0, output);
}

Status BuildTranspose(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const auto order, node.Ints(1));
  if (order.empty() || order[0] != 0) return node.Unsupported("it moves the batch");
  std::vector<int32_t> same(node.ShapeOf(input).size());
  std::iota(same.begin(), same.end(), 0);
  if (order == same) return node.Give(input);
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Transposed(input, order));
  return node.Give(output);
}

Result<TensorId> Joined(TfNode& node, std::vector<TensorId> inputs, int64_t axis) {
  const auto rank = static_cast<int64_t>(node.ShapeOf(inputs[0]).size());
  if (axis < -rank || axis >= rank) return node.Corrupt("its axis is out of range");
  const auto place = static_cast<int32_t>(axis < 0 ? axis + rank : axis);
  if (place == 0) return node.Unsupported("it joins along the batch");
  return node.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = place}, std::move(inputs));
}

// Of tensors: a constant would have to be repeated for each sample.
Result<std::vector<TensorId>> JoinedInputs(const TfNode& node, size_t count) {
  std::vector<TensorId> inputs;
  for (size_t i = 0; i < count; ++i) {
    if (!node.IsTensor(i) && node.import().open_batch) {
      return node.Unsupported("it joins a constant to samples");
    }
    QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(i));
    inputs.push_back(input);
  }
  return inputs;
}

Status BuildConcat(TfNode& node) {
  if (node.inputs() < 2) return node.Corrupt("it joins nothing");
  const size_t count = node.inputs() - 1;
  QB_ASSIGN_OR_RETURN(const auto axes, node.Ints(count));
  QB_ASSIGN_OR_RETURN(auto inputs, JoinedInputs(node, count));
  if (axes.size() != 1) return node.Corrupt("it has no axis");
  QB_ASSIGN_OR_RETURN(const TensorId output, Joined(node, std::move(inputs), axes[0]));
  return node.Give(output);
}

Status BuildPack(TfNode& node) {
  if (node.inputs() == 0) return node.Corrupt("it joins nothing");
  QB_ASSIGN_OR_RETURN(auto inputs, JoinedInputs(node, node.inputs()));
  const int64_t axis = node.Int("axis", 0);
  for (TensorId& input : inputs) {
    QB_ASSIGN_OR_RETURN(input, Expanded(node, input, axis));
  }
  QB_ASSIGN_OR_RETURN(const TensorId output, Joined(node, std::move(inputs), axis));
  return node.Give(output);
}

Status BuildShape(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0, true));
  return node.Give(ShapeArray(node, node.ShapeOf(input)));
}

Status BuildRank(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0, true));
  return node.Give(IntArray({}, {static_cast<int64_t>(node.ShapeOf(input).size())}));
}

// With zeros, which is all that PAD knows.
Status BuildPad(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const auto paddings, node.Ints(1));
  if (node.inputs() > 2) {
    QB_ASSIGN_OR_RETURN(const auto value, node.Floats(2));
    if (value != std::vector<float>{0.0F}) {
      return node.Unsupported("it pads with something other than zeros");
    }
  }
  const size_t rank = node.ShapeOf(input).size();
  if (paddings.size() != 2 * rank || paddings.empty()) {
    return node.Corrupt("its paddings are not two numbers a dimension");
  }
  if (paddings[0] != 0 || paddings[1] != 0) return node.Unsupported("it pads the batch");
  const TensorId constant = node.Constant("paddings", {static_cast<int32_t>(rank), 2}, paddings);
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kPad, {input, constant}));
  return node.Give(output);
}

template <OpKind kKind>
Status BuildResize(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0, true));
  QB_ASSIGN_OR_RETURN(const auto size, node.Ints(1));
  if (size.size() != 2) return node.Corrupt("its size is not two numbers");
  QB_ASSIGN_OR_RETURN(const TfValue* from, node.Value(0));
  if (from->is_integer && kKind == OpKind::kResizeBilinear) {
    return node.Unsupported("it computes with whole numbers, as the model's input is");
  }
  const Shape& shape = node.ShapeOf(input);
  if (shape.size() == 4 && shape[1] == size[0] && shape[2] == size[1]) {
    return GiveMoved(node, 0, input);
  }
  const TensorId constant = node.Constant("size", {2}, size);
  const ResizeOptions options{.align_corners = node.Bool("align_corners", false),
                              .half_pixel_centers = node.Bool("half_pixel_centers", false)};
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(kKind, options, {input, constant}));
  return GiveMoved(node, 0, output);
}

Status BuildDepthToSpace(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_RETURN_IF_ERROR(node.CheckChannelsLast());
  const int64_t block = node.Int("block_size", 0);
  if (block < 1 || block > 1024) return node.Corrupt(fmt::format("blocks of {}", block));
  const DepthToSpaceOptions options{.block = static_cast<int32_t>(block)};
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kDepthToSpace, options, {input}));
  return node.Give(output);
}

// By joining the tensor with itself.
Status BuildTile(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const auto multiples, node.Ints(1));
  constexpr int32_t kMost = 1024;
  if (multiples.size() != node.ShapeOf(input).size() || multiples.empty()) {
    return node.Corrupt("its multiples are not one a dimension");
  }
  if (multiples[0] != 1) return node.Unsupported("it repeats the samples");
  TensorId result = input;
  for (size_t i = 1; i < multiples.size(); ++i) {
    if (multiples[i] < 1 || multiples[i] > kMost) {
      return node.Unsupported(fmt::format("it repeats {} times", multiples[i]));
    }
    if (multiples[i] == 1) continue;
    std::vector<TensorId> copies(static_cast<size_t>(multiples[i]), result);
    QB_ASSIGN_OR_RETURN(result, Joined(node, std::move(copies), static_cast<int64_t>(i)));
  }
  return node.Give(result);
}

constexpr TfBuilderEntry kBuilders[] = {
    {"Reshape", BuildReshape},
    {"Tile", BuildTile},
    {"Squeeze", BuildSqueeze},
    {"ExpandDims", BuildExpandDims},
    {"Transpose", BuildTranspose},
    {"ConcatV2", BuildConcat},
    {"Pack", BuildPack},
    {"Shape", BuildShape},
    {"Rank", BuildRank},
    {"Pad", BuildPad},
    {"PadV2", BuildPad},
    {"ResizeBilinear", BuildResize<OpKind::kResizeBilinear>},
    {"ResizeNearestNeighbor", BuildResize<OpKind::kResizeNearestNeighbor>},
    {"DepthToSpace", BuildDepthToSpace},
};

}  // namespace

std::span<const TfBuilderEntry> ShapeBuilders() { return kBuilders; }

Result<NewShape> ReadNewShape(const TfNode& node, const TfArray& target, int64_t count) {
  if (target.kind != TfArray::Kind::kInts || target.ints.size() > 8) {
    return node.Corrupt("its new shape is no list of dimensions");
  }
  NewShape shape;
  int64_t known = 1;
  std::optional<size_t> rest;
  for (size_t i = 0; i < target.ints.size(); ++i) {
    const int64_t dim = target.ints[i];
    if (dim == -1 && !rest) {
      rest = i;
    } else if (dim < 1 || known > count / dim) {
      return node.Corrupt("its new shape does not fit its input");
    } else {
      known *= dim;
    }
    if (target.is_open(i)) {
      if (shape.batch) return node.Unsupported("two dimensions depend on the batch");
      shape.batch = i;
    }
    shape.dims.push_back(static_cast<int32_t>(dim));
  }
  if (count % known != 0 || (!rest && count != known)) {
    return node.Corrupt("its new shape does not fit its input");
  }
  if (rest) shape.dims[*rest] = static_cast<int32_t>(count / known);
  if (!shape.batch) shape.batch = rest;
  return shape;
}

TfArray ShapeArray(const TfNode& node, const Shape& shape) {
  TfArray array = IntArray({static_cast<int64_t>(shape.size())}, {shape.begin(), shape.end()});
  if (node.import().open_batch && !shape.empty()) {
    array.open.assign(shape.size(), false);
    array.open[0] = true;
  }
  return array;
}

}  // namespace qbench::graph::import
