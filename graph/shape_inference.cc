#include <algorithm>
#include <limits>

#include "fmt/ranges.h"
#include "graph/operator_rules.h"
#include "graph/operators.h"
#include "graph/validate.h"

namespace qbench::graph {
namespace {

const Tensor& Input(const Graph& graph, const Op& op, size_t index) {
  return graph.tensors[static_cast<size_t>(op.inputs[index])];
}

// The values of an int32 constant: axes, paddings, a shape; by default of the last input. CheckForm
// has looked at it.
std::vector<int32_t> Parameter(const Graph& graph, const Op& op, size_t index) {
  return Input(graph, op, index).constant->Values<int32_t>();
}
std::vector<int32_t> Parameter(const Graph& graph, const Op& op) {
  return Parameter(graph, op, op.inputs.size() - 1);
}

Status CheckForm(const Graph& graph, const Op& op) {
  const OperatorInputs& takes = InfoOf(op.kind).inputs;
  if (op.inputs.size() < takes.count || (op.inputs.size() > takes.count && !takes.or_more)) {
    return Error(StatusCode::kCorrupt, "{} inputs instead of {}", op.inputs.size(), takes.count);
  }
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const TensorId id = op.inputs[i];
    if (id == kNoTensor && takes.last_optional && i + 1 == op.inputs.size()) continue;
    if (id < 0 || static_cast<size_t>(id) >= graph.tensors.size()) {
      return Error(StatusCode::kCorrupt, "input {} is tensor {}, which is not there", i, id);
    }
  }
  if (op.options.index() != DefaultOptions(op.kind).index()) {
    return Error(StatusCode::kCorrupt, "the options are those of another operator");
  }
  for (size_t i = op.inputs.size() - takes.parameters; i < op.inputs.size(); ++i) {
    const Tensor& parameter = Input(graph, op, i);
    if (parameter.is_constant() && parameter.type == DataType::kInt32) continue;
    return Error(StatusCode::kUnsupported, "input {} must be a constant of type int32", i);
  }
  return OkStatus();
}

Status CheckRank(const Shape& shape, size_t rank, std::string_view what) {
  if (shape.size() == rank) return OkStatus();
  return Error(StatusCode::kCorrupt, "the {} is [{}]; it must have {} dimensions", what,
               fmt::join(shape, ", "), rank);
}

// One spatial dimension of a convolution or pooling: TensorFlow's rules for SAME (as if padded
// enough for ceil(input / stride) outputs) and VALID (where the filter fits).
struct Window {
  int32_t input = 0, filter = 0, stride = 1, dilation = 1;
  Padding padding = Padding::kSame;
};

Result<int32_t> OutputSize(const Window& w) {
  if (w.filter < 1 || w.stride < 1 || w.dilation < 1) {
    return Error(StatusCode::kCorrupt, "filter {}, stride {}, dilation {}", w.filter, w.stride,
                 w.dilation);
  }
  const int64_t covered = int64_t{w.filter - 1} * w.dilation + 1;
  const int64_t places = w.padding == Padding::kSame ? w.input : w.input - covered + 1;
  if (places < 1) {
    return Error(StatusCode::kCorrupt, "a filter that covers {} does not fit into {}", covered,
                 w.input);
  }
  return static_cast<int32_t>((places + w.stride - 1) / w.stride);
}

template <typename Options>
Result<Shape> ConvolutionShape(const Shape& input, const Shape& filter, const Options& options,
                               int32_t channels) {
  QB_ASSIGN_OR_RETURN(const int32_t height, OutputSize({.input = input[1],
                                                        .filter = filter[1],
                                                        .stride = options.stride_h,
                                                        .dilation = options.dilation_h,
                                                        .padding = options.padding}));
  QB_ASSIGN_OR_RETURN(const int32_t width, OutputSize({.input = input[2],
                                                       .filter = filter[2],
                                                       .stride = options.stride_w,
                                                       .dilation = options.dilation_w,
                                                       .padding = options.padding}));
  return Shape{input[0], height, width, channels};
}

Status CheckBias(const Graph& graph, const Op& op, int32_t channels) {
  if (op.inputs[2] == kNoTensor) return OkStatus();
  const Shape& bias = Input(graph, op, 2).shape;
  if (bias == Shape{channels}) return OkStatus();
  return Error(StatusCode::kCorrupt, "the bias is [{}] for {} output channels",
               fmt::join(bias, ", "), channels);
}

}  // namespace

