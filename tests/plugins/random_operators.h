// Models of one operator with random shapes, parameters and weights, for comparing runtimes.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "tests/graph/model_builder.h"
#include "tests/kernels/single_op.h"

namespace qbench {

// What an operator computes in: the types of its activations and its weights.
struct OperatorType {
  const char* name;
  graph::DataType activations;
  graph::DataType weights;
  bool per_channel = false;
};

inline constexpr OperatorType kOperatorTypes[] = {
    {"float", graph::DataType::kFloat32, graph::DataType::kFloat32},
    {"int8", graph::DataType::kInt8, graph::DataType::kInt8},
    {"int8 per channel", graph::DataType::kInt8, graph::DataType::kInt8, true},
    {"uint8", graph::DataType::kUInt8, graph::DataType::kUInt8},
    {"int16", graph::DataType::kInt16, graph::DataType::kInt8},
};

class RandomOperator {
 public:
  RandomOperator(const OperatorType& type, uint32_t seed)
      : type_(type), random_(seed), builder_(seed) {}

  graph::Model Make(graph::OpKind kind) {
    using graph::OpKind;
    switch (kind) {
      case OpKind::kAdd:
      case OpKind::kSub:
      case OpKind::kMul:
        return Binary(kind);
      case OpKind::kConv2D:
      case OpKind::kDepthwiseConv2D:
        return Convolution(kind == OpKind::kDepthwiseConv2D);
      case OpKind::kFullyConnected:
        return FullyConnected();
      case OpKind::kAveragePool2D:
      case OpKind::kMaxPool2D:
        return Pool(kind);
      case OpKind::kConcatenation: {
        const graph::Shape shape = ImageShape();
        const Quantization q = RandomScale();
        const TensorId a = Input(shape, q);
        const TensorId b = Input(shape, q);
        return Finish(kind, graph::ConcatenationOptions{.axis = -1}, {a, b}, q);
      }
      case OpKind::kMean: {
        const TensorId x = Input(ImageShape(), RandomScale());
        return Finish(kind, graph::MeanOptions{.keep_dims = random_.Coin()},
                      {x, builder_.Ints({2}, {1, -2})}, RandomScale());
      }
      case OpKind::kPad: {
        const Quantization q = RandomScale();
        const TensorId x = Input(ImageShape(), q);
        const std::vector<int32_t> by = random_.Values<int32_t>(4, 0, 3);
        return Finish(kind, graph::NoOptions{},
                      {x, builder_.Ints({4, 2}, {0, 0, by[0], by[1], by[2], by[3], 0, 0})}, q);
      }
      case OpKind::kReshape: {
        const Quantization q = RandomScale();
        const TensorId x = Input({1, 4, 3, 2}, q);
        return Finish(kind, graph::ReshapeOptions{.new_shape = {-1, 24}},
                      {x, builder_.Ints({2}, {-1, 24})}, q);
      }
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        return Convert(kind);
      default:
        return Unary(kind);
    }
  }

  // Bytes for an input of the model: any integer, reals in [-3, 3).
  Bytes RandomBytes(const graph::Tensor& tensor) {
    const int64_t count = graph::ElementCount(tensor.shape);
    const auto bytes_of = [](const auto& values) {
      const ByteSpan bytes = AsBytes(values);
      return Bytes(bytes.begin(), bytes.end());
    };
    switch (tensor.type) {
      case graph::DataType::kFloat32:
        return bytes_of(random_.Reals(count, -3, 3));
      case graph::DataType::kInt16:
        return bytes_of(random_.Values<int16_t>(count, -32768, 32767));
      default:
        return bytes_of(random_.Values<uint8_t>(count, 0, 255));
    }
  }

 private:
  using TensorId = graph::TensorId;
  using Quantization = std::optional<graph::Quantization>;

  bool quantized() const { return type_.activations != graph::DataType::kFloat32; }
  int32_t min() const { return type_.activations == graph::DataType::kUInt8 ? 0 : -128; }

  Quantization RandomScale() {
    if (!quantized()) return std::nullopt;
    const bool wide = type_.activations == graph::DataType::kInt16;
    return kernels::Affine(random_.Real(0.02F, 0.05F) / (wide ? 256.0F : 1.0F),
                           wide ? 0 : random_.Int(min() + 90, min() + 160));
  }
  Quantization FixedScale(float scale, int32_t zero_point) const {
    if (!quantized()) return std::nullopt;
    if (type_.activations == graph::DataType::kInt16) return kernels::Affine(1.0F / 32768.0F, 0);
    return kernels::Affine(scale, zero_point + min() + 128);
  }
  graph::Shape ImageShape() {
    return {1, random_.Int(5, 9), random_.Int(5, 9), random_.Int(1, 20)};
  }
  graph::Activation RandomActivation() { return static_cast<graph::Activation>(random_.Int(0, 3)); }

