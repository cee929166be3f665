// Nodes that cut out, join and pad.
#include <algorithm>
#include <limits>
#include <numeric>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

constexpr size_t kMostParts = 256;

struct SliceArguments {
  std::vector<int64_t> starts, ends, axes, steps;
};

// Attributes up to operator set 9, inputs from 10 on.
Result<SliceArguments> ReadSlice(const NodeCall& call, size_t rank) {
  SliceArguments read;
  if (call.opset() < 10) {
    read.starts = call.Ints("starts").value_or(std::vector<int64_t>());
    read.ends = call.Ints("ends").value_or(std::vector<int64_t>());
    read.axes = call.Ints("axes").value_or(std::vector<int64_t>());
  } else {
    QB_ASSIGN_OR_RETURN(read.starts, call.IntsOf(1));
    QB_ASSIGN_OR_RETURN(read.ends, call.IntsOf(2));
    if (call.Has(3)) {
      QB_ASSIGN_OR_RETURN(read.axes, call.IntsOf(3));
    }
    if (call.Has(4)) {
      QB_ASSIGN_OR_RETURN(read.steps, call.IntsOf(4));
    }
  }
  if (read.axes.empty()) {
    for (size_t i = 0; i < read.starts.size(); ++i) read.axes.push_back(static_cast<int64_t>(i));
  }
  if (read.steps.empty()) read.steps.assign(read.starts.size(), 1);
  const size_t count = read.starts.size();
  if (count > rank || read.ends.size() != count || read.axes.size() != count ||
      read.steps.size() != count) {
    return call.Corrupt("its starts, ends, axes and steps are not as many");
  }
  return read;
}

// Of a dimension of `size`; ends are clamped, as in NumPy.
Range MakeRange(int64_t start, int64_t end, int64_t step, int64_t size) {
  const int64_t low = step > 0 ? 0 : -1;
  const int64_t high = step > 0 ? size : size - 1;
  const auto inside = [&](int64_t index) {
    return std::clamp(index < 0 ? index + size : index, low, high);
  };
  const int64_t from = inside(start);
  const int64_t to = inside(std::max(end, std::numeric_limits<int64_t>::min() + 1));
  const int64_t covered = step > 0 ? to - from : from - to;
  const int64_t stride = std::abs(step);
  return {from, covered <= 0 ? 0 : (covered - 1) / stride + 1, step};
}

// Of the dimensions in memory; neighbours behind the batch that stay whole become one.
void Merge(Shape& shape, std::vector<Range>& ranges) {
  Shape merged = {shape[0]};
  std::vector<Range> kept = {ranges[0]};
  bool open = false;  // the last one is whole
  for (size_t i = 1; i < shape.size(); ++i) {
    const bool whole = ranges[i].count == shape[i];
    if (whole && open) {
      merged.back() *= shape[i];
      kept.back() = {0, merged.back(), 1};
    } else {
      merged.push_back(shape[i]);
      kept.push_back(ranges[i]);
    }
    open = whole;
  }
  shape = std::move(merged);
  ranges = std::move(kept);
}

// A STRIDED_SLICE of the dimensions in memory.
Result<TensorId> EmitSlice(NodeCall& call, TensorId input, std::vector<Range> ranges) {
  if (ranges.size() > kMostDimensions) {
    Shape cut = call.ShapeOf(input);
    for (size_t i = 1; i < cut.size(); ++i) cut[i] = static_cast<int32_t>(ranges[i].count);
    Shape shape = call.ShapeOf(input);
    Merge(shape, ranges);
    if (shape.size() > kMostDimensions) {
      return call.Unsupported("it cuts a tensor of more than 5 dimensions");
    }
    QB_ASSIGN_OR_RETURN(const TensorId merged, EmitReshape(call, input, shape));
    QB_ASSIGN_OR_RETURN(const TensorId part, EmitSlice(call, merged, std::move(ranges)));
    return EmitReshape(call, part, cut);
  }
  std::vector<int32_t> begin;
  std::vector<int32_t> end;
  std::vector<int32_t> strides;
  for (const Range& range : ranges) {
    begin.push_back(static_cast<int32_t>(range.begin));
    end.push_back(static_cast<int32_t>(range.begin + (range.count - 1) * range.step + 1));
    strides.push_back(static_cast<int32_t>(range.step));
  }
  // The batch is open: all of it, whatever the end says.
  const StridedSliceOptions options{.begin_mask = 1, .end_mask = 1};
  const TensorId from = call.Ints("begin", begin);
  const TensorId to = call.Ints("end", end);
  const TensorId steps = call.Ints("strides", strides);
  return call.Emit(OpKind::kStridedSlice, options, {input, from, to, steps});
}