Result<Shape> SameShape(const Graph& graph, const Op& op) { return Input(graph, op, 0).shape; }

Result<Shape> SameShapeOfVectors(const Graph& graph, const Op& op) {
  if (!Input(graph, op, 0).shape.empty()) return Input(graph, op, 0).shape;
  return Error(StatusCode::kCorrupt, "the input is a scalar");
}

Result<Shape> Conv2DShape(const Graph& graph, const Op& op) {
  const Shape& input = Input(graph, op, 0).shape;
  const Shape& filter = Input(graph, op, 1).shape;
  QB_RETURN_IF_ERROR(CheckRank(input, 4, "input"));
  QB_RETURN_IF_ERROR(CheckRank(filter, 4, "filter"));
  if (input[3] % filter[3] != 0 || filter[0] % (input[3] / filter[3]) != 0) {
    return Error(StatusCode::kCorrupt,
                 "a filter of {} input and {} output channels for an input of {}: they are no "
                 "groups",
                 filter[3], filter[0], input[3]);
  }
  QB_RETURN_IF_ERROR(CheckBias(graph, op, filter[0]));
  return ConvolutionShape(input, filter, std::get<Conv2DOptions>(op.options), filter[0]);
}

Result<Shape> DepthwiseConv2DShape(const Graph& graph, const Op& op) {
  const auto& options = std::get<DepthwiseConv2DOptions>(op.options);
  const Shape& input = Input(graph, op, 0).shape;
  const Shape& filter = Input(graph, op, 1).shape;
  QB_RETURN_IF_ERROR(CheckRank(input, 4, "input"));
  QB_RETURN_IF_ERROR(CheckRank(filter, 4, "filter"));
  if (filter[0] != 1 || options.depth_multiplier < 1 ||
      int64_t{input[3]} * options.depth_multiplier != filter[3]) {
    return Error(StatusCode::kCorrupt,
                 "the filter is [{}]; {} input channels and depth multiplier {} need [1, h, w, {}]",
                 fmt::join(filter, ", "), input[3], options.depth_multiplier,
                 int64_t{input[3]} * options.depth_multiplier);
  }
  QB_RETURN_IF_ERROR(CheckBias(graph, op, filter[3]));
  return ConvolutionShape(input, filter, options, filter[3]);
}

Result<Shape> FullyConnectedShape(const Graph& graph, const Op& op) {
  const Shape& input = Input(graph, op, 0).shape;
  const Shape& weights = Input(graph, op, 1).shape;
  QB_RETURN_IF_ERROR(CheckRank(weights, 2, "weights tensor"));
  const int32_t units = weights[0];
  const int32_t depth = weights[1];
  QB_RETURN_IF_ERROR(CheckBias(graph, op, units));
  const int64_t count = ElementCount(input);
  const bool keep = std::get<FullyConnectedOptions>(op.options).keep_num_dims;
  if (input.empty() || (keep ? input.back() != depth : count % depth != 0)) {
    return Error(StatusCode::kCorrupt, "the input is [{}] and the weights are [{}, {}]",
                 fmt::join(input, ", "), units, depth);
  }
  if (!keep) return Shape{static_cast<int32_t>(count / depth), units};
  Shape output = input;
  output.back() = units;
  return output;
}

Result<Shape> PoolShape(const Graph& graph, const Op& op) {
  const auto& options = std::get<Pool2DOptions>(op.options);
  const Shape& input = Input(graph, op, 0).shape;
  QB_RETURN_IF_ERROR(CheckRank(input, 4, "input"));
  const Shape filter = {1, options.filter_h, options.filter_w, input[3]};
  const Conv2DOptions window = {
      .padding = options.padding, .stride_h = options.stride_h, .stride_w = options.stride_w};
  return ConvolutionShape(input, filter, window, input[3]);
}

