// Pooling and reductions.
#include <algorithm>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

Pool2DOptions PoolOptions(const Windows& w, Padding padding) {
  return {.padding = padding,
          .stride_h = static_cast<int32_t>(w.rows.stride),
          .stride_w = static_cast<int32_t>(w.columns.stride),
          .filter_h = static_cast<int32_t>(w.rows.kernel),
          .filter_w = static_cast<int32_t>(w.columns.kernel)};
}

Result<Windows> ReadPool(const NodeCall& call, const Shape& shape, bool is_row) {
  QB_ASSIGN_OR_RETURN(const Windows w, ReadWindows(call, shape, is_row, 0, 0));
  if (w.rows.dilation != 1 || w.columns.dilation != 1) {
    return call.Unsupported("a dilation other than 1 is not known");
  }
  for (const Window& side : {w.rows, w.columns}) {
    if (std::max(side.before, side.after) >= side.kernel) {
      return call.Unsupported("it pads by a whole window");
    }
  }
  return w;
}

// The first and last rows (or columns) again, as often as padding asks for: what lies outside of
// the image counts as less than anything, and a window that reaches there has those in it.
Result<TensorId> Repeated(NodeCall& call, TensorId image, size_t axis, const Window& side) {
  if (!side.padded()) return image;
  const Value value = InMemory(call, image, SameOrder(4));
  QB_ASSIGN_OR_RETURN(const Value first, Part(call, value, axis, {0, 1, 1}));
  QB_ASSIGN_OR_RETURN(const Value last, Part(call, value, axis, {side.input - 1, 1, 1}));
  std::vector<TensorId> parts(static_cast<size_t>(side.before), first.tensor);
  parts.push_back(image);
  parts.insert(parts.end(), static_cast<size_t>(side.after), last.tensor);
  return call.Emit(OpKind::kConcatenation, ConcatenationOptions{.axis = static_cast<int32_t>(axis)},
                   std::move(parts));
}

std::vector<int32_t> Paddings(const Windows& w) {
  const auto number = [](int64_t value) { return static_cast<int32_t>(value); };
  return {0,
          0,
          number(w.rows.before),
          number(w.rows.after),
          number(w.columns.before),
          number(w.columns.after),
          0,
          0};
}

// Elements of the image, and with them padding as far as it counts, in the window at `place`.
int64_t Counted(const Window& side, int64_t place, int64_t extra, bool padding) {
  const int64_t begin = place * side.stride - side.before;
  const int64_t low = padding ? -side.before : 0;
  const int64_t high = padding ? side.input + side.after - extra : side.input;
  return std::min(begin + side.kernel, high) - std::max(begin, low);
}

// What makes a mean of the whole window the mean of what counts in it; empty where nothing has to.
std::vector<float> Corrections(const Windows& w, bool padding) {
  std::vector<float> factors;
  bool all = true;
  const auto whole = static_cast<double>(w.rows.kernel * w.columns.kernel);
  for (int64_t y = 0; y < w.rows.output(); ++y) {
    const int64_t rows = Counted(w.rows, y, w.extra_rows, padding);
    for (int64_t x = 0; x < w.columns.output(); ++x) {
      const int64_t count = rows * Counted(w.columns, x, w.extra_columns, padding);
      factors.push_back(static_cast<float>(whole / static_cast<double>(count)));
      all = all && factors.back() == 1.0F;
    }
  }
  if (all) factors.clear();
  return factors;
}

// Axes of a reduction, all of them where none are given; none is the batch.
struct Reduction {
  Value input;
  std::vector<size_t> axes;
  bool keep = true;
};

Result<Reduction> ReadReduction(NodeCall& call, int64_t axes_since) {
  Reduction reduction;
  QB_ASSIGN_OR_RETURN(reduction.input, call.Computed(0));
  reduction.keep = call.Int("keepdims", 1) != 0;
  const bool as_input = call.opset() >= axes_since;
  QB_ASSIGN_OR_RETURN(const auto given, call.IntsFrom("axes", as_input ? 1 : call.inputs()));
  if (given && !given->empty()) {
    QB_ASSIGN_OR_RETURN(reduction.axes, call.AxesOf(*given, reduction.input.rank()));
  } else if (call.Int("noop_with_empty_axes", 0) == 0) {
    reduction.axes = SameOrder(reduction.input.rank());
  }
  const size_t batch = reduction.input.BatchAxis();
  if (std::ranges::find(reduction.axes, batch) == reduction.axes.end()) return reduction;
  return call.Unsupported("it is over the batch");
}

// What is left of the order without the reduced dimensions.
Value WithoutReduced(NodeCall& call, const Reduction& reduction, TensorId tensor) {
  if (reduction.keep) return InMemory(call, tensor, reduction.input);
  const auto now = [&reduction](size_t axis) {
    return axis - static_cast<size_t>(std::ranges::count_if(
                      reduction.axes, [axis](size_t gone) { return gone < axis; }));
  };
  Value like = reduction.input;
  like.order.clear();
  for (const size_t axis : reduction.input.order) {
    if (axis == kWithin) {
      like.order.push_back(axis);
    } else if (std::ranges::find(reduction.axes, axis) == reduction.axes.end()) {
      like.order.push_back(now(axis));
    }
  }
  if (like.is_within()) like.within = now(like.within);
  return InMemory(call, tensor, like);
}