// A range for each of ONNX's dimensions.
Result<Value> Sliced(NodeCall& call, const Value& input, const std::vector<Range>& ranges) {
  std::vector<Range> placed;
  bool all = true;
  for (const size_t axis : input.order) {
    if (axis == kWithin) {
      placed.push_back({0, 1, 1});
      continue;
    }
    const Range& range = ranges[axis];
    const bool whole = range.begin == 0 && range.step == 1 && range.count == input.dims[axis];
    all = all && whole;
    placed.push_back(range);
    if (range.count < 1) return call.Unsupported("nothing is left of its input");
    if (range.step < 1) return call.Unsupported("it goes backwards");
    if (!whole && input.IsBatch(axis)) return call.Unsupported("it cuts the batch");
  }
  if (all) return input;
  QB_ASSIGN_OR_RETURN(const TensorId output, EmitSlice(call, input.tensor, std::move(placed)));
  return InMemory(call, output, input);
}

std::vector<Range> Whole(const Dims& dims) {
  std::vector<Range> ranges;
  for (const int64_t dim : dims) ranges.push_back({0, dim, 1});
  return ranges;
}

// Sizes of the parts: given, or as equal as they can be.
Result<std::vector<int64_t>> PartSizes(const NodeCall& call, int64_t size) {
  QB_ASSIGN_OR_RETURN(const auto given,
                      call.IntsFrom("split", call.opset() >= 13 ? 1 : call.inputs()));
  std::vector<int64_t> sizes;
  if (given) {
    sizes = *given;
  } else {
    const auto parts = static_cast<int64_t>(call.outputs());
    const int64_t each = (size + parts - 1) / std::max<int64_t>(parts, 1);
    for (int64_t left = size; left > 0; left -= each) sizes.push_back(std::min(left, each));
  }
  int64_t left = size;
  for (const int64_t part : sizes) {
    if (part < 1 || part > left) return call.Corrupt("its parts are not those of its input");
    left -= part;
  }
  if (left == 0 && sizes.size() == call.outputs() && sizes.size() <= kMostParts) return sizes;
  return call.Corrupt("its parts are not those of its input");
}

}  // namespace

Result<std::vector<Range>> SliceRanges(const NodeCall& call, const Dims& dims) {
  QB_ASSIGN_OR_RETURN(const SliceArguments read, ReadSlice(call, dims.size()));
  QB_ASSIGN_OR_RETURN(const auto axes, call.AxesOf(read.axes, dims.size()));
  std::vector<Range> ranges = Whole(dims);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t step = read.steps[i];
    if (step == 0 || std::abs(step) > kMaxElements) return call.Corrupt("a step is out of range");
    ranges[axes[i]] = MakeRange(read.starts[i], read.ends[i], step, dims[axes[i]]);
  }
  return ranges;
}

Result<Value> Part(NodeCall& call, const Value& input, size_t axis, const Range& range) {
  std::vector<Range> ranges = Whole(input.dims);
  ranges[axis] = range;
  return Sliced(call, input, ranges);
}

Result<TensorId> EmitPad(NodeCall& call, TensorId input, const std::vector<int32_t>& paddings) {
  const auto rank = static_cast<int32_t>(paddings.size() / 2);
  const TensorId constant = call.Constant("paddings", {rank, 2}, paddings);
  return call.Emit(OpKind::kPad, {input, constant});
}

Result<Value> BuildSplit(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", 0), input.rank()));
  QB_ASSIGN_OR_RETURN(const auto sizes, PartSizes(call, input.dims[axis]));
  std::vector<Value> parts;
  int64_t begin = 0;
  for (const int64_t size : sizes) {
    QB_ASSIGN_OR_RETURN(Value part, Part(call, input, axis, {begin, size, 1}));
    parts.push_back(std::move(part));
    begin += size;
  }
  call.more.assign(parts.begin() + 1, parts.end());
  return parts[0];
}

Result<Value> BuildSlice(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const auto ranges, SliceRanges(call, input.dims));
  return Sliced(call, input, ranges);
}

