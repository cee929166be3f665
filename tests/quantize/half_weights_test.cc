#include "quantize/weights/half_weights.h"

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "graph/numerics/quantize_math.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::OpKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const graph::Tensor& At(const graph::Model& model, graph::TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)];
}

TEST(HalfWeights, EveryLargeConstantIsHalfBehindDequantize) {
  const graph::Model before = TinyClassifier();
  graph::Model model = before;
  Warnings warnings;
  ASSERT_TRUE(StoreConstantsAsHalf(model, warnings).ok());
  EXPECT_TRUE(warnings.empty());
  const Status valid = graph::Validate(model);
  EXPECT_TRUE(valid.ok()) << valid.message();
  int dequantized = 0;
  for (const graph::Op& op : model.graph.ops) {
    if (op.kind != OpKind::kDequantize) continue;
    ++dequantized;
    const graph::Tensor& half = At(model, op.inputs[0]);
    const graph::Tensor& original = At(before, op.outputs[0]);
    EXPECT_EQ(half.type, DataType::kFloat16);
    EXPECT_FALSE(At(model, op.outputs[0]).is_constant());
    const auto halves = half.constant->Values<uint16_t>();
    const auto floats = original.constant->Values<float>();
    ASSERT_EQ(halves.size(), floats.size());
    for (size_t i = 0; i < floats.size(); ++i) {
      EXPECT_LE(std::abs(graph::HalfToFloat(halves[i]) - floats[i]),
                std::abs(floats[i]) * 0x1p-11F + 0x1p-25F);
    }
  }
  EXPECT_EQ(dequantized, 4);  // two convolutions, the depthwise one, the dense layer
  for (const graph::Tensor& tensor : model.graph.tensors) {
    if (tensor.is_constant() && tensor.type == DataType::kFloat32) {
      EXPECT_LT(graph::ElementCount(tensor.shape), kMinHalfElements) << tensor.name;
    }
  }
}

TEST(HalfWeights, SharedConstantIsStoredAndDequantizedOnce) {
  ModelBuilder builder(2);
  const auto input = builder.Input({1, 8, 8, 16});
  const auto first = builder.Conv(input, 16, 3);
  const auto second = builder.Conv(first, 16, 3);
  graph::Model model = builder.Finish({second});
  model.graph.ops[1].inputs[1] = model.graph.ops[0].inputs[1];
  Warnings warnings;
  ASSERT_TRUE(StoreConstantsAsHalf(model, warnings).ok());
  const auto dequantize = [](const graph::Op& op) { return op.kind == OpKind::kDequantize; };
  // The shared weights, and those that nothing uses any more.
  EXPECT_EQ(std::count_if(model.graph.ops.begin(), model.graph.ops.end(), dequantize), 2);
  EXPECT_EQ(model.graph.ops[2].inputs[1], model.graph.ops[3].inputs[1]);
}

TEST(HalfWeights, OverflowIsClippedAndTold) {
  ModelBuilder builder(3);
  const auto input = builder.Input({1, 64});
  const auto output = builder.Dense(input, 1);
  graph::Model model = builder.Finish({output});
  graph::Tensor& weights = model.graph.tensors[static_cast<size_t>(model.graph.ops[0].inputs[1])];
  auto values = weights.constant->Values<float>();
  values[3] = 65519.0F;  // would round to 65504
  values[4] = -1e6F;
  weights.constant = graph::MakeConstant(values);
  const std::string name = weights.name;
  Warnings warnings;
  ASSERT_TRUE(StoreConstantsAsHalf(model, warnings).ok());
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("\"" + name + "\": 2 weights beyond")));
  const auto halves = At(model, model.graph.ops[0].inputs[0]).constant->Values<uint16_t>();
  EXPECT_EQ(graph::HalfToFloat(halves[3]), 65504.0F);
  EXPECT_EQ(graph::HalfToFloat(halves[4]), -65504.0F);
}

}  // namespace
}  // namespace qbench::quantize
