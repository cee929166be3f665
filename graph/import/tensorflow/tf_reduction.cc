// Means, sums and extrema over dimensions.
#include <algorithm>

#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

struct Reduction {
  TensorId input = kNoTensor;
  std::vector<int32_t> axes;
  bool keep_dims = false;
  int64_t count = 1;  // of what becomes one
};

Result<Reduction> ReadReduction(const TfNode& node) {
  Reduction read;
  QB_ASSIGN_OR_RETURN(read.input, node.Tensor(0));
  const Shape& shape = node.ShapeOf(read.input);
  QB_ASSIGN_OR_RETURN(read.axes, node.Axes(1, shape.size()));
  read.keep_dims = node.Bool("keep_dims", false);
  if (read.axes.empty()) return node.Unsupported("it is over no dimension");
  if (read.axes[0] == 0) return node.Unsupported("it is over the batch");
  for (const int32_t axis : read.axes) read.count *= shape[static_cast<size_t>(axis)];
  return read;
}

Result<TensorId> EmitMean(TfNode& node, const Reduction& read) {
  const auto count = static_cast<int32_t>(read.axes.size());
  const TensorId axes = node.Constant("axes", {count}, read.axes);
  return node.Emit(OpKind::kMean, MeanOptions{.keep_dims = read.keep_dims}, {read.input, axes});
}

Status BuildMean(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const Reduction read, ReadReduction(node));
  QB_ASSIGN_OR_RETURN(const TensorId output, EmitMean(node, read));
  return node.Give(output);
}

Status BuildSum(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const Reduction read, ReadReduction(node));
  QB_ASSIGN_OR_RETURN(const TensorId mean, EmitMean(node, read));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Scaled(mean, static_cast<double>(read.count)));
  return node.Give(output);
}

// The largest of a window over the whole image, or the whole row of vectors.
Status BuildMax(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const Reduction read, ReadReduction(node));
  const Shape shape = node.ShapeOf(read.input);
  const bool image = shape.size() == 4 && read.axes == std::vector<int32_t>{1, 2};
  const bool row = shape.size() == 3 && read.axes == std::vector<int32_t>{1};
  if (!image && !row) {
    return node.Unsupported("it is over other dimensions than height and width");
  }
  const int32_t batch = node.OpenShape(read.input)[0];
  const int32_t channels = shape.back();
  TensorId input = read.input;
  if (row) {
    QB_ASSIGN_OR_RETURN(input, node.Reshaped(input, {batch, shape[1], 1, channels}));
  }
  const Pool2DOptions options{.filter_h = shape[1], .filter_w = image ? shape[2] : 1};
  QB_ASSIGN_OR_RETURN(TensorId output, node.Emit(OpKind::kMaxPool2D, options, {input}));
  if (row && read.keep_dims) {
    QB_ASSIGN_OR_RETURN(output, node.Reshaped(output, {batch, 1, channels}));
  } else if (!read.keep_dims) {
    QB_ASSIGN_OR_RETURN(output, node.Reshaped(output, {batch, channels}));
  }
  return node.Give(output);
}

constexpr TfBuilderEntry kBuilders[] = {
    {"Mean", BuildMean},
    {"Sum", BuildSum},
    {"Max", BuildMax},
};

}  // namespace

std::span<const TfBuilderEntry> ReductionBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
