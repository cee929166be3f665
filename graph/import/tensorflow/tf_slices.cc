// Parts of tensors: StridedSlice, Slice, Split, SplitV and Unpack are STRIDED_SLICEs.
#include "graph/import/tensorflow/tf_slices.h"

#include <algorithm>
#include <utility>

#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMostParts = 4096;

bool Masked(int64_t mask, size_t index) { return index < 62 && ((mask >> index) & 1) != 0; }

TfSlice Whole(int64_t size) { return {.begin = 0, .stride = 1, .count = size}; }

struct Masks {
  int64_t begin, end, ellipsis, new_axis, shrink;
};

// One entry of [a:b:c] for a dimension of `size`.
Result<TfSlice> Entry(const TfNode& node, const Masks& masks, size_t index, int64_t size,
                      const std::vector<int32_t> (&bounds)[3]) {
  const int64_t stride = bounds[2][index];
  if (Masked(masks.shrink, index)) {
    int64_t place = bounds[0][index];
    if (place < 0) place += size;
    if (place < 0 || place >= size) return node.Corrupt("an index is out of range");
    return TfSlice{.begin = place, .stride = 1, .count = 1, .shrinks = true};
  }
  if (stride == 0) return node.Corrupt("a stride of 0");
  const int64_t low = stride > 0 ? 0 : -1;
  const int64_t high = stride > 0 ? size : size - 1;
  const auto inside = [&](int64_t bound) {
    return std::clamp(bound < 0 ? bound + size : bound, low, high);
  };
  const int64_t first =
      Masked(masks.begin, index) ? (stride > 0 ? low : high) : inside(bounds[0][index]);
  const int64_t last =
      Masked(masks.end, index) ? (stride > 0 ? high : low) : inside(bounds[1][index]);
  const int64_t length = stride > 0 ? last - first : first - last;
  const int64_t step = std::abs(stride);
  return TfSlice{
      .begin = first, .stride = stride, .count = length <= 0 ? 0 : (length + step - 1) / step};
}

// The part, with new dimensions of 1 where there are some.
Result<TensorId> Cut(TfNode& node, TensorId input, const std::vector<TfSlice>& slices) {
  StridedSliceOptions options{.begin_mask = 1, .end_mask = 1};  // the batch is open
  std::vector<int32_t> begin;
  std::vector<int32_t> end;
  std::vector<int32_t> strides;
  bool whole = true;
  bool has_new = false;
  const Shape shape = node.ShapeOf(input);
  std::vector<int32_t> wanted;  // the shape at the end
  for (const TfSlice& slice : slices) {
    if (slice.is_new) {
      has_new = true;
      wanted.push_back(1);
      continue;
    }
    const size_t dimension = begin.size();
    const bool all = slice.begin == 0 && slice.stride == 1 && slice.count == shape[dimension];
    if (dimension == 0 && (!all || slice.shrinks))
      return node.Unsupported("it takes a part of the batch");
    if (slice.stride < 1) return node.Unsupported("it goes backwards");
    if (slice.count < 1) return node.Unsupported("it leaves nothing");
    whole = whole && all && !slice.shrinks;
    if (slice.shrinks) options.shrink_axis_mask |= 1 << dimension;
    begin.push_back(static_cast<int32_t>(slice.begin));
    end.push_back(static_cast<int32_t>(
        std::min<int64_t>(slice.begin + slice.count * slice.stride, shape[dimension])));
    strides.push_back(static_cast<int32_t>(slice.stride));
    if (!slice.shrinks) {
      wanted.push_back(dimension == 0 ? node.OpenShape(input)[0]
                                      : static_cast<int32_t>(slice.count));
    }
  }
  TensorId output = input;
  if (!whole) {
    const auto rank = static_cast<int32_t>(begin.size());
    const TensorId from = node.Constant("begin", {rank}, begin);
    const TensorId to = node.Constant("end", {rank}, end);
    const TensorId steps = node.Constant("strides", {rank}, strides);
    QB_ASSIGN_OR_RETURN(output,
                        node.Emit(OpKind::kStridedSlice, options, {input, from, to, steps}));
  }
  if (!has_new) return output;
  if (wanted.empty() || wanted[0] == 1) return node.Unsupported("it moves the batch");
  return node.Reshaped(output, std::move(wanted));
}

std::vector<TfSlice> AllOf(const Shape& shape) {
  std::vector<TfSlice> slices;
  for (const int32_t size : shape) slices.push_back(Whole(size));
  return slices;
}

Status BuildStridedSlice(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  const Shape shape = node.ShapeOf(input);
  QB_ASSIGN_OR_RETURN(const auto slices, ReadStridedSlice(node, Dims(shape.begin(), shape.end())));
  QB_ASSIGN_OR_RETURN(const TensorId output, Cut(node, input, slices));
  return node.Give(output);
}

// From begin, as many as size says; -1: the rest.
Status BuildSlice(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  const Shape shape = node.ShapeOf(input);
  QB_ASSIGN_OR_RETURN(const auto begin, node.Ints(1));
  QB_ASSIGN_OR_RETURN(const auto size, node.Ints(2));
  if (begin.size() != shape.size() || size.size() != shape.size()) {
    return node.Corrupt("its bounds are of other dimensions");
  }
  std::vector<TfSlice> slices;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t count = size[i] == -1 ? int64_t{shape[i]} - begin[i] : size[i];
    if (begin[i] < 0 || count < 0 || begin[i] + count > shape[i]) {
      return node.Corrupt("it reaches out of its input");
    }
    slices.push_back({.begin = begin[i], .stride = 1, .count = count});
  }
  QB_ASSIGN_OR_RETURN(const TensorId output, Cut(node, input, slices));
  return node.Give(output);
}

