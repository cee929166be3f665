// Runs the float operators that passes rewrite, in double, by their definitions and with no thought
// for speed: the oracle that a model before and after a pass is compared with.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "graph/ir.h"
#include "gtest/gtest.h"

namespace qbench::graph {

class FloatOracle {
 public:
  explicit FloatOracle(const Graph& graph) : graph_(graph) {
    for (size_t i = 0; i < graph.tensors.size(); ++i) {
      const Tensor& tensor = graph.tensors[i];
      if (!tensor.is_constant() || tensor.type != DataType::kFloat32) continue;
      const std::vector<float> values = tensor.constant->Values<float>();
      values_[static_cast<TensorId>(i)] = {values.begin(), values.end()};
    }
  }

  // The values of the first output for these of the first input.
  std::vector<double> Run(std::vector<double> input) {
    values_[graph_.inputs[0]] = std::move(input);
    for (const Op& op : graph_.ops) values_[op.outputs[0]] = Compute(op);
    return values_[graph_.outputs[0]];
  }

 private:
  std::vector<int32_t> Integers(TensorId id) const {
    return graph_.tensors[static_cast<size_t>(id)].constant->Values<int32_t>();
  }
  // The index of an element in each dimension, and back.
  static std::vector<size_t> IndexOf(size_t place, const Shape& shape) {
    std::vector<size_t> index(shape.size());
    for (size_t i = shape.size(); i-- > 0; place /= Size(shape[i]))
      index[i] = place % Size(shape[i]);
    return index;
  }
  static size_t PlaceOf(const std::vector<size_t>& index, const Shape& shape) {
    size_t place = 0;
    for (size_t i = 0; i < shape.size(); ++i) place = place * Size(shape[i]) + index[i];
    return place;
  }

  template <typename Function>
  std::vector<double> Each(const Op& op, const Function& function) {
    std::vector<double> values = values_[op.inputs[0]];
    for (double& value : values) value = function(value);
    return values;
  }

  std::vector<double> Transpose(const Op& op) {
    const Shape& from = ShapeOf(op.inputs[0]);
    const std::vector<int32_t> order = Integers(op.inputs[1]);
    std::vector<double> output(values_[op.inputs[0]].size());
    for (size_t i = 0; i < output.size(); ++i) {
      const std::vector<size_t> to = IndexOf(i, ShapeOf(op.outputs[0]));
      std::vector<size_t> index(to.size());
      for (size_t d = 0; d < to.size(); ++d) index[Size(order[d])] = to[d];
      output[i] = values_[op.inputs[0]][PlaceOf(index, from)];
    }
    return output;
  }

  std::vector<double> Concatenation(const Op& op) {
    const Shape& shape = ShapeOf(op.outputs[0]);
    const int32_t axis = std::get<ConcatenationOptions>(op.options).axis;
    const size_t along = Size(axis < 0 ? axis + static_cast<int32_t>(shape.size()) : axis);
    std::vector<double> output(static_cast<size_t>(ElementCount(shape)));
    for (size_t i = 0; i < output.size(); ++i) {
      std::vector<size_t> index = IndexOf(i, shape);
      for (const TensorId input : op.inputs) {
        const size_t size = Size(ShapeOf(input)[along]);
        if (index[along] < size) {
          output[i] = values_[input][PlaceOf(index, ShapeOf(input))];
          break;
        }
        index[along] -= size;
      }
    }
    return output;
  }

  std::vector<double> Reduction(const Op& op) {
    const Shape& from = ShapeOf(op.inputs[0]);
    Shape kept = from;
    double count = 1.0;
    for (const int32_t axis : Integers(op.inputs[1])) {
      count *= from[Size(axis)];
      kept[Size(axis)] = 1;
    }
    const bool largest = op.kind == OpKind::kReduceMax;
    std::vector<double> output(static_cast<size_t>(ElementCount(kept)), largest ? -1e30 : 0.0);
    for (size_t i = 0; i < values_[op.inputs[0]].size(); ++i) {
      std::vector<size_t> index = IndexOf(i, from);
      for (size_t d = 0; d < index.size(); ++d) index[d] %= Size(kept[d]);
      double& result = output[PlaceOf(index, kept)];
      const double value = values_[op.inputs[0]][i];
      result = largest ? std::max(result, value) : result + value;
    }
    if (op.kind == OpKind::kMean) {
      for (double& value : output) value /= count;
    }
    return output;
  }

