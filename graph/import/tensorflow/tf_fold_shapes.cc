#include <algorithm>
#include <limits>
#include <utility>

#include "graph/import/tensorflow/tf_fold.h"
#include "graph/import/tensorflow/tf_slices.h"

namespace qbench::graph::import {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 26;

using Inputs = std::span<const TfArrayPtr>;

Status CheckInputs(const TfNode& node, Inputs inputs, size_t count) {
  if (inputs.size() == count) return OkStatus();
  return node.Corrupt(fmt::format("it has {} inputs instead of {}", inputs.size(), count));
}

// Whole numbers that do not depend on the batch.
Result<std::vector<int64_t>> Numbers(const TfNode& node, const TfArray& array) {
  if (array.kind == TfArray::Kind::kInts && !array.any_open()) return array.ints;
  return node.Unsupported("its dimensions or indices are not known, or depend on the batch");
}

Result<int64_t> AxisOf(const TfNode& node, int64_t axis, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  if (axis >= -count && axis < count) return axis < 0 ? axis + count : axis;
  return node.Corrupt(fmt::format("axis {} of {} dimensions", axis, rank));
}

// Simulated quantization's axis is the last one; it stays so where the last dimension does.
TfArray Renamed(const TfArray& array, Dims dims) {
  TfArray result = array;
  if (result.range && result.range->min.size() > 1) {
    const bool keeps = !dims.empty() && !array.dims.empty() && dims.back() == array.dims.back();
    if (keeps) result.range->axis = static_cast<int32_t>(dims.size()) - 1;
    if (!keeps) result.range.reset();
  }
  result.dims = std::move(dims);
  return result;
}

Result<TfArray> FoldSame(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 1));
  return *inputs[0];
}

Result<TfArray> FoldReshape(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 2));
  QB_ASSIGN_OR_RETURN(Dims dims, Numbers(node, *inputs[1]));
  int64_t known = 1;
  int64_t* rest = nullptr;
  const int64_t count = inputs[0]->count();
  for (int64_t& dim : dims) {
    if (dim == -1 && rest == nullptr) {
      rest = &dim;
    } else if (dim < 0 || (dim > 0 && known > kMostElements * 8 / dim)) {
      return node.Corrupt("its new shape makes no sense");
    } else {
      known *= dim;
    }
  }
  if (rest != nullptr) *rest = known == 0 ? 0 : count / known;
  if (known * (rest != nullptr ? *rest : 1) != count || dims.size() > 8) {
    return node.Corrupt("its new shape does not fit its input");
  }
  TfArray result = Renamed(*inputs[0], std::move(dims));
  if (inputs[0]->range && !result.range) {
    return node.Unsupported("it moves the channels that learned ranges belong to");
  }
  return result;
}

Result<TfArray> FoldSqueeze(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 1));
  const Dims& dims = inputs[0]->dims;
  std::vector<bool> goes(dims.size(), false);
  const std::vector<int64_t> axes = node.List("squeeze_dims");
  for (const int64_t axis : axes) {
    QB_ASSIGN_OR_RETURN(const int64_t place, AxisOf(node, axis, dims.size()));
    goes[static_cast<size_t>(place)] = true;
  }
  Dims left;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1 && (axes.empty() || goes[i])) continue;
    if (goes[i]) return node.Corrupt("it removes a dimension that is not 1");
    left.push_back(dims[i]);
  }
  return Renamed(*inputs[0], std::move(left));
}

Result<TfArray> FoldExpandDims(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 2));
  QB_ASSIGN_OR_RETURN(const auto axes, Numbers(node, *inputs[1]));
  Dims dims = inputs[0]->dims;
  if (axes.size() != 1 || dims.size() >= 8) return node.Corrupt("it has no axis");
  QB_ASSIGN_OR_RETURN(const int64_t axis, AxisOf(node, axes[0], dims.size() + 1));
  dims.insert(dims.begin() + axis, 1);
  return Renamed(*inputs[0], std::move(dims));
}