// Dimensions are compared from the last one; a 1 or a missing one stretches.
Result<Shape> BroadcastShape(const Graph& graph, const Op& op) {
  const Shape& a = Input(graph, op, 0).shape;
  const Shape& b = Input(graph, op, 1).shape;
  Shape output(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < output.size(); ++i) {
    const int32_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int32_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return Error(StatusCode::kCorrupt, "[{}] and [{}] do not broadcast", fmt::join(a, ", "),
                   fmt::join(b, ", "));
    }
    output[output.size() - 1 - i] = std::max(x, y);
  }
  return output;
}

Result<Shape> ConcatenationShape(const Graph& graph, const Op& op) {
  Shape output = Input(graph, op, 0).shape;
  const auto rank = static_cast<int64_t>(output.size());
  int64_t axis = std::get<ConcatenationOptions>(op.options).axis;
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) {
    return Error(StatusCode::kCorrupt, "axis {} of {} dimensions", axis, rank);
  }
  const auto joined = static_cast<size_t>(axis);
  int64_t length = output[joined];
  for (size_t i = 1; i < op.inputs.size(); ++i) {
    Shape shape = Input(graph, op, i).shape;
    if (shape.size() == output.size()) {
      length += shape[joined];
      shape[joined] = output[joined];
    }
    if (shape != output) {
      return Error(StatusCode::kCorrupt, "input {} does not fit input 0 along axis {}", i, axis);
    }
  }
  if (length > std::numeric_limits<int32_t>::max()) {
    return Error(StatusCode::kUnsupported, "a dimension of {}", length);
  }
  output[joined] = static_cast<int32_t>(length);
  return output;
}