  const Shape& ShapeOf(TensorId id) const { return graph_.tensors[static_cast<size_t>(id)].shape; }
  static size_t Size(int32_t value) { return static_cast<size_t>(value); }

  static double Activate(Activation activation, double x) {
    if (activation == Activation::kRelu) return std::max(x, 0.0);
    if (activation == Activation::kRelu6) return std::clamp(x, 0.0, 6.0);
    return activation == Activation::kReluN1To1 ? std::clamp(x, -1.0, 1.0) : x;
  }

  std::vector<double> Compute(const Op& op) {
    switch (op.kind) {
      case OpKind::kConv2D:
        return Convolution(op, std::get<Conv2DOptions>(op.options), 0);
      case OpKind::kDepthwiseConv2D: {
        const auto& options = std::get<DepthwiseConv2DOptions>(op.options);
        return Convolution(op, options, options.depth_multiplier);
      }
      case OpKind::kFullyConnected:
        return FullyConnected(op);
      case OpKind::kAdd:
      case OpKind::kSub:
      case OpKind::kMul:
        return Binary(op);
      case OpKind::kPad:
        return Pad(op);
      case OpKind::kReshape:
        return values_[op.inputs[0]];
      case OpKind::kTranspose:
        return Transpose(op);
      case OpKind::kConcatenation:
        return Concatenation(op);
      case OpKind::kMean:
      case OpKind::kSum:
      case OpKind::kReduceMax:
        return Reduction(op);
      case OpKind::kHardSwish:
        return Each(op, [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; });
      case OpKind::kTanh:
        return Each(op, [](double x) { return std::tanh(x); });
      case OpKind::kRelu:
        return Map(op, Activation::kRelu);
      case OpKind::kRelu6:
        return Map(op, Activation::kRelu6);
      default:
        ADD_FAILURE() << "the oracle does not know " << OpKindName(op.kind);
        return {};
    }
  }

  std::vector<double> Map(const Op& op, Activation activation) {
    std::vector<double> values = values_[op.inputs[0]];
    for (double& value : values) value = Activate(activation, value);
    return values;
  }

  static int64_t Before(Padding padding, int64_t in, int64_t out, int64_t filter, int64_t stride,
                        int64_t dilation) {
    if (padding == Padding::kValid) return 0;
    return std::max<int64_t>((out - 1) * stride + (filter - 1) * dilation + 1 - in, 0) / 2;
  }

  // multiplier 0: every input channel goes into every output channel.
  template <typename Options>
  std::vector<double> Convolution(const Op& op, const Options& o, int32_t multiplier) {
    const Shape& in = ShapeOf(op.inputs[0]);
    const Shape& filter = ShapeOf(op.inputs[1]);
    const Shape& out = ShapeOf(op.outputs[0]);
    const std::vector<double>& x = values_[op.inputs[0]];
    const std::vector<double>& w = values_[op.inputs[1]];
    const int64_t top = Before(o.padding, in[1], out[1], filter[1], o.stride_h, o.dilation_h);
    const int64_t left = Before(o.padding, in[2], out[2], filter[2], o.stride_w, o.dilation_w);
    std::vector<double> result;
    for (int64_t r = 0; r < out[1]; ++r) {
      for (int64_t c = 0; c < out[2]; ++c) {
        for (int64_t k = 0; k < out[3]; ++k) {
          double sum = op.inputs[2] == kNoTensor ? 0.0 : values_[op.inputs[2]][Size(k)];
          for (int64_t i = 0; i < filter[1] * filter[2]; ++i) {
            const int64_t fr = i / filter[2];
            const int64_t fc = i % filter[2];
            const int64_t y0 = r * o.stride_h - top + fr * o.dilation_h;
            const int64_t x0 = c * o.stride_w - left + fc * o.dilation_w;
            if (y0 < 0 || y0 >= in[1] || x0 < 0 || x0 >= in[2]) continue;
            const int64_t pixel = (y0 * in[2] + x0) * in[3];
            if (multiplier != 0) {
              sum += x[Size(pixel + k / multiplier)] * w[Size(i * out[3] + k)];
              continue;
            }
            for (int64_t d = 0; d < in[3]; ++d) {
              sum += x[Size(pixel + d)] * w[Size((k * filter[1] * filter[2] + i) * in[3] + d)];
            }
          }
          result.push_back(Activate(o.activation, sum));
        }
      }
    }
    return result;
  }

