#include "graph/passes/passes.h"

#include <functional>

#include "gmock/gmock.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/graph/float_oracle.h"
#include "tests/graph/model_builder.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;

constexpr Conv2DOptions kValidConv = {.padding = Padding::kValid};

std::vector<OpKind> Kinds(const Model& model) {
  std::vector<OpKind> kinds;
  for (const Op& op : model.graph.ops) kinds.push_back(op.kind);
  return kinds;
}

std::vector<float> FloatsOf(const Model& model, TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)].constant->Values<float>();
}

std::vector<double> RandomInput(const Model& model, uint64_t seed) {
  std::mt19937_64 random(seed);
  const Shape& shape = model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])].shape;
  std::vector<double> input(static_cast<size_t>(ElementCount(shape)));
  for (double& value : input) value = static_cast<double>(random() % 2001) / 1000.0 - 1.0;
  return input;
}

// The pass leaves a valid model of the same function, and has nothing to do on it.
void ExpectSameFunction(const Model& before, const std::function<Status(Model&)>& pass) {
  Model after = before;
  ASSERT_TRUE(pass(after).ok());
  const Status valid = Validate(after);
  ASSERT_TRUE(valid.ok()) << valid.message();
  const std::vector<double> input = RandomInput(before, 99);
  const std::vector<double> expected = FloatOracle(before.graph).Run(input);
  const std::vector<double> actual = FloatOracle(after.graph).Run(input);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 1e-5 * (1.0 + std::abs(expected[i]))) << "element " << i;
  }
  Model again = after;
  ASSERT_TRUE(pass(again).ok());
  EXPECT_TRUE(again == after) << "the pass is not idempotent";
}

// ---- batch normalization ----

TEST(FoldBatchNormTest, ConvolutionWithoutBiasTakesMulAndAdd) {
  ModelBuilder b;
  TensorId x = b.Input({1, 6, 6, 3});
  x = b.Add(OpKind::kConv2D, {x, b.Weight({4, 3, 3, 3}), kNoTensor});
  x = b.Add(OpKind::kMul, {x, b.Weight({4})});
  x = b.Add(OpKind::kAdd, BinaryOptions{.activation = Activation::kRelu6}, {x, b.Weight({4})});
  Model model = b.Finish({x});
  ExpectSameFunction(model, FoldBatchNorm);
  ASSERT_TRUE(FoldBatchNorm(model).ok());
  ASSERT_THAT(Kinds(model), ElementsAre(OpKind::kConv2D));
  const Op& conv = model.graph.ops[0];
  EXPECT_EQ(std::get<Conv2DOptions>(conv.options).activation, Activation::kRelu6);
  EXPECT_NE(conv.inputs[2], kNoTensor);
  EXPECT_EQ(conv.outputs[0], model.graph.outputs[0]);
}

TEST(FoldBatchNormTest, RoundsOnceForAWholeChain) {
  ModelBuilder b;
  TensorId x = b.Input({1, 1});
  x = b.Add(OpKind::kFullyConnected, {x, b.graph().AddConstant("w", {1, 1}, std::vector{0.1F}),
                                      b.graph().AddConstant("b", {1}, std::vector{0.3F})});
  x = b.Add(OpKind::kMul, {x, b.graph().AddConstant("m", {1}, std::vector{0.7F})});
  x = b.Add(OpKind::kMul, {x, b.graph().AddConstant("n", {}, std::vector{1.1F})});
  x = b.Add(OpKind::kAdd, {b.graph().AddConstant("a", {1, 1}, std::vector{0.9F}), x});
  Model model = b.Finish({x});
  ASSERT_TRUE(FoldBatchNorm(model).ok());
  ASSERT_EQ(model.graph.ops.size(), 1U);
  const double scale = static_cast<double>(0.7F) * static_cast<double>(1.1F);
  const double bias = static_cast<double>(0.3F) * scale + static_cast<double>(0.9F);
  EXPECT_THAT(FloatsOf(model, model.graph.ops[0].inputs[1]),
              ElementsAre(static_cast<float>(static_cast<double>(0.1F) * scale)));
  EXPECT_THAT(FloatsOf(model, model.graph.ops[0].inputs[2]), ElementsAre(static_cast<float>(bias)));
}