  TensorId Input(graph::Shape shape, Quantization q) {
    const TensorId id = builder_.Input(std::move(shape), type_.activations);
    builder_.tensor(id).quantization = std::move(q);
    return id;
  }

  TensorId Constant(const char* name, graph::Shape shape, graph::DataType type,
                    graph::Constant values, Quantization q) {
    return builder_.graph().AddTensor({.name = name,
                                       .type = type,
                                       .shape = std::move(shape),
                                       .quantization = std::move(q),
                                       .constant = std::move(values)});
  }

  TensorId Weights(const graph::Shape& shape, int32_t axis) {
    if (!quantized()) return builder_.Weight(shape);
    const int64_t count = graph::ElementCount(shape);
    if (type_.weights == graph::DataType::kUInt8) {
      return Constant("weights", shape, type_.weights,
                      graph::MakeConstant(random_.Values<uint8_t>(count, 0, 255)),
                      kernels::Affine(0.01F, random_.Int(100, 150)));
    }
    const int32_t channels = shape[static_cast<size_t>(axis)];
    const auto q = type_.per_channel && channels > 1
                       ? kernels::PerChannel(random_.Reals(channels, 0.002F, 0.02F), axis)
                       : kernels::Affine(0.01F, 0);
    return Constant("weights", shape, type_.weights,
                    graph::MakeConstant(random_.Values<int8_t>(count, -127, 127)), q);
  }

  TensorId Bias(TensorId input, TensorId weights, int32_t channels) {
    if (random_.Int(0, 3) == 0) return graph::kNoTensor;
    if (!quantized()) return builder_.Weight({channels});
    std::vector<float> scales = builder_.tensor(weights).quantization->scales;
    for (float& scale : scales) scale *= builder_.tensor(input).quantization->scales[0];
    auto q = kernels::PerChannel(scales, 0);
    if (type_.activations == graph::DataType::kInt16) {
      return Constant("bias", {channels}, graph::DataType::kInt64,
                      graph::MakeConstant(random_.Values<int64_t>(channels, -200000, 200000)), q);
    }
    return Constant("bias", {channels}, graph::DataType::kInt32,
                    graph::MakeConstant(random_.Values<int32_t>(channels, -2000, 2000)), q);
  }

  // A scale under which sums of `terms` products spread over most of the integers.
  Quantization SumScale(TensorId input, TensorId weights, int64_t terms) {
    Quantization q = RandomScale();
    if (!q) return q;
    float scale = 0;
    for (const float each : builder_.tensor(weights).quantization->scales) {
      scale = std::max(scale, each);
    }
    q->scales[0] = builder_.tensor(input).quantization->scales[0] * scale * 50.0F *
                   std::sqrt(static_cast<float>(terms));
    return q;
  }

  graph::Model Finish(graph::OpKind kind, graph::OpOptions options, std::vector<TensorId> inputs,
                      Quantization q) {
    const TensorId y =
        builder_.Add(kind, std::move(options), std::move(inputs), type_.activations, std::move(q));
    return builder_.Finish({y});
  }

  graph::Model Binary(graph::OpKind kind) {
    const graph::Shape shape = ImageShape();
    const TensorId a = Input(shape, RandomScale());
    TensorId b = graph::kNoTensor;
    if (random_.Coin()) {
      b = Input(shape, RandomScale());
    } else if (!quantized()) {
      b = builder_.Weight({shape[3]});
    } else {
      b = Input({1, 1, 1, shape[3]}, RandomScale());
    }
    return Finish(kind, graph::BinaryOptions{RandomActivation()}, {a, b}, RandomScale());
  }

