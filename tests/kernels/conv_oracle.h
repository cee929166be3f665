// A slow, literal convolution in double, for random layers: what the kernels are compared with.
#pragma once

#include <algorithm>
#include <vector>

#include "single_op.h"

namespace qbench::kernels {

struct ConvLayer {
  int32_t batches = 1, in_h = 1, in_w = 1, in_c = 1, out_c = 1, out_h = 1, out_w = 1;
  int32_t filter_h = 1, filter_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  bool depthwise = false;
  graph::Padding padding = graph::Padding::kSame;
  graph::Activation activation = graph::Activation::kNone;

  graph::Shape InputShape() const { return {batches, in_h, in_w, in_c}; }
  graph::Shape OutputShape() const { return {batches, out_h, out_w, out_c}; }
  graph::Shape FilterShape() const {
    return depthwise ? graph::Shape{1, filter_h, filter_w, out_c}
                     : graph::Shape{out_c, filter_h, filter_w, in_c};
  }
  int32_t FilterAxis() const { return depthwise ? 3 : 0; }
  graph::OpKind Kind() const {
    return depthwise ? graph::OpKind::kDepthwiseConv2D : graph::OpKind::kConv2D;
  }
  graph::OpOptions Options() const {
    if (depthwise) {
      return graph::DepthwiseConv2DOptions{padding,    stride_h,     stride_w,  dilation_h,
                                           dilation_w, out_c / in_c, activation};
    }
    return graph::Conv2DOptions{padding, stride_h, stride_w, dilation_h, dilation_w, activation};
  }
};

// TensorFlow's output size and padding at the front of one dimension.
inline std::pair<int32_t, int32_t> SizeAndPadding(graph::Padding padding, int32_t in,
                                                  int32_t filter, int32_t stride,
                                                  int32_t dilation) {
  const int32_t reach = (filter - 1) * dilation + 1;
  if (padding == graph::Padding::kValid) return {(in - reach) / stride + 1, 0};
  const int32_t out = (in + stride - 1) / stride;
  return {out, std::max(0, (out - 1) * stride + reach - in) / 2};
}

inline ConvLayer RandomLayer(Random& random, bool depthwise) {
  ConvLayer layer;
  layer.depthwise = depthwise;
  layer.batches = random.Int(1, 2);
  layer.filter_h = random.Int(1, 4);
  layer.filter_w = random.Int(1, 4);
  layer.dilation_h = random.Int(1, 2);
  layer.dilation_w = random.Int(1, 2);
  layer.stride_h = random.Int(1, 3);
  layer.stride_w = random.Int(1, 3);
  layer.in_h = random.Int(7, 11);  // no smaller than any filter's reach
  layer.in_w = random.Int(7, 11);
  layer.in_c = random.Int(1, 9);
  layer.out_c = depthwise ? layer.in_c * random.Int(1, 3) : random.Int(1, 9);
  layer.padding = random.Coin() ? graph::Padding::kSame : graph::Padding::kValid;
  layer.activation = static_cast<graph::Activation>(random.Int(0, 3));
  layer.out_h =
      SizeAndPadding(layer.padding, layer.in_h, layer.filter_h, layer.stride_h, layer.dilation_h)
          .first;
  layer.out_w =
      SizeAndPadding(layer.padding, layer.in_w, layer.filter_w, layer.stride_w, layer.dilation_w)
          .first;
  return layer;
}

inline double Activated(graph::Activation activation, double x) {
  switch (activation) {
    case graph::Activation::kRelu:
      return std::max(x, 0.0);
    case graph::Activation::kRelu6:
      return std::clamp(x, 0.0, 6.0);
    case graph::Activation::kReluN1To1:
      return std::clamp(x, -1.0, 1.0);
    default:
      return x;
  }
}

// bias: one for each output channel, or empty.
inline std::vector<double> ConvOracle(const ConvLayer& l, const std::vector<double>& input,
                                      const std::vector<double>& filter,
                                      const std::vector<double>& bias) {
  const int32_t top =
      SizeAndPadding(l.padding, l.in_h, l.filter_h, l.stride_h, l.dilation_h).second;
  const int32_t left =
      SizeAndPadding(l.padding, l.in_w, l.filter_w, l.stride_w, l.dilation_w).second;
  const auto product = [&](int32_t n, int32_t y, int32_t x, int32_t o, int32_t fy, int32_t fx,
                           int32_t i) {
    const int32_t row = y * l.stride_h - top + fy * l.dilation_h;
    const int32_t column = x * l.stride_w - left + fx * l.dilation_w;
    if (row < 0 || row >= l.in_h || column < 0 || column >= l.in_w) return 0.0;
    const int32_t at = ((n * l.in_h + row) * l.in_w + column) * l.in_c + i;
    const int32_t weight = l.depthwise ? (fy * l.filter_w + fx) * l.out_c + o
                                       : ((o * l.filter_h + fy) * l.filter_w + fx) * l.in_c + i;
    return input[static_cast<size_t>(at)] * filter[static_cast<size_t>(weight)];
  };
  std::vector<double> output;
  for (int32_t at = 0; at < l.batches * l.out_h * l.out_w * l.out_c; ++at) {
    const int32_t o = at % l.out_c;
    const int32_t x = at / l.out_c % l.out_w;
    const int32_t y = at / l.out_c / l.out_w % l.out_h;
    const int32_t n = at / l.out_c / l.out_w / l.out_h;
    const int32_t first = l.depthwise ? o / (l.out_c / l.in_c) : 0;
    const int32_t last = l.depthwise ? first + 1 : l.in_c;
    double sum = bias.empty() ? 0.0 : bias[static_cast<size_t>(o)];
    for (int32_t fy = 0; fy < l.filter_h; ++fy) {
      for (int32_t fx = 0; fx < l.filter_w; ++fx) {
        for (int32_t i = first; i < last; ++i) sum += product(n, y, x, o, fy, fx, i);
      }
    }
    output.push_back(sum);
  }
  return output;
}

}  // namespace qbench::kernels