TEST(FoldBatchNormTest, DepthwiseAndFullyConnectedAndSubtraction) {
  ModelBuilder b;
  TensorId x = b.Input({1, 5, 5, 2});
  x = b.Add(OpKind::kDepthwiseConv2D,
            DepthwiseConv2DOptions{.stride_h = 2, .stride_w = 2, .depth_multiplier = 3},
            {x, b.Weight({1, 3, 3, 6}), b.Weight({6})});
  x = b.Add(OpKind::kMul, {x, b.Weight({1, 1, 1, 6})});
  x = b.Add(OpKind::kSub, {x, b.Weight({6})});
  x = b.Reshape(x, {-1, 54});
  x = b.Add(OpKind::kFullyConnected, {x, b.Weight({4, 54}), b.Weight({4})});
  x = b.Add(OpKind::kSub, {b.Weight({4}), x});
  x = b.Add(OpKind::kMul, {x, b.Weight({1})});
  Model model = b.Finish({x});
  ExpectSameFunction(model, FoldBatchNorm);
  ASSERT_TRUE(FoldBatchNorm(model).ok());
  EXPECT_THAT(Kinds(model),
              ElementsAre(OpKind::kDepthwiseConv2D, OpKind::kReshape, OpKind::kFullyConnected));
}

TEST(FoldBatchNormTest, SharedWeightsStayAsTheyAreForTheOtherUser) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 4, 4, 2});
  const TensorId filter = b.Weight({2, 1, 1, 2});
  TensorId x = b.Add(OpKind::kConv2D, {input, filter, kNoTensor});
  x = b.Add(OpKind::kMul, {x, b.Weight({2})});
  const TensorId y = b.Add(OpKind::kConv2D, {input, filter, kNoTensor});
  ExpectSameFunction(b.Finish({b.Add(OpKind::kAdd, {x, y})}), FoldBatchNorm);
}

TEST(FoldBatchNormTest, StaysWhereFoldingWouldBeWrong) {
  const auto expect_unchanged = [](const Model& model) {
    Model after = model;
    ASSERT_TRUE(FoldBatchNorm(after).ok());
    EXPECT_TRUE(after == model);
  };
  const auto conv = [](ModelBuilder& b, Activation activation) {
    return b.Add(OpKind::kConv2D, Conv2DOptions{.activation = activation},
                 {b.Input({1, 4, 4, 3}), b.Weight({2, 1, 1, 3}), kNoTensor});
  };
  {  // behind an activation
    ModelBuilder b;
    const TensorId x = conv(b, Activation::kRelu);
    expect_unchanged(b.Finish({b.Add(OpKind::kMul, {x, b.Weight({2})})}));
  }
  {  // another operator reads the convolution's output
    ModelBuilder b;
    const TensorId x = conv(b, Activation::kNone);
    const TensorId y = b.Add(OpKind::kMul, {x, b.Weight({2})});
    expect_unchanged(b.Finish({b.Add(OpKind::kAdd, {x, y})}));
  }
  {  // it is an output of the model
    ModelBuilder b;
    const TensorId x = conv(b, Activation::kNone);
    expect_unchanged(b.Finish({b.Add(OpKind::kMul, {x, b.Weight({2})}), x}));
  }
  {  // not one constant a channel
    ModelBuilder b;
    const TensorId x = conv(b, Activation::kNone);
    expect_unchanged(b.Finish({b.Add(OpKind::kAdd, {x, b.Weight({4, 1, 1})})}));
  }
  {  // no constant at all
    ModelBuilder b;
    const TensorId x = conv(b, Activation::kNone);
    expect_unchanged(b.Finish({b.Add(OpKind::kMul, {x, x})}));
  }
}

