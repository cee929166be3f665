// The passes that move transposes, reshapes and arithmetic into the operators around them.
#include <functional>

#include "gmock/gmock.h"
#include "graph/passes/passes.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/graph/float_oracle.h"
#include "tests/graph/model_builder.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;

std::vector<OpKind> Kinds(const Model& model) {
  std::vector<OpKind> kinds;
  for (const Op& op : model.graph.ops) kinds.push_back(op.kind);
  return kinds;
}

size_t Count(const Model& model, OpKind kind) {
  return static_cast<size_t>(std::ranges::count(Kinds(model), kind));
}

// A valid model of the same function is left.
Model After(const Model& before, const std::function<Status(Model&)>& pass) {
  Model after = before;
  const Status done = pass(after);
  EXPECT_TRUE(done.ok()) << done.message();
  const Status valid = Validate(after);
  EXPECT_TRUE(valid.ok()) << valid.message();
  std::mt19937_64 random(5);
  const Shape& shape = before.graph.tensors[static_cast<size_t>(before.graph.inputs[0])].shape;
  std::vector<double> input(static_cast<size_t>(ElementCount(shape)));
  for (double& value : input) value = static_cast<double>(random() % 2001) / 200.0 - 5.0;
  const std::vector<double> expected = FloatOracle(before.graph).Run(input);
  const std::vector<double> actual = FloatOracle(after.graph).Run(input);
  EXPECT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
    EXPECT_NEAR(actual[i], expected[i], 1e-5 * (1.0 + std::abs(expected[i]))) << "element " << i;
  }
  return after;
}

struct Builder : ModelBuilder {
  using ModelBuilder::ModelBuilder;
  TensorId Turn(TensorId x, const std::vector<int32_t>& order) {
    return Add(OpKind::kTranspose, {x, Ints({static_cast<int32_t>(order.size())}, order)});
  }
  TensorId First(TensorId x) { return Turn(x, {0, 3, 1, 2}); }
  TensorId Last(TensorId x) { return Turn(x, {0, 2, 3, 1}); }
  // As a framework with channels first writes a convolution.
  TensorId Convolution(TensorId x, int32_t filters) {
    const TensorId image = Last(x);
    return First(
        Add(OpKind::kConv2D, {image, Weight({filters, 3, 3, Channels(image)}), Weight({filters})}));
  }
};

TEST(MoveTransposesTest, ResidualBlockHasNoneLeft) {
  Builder b;
  TensorId x = b.First(b.Input({1, 6, 5, 3}));
  x = b.Add(OpKind::kMul, {x, b.Weight({3, 1, 1})});
  const TensorId y = b.Add(OpKind::kTanh, {b.Convolution(x, 3)});
  x = b.Add(OpKind::kAdd, {x, y});
  const TensorId gate = b.Add(OpKind::kMean, MeanOptions{}, {x, b.Ints({2}, {2, 3})});
  x = b.Add(OpKind::kMul, {x, b.Reshape(gate, {-1, 3, 1, 1})});
  x = b.Add(OpKind::kConcatenation, ConcatenationOptions{.axis = 1}, {x, y});
  x = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, 0, 0, 1, 0, 0, 2})});
  x = b.Add(OpKind::kReduceMax, MeanOptions{}, {b.Convolution(x, 4), b.Ints({2}, {2, 3})});
  const Model model = After(b.Finish({x}), MoveTransposes);
  EXPECT_EQ(Count(model, OpKind::kTranspose), 0U);
}

TEST(MoveTransposesTest, FlattenGoesIntoTheDenseLayersWeights) {
  Builder b;
  const TensorId x = b.Convolution(b.First(b.Input({1, 4, 3, 2})), 5);
  const TensorId flat = b.Reshape(x, {-1, 60});
  const TensorId a = b.Add(OpKind::kFullyConnected, {flat, b.Weight({3, 60}), kNoTensor});
  const TensorId c = b.Add(OpKind::kFullyConnected, {flat, b.Weight({3, 60}), b.Weight({3})});
  const Model model = After(b.Finish({b.Add(OpKind::kAdd, {a, c})}), MoveTransposes);
  EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kConv2D, OpKind::kReshape, OpKind::kFullyConnected,
                                        OpKind::kFullyConnected, OpKind::kAdd));
}

TEST(MoveTransposesTest, WhatTheCallerSeesKeepsItsOrder) {
  Builder b;
  const Model before = b.Finish({b.Convolution(b.First(b.Input({1, 4, 3, 2})), 5)});
  const Model model = After(before, MoveTransposes);
  EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kConv2D, OpKind::kTranspose));
}