Result<Shape> MeanShape(const Graph& graph, const Op& op) {
  const Shape& input = Input(graph, op, 0).shape;
  const std::vector<int32_t> axes = Parameter(graph, op);
  const auto rank = static_cast<int32_t>(input.size());
  std::vector<bool> reduced(input.size(), false);
  for (const int32_t axis : axes) {
    if (axis < -rank || axis >= rank) {
      return Error(StatusCode::kCorrupt, "axis {} of {} dimensions", axis, rank);
    }
    reduced[static_cast<size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  const bool keep = std::get<MeanOptions>(op.options).keep_dims;
  Shape output;
  for (size_t i = 0; i < input.size(); ++i) {
    if (!reduced[i]) output.push_back(input[i]);
    if (reduced[i] && keep) output.push_back(1);
  }
  return output;
}

Result<Shape> PadShape(const Graph& graph, const Op& op) {
  Shape output = Input(graph, op, 0).shape;
  const std::vector<int32_t> paddings = Parameter(graph, op);
  if (Input(graph, op, 1).shape != Shape{static_cast<int32_t>(output.size()), 2} ||
      paddings.size() != 2 * output.size()) {
    return Error(StatusCode::kCorrupt, "the paddings are [{}] for {} dimensions",
                 fmt::join(Input(graph, op, 1).shape, ", "), output.size());
  }
  for (size_t i = 0; i < output.size(); ++i) {
    const int64_t before = paddings[2 * i];
    const int64_t after = paddings[2 * i + 1];
    const int64_t padded = before + output[i] + after;
    if (before < 0 || after < 0 || padded > std::numeric_limits<int32_t>::max()) {
      return Error(StatusCode::kCorrupt, "paddings of {} and {}", before, after);
    }
    output[i] = static_cast<int32_t>(padded);
  }
  return output;
}

Result<Shape> ReshapeShape(const Graph& graph, const Op& op) {
  const int64_t count = ElementCount(Input(graph, op, 0).shape);
  Shape output = Parameter(graph, op);
  if (std::get<ReshapeOptions>(op.options).new_shape != output) {
    return Error(StatusCode::kCorrupt, "the new shape in the options is not the shape input's");
  }
  int64_t known = 1;
  int32_t* open = nullptr;
  for (int32_t& dimension : output) {
    if (dimension == -1 && open == nullptr) {
      open = &dimension;
    } else if (dimension < 1 || (known *= dimension) > count) {
      return Error(StatusCode::kCorrupt, "{} elements cannot take the shape [{}]", count,
                   fmt::join(output, ", "));
    }
  }
  if (count % known != 0 || (open == nullptr && known != count)) {
    return Error(StatusCode::kCorrupt, "{} elements cannot take the shape [{}]", count,
                 fmt::join(output, ", "));
  }
  if (open != nullptr) *open = static_cast<int32_t>(count / known);
  return output;
}

Result<Shape> TransposeShape(const Graph& graph, const Op& op) {
  const Shape& input = Input(graph, op, 0).shape;
  const std::vector<int32_t> order = Parameter(graph, op);
  const auto rank = static_cast<int32_t>(input.size());
  if (rank > 6) return Error(StatusCode::kUnsupported, "{} dimensions; at most 6", rank);
  std::vector<bool> taken(input.size(), false);
  Shape output;
  for (const int32_t from : order) {
    const int32_t dimension = from < 0 ? from + rank : from;
    const bool sound = dimension >= 0 && dimension < rank;
    if (!sound || taken[static_cast<size_t>(dimension)]) {
      return Error(StatusCode::kCorrupt, "[{}] is no order of {} dimensions",
                   fmt::join(order, ", "), rank);
    }
    taken[static_cast<size_t>(dimension)] = true;
    output.push_back(input[static_cast<size_t>(dimension)]);
  }
  if (order.size() == input.size()) return output;
  return Error(StatusCode::kCorrupt, "an order of {} dimensions for {}", order.size(), rank);
}

Result<std::vector<SliceDimension>> SliceDimensions(const Shape& input, const Op& op,
                                                    std::span<const int32_t> begin,
                                                    std::span<const int32_t> end,
                                                    std::span<const int32_t> strides) {
  const auto& options = std::get<StridedSliceOptions>(op.options);
  const size_t sliced = begin.size();
  if (end.size() != sliced || strides.size() != sliced || sliced > input.size() ||
      input.size() > 5) {
    return Error(StatusCode::kUnsupported, "{} begins, {} ends and {} strides for {} dimensions",
                 sliced, end.size(), strides.size(), input.size());
  }
  std::vector<SliceDimension> dimensions;
  for (size_t i = 0; i < input.size(); ++i) {
    const int64_t size = input[i];
    if (i >= sliced) {
      dimensions.push_back({.begin = 0, .stride = 1, .count = size});
      continue;
    }
    const auto masked = [&](int32_t mask) { return ((mask >> i) & 1) != 0; };
    const int64_t stride = strides[i];
    const bool shrinks = masked(options.shrink_axis_mask);
    if (stride < 1 || (shrinks && stride != 1)) {
      return Error(StatusCode::kUnsupported, "a stride of {}", stride);
    }
    const auto inside = [&](int64_t index) {
      return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
    };
    const int64_t first = !shrinks && masked(options.begin_mask) ? 0 : inside(begin[i]);
    const int64_t last = shrinks ? first + 1 : masked(options.end_mask) ? size : inside(end[i]);
    if (first >= size || last <= first) {
      return Error(StatusCode::kUnsupported, "nothing of dimension {} is left", i);
    }
    dimensions.push_back({.begin = first,
                          .stride = stride,
                          .count = (last - first + stride - 1) / stride,
                          .goes = shrinks});
  }
  return dimensions;
}

Result<Shape> StridedSliceShape(const Graph& graph, const Op& op) {
  QB_ASSIGN_OR_RETURN(const auto dimensions,
                      SliceDimensions(Input(graph, op, 0).shape, op, Parameter(graph, op, 1),
                                      Parameter(graph, op, 2), Parameter(graph, op, 3)));
  Shape output;
  for (const SliceDimension& dimension : dimensions) {
    if (!dimension.goes) output.push_back(static_cast<int32_t>(dimension.count));
  }
  return output;
}

Result<Shape> ResizeShape(const Graph& graph, const Op& op) {
  const Shape& input = Input(graph, op, 0).shape;
  QB_RETURN_IF_ERROR(CheckRank(input, 4, "input"));
  const std::vector<int32_t> size = Parameter(graph, op);
  constexpr int32_t kMostPixels = 1 << 16;
  const bool sound = size.size() == 2 && std::ranges::all_of(size, [](int32_t pixels) {
                       return pixels >= 1 && pixels <= kMostPixels;
                     });
  if (!sound) return Error(StatusCode::kCorrupt, "the new size is [{}]", fmt::join(size, ", "));
  return Shape{input[0], size[0], size[1], input[3]};
}

Result<Shape> DepthToSpaceShape(const Graph& graph, const Op& op) {
  const Shape& input = Input(graph, op, 0).shape;
  QB_RETURN_IF_ERROR(CheckRank(input, 4, "input"));
  const int64_t block = std::get<DepthToSpaceOptions>(op.options).block;
  constexpr int64_t kLargest = 1 << 10;
  if (block < 1 || block > kLargest || input[3] % (block * block) != 0 ||
      std::max(input[1], input[2]) * block > std::numeric_limits<int32_t>::max()) {
    return Error(StatusCode::kCorrupt, "blocks of {} for the input [{}]", block,
                 fmt::join(input, ", "));
  }
  return Shape{input[0], static_cast<int32_t>(input[1] * block),
               static_cast<int32_t>(input[2] * block),
               static_cast<int32_t>(input[3] / (block * block))};
}

// The last two dimensions as matrices, those before them as in BroadcastShape.
Result<Shape> BatchMatMulShape(const Graph& graph, const Op& op) {
  const auto& options = std::get<BatchMatMulOptions>(op.options);
  const Shape& a = Input(graph, op, 0).shape;
  const Shape& b = Input(graph, op, 1).shape;
  constexpr size_t kMostDimensions = 5;
  if (std::min(a.size(), b.size()) < 2 || std::max(a.size(), b.size()) > kMostDimensions) {
    return Error(StatusCode::kUnsupported, "[{}] and [{}] are not matrices of 2 to {} dimensions",
                 fmt::join(a, ", "), fmt::join(b, ", "), kMostDimensions);
  }
  const auto last = [](const Shape& shape, bool second) {
    return shape[shape.size() - (second ? 2 : 1)];
  };
  if (last(a, options.adj_x) != last(b, !options.adj_y)) {
    return Error(StatusCode::kCorrupt, "[{}] and [{}] cannot be multiplied", fmt::join(a, ", "),
                 fmt::join(b, ", "));
  }
  const size_t rank = std::max(a.size(), b.size());
  Shape output(rank, 1);
  for (size_t back = 3; back <= rank; ++back) {
    const int32_t x = back <= a.size() ? a[a.size() - back] : 1;
    const int32_t y = back <= b.size() ? b[b.size() - back] : 1;
    if (x != y && x != 1 && y != 1) {
      return Error(StatusCode::kCorrupt, "[{}] and [{}] do not broadcast", fmt::join(a, ", "),
                   fmt::join(b, ", "));
    }
    output[rank - back] = std::max(x, y);
  }
  output[rank - 2] = last(a, !options.adj_x);
  output[rank - 1] = last(b, options.adj_y);
  return output;
}

// The slopes are repeated, the input is not.
Result<Shape> PreluShape(const Graph& graph, const Op& op) {
  QB_ASSIGN_OR_RETURN(Shape output, BroadcastShape(graph, op));
  if (output == Input(graph, op, 0).shape) return output;
  return Error(StatusCode::kCorrupt, "slopes of [{}] for an input of [{}]",
               fmt::join(Input(graph, op, 1).shape, ", "),
               fmt::join(Input(graph, op, 0).shape, ", "));
}

Result<Shape> InferOutputShape(const Graph& graph, const Op& op) {
  QB_RETURN_IF_ERROR(CheckForm(graph, op));
  return InfoOf(op.kind).shape(graph, op);
}

}  // namespace qbench::graph