// ---- activations ----

TEST(FuseActivationsTest, GoesIntoTheOperatorBefore) {
  ModelBuilder b;
  TensorId x = b.Input({1, 4, 4, 2});
  x = b.Add(OpKind::kConv2D, {x, b.Weight({2, 3, 3, 2}), kNoTensor});
  x = b.Add(OpKind::kRelu6, {b.Add(OpKind::kRelu, {x})});
  x = b.Add(OpKind::kRelu, {b.Add(OpKind::kMul, {x, b.Weight({2})})});
  Model model = b.Finish({x});
  ExpectSameFunction(model, FuseActivations);
  ASSERT_TRUE(FuseActivations(model).ok());
  ASSERT_THAT(Kinds(model), ElementsAre(OpKind::kConv2D, OpKind::kMul));
  EXPECT_EQ(std::get<Conv2DOptions>(model.graph.ops[0].options).activation, Activation::kRelu6);
  EXPECT_EQ(std::get<BinaryOptions>(model.graph.ops[1].options).activation, Activation::kRelu);
}

TEST(FuseActivationsTest, StaysAfterConcatenationAndWhereTheValueIsReadTwice) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 4, 4, 2});
  const TensorId relu = b.Add(OpKind::kRelu, {b.Add(OpKind::kConcatenation, {input, input})});
  const TensorId sum = b.Add(OpKind::kAdd, {relu, b.Weight({4})});
  const TensorId clamped = b.Add(OpKind::kRelu6, {sum});
  const Model model = b.Finish({b.Add(OpKind::kSub, {sum, clamped})});
  Model after = model;
  ASSERT_TRUE(FuseActivations(after).ok());
  EXPECT_TRUE(after == model);
}

// ---- pads ----

Model PadThenConv(const std::vector<int32_t>& paddings, int32_t size, int32_t stride,
                  int32_t dilation, bool depthwise) {
  ModelBuilder b;
  TensorId x = b.Input({1, size, size, 2});
  x = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, paddings)});
  if (depthwise) {
    x = b.Add(OpKind::kDepthwiseConv2D,
              DepthwiseConv2DOptions{.padding = Padding::kValid,
                                     .stride_h = stride,
                                     .stride_w = stride,
                                     .dilation_h = dilation,
                                     .dilation_w = dilation},
              {x, b.Weight({1, 3, 3, 2}), kNoTensor});
  } else {
    x = b.Add(OpKind::kConv2D,
              Conv2DOptions{.padding = Padding::kValid,
                            .stride_h = stride,
                            .stride_w = stride,
                            .dilation_h = dilation,
                            .dilation_w = dilation},
              {x, b.Weight({3, 3, 3, 2}), kNoTensor});
  }
  return b.Finish({x});
}

// x * relu6(x + 3) / 6: how its factors are grouped and ordered, whether RELU6 is in the ADD
// already, and what is wrong with it.
struct HardSwishForm {
  bool gate_first = true;  // the sixth goes to the gate
  bool turned = false;
  bool fused = false;
  float shift = 3.0F;
  float factor = 1.0F / 6.0F;
  bool looked_at = false;  // the clipped sum is an output too
  bool learned = false;    // and has a learned range
};

Model HardSwish(const HardSwishForm& form) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 3, 3, 2});
  const auto number = [&](float value) {
    return b.graph().AddConstant("n" + std::to_string(b.graph().tensors.size()), {1},
                                 std::vector{value});
  };
  const auto join = [&](OpKind kind, TensorId left, TensorId right) {
    return form.turned ? b.Add(kind, {right, left}) : b.Add(kind, {left, right});
  };
  TensorId clipped = join(OpKind::kAdd, x, number(form.shift));
  if (form.fused) {
    std::get<BinaryOptions>(b.graph().ops.back().options).activation = Activation::kRelu6;
  } else {
    clipped = b.Add(OpKind::kRelu6, {clipped});
  }
  if (form.learned) b.tensor(clipped).learned_range = LearnedRange{.min = {0}, .max = {6}};
  TensorId y = form.gate_first
                   ? join(OpKind::kMul, x, join(OpKind::kMul, clipped, number(form.factor)))
                   : join(OpKind::kMul, join(OpKind::kMul, x, clipped), number(form.factor));
  if (form.looked_at) return b.Finish({y, clipped});
  return b.Finish({y});
}