TEST(MoveTransposesTest, LeavesWhatWouldNotBecomeLess) {
  Builder b;
  const TensorId x = b.First(b.Input({1, 4, 3, 2}));
  const Model before = b.Finish({b.Add(OpKind::kTanh, {x})});
  EXPECT_TRUE(After(before, MoveTransposes) == before);
}

TEST(MoveTransposesTest, RandomChainsKeepTheirFunction) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Builder b(seed);
    TensorId x = b.Input({1, 3, 4, 2});
    for (size_t i = 0; i < 8; ++i) {
      const Shape shape = b.tensor(x).shape;
      switch (b.Below(7)) {
        case 0:
        case 1:
          x = b.Below(2) == 0 ? b.First(x) : b.Last(x);
          break;
        case 2:
          x = b.Add(OpKind::kMul, {x, b.Weight({shape[1], 1, shape[3]})});
          break;
        case 3:
          x = b.Add(OpKind::kConcatenation, ConcatenationOptions{.axis = 2},
                    {x, b.First(b.Last(x))});
          break;
        case 4:
          x = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, 1, 0, 0, 1, 0, 0})});
          break;
        case 5:
          x = b.Add(OpKind::kMean, MeanOptions{.keep_dims = true}, {x, b.Ints({1}, {2})});
          break;
        default:
          x = b.Add(OpKind::kAdd, {x, b.Add(OpKind::kTanh, {x})});
          break;
      }
    }
    x = b.Add(OpKind::kSum, MeanOptions{}, {x, b.Ints({1}, {static_cast<int32_t>(1 + seed % 3)})});
    const Model before = b.Finish({x});
    const Model after = After(before, MoveTransposes);
    EXPECT_LE(after.graph.ops.size(), before.graph.ops.size());
    if (testing::Test::HasFailure()) return;
  }
}

Model Preprocessing(Padding padding, OpKind last) {
  Builder b;
  TensorId x = b.Input({1, 7, 7, 3});
  x = b.Add(OpKind::kMul, {x, b.Weight({3})});
  x = b.Add(last, {x, b.Weight({1})});
  x = b.Add(OpKind::kConv2D, Conv2DOptions{.padding = padding},
            {x, b.Weight({4, 3, 3, 3}), kNoTensor});
  return b.Finish({x});
}

TEST(FoldAffineInputTest, GoesIntoAConvolutionThatDoesNotPad) {
  for (const OpKind last : {OpKind::kAdd, OpKind::kSub, OpKind::kMul}) {
    const Model model = After(Preprocessing(Padding::kValid, last), FoldAffineInput);
    EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kConv2D));
  }
  EXPECT_THAT(Kinds(After(Preprocessing(Padding::kSame, OpKind::kMul), FoldAffineInput)),
              ElementsAre(OpKind::kConv2D));
  EXPECT_THAT(Kinds(After(Preprocessing(Padding::kSame, OpKind::kAdd), FoldAffineInput)),
              ElementsAre(OpKind::kMul, OpKind::kAdd, OpKind::kConv2D));
}

TEST(FoldAffineInputTest, KnowsWhichWeightsAreWhichInputChannels) {
  Builder b;
  TensorId x = b.Input({1, 5, 5, 4});
  x = b.Add(OpKind::kAdd, {b.Add(OpKind::kMul, {x, b.Weight({4})}), b.Weight({4})});
  x = b.Add(OpKind::kDepthwiseConv2D,
            DepthwiseConv2DOptions{.padding = Padding::kValid, .depth_multiplier = 2},
            {x, b.Weight({1, 2, 2, 8}), b.Weight({8})});
  x = b.Add(OpKind::kMul, {b.Add(OpKind::kTanh, {x}), b.Weight({8})});
  x = b.Add(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true},
            {x, b.Weight({3, 8}), kNoTensor});
  const Model model = After(b.Finish({x}), FoldAffineInput);
  EXPECT_THAT(Kinds(model),
              ElementsAre(OpKind::kDepthwiseConv2D, OpKind::kTanh, OpKind::kFullyConnected));
}

TEST(FoldAffineInputTest, StaysWhereSomebodyElseReadsIt) {
  Builder b;
  const TensorId x = b.Add(OpKind::kMul, {b.Input({1, 5, 5, 2}), b.Weight({2})});
  const TensorId y = b.Add(OpKind::kConv2D, {x, b.Weight({2, 1, 1, 2}), kNoTensor});
  const Model model = After(b.Finish({b.Add(OpKind::kAdd, {x, y})}), FoldAffineInput);
  EXPECT_EQ(model.graph.ops.size(), 3U);
}

