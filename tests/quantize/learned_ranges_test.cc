#include "quantize/ranges/learned_ranges.h"

#include <cmath>

#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "quantize/ranges/activation_scales.h"
#include "quantize/rewrites/expand_hard_swish.h"
#include "quantize/weights/half_weights.h"
#include "quantize/weights/integer_weights.h"
#include "quantize/weights/widen_halves.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::OpKind;
using graph::TensorId;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void Learn(graph::Model& model, TensorId id, float min, float max) {
  model.graph.tensors[static_cast<size_t>(id)].learned_range =
      graph::LearnedRange{.min = {min}, .max = {max}};
}

TEST(LearnedRangesTest, TakesTheRangesOfActivationsAlone) {
  ModelBuilder b(1);
  const TensorId x = b.Input({1, 4, 4, 2});
  const TensorId y = b.Conv(x, 2, 1, Activation::kNone);
  graph::Model model = b.Finish({y});
  EXPECT_FALSE(HasLearnedRanges(model));
  Learn(model, model.graph.ops[0].inputs[1], -1.0F, 1.0F);
  EXPECT_FALSE(HasLearnedRanges(model));
  EXPECT_EQ(CountLearnedWeights(model), 1);
  Learn(model, x, -1.0F, 1.0F);
  Learn(model, y, -3.0F, 5.0F);
  EXPECT_TRUE(HasLearnedRanges(model));
  const LearnedRanges learned = FindLearnedRanges(model, {});
  EXPECT_THAT(learned.missing, IsEmpty());
  EXPECT_THAT(learned.derived, IsEmpty());
  EXPECT_EQ(learned.ranges[static_cast<size_t>(y)], (ValueRange{-3.0F, 5.0F}));
}

TEST(LearnedRangesTest, FollowOnesFromOperators) {
  ModelBuilder b(1);
  const TensorId x = b.Input({1, 4, 4, 2});
  const TensorId six = b.Conv(x, 2, 1, Activation::kRelu6);      // its activation bounds it
  const TensorId before = b.Conv(six, 2, 1, Activation::kNone);  // what reads it bounds it
  const TensorId relu = b.Unary(OpKind::kRelu, before);
  const TensorId pool = b.Pool(OpKind::kMaxPool2D, relu);  // of one scale
  const TensorId scaled = b.Binary(OpKind::kMul, pool, b.Constant({2}, -2.0F, -2.0F));
  const TensorId mean = b.Mean(scaled);
  graph::Model model = b.Finish({mean});
  Learn(model, x, -1.0F, 1.0F);
  Learn(model, relu, 0.0F, 4.0F);
  const LearnedRanges learned = FindLearnedRanges(model, {});
  EXPECT_THAT(learned.missing, IsEmpty());
  const auto range = [&](TensorId id) { return learned.ranges[static_cast<size_t>(id)]; };
  EXPECT_EQ(range(six), (ValueRange{0.0F, 6.0F}));
  EXPECT_EQ(range(before), (ValueRange{0.0F, 4.0F}));
  EXPECT_EQ(range(scaled), (ValueRange{-8.0F, 0.0F}));
  EXPECT_EQ(range(mean), (ValueRange{-8.0F, 0.0F}));
  EXPECT_FALSE(range(pool).has_value());  // ChooseActivationScales joins it with its input
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, learned.ranges, warnings);
  ASSERT_TRUE(scales.ok()) << scales.status().message();
  EXPECT_EQ((*scales)[static_cast<size_t>(pool)]->parameters,
            (*scales)[static_cast<size_t>(relu)]->parameters);
}

TEST(LearnedRangesTest, WhatIsReadOtherwiseToIsNotBoundByAnActivation) {
  ModelBuilder b(1);
  const TensorId x = b.Input({1, 4, 4, 2});
  const TensorId conv = b.Conv(x, 2, 1, Activation::kNone);
  const TensorId relu = b.Unary(OpKind::kRelu, conv);
  const TensorId sum = b.Binary(OpKind::kAdd, relu, conv);
  graph::Model model = b.Finish({sum});
  for (const TensorId id : {x, relu, sum}) Learn(model, id, 0.0F, 1.0F);
  EXPECT_THAT(FindLearnedRanges(model, {}).missing, ElementsAre(conv));
}