TEST(FuseHardSwishTest, HoweverItIsWritten) {
  for (int i = 0; i < 8; ++i) {
    SCOPED_TRACE(i);
    const Model model =
        HardSwish({.gate_first = (i & 1) != 0, .turned = (i & 2) != 0, .fused = (i & 4) != 0});
    ExpectSameFunction(model, FuseHardSwish);
    Model optimized = model;
    ASSERT_TRUE(Optimize(optimized).ok());
    EXPECT_THAT(Kinds(optimized), ElementsAre(OpKind::kHardSwish));
  }
}

TEST(FuseHardSwishTest, StaysWhereItIsSomethingElse) {
  for (const HardSwishForm& form :
       {HardSwishForm{.shift = 2.5F}, HardSwishForm{.factor = 0.2F},
        HardSwishForm{.looked_at = true}, HardSwishForm{.learned = true}}) {
    Model model = HardSwish(form);
    const Model before = model;
    ASSERT_TRUE(FuseHardSwish(model).ok());
    EXPECT_TRUE(model == before);
  }
}

TEST(FoldPadsTest, EqualToSameOrNotForAllSmallCases) {
  int folded = 0;
  for (int32_t size = 5; size <= 8; ++size) {
    for (int32_t stride = 1; stride <= 3; ++stride) {
      for (int32_t before = 0; before <= 2; ++before) {
        for (int32_t after = 0; after <= 2; ++after) {
          for (int32_t dilation = 1; dilation <= 2; ++dilation) {
            SCOPED_TRACE(testing::Message() << size << " " << stride << " " << before << " "
                                            << after << " " << dilation);
            const std::vector<int32_t> paddings = {0, 0, before, after, before, after, 0, 0};
            const Model model =
                PadThenConv(paddings, size, stride, dilation, (before + after) % 2 == 0);
            ExpectSameFunction(model, FoldPads);
            Model after_pass = model;
            ASSERT_TRUE(FoldPads(after_pass).ok());
            const int32_t out = (size + stride - 1) / stride;
            const int32_t total = std::max((out - 1) * stride + 2 * dilation + 1 - size, 0);
            const bool same = before == total / 2 && after == total - total / 2;
            EXPECT_EQ(after_pass.graph.ops.size(), same ? 1U : 2U);
            folded += same ? 1 : 0;
          }
        }
      }
    }
  }
  EXPECT_GT(folded, 10);
}

TEST(FoldPadsTest, KerasMobileNetV2) {
  Model model = PadThenConv({0, 0, 0, 1, 0, 1, 0, 0}, 96, 2, 1, true);
  ASSERT_TRUE(FoldPads(model).ok());
  ASSERT_THAT(Kinds(model), ElementsAre(OpKind::kDepthwiseConv2D));
  EXPECT_EQ(std::get<DepthwiseConv2DOptions>(model.graph.ops[0].options).padding, Padding::kSame);
}

TEST(FoldPadsTest, PaddedChannelsStay) {
  ModelBuilder b;
  TensorId x = b.Input({1, 4, 4, 2});
  x = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, 1, 1, 1, 1, 0, 1})});
  x = b.Add(OpKind::kConv2D, kValidConv, {x, b.Weight({2, 3, 3, 3}), kNoTensor});
  Model model = b.Finish({x});
  ExpectSameFunction(model, FoldPads);
  ASSERT_TRUE(FoldPads(model).ok());
  EXPECT_EQ(model.graph.ops.size(), 2U);
}

// ---- identities, constants, dead code ----