// Gives a part for each of `sizes`, along `axis`.
Status GiveParts(TfNode& node, TensorId input, int64_t axis, const std::vector<int64_t>& sizes) {
  const Shape shape = node.ShapeOf(input);
  const auto rank = static_cast<int64_t>(shape.size());
  if (axis < -rank || axis >= rank) return node.Corrupt("its axis is out of range");
  const auto place = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  int64_t begin = 0;
  for (const int64_t size : sizes) {
    if (size < 1 || size > shape[place] - begin) return node.Corrupt("its parts do not fit");
    std::vector<TfSlice> slices = AllOf(shape);
    slices[place].begin = begin;
    slices[place].count = size;
    begin += size;
    QB_ASSIGN_OR_RETURN(const TensorId part, Cut(node, input, slices));
    QB_RETURN_IF_ERROR(node.Give(part));
  }
  return begin == shape[place] ? OkStatus() : node.Corrupt("its parts do not fit");
}

Status BuildSplit(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const auto axes, node.Ints(0));
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(1));
  const int64_t parts = node.Int("num_split", 0);
  const auto rank = static_cast<int64_t>(node.ShapeOf(input).size());
  if (axes.size() != 1 || axes[0] < -rank || axes[0] >= rank || parts < 1 ||
      parts > static_cast<int64_t>(kMostParts)) {
    return node.Corrupt("its axis or number of parts makes no sense");
  }
  const auto place = static_cast<size_t>(axes[0] < 0 ? axes[0] + rank : axes[0]);
  const std::vector<int64_t> sizes(static_cast<size_t>(parts), node.ShapeOf(input)[place] / parts);
  return GiveParts(node, input, axes[0], sizes);
}

Status BuildSplitV(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const auto given, node.Ints(1));
  QB_ASSIGN_OR_RETURN(const auto axes, node.Ints(2));
  const Shape& shape = node.ShapeOf(input);
  const auto rank = static_cast<int64_t>(shape.size());
  if (axes.size() != 1 || axes[0] < -rank || axes[0] >= rank || given.size() > kMostParts) {
    return node.Corrupt("its axis or number of parts makes no sense");
  }
  std::vector<int64_t> sizes(given.begin(), given.end());
  int64_t known = 0;
  for (const int64_t size : sizes) known += size == -1 ? 0 : size;
  const int64_t all = shape[static_cast<size_t>(axes[0] < 0 ? axes[0] + rank : axes[0])];
  for (int64_t& size : sizes) size = size == -1 ? all - known : size;
  return GiveParts(node, input, axes[0], sizes);
}

Status BuildUnpack(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  const Shape shape = node.ShapeOf(input);
  const auto rank = static_cast<int64_t>(shape.size());
  const int64_t axis = node.Int("axis", 0);
  if (axis < -rank || axis >= rank) return node.Corrupt("its axis is out of range");
  const auto place = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  if (shape[place] > static_cast<int32_t>(kMostParts)) return node.Corrupt("it has too many parts");
  for (int32_t i = 0; i < shape[place]; ++i) {
    std::vector<TfSlice> slices = AllOf(shape);
    slices[place] = {.begin = i, .stride = 1, .count = 1, .shrinks = true};
    QB_ASSIGN_OR_RETURN(const TensorId part, Cut(node, input, slices));
    QB_RETURN_IF_ERROR(node.Give(part));
  }
  return OkStatus();
}

constexpr TfBuilderEntry kBuilders[] = {
    {"StridedSlice", BuildStridedSlice},
    {"Slice", BuildSlice},
    {"Split", BuildSplit},
    {"SplitV", BuildSplitV},
    {"Unpack", BuildUnpack},
};

}  // namespace

std::span<const TfBuilderEntry> PartBuilders() { return kBuilders; }

Result<std::vector<TfSlice>> ReadStridedSlice(const TfNode& node, const Dims& dims) {
  std::vector<int32_t> bounds[3];  // begin, end, strides
  for (size_t i = 0; i < 3; ++i) {
    QB_ASSIGN_OR_RETURN(bounds[i], node.Ints(i + 1));
    if (bounds[i].size() != bounds[0].size() || bounds[i].size() > 16) {
      return node.Corrupt("its bounds are not of one length");
    }
  }
  const Masks masks{.begin = node.Int("begin_mask", 0),
                    .end = node.Int("end_mask", 0),
                    .ellipsis = node.Int("ellipsis_mask", 0),
                    .new_axis = node.Int("new_axis_mask", 0),
                    .shrink = node.Int("shrink_axis_mask", 0)};
  const size_t entries = bounds[0].size();
  size_t taken = 0;  // dimensions that an entry of its own takes
  for (size_t i = 0; i < entries; ++i) {
    if (!Masked(masks.ellipsis, i) && !Masked(masks.new_axis, i)) ++taken;
  }
  if (taken > dims.size()) return node.Corrupt("it has more entries than dimensions");
  std::vector<TfSlice> slices;
  size_t dimension = 0;
  for (size_t i = 0; i < entries; ++i) {
    if (Masked(masks.ellipsis, i)) {
      for (size_t k = dims.size() - taken; k > 0 && dimension < dims.size(); --k) {
        slices.push_back(Whole(dims[dimension++]));
      }
    } else if (Masked(masks.new_axis, i)) {
      slices.push_back({.is_new = true});
    } else if (dimension < dims.size()) {
      QB_ASSIGN_OR_RETURN(const TfSlice slice, Entry(node, masks, i, dims[dimension++], bounds));
      slices.push_back(slice);
    } else {
      return node.Corrupt("it has more entries than dimensions");
    }
  }
  while (dimension < dims.size()) slices.push_back(Whole(dims[dimension++]));
  return slices;
}

}  // namespace qbench::graph::import
