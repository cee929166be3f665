#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {

using graph::OpKind;
using graph::Shape;
using graph::TensorId;

std::vector<float> RandomFloats(std::mt19937& random, size_t size, float low, float high) {
  std::vector<float> values;
  values.reserve(size);
  for (size_t i = 0; i < size; ++i) {
    // Not std::uniform_real_distribution, whose numbers differ between libraries.
    const float unit = static_cast<float>(random() >> 8) / static_cast<float>(1U << 24);
    values.push_back(low + (high - low) * unit);
  }
  return values;
}

const Shape& ModelBuilder::ShapeOf(TensorId id) const {
  return model_.graph.tensors[static_cast<size_t>(id)].shape;
}

TensorId ModelBuilder::Output(OpKind kind, graph::OpOptions options, std::vector<TensorId> inputs,
                              Shape shape) {
  const TensorId output =
      model_.graph.AddTensor({.name = NextName("tensor"), .shape = std::move(shape)});
  model_.graph.ops.push_back({kind, std::move(options), std::move(inputs), {output}, {}});
  return output;
}

TensorId ModelBuilder::Constant(Shape shape, float low, float high) {
  const auto size = static_cast<size_t>(graph::ElementCount(shape));
  return model_.graph.AddConstant(NextName("constant"), std::move(shape),
                                  RandomFloats(random_, size, low, high));
}

TensorId ModelBuilder::Input(Shape shape) {
  const TensorId input =
      model_.graph.AddTensor({.name = NextName("input"), .shape = std::move(shape)});
  model_.graph.inputs.push_back(input);
  return input;
}

TensorId ModelBuilder::Conv(TensorId input, int32_t channels, int32_t kernel,
                            graph::Activation activation) {
  Shape shape = ShapeOf(input);
  const TensorId weights = Constant({channels, kernel, kernel, shape[3]}, -0.5F, 0.5F);
  const TensorId bias = Constant({channels}, -0.2F, 0.2F);
  shape[3] = channels;
  return Output(OpKind::kConv2D, graph::Conv2DOptions{.activation = activation},
                {input, weights, bias}, shape);
}

TensorId ModelBuilder::Depthwise(TensorId input, int32_t kernel) {
  const Shape shape = ShapeOf(input);
  const TensorId weights = Constant({1, kernel, kernel, shape[3]}, -0.5F, 0.5F);
  const TensorId bias = Constant({shape[3]}, -0.2F, 0.2F);
  return Output(OpKind::kDepthwiseConv2D,
                graph::DepthwiseConv2DOptions{.activation = graph::Activation::kRelu6},
                {input, weights, bias}, shape);
}

TensorId ModelBuilder::Dense(TensorId input, int32_t units) {
  const int32_t features = ShapeOf(input)[1];
  const TensorId weights = Constant({units, features}, -0.1F, 0.1F);
  const TensorId bias = Constant({units}, -0.2F, 0.2F);
  return Output(OpKind::kFullyConnected, graph::FullyConnectedOptions{}, {input, weights, bias},
                {1, units});
}

TensorId ModelBuilder::Binary(OpKind kind, TensorId a, TensorId b) {
  return Output(kind, graph::BinaryOptions{}, {a, b}, ShapeOf(a));
}

TensorId ModelBuilder::Unary(OpKind kind, TensorId input) {
  return Output(kind, graph::DefaultOptions(kind), {input}, ShapeOf(input));
}

TensorId ModelBuilder::Pool(OpKind kind, TensorId input) {
  Shape shape = ShapeOf(input);
  shape[1] /= 2;
  shape[2] /= 2;
  return Output(kind,
                graph::Pool2DOptions{.stride_h = 2, .stride_w = 2, .filter_h = 2, .filter_w = 2},
                {input}, shape);
}

TensorId ModelBuilder::Mean(TensorId input) {
  const Shape shape = ShapeOf(input);
  const TensorId axes = model_.graph.AddConstant(NextName("axes"), {2}, std::vector<int32_t>{1, 2});
  return Output(OpKind::kMean, graph::MeanOptions{}, {input, axes}, {shape[0], shape[3]});
}

TensorId ModelBuilder::Pad(TensorId input) {
  Shape shape = ShapeOf(input);
  const TensorId paddings = model_.graph.AddConstant(NextName("paddings"), {4, 2},
                                                     std::vector<int32_t>{0, 0, 1, 1, 1, 1, 0, 0});
  shape[1] += 2;
  shape[2] += 2;
  return Output(OpKind::kPad, graph::NoOptions{}, {input, paddings}, shape);
}

TensorId ModelBuilder::Flatten(TensorId input) {
  const Shape shape = ShapeOf(input);
  const auto features = static_cast<int32_t>(graph::ElementCount(shape) / shape[0]);
  const TensorId new_shape =
      model_.graph.AddConstant(NextName("shape"), {2}, std::vector<int32_t>{shape[0], features});
  return Output(OpKind::kReshape, graph::ReshapeOptions{.new_shape = {shape[0], features}},
                {input, new_shape}, {shape[0], features});
}

TensorId ModelBuilder::Concat(const std::vector<TensorId>& inputs) {
  Shape shape = ShapeOf(inputs[0]);
  shape.back() = 0;
  for (const TensorId input : inputs) shape.back() += ShapeOf(input).back();
  return Output(OpKind::kConcatenation, graph::ConcatenationOptions{}, inputs, shape);
}

graph::Model ModelBuilder::Finish(std::vector<TensorId> outputs) {
  model_.graph.outputs = std::move(outputs);
  graph::Signature signature;
  for (size_t i = 0; i < model_.graph.inputs.size(); ++i) {
    signature.input_names.push_back("in" + std::to_string(i));
  }
  for (size_t i = 0; i < model_.graph.outputs.size(); ++i) {
    signature.output_names.push_back("out" + std::to_string(i));
  }
  model_.signature = std::move(signature);
  return std::move(model_);
}

graph::Model TinyClassifier(uint32_t seed) {
  ModelBuilder builder(seed);
  const TensorId input = builder.Input({1, 16, 16, 3});
  const TensorId depthwise = builder.Depthwise(builder.Conv(input, 24, 3), 3);
  const TensorId pooled = builder.Pool(OpKind::kMaxPool2D, depthwise);
  const TensorId conv = builder.Conv(pooled, 24, 3, graph::Activation::kNone);
  const TensorId sum = builder.Binary(OpKind::kAdd, pooled, conv);
  const TensorId small = builder.Pool(OpKind::kAveragePool2D, sum);
  const TensorId logits = builder.Dense(builder.Flatten(small), 6);
  return builder.Finish({builder.Unary(OpKind::kSoftmax, logits)});
}

}  // namespace qbench::quantize