TEST(FuseHardSwishTest, InEitherOrder) {
  for (const bool early : {true, false}) {
    for (const bool separate : {true, false}) {
      Builder b;
      const TensorId x = b.Input({1, 3, 3, 2});
      const TensorId three = b.graph().AddConstant("three", {}, std::vector<float>{3.0F});
      const TensorId sixth = b.graph().AddConstant("sixth", {1}, std::vector<float>{1.0F / 6.0F});
      TensorId gate = separate ? b.Add(OpKind::kRelu6, {b.Add(OpKind::kAdd, {x, three})})
                               : b.Add(OpKind::kAdd, BinaryOptions{Activation::kRelu6}, {x, three});
      if (early) gate = b.Add(OpKind::kMul, {gate, sixth});
      TensorId y = b.Add(OpKind::kMul, {x, gate});
      if (!early) y = b.Add(OpKind::kMul, {sixth, y});
      const Model model = After(b.Finish({b.Add(OpKind::kRelu, {y})}), FuseHardSwish);
      EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kHardSwish, OpKind::kRelu));
    }
  }
}

TEST(FuseHardSwishTest, NotOfTwoTensors) {
  Builder b;
  const TensorId x = b.Input({1, 3, 3, 2});
  const TensorId three = b.graph().AddConstant("three", {}, std::vector<float>{3.0F});
  const TensorId sixth = b.graph().AddConstant("sixth", {1}, std::vector<float>{1.0F / 6.0F});
  const TensorId gate = b.Add(
      OpKind::kMul, {b.Add(OpKind::kAdd, BinaryOptions{Activation::kRelu6}, {x, three}), sixth});
  const Model before = b.Finish({b.Add(OpKind::kMul, {b.Add(OpKind::kTanh, {x}), gate})});
  EXPECT_EQ(After(before, FuseHardSwish).graph.ops.size(), 4U);
}

TEST(FoldReshapesTest, AReductionKeepsItsDimensionsOrNot) {
  for (const bool keep : {true, false}) {
    Builder b;
    const TensorId x = b.Input({1, 3, 4, 2});
    const TensorId y =
        b.Add(OpKind::kMean, MeanOptions{.keep_dims = keep}, {x, b.Ints({2}, {1, 2})});
    const TensorId z = keep ? b.Reshape(y, {-1, 2}) : b.Reshape(y, {-1, 1, 1, 2});
    const Model model = After(b.Finish({z}), FoldReshapes);
    EXPECT_THAT(Kinds(model), ElementsAre(OpKind::kMean));
    const Tensor& output = model.graph.tensors[static_cast<size_t>(model.graph.outputs[0])];
    EXPECT_EQ(output.shape.size(), keep ? 2U : 4U);
  }
}

TEST(ShareParametersTest, TheSameAxesAreOneTensor) {
  Builder b;
  const TensorId x = b.Input({1, 3, 4, 2});
  const TensorId y = b.Add(OpKind::kMean, MeanOptions{}, {x, b.Ints({2}, {1, 2})});
  const TensorId z = b.Add(OpKind::kSum, MeanOptions{}, {x, b.Ints({2}, {1, 2})});
  const Model model = After(b.Finish({b.Add(OpKind::kAdd, {y, z})}), ShareParameters);
  EXPECT_EQ(model.graph.tensors.size(), 5U);
}

TEST(OptimizeTest, TellsWhatEachPassDid) {
  Builder b;
  TensorId x = b.Add(OpKind::kConv2D, {b.Input({1, 4, 4, 2}), b.Weight({3, 3, 3, 2}), kNoTensor});
  x = b.Add(OpKind::kRelu, {b.Add(OpKind::kMul, {x, b.Weight({3})})});
  Model model = b.Finish({x});
  std::vector<PassEffect> effects;
  ASSERT_TRUE(Optimize(model, &effects).ok());
  int64_t fewer = 0;
  for (const PassEffect& effect : effects) {
    fewer += effect.operators;
    if (effect.pass == "FoldBatchNorm" || effect.pass == "FuseActivations") {
      EXPECT_EQ(effect.operators, 1) << effect.pass;
    }
  }
  EXPECT_EQ(fewer, 2);
}

}  // namespace
}  // namespace qbench::graph
