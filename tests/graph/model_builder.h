// Builds small valid models for tests: the shapes of outputs are inferred, weights are random.
#pragma once

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "graph/ir.h"
#include "graph/validate.h"
#include "gtest/gtest.h"

namespace qbench::graph {

class ModelBuilder {
 public:
  explicit ModelBuilder(uint64_t seed = 1) : random_(seed) { model_.description = "test"; }

  TensorId Input(Shape shape, DataType type = DataType::kFloat32) {
    const TensorId id = graph().AddTensor({.name = "input" + std::to_string(graph().inputs.size()),
                                           .type = type,
                                           .shape = std::move(shape),
                                           .dynamic_batch = true});
    graph().inputs.push_back(id);
    return id;
  }

  // A weight of values in [-1, 1), 0.001 apart.
  TensorId Weight(Shape shape) {
    std::vector<float> values(static_cast<size_t>(ElementCount(shape)));
    for (float& value : values) value = Value();
    return graph().AddConstant("weight" + std::to_string(graph().tensors.size()), std::move(shape),
                               values);
  }
  TensorId Ints(Shape shape, const std::vector<int32_t>& values) {
    return graph().AddConstant("ints" + std::to_string(graph().tensors.size()), std::move(shape),
                               values);
  }

  // The output, of the first input's type unless `type` says otherwise.
  TensorId Add(OpKind kind, OpOptions options, std::vector<TensorId> inputs,
               std::optional<DataType> type = std::nullopt,
               std::optional<Quantization> quantization = std::nullopt) {
    Op op{.kind = kind, .options = std::move(options), .inputs = std::move(inputs), .outputs = {}};
    const Result<Shape> shape = InferOutputShape(graph(), op);
    EXPECT_TRUE(shape.ok()) << OpKindName(kind) << ": " << shape.status().message();
    bool dynamic = false;
    for (const TensorId id : op.inputs) {
      dynamic |= id != kNoTensor && graph().tensors[static_cast<size_t>(id)].dynamic_batch;
    }
    const DataType first = graph().tensors[static_cast<size_t>(op.inputs[0])].type;
    op.outputs = {graph().AddTensor({.name = "t" + std::to_string(graph().tensors.size()),
                                     .type = type.value_or(first),
                                     .shape = shape.ok() ? *shape : Shape{1},
                                     .dynamic_batch = dynamic,
                                     .quantization = std::move(quantization)})};
    graph().ops.push_back(op);
    return op.outputs[0];
  }
  TensorId Add(OpKind kind, std::vector<TensorId> inputs) {
    return Add(kind, DefaultOptions(kind), std::move(inputs));
  }

  TensorId Reshape(TensorId input, const std::vector<int32_t>& new_shape) {
    const TensorId shape = Ints({static_cast<int32_t>(new_shape.size())}, new_shape);
    return Add(OpKind::kReshape, ReshapeOptions{.new_shape = new_shape}, {input, shape});
  }

  // Channels of a tensor: its last dimension.
  int32_t Channels(TensorId id) { return graph().tensors[static_cast<size_t>(id)].shape.back(); }

  Graph& graph() { return model_.graph; }
  Tensor& tensor(TensorId id) { return graph().tensors[static_cast<size_t>(id)]; }
  float Value() { return static_cast<float>(random_() % 2000) / 1000.0F - 1.0F; }
  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  // The model so far, checked.
  Model Finish(std::vector<TensorId> outputs) {
    graph().outputs = std::move(outputs);
    const Status status = Validate(model_);
    EXPECT_TRUE(status.ok()) << status.message();
    return model_;
  }

 private:
  Model model_;
  std::mt19937_64 random_;
};

// Whether the writer would add a bias of zeros, so that what is read again is not equal.
inline bool LacksABias(const Graph& graph) {
  return std::ranges::any_of(graph.ops, [](const Op& op) {
    const bool convolution = op.kind == OpKind::kConv2D || op.kind == OpKind::kDepthwiseConv2D;
    return convolution && op.inputs[2] == kNoTensor;
  });
}

// One of everything that the IR has, in float: what reader, writer and mutations are tested with.
inline Model EveryFloatOperator() {
  ModelBuilder b(7);
  TensorId x = b.Input({1, 9, 8, 3});
  x = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, 0, 1, 0, 1, 0, 0})});
  x = b.Add(OpKind::kConv2D,
            Conv2DOptions{.padding = Padding::kValid,
                          .stride_h = 2,
                          .stride_w = 1,
                          .activation = Activation::kRelu6},
            {x, b.Weight({4, 3, 3, 3}), b.Weight({4})});
  const TensorId skip = x;
  x = b.Add(OpKind::kDepthwiseConv2D,
            DepthwiseConv2DOptions{.dilation_h = 2, .dilation_w = 2, .depth_multiplier = 2},
            {x, b.Weight({1, 3, 3, 8}), b.Weight({8})});
  x = b.Add(OpKind::kConv2D, {x, b.Weight({4, 1, 1, 8}), b.Weight({4})});
  x = b.Add(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = 0.1F}, {x});
  x = b.Add(OpKind::kAdd, BinaryOptions{.activation = Activation::kRelu}, {x, skip});
  x = b.Add(OpKind::kMul, {x, b.Weight({4})});
  x = b.Add(OpKind::kSub, {x, b.Weight({})});
  const TensorId left = b.Add(OpKind::kHardSwish, {b.Add(OpKind::kTanh, {x})});
  const TensorId right = b.Add(OpKind::kLogistic, {b.Add(OpKind::kRelu, {x})});
  x = b.Add(OpKind::kConcatenation, {left, right, b.Add(OpKind::kRelu6, {x})});
  x = b.Add(OpKind::kMaxPool2D, Pool2DOptions{.stride_h = 2, .filter_h = 2, .filter_w = 3}, {x});
  x = b.Add(OpKind::kAveragePool2D,
            Pool2DOptions{.padding = Padding::kSame, .filter_h = 2, .filter_w = 2}, {x});
  const TensorId mean =
      b.Add(OpKind::kMean, MeanOptions{.keep_dims = false}, {x, b.Ints({2}, {1, -2})});
  x = b.Add(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true},
            {mean, b.Weight({5, 12}), b.Weight({5})});
  x = b.Reshape(x, {-1, 5});
  x = b.Add(OpKind::kFullyConnected, {x, b.Weight({6, 5}), kNoTensor});
  x = b.Add(OpKind::kSoftmax, SoftmaxOptions{.beta = 1.5F}, {x});
  const TensorId bytes = b.Add(OpKind::kQuantize, NoOptions{}, {x}, DataType::kUInt8,
                               Quantization{.scales = {1.0F / 255}, .zero_points = {0}});
  x = b.Add(OpKind::kDequantize, NoOptions{}, {bytes}, DataType::kFloat32);
  return b.Finish({x, mean});
}

}  // namespace qbench::graph