Result<TfArray> FoldTranspose(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 2));
  QB_ASSIGN_OR_RETURN(const auto order, Numbers(node, *inputs[1]));
  const TfArray& input = *inputs[0];
  if (order.size() != input.dims.size()) return node.Corrupt("its order is of other dimensions");
  if (input.range) return node.Unsupported("it moves the channels that learned ranges belong to");
  const std::vector<size_t> strides = StretchStrides(input.dims, input.dims);
  Dims dims;
  std::vector<size_t> walked;
  std::vector<bool> taken(order.size(), false);
  for (const int64_t from : order) {
    QB_ASSIGN_OR_RETURN(const int64_t axis, AxisOf(node, from, order.size()));
    const auto place = static_cast<size_t>(axis);
    if (taken[place]) return node.Corrupt("its order names a dimension twice");
    taken[place] = true;
    dims.push_back(input.dims[place]);
    walked.push_back(strides[place]);
  }
  std::vector<size_t> places;
  Walk(dims, walked, 0, [&](size_t place) { places.push_back(place); });
  return Picked(input, std::move(dims), places);
}

// Joins arrays of equal dimensions but for `axis`.
Result<TfArray> Joined(const TfNode& node, Inputs inputs, size_t axis) {
  TfArray result;
  result.kind = inputs[0]->kind;
  result.dims = inputs[0]->dims;
  result.dims[axis] = 0;
  int64_t count = 0;
  for (const TfArrayPtr& input : inputs) {
    Dims dims = input->dims;
    if (dims.size() != result.dims.size() || input->kind != result.kind) {
      return node.Corrupt("its inputs do not fit together");
    }
    result.dims[axis] += std::exchange(dims[axis], result.dims[axis]);
    dims[axis] = result.dims[axis];
    count += input->count();
    if (dims != result.dims || count > kMostElements) {
      return node.Corrupt("its inputs do not fit together");
    }
  }
  size_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= static_cast<size_t>(result.dims[i]);
  std::vector<float> floats;
  std::vector<std::vector<float>> parts;
  for (const TfArrayPtr& input : inputs) {
    if (input->kind == TfArray::Kind::kFloats) parts.push_back(input->floats.Values<float>());
  }
  for (size_t o = 0; o < outer; ++o) {
    for (size_t k = 0; k < inputs.size(); ++k) {
      const TfArray& input = *inputs[k];
      const size_t length = static_cast<size_t>(input.count()) / std::max<size_t>(outer, 1);
      for (size_t i = o * length; i < (o + 1) * length; ++i) {
        if (result.kind == TfArray::Kind::kFloats) floats.push_back(parts[k][i]);
        if (result.kind == TfArray::Kind::kTexts) result.texts.push_back(input.texts[i]);
        if (result.kind != TfArray::Kind::kInts) continue;
        result.ints.push_back(input.ints[i]);
        result.open.push_back(input.is_open(i));
      }
    }
  }
  if (result.kind == TfArray::Kind::kFloats) return FloatArray(result.dims, std::move(floats));
  if (!result.any_open()) result.open.clear();
  return result;
}

Result<TfArray> FoldConcat(const TfNode& node, Inputs inputs) {
  if (inputs.size() < 2) return node.Corrupt("it joins nothing");
  QB_ASSIGN_OR_RETURN(const auto axes, Numbers(node, *inputs.back()));
  if (axes.size() != 1) return node.Corrupt("it has no axis");
  QB_ASSIGN_OR_RETURN(const int64_t axis, AxisOf(node, axes[0], inputs[0]->dims.size()));
  return Joined(node, inputs.first(inputs.size() - 1), static_cast<size_t>(axis));
}