  std::vector<double> FullyConnected(const Op& op) {
    const Shape& weights = ShapeOf(op.inputs[1]);
    const std::vector<double>& x = values_[op.inputs[0]];
    const size_t depth = Size(weights[1]);
    std::vector<double> result;
    for (size_t row = 0; row < x.size() / depth; ++row) {
      for (size_t unit = 0; unit < Size(weights[0]); ++unit) {
        double sum = op.inputs[2] == kNoTensor ? 0.0 : values_[op.inputs[2]][unit];
        for (size_t d = 0; d < depth; ++d) {
          sum += x[row * depth + d] * values_[op.inputs[1]][unit * depth + d];
        }
        result.push_back(Activate(std::get<FullyConnectedOptions>(op.options).activation, sum));
      }
    }
    return result;
  }

  // The element of a tensor of this shape that broadcasts to the element `flat` of `out`.
  static size_t Broadcast(size_t flat, const Shape& out, const Shape& shape) {
    size_t position = 0;
    size_t stride = 1;
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t index = flat % Size(out[out.size() - 1 - i]);
      flat /= Size(out[out.size() - 1 - i]);
      if (i >= shape.size()) continue;
      const size_t size = Size(shape[shape.size() - 1 - i]);
      if (size > 1) position += index * stride;
      stride *= size;
    }
    return position;
  }

  std::vector<double> Binary(const Op& op) {
    const Shape& out = ShapeOf(op.outputs[0]);
    std::vector<double> result(static_cast<size_t>(ElementCount(out)));
    for (size_t i = 0; i < result.size(); ++i) {
      const double a = values_[op.inputs[0]][Broadcast(i, out, ShapeOf(op.inputs[0]))];
      const double b = values_[op.inputs[1]][Broadcast(i, out, ShapeOf(op.inputs[1]))];
      const double value = op.kind == OpKind::kMul   ? a * b
                           : op.kind == OpKind::kAdd ? a + b
                                                     : a - b;
      result[i] = Activate(std::get<BinaryOptions>(op.options).activation, value);
    }
    return result;
  }

  std::vector<double> Pad(const Op& op) {
    const Shape& in = ShapeOf(op.inputs[0]);
    const Shape& out = ShapeOf(op.outputs[0]);
    const auto paddings =
        graph_.tensors[static_cast<size_t>(op.inputs[1])].constant->Values<int32_t>();
    std::vector<double> result(static_cast<size_t>(ElementCount(out)), 0.0);
    for (size_t i = 0; i < values_[op.inputs[0]].size(); ++i) {
      size_t rest = i;
      size_t position = 0;
      size_t stride = 1;
      for (size_t d = in.size(); d-- > 0;) {
        position += (rest % Size(in[d]) + Size(paddings[2 * d])) * stride;
        rest /= Size(in[d]);
        stride *= Size(out[d]);
      }
      result[position] = values_[op.inputs[0]][i];
    }
    return result;
  }

  const Graph& graph_;
  std::map<TensorId, std::vector<double>> values_;
};

}  // namespace qbench::graph