TEST(RemoveIdentitiesTest, NeutralArithmeticAndReshapes) {
  ModelBuilder b;
  TensorId x = b.Input({1, 2, 3});
  x = b.Reshape(b.Reshape(x, {-1, 6}), {-1, 3, 2});
  x = b.Reshape(x, {-1, 3, 2});
  x = b.Add(OpKind::kMul, {x, b.graph().AddConstant("one", {2}, std::vector{1.0F, 1.0F})});
  x = b.Add(OpKind::kAdd, {b.graph().AddConstant("zero", {}, std::vector{0.0F}), x});
  x = b.Add(OpKind::kRelu, {x});
  Model model = b.Finish({x});
  ExpectSameFunction(model, RemoveIdentities);
  ASSERT_TRUE(RemoveIdentities(model).ok());
  ASSERT_TRUE(RemoveDeadCode(model).ok());
  EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kReshape, OpKind::kRelu));
}

TEST(RemoveIdentitiesTest, WhatChangesSomethingStays) {
  ModelBuilder b;
  TensorId x = b.Input({1, 6});
  x = b.Reshape(x, {1, -1});  // joins the images of a batch
  x = b.Add(OpKind::kSub, {b.graph().AddConstant("zero", {}, std::vector{0.0F}), x});
  x = b.Add(OpKind::kMul, BinaryOptions{.activation = Activation::kRelu},
            {x, b.graph().AddConstant("one", {}, std::vector{1.0F})});
  x = b.Add(OpKind::kMul, {x, b.graph().AddConstant("ones", {1, 1, 1}, std::vector{1.0F})});
  x = b.Add(OpKind::kRelu, {x});
  const Model model = b.Finish({x});
  Model after = model;
  ASSERT_TRUE(RemoveIdentities(after).ok());
  EXPECT_TRUE(after == model);
}

TEST(FoldConstantsTest, ComputesWhatIsConstant) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 3, 4});
  const auto floats = [&b](Shape shape, const std::vector<float>& values) {
    return b.graph().AddConstant("c", std::move(shape), values);
  };
  TensorId c = b.Add(OpKind::kMul, {floats({2}, {1, 2}), floats({2, 1}, {3, -4})});
  c = b.Add(OpKind::kSub, BinaryOptions{.activation = Activation::kRelu6}, {c, floats({}, {-1})});
  c = b.Add(OpKind::kPad, {c, b.Ints({2, 2}, {1, 0, 1, 1})});
  c = b.Add(OpKind::kRelu, {c});
  c = b.Reshape(c, {3, 4});
  const Model model = b.Finish({b.Add(OpKind::kAdd, {input, c})});
  ExpectSameFunction(model, FoldConstants);
  Model after = model;
  ASSERT_TRUE(FoldConstants(after).ok());
  ASSERT_THAT(Kinds(after), ElementsAre(OpKind::kAdd));
  EXPECT_THAT(FloatsOf(after, c), ElementsAre(0, 0, 0, 0, 0, 4, 6, 0, 0, 0, 0, 0));
}

TEST(FoldConstantsTest, LeakyRelu) {
  ModelBuilder b;
  const TensorId c = b.Add(OpKind::kLeakyRelu, LeakyReluOptions{.alpha = 0.5F},
                           {b.graph().AddConstant("c", {3}, std::vector{-2.0F, 0.0F, 3.0F})});
  Model model = b.Finish({b.Add(OpKind::kAdd, {b.Input({1, 3}), c})});
  ASSERT_TRUE(FoldConstants(model).ok());
  EXPECT_THAT(FloatsOf(model, c), ElementsAre(-1, 0, 3));
}

