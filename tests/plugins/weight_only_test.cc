#include "plugins/quantizers/common/weight_only.h"

#include <algorithm>
#include <cmath>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/plugins/tiny_models.h"

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
  ASSERT_TRUE(StoreWeightsAsInt8(model).ok());
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
}

TEST(WeightOnly, SharedWeightsAreStoredOnce) {
  ModelBuilder builder(2);
  const auto input = builder.Input({1, 8, 8, 16});
  const auto first = builder.Conv(input, 16, 3);
  const auto second = builder.Conv(first, 16, 3);
  graph::Model model = builder.Finish({second});
  model.graph.ops[1].inputs[1] = model.graph.ops[0].inputs[1];
  ASSERT_TRUE(StoreWeightsAsInt8(model).ok());
  ASSERT_EQ(model.graph.ops.size(), 3U);
  EXPECT_EQ(model.graph.ops[0].kind, OpKind::kDequantize);
  EXPECT_EQ(model.graph.ops[1].inputs[1], model.graph.ops[2].inputs[1]);
}

}  // namespace
}  // namespace qbench::quantize
