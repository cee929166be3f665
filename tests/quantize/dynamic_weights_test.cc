#include "quantize/weights/dynamic_weights.h"

#include <cmath>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;

const graph::Tensor& Weights(const graph::Model& model, size_t op) {
  return model.graph.tensors[static_cast<size_t>(model.graph.ops[op].inputs[kWeightsInput])];
}

TEST(DynamicWeights, OnlyWeightsWithAtLeast1024ElementsBecomeInt8) {
  graph::Model model = TinyClassifier();
  ASSERT_TRUE(QuantizeWeightsDynamically(model).ok());
  const Status valid = graph::Validate(model);
  EXPECT_TRUE(valid.ok()) << valid.message();
  int quantized = 0;
  for (size_t i = 0; i < model.graph.ops.size(); ++i) {
    if (!FindWeights(model.graph.ops[i])) continue;
    const graph::Tensor& weights = Weights(model, i);
    const bool large = graph::ElementCount(weights.shape) >= 1024;
    EXPECT_EQ(weights.type, large ? DataType::kInt8 : DataType::kFloat32) << weights.name;
    quantized += large ? 1 : 0;
  }
  EXPECT_EQ(quantized, 2);
}

TEST(DynamicWeights, TheRuleIsExactAt1024) {
  for (const int32_t features : {1023, 1024}) {
    ModelBuilder builder(1);
    const auto input = builder.Input({1, features});
    const auto output = builder.Dense(input, 1);
    graph::Model model = builder.Finish({output});
    ASSERT_TRUE(QuantizeWeightsDynamically(model).ok());
    EXPECT_EQ(Weights(model, 0).type == DataType::kInt8, features == 1024);
    EXPECT_EQ(std::get<graph::FullyConnectedOptions>(model.graph.ops[0].options)
                  .asymmetric_quantize_inputs,
              features == 1024);
  }
}

TEST(DynamicWeights, OneScaleAChannelAndHalfAStepOfError) {
  ModelBuilder builder(5);
  const auto input = builder.Input({1, 8, 8, 128});
  const auto output = builder.Conv(builder.Depthwise(input, 3), 16, 1);
  const graph::Model before = builder.Finish({output});
  graph::Model model = before;
  ASSERT_TRUE(QuantizeWeightsDynamically(model, {}, HybridOperators::kAll).ok());
  for (size_t op = 0; op < 2; ++op) {
    const graph::Tensor& weights = Weights(model, op);
    const int32_t axis = op == 0 ? 3 : 0;
    const auto channels = static_cast<size_t>(weights.shape[static_cast<size_t>(axis)]);
    ASSERT_TRUE(weights.quantization.has_value());
    EXPECT_EQ(weights.quantization->axis, axis);
    ASSERT_EQ(weights.quantization->scales.size(), channels);
    const auto floats = Weights(before, op).constant->Values<float>();
    const auto integers = weights.constant->Values<int8_t>();
    const size_t inner = axis == 3 ? 1 : floats.size() / channels;
    for (size_t i = 0; i < floats.size(); ++i) {
      const float scale = weights.quantization->scales[i / inner % channels];
      EXPECT_LE(std::abs(scale * integers[i] - floats[i]), scale * 0.5001F);
    }
  }
}

TEST(DynamicWeights, DepthwiseWeightsHaveTheSameRule) {
  for (const int32_t channels : {113, 114}) {  // 1,017 and 1,026 weights
    ModelBuilder builder(1);
    const auto input = builder.Input({1, 4, 4, channels});
    graph::Model model = builder.Finish({builder.Depthwise(input, 3)});
    ASSERT_TRUE(QuantizeWeightsDynamically(model).ok());
    EXPECT_EQ(model.graph.ops[0].kind == graph::OpKind::kDequantize, channels == 114);
  }
}

// LiteRT's delegate refuses a depthwise convolution with int8 weights and float activations.
TEST(DynamicWeights, DepthwiseWeightsAreTheSameIntegersBehindDequantize) {
  ModelBuilder builder(5);
  const auto input = builder.Input({1, 8, 8, 128});
  const graph::Model before = builder.Finish({builder.Conv(builder.Depthwise(input, 3), 16, 1)});
  graph::Model model = before;
  ASSERT_TRUE(QuantizeWeightsDynamically(model).ok());
  graph::Model all = before;
  ASSERT_TRUE(QuantizeWeightsDynamically(all, {}, HybridOperators::kAll).ok());
  const Status valid = graph::Validate(model);
  EXPECT_TRUE(valid.ok()) << valid.message();
  ASSERT_EQ(model.graph.ops.size(), 3U);
  const graph::Op& dequantize = model.graph.ops[0];
  EXPECT_EQ(dequantize.kind, graph::OpKind::kDequantize);
  EXPECT_EQ(dequantize.outputs[0], model.graph.ops[1].inputs[kWeightsInput]);
  EXPECT_EQ(Weights(model, 1).type, DataType::kFloat32);
  const graph::Tensor& stored = model.graph.tensors[static_cast<size_t>(dequantize.inputs[0])];
  EXPECT_EQ(stored.type, DataType::kInt8);
  EXPECT_EQ(stored.constant->Values<int8_t>(), Weights(all, 0).constant->Values<int8_t>());
  EXPECT_EQ(stored.quantization, Weights(all, 0).quantization);
  EXPECT_EQ(Weights(model, 2).type, DataType::kInt8);  // the convolution's, hybrid

  graph::Model kept = before;
  ASSERT_TRUE(QuantizeWeightsDynamically(kept, InFloat({true, true})).ok());
  EXPECT_EQ(kept, before);
}

TEST(DynamicWeights, SharedWeightsAreStoredOnceAndFloatOnesGone) {
  ModelBuilder builder(6);
  const auto input = builder.Input({1, 8, 8, 16});
  const auto output = builder.Conv(builder.Conv(input, 16, 3), 16, 3);
  graph::Model model = builder.Finish({output});
  model.graph.ops[1].inputs[1] = model.graph.ops[0].inputs[1];
  ASSERT_TRUE(QuantizeWeightsDynamically(model).ok());
  EXPECT_EQ(model.graph.ops[0].inputs[1], model.graph.ops[1].inputs[1]);
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.is_constant() && tensor.type == DataType::kFloat32) {
      EXPECT_EQ(graph::ElementCount(tensor.shape), 16) << tensor.name;  // a bias
    }
  }
}

}  // namespace
}  // namespace qbench::quantize