  graph::Model Convolution(bool depthwise) {
    const graph::Shape shape = ImageShape();
    const int32_t multiplier = random_.Int(1, 2);
    const int32_t out_c = depthwise ? shape[3] * multiplier : random_.Int(1, 20);
    const int32_t height = random_.Int(1, 3);
    const int32_t width = random_.Int(1, 3);
    const graph::Padding padding = random_.Coin() ? graph::Padding::kSame : graph::Padding::kValid;
    const int32_t stride = random_.Int(1, 2);
    const int32_t dilation = random_.Int(1, 2);
    const TensorId x = Input(shape, RandomScale());
    const TensorId w = depthwise ? Weights({1, height, width, out_c}, 3)
                                 : Weights({out_c, height, width, shape[3]}, 0);
    const TensorId bias = Bias(x, w, out_c);
    const int64_t terms = int64_t{height} * width * (depthwise ? 1 : shape[3]);
    Quantization q = SumScale(x, w, terms);
    if (depthwise) {
      return Finish(graph::OpKind::kDepthwiseConv2D,
                    graph::DepthwiseConv2DOptions{padding, stride, stride, dilation, dilation,
                                                  multiplier, RandomActivation()},
                    {x, w, bias}, std::move(q));
    }
    return Finish(
        graph::OpKind::kConv2D,
        graph::Conv2DOptions{padding, stride, stride, dilation, dilation, RandomActivation()},
        {x, w, bias}, std::move(q));
  }

  graph::Model FullyConnected() {
    const int32_t in = random_.Int(1, 70);
    const int32_t out = random_.Int(1, 20);
    const bool keep = random_.Coin();
    const TensorId x = Input(keep ? graph::Shape{1, 3, in} : graph::Shape{1, in}, RandomScale());
    const TensorId w = Weights({out, in}, 0);
    const TensorId bias = Bias(x, w, out);
    return Finish(
        graph::OpKind::kFullyConnected,
        graph::FullyConnectedOptions{.activation = RandomActivation(), .keep_num_dims = keep},
        {x, w, bias}, SumScale(x, w, in));
  }

  graph::Model Pool(graph::OpKind kind) {
    const Quantization q = RandomScale();
    const graph::Shape shape = ImageShape();
    graph::Pool2DOptions options{.padding = graph::Padding::kValid,
                                 .stride_h = random_.Int(1, 2),
                                 .stride_w = random_.Int(1, 2),
                                 .filter_h = random_.Int(1, 3),
                                 .filter_w = random_.Int(1, 3),
                                 .activation = RandomActivation()};
    if (random_.Coin()) options.padding = graph::Padding::kSame;
    if (random_.Int(0, 3) == 0) {  // over the whole input
      options.padding = graph::Padding::kValid;
      options.filter_h = shape[1];
      options.filter_w = shape[2];
    }
    return Finish(kind, options, {Input(shape, q)}, q);
  }

  graph::Model Unary(graph::OpKind kind) {
    using graph::OpKind;
    const bool matrix = kind == OpKind::kSoftmax;
    const Quantization in = RandomScale();
    const TensorId x = Input(matrix ? graph::Shape{1, random_.Int(2, 30)} : ImageShape(), in);
    Quantization q = RandomScale();
    if (kind == OpKind::kSoftmax || kind == OpKind::kLogistic) q = FixedScale(1.0F / 256, -128);
    if (kind == OpKind::kTanh) q = FixedScale(1.0F / 128, 0);
    if ((kind == OpKind::kRelu || kind == OpKind::kRelu6) && random_.Coin()) q = in;
    graph::OpOptions options = graph::DefaultOptions(kind);
    if (kind == OpKind::kLeakyRelu) options = graph::LeakyReluOptions{.alpha = 0.2F};
    return Finish(kind, options, {x}, std::move(q));
  }

  // Between float32 and the type of the activations.
  graph::Model Convert(graph::OpKind kind) {
    const graph::Shape shape = ImageShape();
    if (!quantized()) {  // there is nothing to convert: float16 that is not a constant
      const TensorId x = builder_.Input(shape, graph::DataType::kFloat32);
      const TensorId q = builder_.Add(graph::OpKind::kQuantize, graph::NoOptions{}, {x},
                                      graph::DataType::kInt8, kernels::Affine(0.03F, 5));
      return builder_.Finish({builder_.Add(graph::OpKind::kDequantize, graph::NoOptions{}, {q},
                                           graph::DataType::kFloat32)});
    }
    const bool to_float = kind == graph::OpKind::kDequantize;
    const TensorId x =
        to_float ? Input(shape, RandomScale()) : builder_.Input(shape, graph::DataType::kFloat32);
    return builder_.Finish({builder_.Add(kind, graph::NoOptions{}, {x},
                                         to_float ? graph::DataType::kFloat32 : type_.activations,
                                         to_float ? std::nullopt : RandomScale())});
  }

  OperatorType type_;
  kernels::Random random_;
  graph::ModelBuilder builder_;
};

}  // namespace qbench