Result<TfArray> FoldPack(const TfNode& node, Inputs inputs) {
  if (inputs.empty()) return node.Corrupt("it joins nothing");
  QB_ASSIGN_OR_RETURN(const int64_t axis,
                      AxisOf(node, node.Int("axis", 0), inputs[0]->dims.size() + 1));
  std::vector<TfArrayPtr> expanded;
  for (const TfArrayPtr& input : inputs) {
    TfArray wider = *input;
    if (axis > static_cast<int64_t>(wider.dims.size())) {
      return node.Corrupt("its inputs do not fit together");
    }
    wider.dims.insert(wider.dims.begin() + axis, 1);
    expanded.push_back(std::make_shared<const TfArray>(std::move(wider)));
  }
  return Joined(node, expanded, static_cast<size_t>(axis));
}

Result<TfArray> FoldStridedSlice(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 4));
  const TfArray& input = *inputs[0];
  QB_ASSIGN_OR_RETURN(const auto slices, ReadStridedSlice(node, input.dims));
  const std::vector<size_t> strides = StretchStrides(input.dims, input.dims);
  Dims walked;
  Dims dims;
  std::vector<size_t> steps;
  size_t start = 0;
  size_t dimension = 0;
  for (const TfSlice& slice : slices) {
    if (slice.is_new) {
      dims.push_back(1);
      continue;
    }
    const size_t stride = strides[dimension++];
    start += static_cast<size_t>(slice.begin) * stride;
    walked.push_back(slice.count);
    // Backwards: unsigned arithmetic wraps around and back.
    steps.push_back(static_cast<size_t>(slice.stride) * stride);
    if (!slice.shrinks) dims.push_back(slice.count);
  }
  std::vector<size_t> places;
  Walk(walked, steps, start, [&](size_t place) { places.push_back(place); });
  return Picked(input, std::move(dims), places);
}

// Along dimension 0 of a list, or another axis of any array, by a list or one index.
Result<TfArray> FoldGather(const TfNode& node, Inputs inputs) {
  if (inputs.size() < 2 || inputs.size() > 3) return node.Corrupt("it has no indices");
  const TfArray& input = *inputs[0];
  QB_ASSIGN_OR_RETURN(const auto indices, Numbers(node, *inputs[1]));
  int64_t axis = 0;
  if (inputs.size() == 3) {
    QB_ASSIGN_OR_RETURN(const auto axes, Numbers(node, *inputs[2]));
    if (axes.size() != 1) return node.Corrupt("it has no axis");
    axis = axes[0];
  }
  if (input.dims.size() != 1 || (axis != 0 && axis != -1) || node.Int("batch_dims", 0) != 0) {
    return node.Unsupported("it takes parts of an array that is no list");
  }
  std::vector<size_t> places;
  for (const int64_t index : indices) {
    if (index < 0 || index >= input.dims[0]) return node.Corrupt("an index is out of range");
    places.push_back(static_cast<size_t>(index));
  }
  return Picked(input, inputs[1]->dims, places);
}

// Over all dimensions of a list of whole numbers, or over none.
template <bool kProduct>
Result<TfArray> FoldReduce(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 2));
  const TfArray& input = *inputs[0];
  QB_ASSIGN_OR_RETURN(const auto axes, Numbers(node, *inputs[1]));
  if (axes.empty()) return input;
  if (input.kind != TfArray::Kind::kInts || input.dims.size() != 1 ||
      (axes[0] != 0 && axes[0] != -1)) {
    return node.Unsupported("it reduces an array that is no list of whole numbers");
  }
  int64_t result = kProduct ? 1 : 0;
  bool open = false;
  for (size_t i = 0; i < input.ints.size(); ++i) {
    if (input.is_open(i) && (open || !kProduct)) {
      return node.Unsupported("it computes with the size of the batch");
    }
    open = open || input.is_open(i);
    const bool over = kProduct ? __builtin_mul_overflow(result, input.ints[i], &result)
                               : __builtin_add_overflow(result, input.ints[i], &result);
    if (over) return node.Corrupt("its result is beyond 64 bits");
  }
  TfArray array = IntArray(node.Bool("keep_dims", false) ? Dims{1} : Dims{}, {result});
  if (open) array.open = {true};
  return array;
}