TEST(RemoveDeadCodeTest, KeepsWhatOutputsNeedAndRenumbers) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 4});
  const TensorId unused_input = b.Input({1, 2});
  b.Weight({3});
  b.Add(OpKind::kRelu, {b.Add(OpKind::kTanh, {unused_input})});
  const TensorId y = b.Add(OpKind::kAdd, {input, b.Weight({4})});
  Model model = b.Finish({y});
  ASSERT_TRUE(RemoveDeadCode(model).ok());
  EXPECT_TRUE(Validate(model).ok());
  EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kAdd));
  EXPECT_EQ(model.graph.tensors.size(), 4U);  // two inputs, a weight, the sum
  EXPECT_THAT(model.graph.inputs, ElementsAre(0, 1));
}

// ---- all together ----

Model RandomModel(uint64_t seed) {
  ModelBuilder b(seed);
  TensorId x = b.Input({1, static_cast<int32_t>(4 + b.Below(6)), 8, 3});
  std::vector<TensorId> earlier = {x};
  for (size_t i = 0; i < 12; ++i) {
    const int32_t c = b.Channels(x);
    const auto pad = [&b] { return static_cast<int32_t>(b.Below(2)); };
    switch (b.Below(8)) {
      case 0:
        x = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, pad(), pad(), pad(), pad(), 0, 0})});
        [[fallthrough]];
      case 1:
        if (b.tensor(x).shape[1] < 3 || b.tensor(x).shape[2] < 3) break;
        x = b.Add(OpKind::kConv2D,
                  Conv2DOptions{.padding = b.Below(3) == 0 ? Padding::kSame : Padding::kValid,
                                .stride_h = static_cast<int32_t>(1 + b.Below(2)),
                                .stride_w = static_cast<int32_t>(1 + b.Below(2))},
                  {x, b.Weight({static_cast<int32_t>(1 + b.Below(4)), 3, 3, c}), kNoTensor});
        break;
      case 2:
        x = b.Add(OpKind::kDepthwiseConv2D, {x, b.Weight({1, 2, 2, c}), b.Weight({c})});
        break;
      case 3:
        x = b.Add(OpKind::kMul, {x, b.Weight({b.Below(2) == 0 ? c : 1})});
        break;
      case 4:
        x = b.Add(b.Below(2) == 0 ? OpKind::kAdd : OpKind::kSub,
                  {x, b.Add(OpKind::kMul, {b.Weight({c}), b.Weight({})})});
        break;
      case 5:
        x = b.Add(b.Below(2) == 0 ? OpKind::kRelu : OpKind::kRelu6, {x});
        break;
      case 6: {
        const TensorId other = earlier[b.Below(earlier.size())];
        if (b.tensor(other).shape == b.tensor(x).shape) x = b.Add(OpKind::kAdd, {x, other});
        break;
      }
      default: {
        const Shape shape = b.tensor(x).shape;
        x = b.Reshape(b.Reshape(x, {-1, shape[1] * shape[2] * shape[3]}),
                      {-1, shape[1], shape[2], shape[3]});
        break;
      }
    }
    earlier.push_back(x);
  }
  return b.Finish({b.Add(OpKind::kRelu6, {x})});
}

TEST(OptimizeTest, RandomModelsKeepTheirFunction) {
  size_t removed = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Model model = RandomModel(seed);
    const auto optimize = [](Model& m) { return Optimize(m); };
    for (Status (*pass)(Model&) : std::initializer_list<Status (*)(Model&)>{
             FoldBatchNorm, FuseActivations, FoldPads, FoldAffineInput, RemoveIdentities,
             FoldConstants, ShareParameters, RemoveDeadCode, optimize}) {
      ExpectSameFunction(model, pass);
      if (testing::Test::HasFatalFailure()) return;
    }
    Model optimized = model;
    ASSERT_TRUE(Optimize(optimized).ok());
    removed += model.graph.ops.size() - optimized.graph.ops.size();
  }
  EXPECT_GT(removed, 1000U);
}

TEST(OptimizeTest, RefusesABrokenModel) {
  ModelBuilder b;
  Model model = b.Finish({b.Add(OpKind::kRelu, {b.Input({1, 4})})});
  model.graph.ops[0].inputs[0] = 17;
  EXPECT_EQ(Optimize(model).code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph
