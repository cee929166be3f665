#include "quantize/weights/weight_only.h"

#include <algorithm>
#include <cmath>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::TensorId;

const graph::Tensor& At(const graph::Model& model, TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)];
}

// The convolutions of the model, and the DEQUANTIZE operator that makes each one's weights.
const Op* DequantizeBefore(const graph::Model& model, const Op& op) {
  const auto& ops = model.graph.ops;
  const auto found = std::find_if(ops.begin(), ops.end(), [&](const Op& other) {
    return other.kind == OpKind::kDequantize && other.outputs[0] == op.inputs[kWeightsInput];
  });
  return found == ops.end() ? nullptr : &*found;
}

TEST(WeightOnly, LargeWeightsAreWithinHalfAStepBehindDequantize) {
  ModelBuilder builder(3);
  const TensorId input = builder.Input({1, 8, 8, 16});
  const TensorId large = builder.Conv(input, 32, 3, graph::Activation::kRelu);
  const TensorId small = builder.Conv(large, 2, 1);
  const graph::Model before = builder.Finish({small});
  graph::Model model = before;
  ASSERT_TRUE(StoreWeights(model, {}).ok());
  const Status valid = graph::Validate(model);
  ASSERT_TRUE(valid.ok()) << valid.message();
  ASSERT_EQ(model.graph.ops.size(), 3U);
  const Op* dequantize = DequantizeBefore(model, model.graph.ops[1]);
  ASSERT_NE(dequantize, nullptr);
  const graph::Tensor& stored = At(model, dequantize->inputs[0]);
  EXPECT_EQ(stored.type, DataType::kInt8);
  ASSERT_EQ(stored.quantization->scales.size(), 32U);
  const auto integers = stored.constant->Values<int8_t>();
  const auto floats = At(before, before.graph.ops[0].inputs[1]).constant->Values<float>();
  ASSERT_EQ(integers.size(), floats.size());
  for (size_t i = 0; i < floats.size(); ++i) {
    const float scale = stored.quantization->scales[i / (floats.size() / 32)];
    EXPECT_LE(std::abs(scale * static_cast<float>(integers[i]) - floats[i]), 0.5001F * scale);
  }
  // 64 weights: their tables would take more than is saved.
  EXPECT_EQ(At(model, model.graph.ops[2].inputs[1]).type, DataType::kFloat32);
  EXPECT_TRUE(At(model, model.graph.ops[2].inputs[1]).is_constant());
  // 4,608 weights: as many as are told to become integers, and one fewer.
  graph::Model as_many = before;
  ASSERT_TRUE(StoreWeights(as_many, {.float_below = 4608}).ok());
  EXPECT_EQ(as_many, model);
  graph::Model fewer = before;
  ASSERT_TRUE(StoreWeights(fewer, {.float_below = 4609}).ok());
  EXPECT_EQ(fewer, before);
}

// The squared error of what stands in the file.
double SquaredError(const graph::Tensor& stored, const std::vector<float>& floats, double shrink) {
  const auto integers = graph::UnpackInt4(stored.constant->bytes(), floats.size());
  const size_t inner = floats.size() / stored.quantization->scales.size();
  double sum = 0.0;
  for (size_t i = 0; i < floats.size(); ++i) {
    const double scale = stored.quantization->scales[i / inner] * shrink;
    const double restored = shrink == 1.0
                                ? scale * integers[i]
                                : scale * std::clamp(std::round(floats[i] / scale), -7.0, 7.0);
    sum += (restored - floats[i]) * (restored - floats[i]);
  }
  return sum;
}

TEST(Int4Weights, TwoAByteWithScalesThatLoseLeast) {
  ModelBuilder builder(4);
  const TensorId input = builder.Input({1, 8, 8, 16});
  const TensorId deep = builder.Depthwise(builder.Conv(input, 32, 3), 7);
  const graph::Model before = builder.Finish({builder.Conv(deep, 32, 1)});
  graph::Model model = before;
  ASSERT_TRUE(StoreWeights(model, {.int4_from = 2000}).ok());
  const Status valid = graph::Validate(model);
  ASSERT_TRUE(valid.ok()) << valid.message();
  std::vector<const Op*> makers;
  for (const Op& op : model.graph.ops) {
    if (FindWeights(op)) makers.push_back(DequantizeBefore(model, op));
  }
  ASSERT_EQ(makers.size(), 3U);
  ASSERT_TRUE(makers[0] != nullptr && makers[1] != nullptr && makers[2] != nullptr);
  EXPECT_EQ(At(model, makers[1]->inputs[0]).type, DataType::kInt8);  // depthwise
  EXPECT_EQ(At(model, makers[2]->inputs[0]).type, DataType::kInt8);  // 1,024 weights
  const graph::Tensor& stored = At(model, makers[0]->inputs[0]);
  EXPECT_EQ(stored.type, DataType::kInt4);
  const auto floats = At(before, before.graph.ops[0].inputs[1]).constant->Values<float>();
  EXPECT_EQ(stored.constant->bytes().size(), floats.size() / 2);
  // Other scales, among them that of the largest weight, do worse.
  const double error = SquaredError(stored, floats, 1.0);
  for (const double factor : {0.8, 1.2, 1.5}) {
    EXPECT_LT(error, SquaredError(stored, floats, factor)) << factor;
  }
}

TEST(Int4Weights, DynamicOnesAreReadAsTheyAre) {
  ModelBuilder builder(5);
  const TensorId input = builder.Input({1, 8, 8, 16});
  const TensorId deep = builder.Depthwise(builder.Conv(input, 32, 3), 7);
  graph::Model model = builder.Finish({builder.Dense(builder.Flatten(deep), 6)});
  ASSERT_TRUE(StoreWeights(model, {.int4_from = 0, .dynamic_int4 = true}).ok());
  const Status valid = graph::Validate(model);
  ASSERT_TRUE(valid.ok()) << valid.message();
  for (const Op& op : model.graph.ops) {
    if (!FindWeights(op)) continue;
    const bool depthwise = op.kind == OpKind::kDepthwiseConv2D;
    EXPECT_EQ(At(model, op.inputs[1]).type, depthwise ? DataType::kFloat32 : DataType::kInt4);
    EXPECT_EQ(DequantizeBefore(model, op) != nullptr, depthwise);
  }
}

TEST(WeightOnly, SharedWeightsAreStoredOnce) {
  ModelBuilder builder(2);
  const auto input = builder.Input({1, 8, 8, 16});
  const auto first = builder.Conv(input, 16, 3);
  const auto second = builder.Conv(first, 16, 3);
  graph::Model model = builder.Finish({second});
  model.graph.ops[1].inputs[1] = model.graph.ops[0].inputs[1];
  ASSERT_TRUE(StoreWeights(model, {}).ok());
  ASSERT_EQ(model.graph.ops.size(), 3U);
  EXPECT_EQ(model.graph.ops[0].kind, OpKind::kDequantize);
  EXPECT_EQ(model.graph.ops[1].inputs[1], model.graph.ops[2].inputs[1]);
}

}  // namespace
}  // namespace qbench::quantize