TEST(LearnedRangesTest, AMissingOneIsNamedWithItsOperatorsAndTheWayOut) {
  ModelBuilder b(1);
  const TensorId x = b.Input({1, 4, 4, 2});
  const TensorId first = b.Conv(x, 2, 1, Activation::kRelu);
  const TensorId second = b.Conv(first, 2, 1, Activation::kNone);
  graph::Model model = b.Finish({second});
  Learn(model, second, -1.0F, 1.0F);
  LearnedRanges learned = FindLearnedRanges(model, {});
  ASSERT_THAT(learned.missing, ElementsAre(x, first));
  const std::string name = model.graph.tensors[static_cast<size_t>(first)].name;
  EXPECT_THAT(MissingRangeError(model, {first}).message(),
              AllOf(HasSubstr("no learned range of tensor \"" + name + "\" (made by CONV_2D \""),
                    HasSubstr("read by CONV_2D"), HasSubstr("calibration=dummy")));
  EXPECT_THAT(MissingRangeError(model, learned.missing).message(),
              AllOf(HasSubstr("the model's input"), HasSubstr("and of 1 more")));
  // What operators in float alone make and read needs none.
  EXPECT_THAT(FindLearnedRanges(model, InFloat({true, false})).missing, ElementsAre(first));
  EXPECT_THAT(FindLearnedRanges(model, InFloat({true, true})).missing, IsEmpty());
  ASSERT_TRUE(FillWithDummies(model, {.min = -2.0F, .max = 2.0F}, learned).ok());
  EXPECT_EQ(learned.ranges[static_cast<size_t>(first)], (ValueRange{-2.0F, 2.0F}));
  EXPECT_EQ(learned.ranges[static_cast<size_t>(x)], (ValueRange{-1.0F, 1.0F}));
  EXPECT_EQ(learned.ranges[static_cast<size_t>(second)], (ValueRange{-1.0F, 1.0F}));
}

TEST(LearnedRangesTest, HardSwishInPartsKeepsTheRangesRight) {
  ModelBuilder b(1);
  const TensorId x = b.Input({1, 4, 4, 2});
  const TensorId y = b.Unary(OpKind::kHardSwish, x);
  graph::Model model = b.Finish({y});
  Learn(model, x, -4.0F, 4.0F);
  Learn(model, y, -0.5F, 3.0F);
  ASSERT_EQ(ExpandHardSwish(model), 1);
  const LearnedRanges learned = FindLearnedRanges(model, {});
  EXPECT_THAT(learned.missing, IsEmpty());
  std::vector<ValueRange> ranges;
  for (const graph::Op& op : model.graph.ops) {
    ranges.push_back(*learned.ranges[static_cast<size_t>(op.outputs[0])]);
  }
  EXPECT_THAT(ranges, ElementsAre(ValueRange{0.0F, 6.0F}, ValueRange{-3.0F, 18.0F},
                                  ValueRange{-0.5F, 3.0F}));
}