// One index, whose dimension goes, or a few, which are joined.
Result<Value> BuildGather(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef constant, call.ConstantInput(1));
  QB_ASSIGN_OR_RETURN(const auto indices, call.IntsOf(1));
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", 0), input.rank()));
  // torch's as_strided, where all is taken as it is.
  if (input.rank() == 1 && static_cast<int64_t>(indices.size()) == input.dims[0]) {
    std::vector<int64_t> all(indices.size());
    std::iota(all.begin(), all.end(), 0);
    if (indices == all) return Reshaped(call, input, constant->dims);
  }
  if (input.IsBatch(axis)) return call.Unsupported("it chooses among the samples of the batch");
  if (indices.empty() || indices.size() > kMostParts || constant->dims.size() > 1) {
    return call.Unsupported("its indices are no list of at most 256");
  }
  std::vector<Value> parts;
  for (size_t i = 0; i < indices.size();) {
    QB_ASSIGN_OR_RETURN(const size_t begin,
                        call.AxisOf(indices[i], static_cast<size_t>(input.dims[axis])));
    int64_t count = 1;  // neighbours are one part
    while (i + static_cast<size_t>(count) < indices.size() &&
           indices[i + static_cast<size_t>(count)] == indices[i] + count) {
      ++count;
    }
    if (static_cast<int64_t>(begin) + count > input.dims[axis]) {
      return call.Corrupt("an index is out of range");
    }
    QB_ASSIGN_OR_RETURN(Value part,
                        Part(call, input, axis, {static_cast<int64_t>(begin), count, 1}));
    parts.push_back(std::move(part));
    i += static_cast<size_t>(count);
  }
  QB_ASSIGN_OR_RETURN(const Value joined, Joined(call, std::move(parts), axis));
  if (!constant->dims.empty()) return joined;
  Dims dims = joined.dims;
  dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
  const size_t batch = joined.BatchAxis();
  return Reshaped(call, joined, dims, batch > axis ? batch - 1 : batch);
}

Result<Value> BuildPad(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  if (call.Text("mode", "constant") != "constant") {
    return call.Unsupported("only padding by zeros is known");
  }
  float value = call.opset() < 11 ? call.Float("value", 0.0F) : 0.0F;
  if (call.opset() >= 11 && call.Has(2)) {
    QB_ASSIGN_OR_RETURN(value, call.ScalarOf(2));
  }
  if (value != 0.0F) return call.Unsupported("only padding by zeros is known");
  QB_ASSIGN_OR_RETURN(const auto given,
                      call.IntsFrom("pads", call.opset() >= 11 ? 1 : call.inputs()));
  std::vector<size_t> axes = SameOrder(input.rank());
  if (call.opset() >= 18 && call.Has(3)) {
    QB_ASSIGN_OR_RETURN(const auto some, call.IntsOf(3));
    QB_ASSIGN_OR_RETURN(axes, call.AxesOf(some, input.rank()));
  }
  if (!given || given->size() != 2 * axes.size())
    return call.Corrupt("its pads are not two a side");
  std::vector<Range> kept = Whole(input.dims);
  std::vector<int32_t> paddings(2 * input.order.size(), 0);
  if (input.order.size() > kMostDimensions) {
    return call.Unsupported("it pads a tensor of more than 5 dimensions");
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t sides[] = {(*given)[i], (*given)[i + axes.size()]};
    if (input.IsBatch(axes[i]) && (sides[0] != 0 || sides[1] != 0)) {
      return call.Unsupported("it pads the batch");
    }
    Range& range = kept[axes[i]];
    for (size_t side = 0; side < 2; ++side) {
      if (std::abs(sides[side]) > (1 << 16)) return call.Corrupt("a padding is out of range");
      const int64_t cut = std::max<int64_t>(-sides[side], 0);
      range.count -= cut;
      if (side == 0) range.begin = cut;
      paddings[2 * input.PlaceOf(axes[i]) + side] =
          static_cast<int32_t>(std::max<int64_t>(sides[side], 0));
    }
  }
  QB_ASSIGN_OR_RETURN(const Value inner, Sliced(call, input, kept));
  if (std::ranges::all_of(paddings, [](int32_t zeros) { return zeros == 0; })) return inner;
  QB_ASSIGN_OR_RETURN(const TensorId output, EmitPad(call, inner.tensor, paddings));
  return InMemory(call, output, inner);
}

}  // namespace qbench::graph::import::onnx