Result<Value> Reduced(NodeCall& call, OpKind kind, const Reduction& reduction) {
  if (reduction.axes.empty()) return reduction.input;
  std::vector<int32_t> places;
  for (const size_t axis : reduction.axes) {
    places.push_back(static_cast<int32_t>(reduction.input.PlaceOf(axis)));
  }
  std::ranges::sort(places);
  const TensorId axes = call.Ints("axes", places);
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      call.Emit(kind, MeanOptions{.keep_dims = reduction.keep}, {reduction.input.tensor, axes}));
  return WithoutReduced(call, reduction, output);
}

// The dimensions behind channels.
Result<Reduction> OverPlaces(NodeCall& call) {
  Reduction reduction;
  QB_ASSIGN_OR_RETURN(reduction.input, call.Computed(0));
  for (size_t axis = 2; axis < reduction.input.rank(); ++axis) reduction.axes.push_back(axis);
  if (reduction.input.order[0] == 0) return reduction;
  return call.Unsupported("the batch is not its first dimension");
}

// The largest of a window over the whole image.
Result<Value> LargestOfImage(NodeCall& call, const Value& input) {
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, input));
  const Shape shape = call.ShapeOf(image.tensor);
  const Pool2DOptions options{.filter_h = shape[1], .filter_w = shape[2]};
  QB_ASSIGN_OR_RETURN(const TensorId largest,
                      call.Emit(OpKind::kMaxPool2D, options, {image.tensor}));
  return InMemory(call, largest, image);
}

}  // namespace

Result<Value> BuildMaxPool(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, input));
  const Shape shape = call.ShapeOf(image.tensor);
  QB_ASSIGN_OR_RETURN(const Windows w, ReadPool(call, shape, input.rank() == 3));
  const bool same = w.padded() && w.IsSame();
  TensorId padded = image.tensor;
  if (w.padded() && !same && IsNonNegative(call.import().builder.graph, padded)) {
    // Nothing is below these zeros.
    QB_ASSIGN_OR_RETURN(padded, EmitPad(call, padded, Paddings(w)));
  } else if (w.padded() && !same) {
    QB_ASSIGN_OR_RETURN(padded, Repeated(call, padded, 1, w.rows));
    QB_ASSIGN_OR_RETURN(padded, Repeated(call, padded, 2, w.columns));
  }
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kMaxPool2D,
                                PoolOptions(w, same ? Padding::kSame : Padding::kValid), {padded}));
  return AsBefore(call, InMemory(call, output, image), input);
}

// TensorFlow Lite's mean leaves padding out.
Result<Value> BuildAveragePool(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, input));
  const Shape shape = call.ShapeOf(image.tensor);
  QB_ASSIGN_OR_RETURN(const Windows w, ReadPool(call, shape, input.rank() == 3));
  const bool padding = call.Int("count_include_pad", 0) != 0;
  const bool same = w.padded() && w.IsSame() && !padding;
  TensorId padded = image.tensor;
  if (w.padded() && !same) {
    QB_ASSIGN_OR_RETURN(padded, EmitPad(call, padded, Paddings(w)));
  }
  QB_ASSIGN_OR_RETURN(const TensorId mean,
                      call.Emit(OpKind::kAveragePool2D,
                                PoolOptions(w, same ? Padding::kSame : Padding::kValid), {padded}));
  Value output = InMemory(call, mean, image);
  const std::vector<float> factors =
      !w.padded() || same ? std::vector<float>() : Corrections(w, padding);
  if (!factors.empty()) {
    const HostTensorRef constant = MakeFloats({w.rows.output(), w.columns.output()}, factors);
    QB_ASSIGN_OR_RETURN(output, Binary(call, OpKind::kMul, output, ConstantValue(constant)));
  }
  return AsBefore(call, output, input);
}

Result<Value> BuildGlobalAveragePool(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, OverPlaces(call));
  return Reduced(call, OpKind::kMean, reduction);
}

Result<Value> BuildGlobalMaxPool(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, OverPlaces(call));
  if (reduction.input.rank() == 4) return LargestOfImage(call, reduction.input);
  return Reduced(call, OpKind::kReduceMax, reduction);
}

Result<Value> BuildReduceMean(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, ReadReduction(call, 18));
  return Reduced(call, OpKind::kMean, reduction);
}

// As many times the mean.
Result<Value> BuildReduceSum(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Reduction reduction, ReadReduction(call, 13));
  int64_t count = 1;
  for (const size_t axis : reduction.axes) count *= reduction.input.dims[axis];
  QB_ASSIGN_OR_RETURN(const Value mean, Reduced(call, OpKind::kMean, reduction));
  return Scaled(call, mean, static_cast<double>(count));
}

Result<Value> BuildReduceMax(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(Reduction reduction, ReadReduction(call, 18));
  std::ranges::sort(reduction.axes);
  if (reduction.input.rank() != 4 || reduction.axes != std::vector<size_t>{2, 3}) {
    return Reduced(call, OpKind::kReduceMax, reduction);
  }
  QB_ASSIGN_OR_RETURN(const Value largest, LargestOfImage(call, reduction.input));
  if (reduction.keep) return largest;
  return Reshaped(call, largest, {largest.dims[0], largest.dims[1]});
}

// The root of the sum of squares.
Result<Value> BuildReduceL2(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(Reduction reduction, ReadReduction(call, 18));
  QB_ASSIGN_OR_RETURN(reduction.input,
                      Binary(call, OpKind::kMul, reduction.input, reduction.input));
  QB_ASSIGN_OR_RETURN(const Value sum, Reduced(call, OpKind::kSum, reduction));
  return Sqrt(call, sum);
}

}  // namespace qbench::graph::import::onnx