TEST(LearnedWeightsTest, GiveTheScalesAndCutOffWhatLiesBeyond) {
  const std::vector<float> weights = {0.5F, -3.0F, 0.25F, 1.0F};
  const graph::LearnedRange each{.min = {-1.27F, -0.5F}, .max = {1.0F, 2.54F}};
  const auto from = WeightsToQuantize{.weights = weights, .shape = {2, 2}, .learned = &each};
  const auto integers = QuantizeIntegerWeights(from);
  ASSERT_TRUE(integers.ok()) << integers.status().message();
  EXPECT_THAT(integers->quantization.scales, ElementsAre(1.27F / 127.0F, 2.54F / 127.0F));
  EXPECT_THAT(integers->weights, ElementsAre(50, -127, 13, 50));
  const graph::LearnedRange one{.min = {-1.27F}, .max = {1.27F}};
  auto whole = from;
  whole.learned = &one;
  EXPECT_THAT(QuantizeIntegerWeights(whole)->quantization.scales, ElementsAre(1.27F / 127.0F));
  // A channel that training left nothing of.
  const graph::LearnedRange empty{.min = {0.0F, -1.27F}, .max = {0.0F, 1.27F}};
  const std::vector<float> zeros = {0.0F, 0.0F, 0.25F, 1.0F};
  auto dead = from;
  dead.weights = zeros;
  dead.learned = &empty;
  const auto of_dead = QuantizeIntegerWeights(dead);
  ASSERT_TRUE(of_dead.ok()) << of_dead.status().message();
  EXPECT_THAT(of_dead->weights, ElementsAre(0, 0, 25, 100));
}

// Inputs that go together, so that feedback has something to make up for.
LayerInputs OfOneKind(size_t taps) {
  LayerInputs inputs;
  inputs.moments.taps = taps;
  inputs.moments.vectors = 1;
  inputs.moments.sums.assign(InputMoments::Places(taps), 1.0F);
  return inputs;
}

TEST(PrunedWeightsTest, StayZeroUnderFeedback) {
  std::mt19937 random(5);
  std::vector<float> weights = RandomFloats(random, 64, -1.0F, 1.0F);
  for (size_t i = 0; i < weights.size(); i += 2) weights[i] = 0.0F;
  const LayerInputs inputs = OfOneKind(32);
  const auto integers =
      QuantizeIntegerWeights({.weights = weights, .shape = {2, 32}, .inputs = &inputs});
  ASSERT_TRUE(integers.ok()) << integers.status().message();
  size_t moved = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0.0F) {
      EXPECT_EQ(integers->weights[i], 0) << i;
    }
    const float scale = integers->quantization.scales[i / 32];
    moved += integers->weights[i] != std::lround(weights[i] / scale) ? 1 : 0;
  }
  EXPECT_GT(moved, 0U);  // feedback did round
}

TEST(ClusteredWeightsTest, StayInTheirClusters) {
  std::mt19937 random(5);
  const std::vector<float> centroids = RandomFloats(random, 8, -1.0F, 1.0F);
  std::vector<float> weights(64);
  for (float& weight : weights) weight = centroids[random() % centroids.size()];
  const LayerInputs inputs = OfOneKind(32);
  const auto integers =
      QuantizeIntegerWeights({.weights = weights, .shape = {2, 32}, .inputs = &inputs});
  ASSERT_TRUE(integers.ok()) << integers.status().message();
  for (size_t i = 0; i < weights.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (weights[k] == weights[i] && k / 32 == i / 32) {
        EXPECT_EQ(integers->weights[k], integers->weights[i]);
      }
    }
  }
}

TEST(WidenHalvesTest, GivesTheFloatModelBack) {
  ModelBuilder b(1);
  graph::Model model = b.Finish({b.Conv(b.Input({1, 4, 4, 8}), 8, 3)});
  graph::Model halves = model;
  Warnings warnings;
  ASSERT_TRUE(StoreConstantsAsHalf(halves, warnings).ok());
  ASSERT_EQ(halves.graph.ops.size(), 2U);
  const auto widened = WidenHalfWeights(halves);
  ASSERT_TRUE(widened.ok()) << widened.status().message();
  EXPECT_EQ(*widened, 1);
  ASSERT_EQ(halves.graph.ops.size(), 1U);
  const auto weights = [](const graph::Model& of) {
    return of.graph.tensors[static_cast<size_t>(of.graph.ops[0].inputs[1])]
        .constant->Values<float>();
  };
  const std::vector<float> before = weights(model);
  const std::vector<float> after = weights(halves);
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-3);
  EXPECT_EQ(*WidenHalfWeights(halves), 0);
}

}  // namespace
}  // namespace qbench::quantize