Result<TfArray> FoldRange(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 3));
  std::vector<int64_t> ends;
  for (const TfArrayPtr& input : inputs) {
    QB_ASSIGN_OR_RETURN(const auto numbers, Numbers(node, *input));
    if (numbers.size() != 1) return node.Corrupt("its bounds are no numbers");
    ends.push_back(numbers[0]);
  }
  constexpr int64_t kMost = 1 << 20;
  std::vector<int64_t> values;
  const auto [start, limit, step] = std::tuple(ends[0], ends[1], ends[2]);
  const bool sane =
      step != 0 && std::max({std::abs(start), std::abs(limit), std::abs(step)}) < kMost;
  if (!sane) return node.Unsupported("its bounds are too large");
  for (int64_t i = start; step > 0 ? i < limit : i > limit; i += step) values.push_back(i);
  const auto count = static_cast<int64_t>(values.size());
  return IntArray({count}, std::move(values));
}

Result<TfArray> FoldFill(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 2));
  QB_ASSIGN_OR_RETURN(Dims dims, Numbers(node, *inputs[0]));
  int64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim < 0 || (dim > 0 && count > kMostElements / dim)) {
      return node.Unsupported("its result is too large");
    }
    count *= std::max<int64_t>(dim, 1);
    if (dim == 0) count = 0;
  }
  if (inputs[1]->count() != 1 || inputs[1]->kind == TfArray::Kind::kTexts || dims.size() > 8) {
    return node.Corrupt("it does not fill with one number");
  }
  return Picked(*inputs[1], std::move(dims), std::vector<size_t>(static_cast<size_t>(count), 0));
}

Result<TfArray> FoldShape(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 1));
  const Dims& dims = inputs[0]->dims;
  return IntArray({static_cast<int64_t>(dims.size())}, dims);
}

Result<TfArray> FoldSize(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 1));
  return IntArray({}, {inputs[0]->count()});
}

Result<TfArray> FoldRank(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 1));
  return IntArray({}, {static_cast<int64_t>(inputs[0]->dims.size())});
}

// One condition for all of both.
Result<TfArray> FoldSelect(const TfNode& node, Inputs inputs) {
  QB_RETURN_IF_ERROR(CheckInputs(node, inputs, 3));
  QB_ASSIGN_OR_RETURN(const auto condition, Numbers(node, *inputs[0]));
  if (condition.size() != 1 || inputs[1]->dims != inputs[2]->dims) {
    return node.Unsupported("it chooses element by element");
  }
  return *inputs[condition[0] != 0 ? 1 : 2];
}

constexpr TfFoldEntry kFolds[] = {
    {"Identity", FoldSame},
    {"StopGradient", FoldSame},
    {"PreventGradient", FoldSame},
    {"Snapshot", FoldSame},
    {"Reshape", FoldReshape},
    {"Squeeze", FoldSqueeze},
    {"ExpandDims", FoldExpandDims},
    {"Transpose", FoldTranspose},
    {"ConcatV2", FoldConcat},
    {"Pack", FoldPack},
    {"StridedSlice", FoldStridedSlice},
    {"Gather", FoldGather},
    {"GatherV2", FoldGather},
    {"Prod", FoldReduce<true>},
    {"Sum", FoldReduce<false>},
    {"Range", FoldRange},
    {"Fill", FoldFill},
    {"Shape", FoldShape},
    {"Size", FoldSize},
    {"Rank", FoldRank},
    {"Select", FoldSelect},
    {"SelectV2", FoldSelect},
};

}  // namespace

std::span<const TfFoldEntry> ShapeFolds() { return kFolds; }

}  // namespace qbench::graph::import
