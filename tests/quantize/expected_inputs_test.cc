#include "quantize/ranges/expected_inputs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quantize/float_model.h"
#include "quantize/rewrites/equalization.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::OpKind;
using graph::TensorId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Uniform(std::mt19937& random) {
  return (static_cast<double>(random()) + 0.5) / 4294967296.0;
}

// Box and Muller 1958.
double Normal(std::mt19937& random) {
  const double radius = std::sqrt(-2.0 * std::log(Uniform(random)));
  return radius * std::cos(2.0 * std::numbers::pi * Uniform(random));
}

TEST(ClippedNormalMean, IsTheMeanOfManyDraws) {
  constexpr int kDraws = 50'000;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const double mean = 12.0 * Uniform(random) - 6.0;
    const double deviation = 0.1 + 5.0 * Uniform(random);
    const double low = seed % 4 == 0 ? -kInfinity : -2.0 * Uniform(random);
    const double high = seed % 3 == 0 ? kInfinity : 6.0 * Uniform(random);
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      const double value = std::clamp(mean + deviation * Normal(random), low, high);
      sum += value;
      squares += value * value;
    }
    const double drawn = sum / kDraws;
    const double error = std::sqrt(std::max(squares / kDraws - drawn * drawn, 0.0) / kDraws);
    // Where nearly all draws are clipped to one value their own error says little.
    EXPECT_NEAR(ClippedNormalMean(mean, deviation, low, high), drawn,
                5.0 * error + 1e-4 * deviation);
  }
}

TEST(ClippedNormalMean, HasTheKnownValues) {
  EXPECT_DOUBLE_EQ(ClippedNormalMean(0.7, 2.0, -kInfinity, kInfinity), 0.7);
  EXPECT_NEAR(ClippedNormalMean(0.0, 3.0, 0.0, kInfinity), 3.0 / std::sqrt(2.0 * std::numbers::pi),
              1e-12);
  EXPECT_DOUBLE_EQ(ClippedNormalMean(2.0, 0.0, 0.0, 6.0), 2.0);
  EXPECT_DOUBLE_EQ(ClippedNormalMean(-2.0, 0.0, 0.0, 6.0), 0.0);
  EXPECT_NEAR(ClippedNormalMean(-50.0, 1.0, 0.0, 6.0), 0.0, 1e-12);
  EXPECT_NEAR(ClippedNormalMean(50.0, 1.0, 0.0, 6.0), 6.0, 1e-12);
}

void SetStatistics(graph::Model& model, size_t op, std::vector<float> mean,
                   std::vector<float> deviation) {
  model.graph.ops[op].statistics = {.mean = std::move(mean), .deviation = std::move(deviation)};
}

void ExpectMeans(const std::vector<float>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-6) << i;
}

// Two convolutions, their sum, a third, and a classifier on its means.
graph::Model ResidualNetwork() {
  ModelBuilder builder(3);
  const TensorId a = builder.Conv(builder.Input({1, 8, 8, 3}), 2, 3);
  const TensorId b = builder.Conv(a, 2, 1, Activation::kNone);
  const TensorId c = builder.Conv(b, 2, 1, Activation::kNone);
  const TensorId d = builder.Conv(builder.Binary(OpKind::kAdd, b, c), 2, 1, Activation::kRelu);
  graph::Model model = builder.Finish({builder.Dense(builder.Mean(d), 6)});
  SetStatistics(model, 0, {0.5F, 7.0F}, {1.0F, 2.0F});
  SetStatistics(model, 1, {-1.0F, 2.0F}, {1.0F, 1.0F});
  SetStatistics(model, 2, {0.25F, 3.0F}, {1.0F, 1.0F});
  SetStatistics(model, 4, {-0.5F, 0.5F}, {2.0F, 0.0F});
  return model;
}

TEST(ExpectedInputs, FollowTheOperators) {
  const graph::Model model = ResidualNetwork();
  const auto inputs = ExpectedInputs(model, {});
  ASSERT_TRUE(inputs.ok()) << inputs.status().message();
  ASSERT_EQ(inputs->inputs.size(), model.graph.ops.size());
  EXPECT_THAT(inputs->inputs[0], IsEmpty());  // reads the picture
  ExpectMeans(inputs->inputs[1],
              {ClippedNormalMean(0.5, 1.0, 0.0, 6.0), ClippedNormalMean(7.0, 2.0, 0.0, 6.0)});
  ExpectMeans(inputs->inputs[2], {-1.0, 2.0});
  EXPECT_THAT(inputs->inputs[3], IsEmpty());  // ADD
  ExpectMeans(inputs->inputs[4], {-0.75, 5.0});
  ExpectMeans(inputs->inputs[6], {ClippedNormalMean(-0.5, 2.0, 0.0, kInfinity), 0.5});
}

TEST(ExpectedInputs, JoinPadAndFlatten) {
  ModelBuilder builder(4);
  const TensorId a = builder.Conv(builder.Input({1, 8, 8, 3}), 2, 1, Activation::kNone);
  const TensorId b = builder.Conv(a, 1, 1, Activation::kNone);
  const TensorId c = builder.Conv(builder.Pad(builder.Concat({a, b})), 2, 3, Activation::kNone);
  graph::Model model = builder.Finish({builder.Dense(builder.Flatten(c), 4)});
  SetStatistics(model, 0, {1.0F, 2.0F}, {1.0F, 1.0F});
  SetStatistics(model, 1, {3.0F}, {1.0F});
  SetStatistics(model, 4, {-1.0F, 4.0F}, {1.0F, 1.0F});
  const auto inputs = ExpectedInputs(model, {});
  ASSERT_TRUE(inputs.ok()) << inputs.status().message();
  constexpr double kInside = 64.0 / 100.0;  // of 10 x 10 values
  ExpectMeans(inputs->inputs[4], {kInside, 2.0 * kInside, 3.0 * kInside});
  ExpectMeans(inputs->inputs[6], {-1.0, 4.0});  // the features' channels, in turn
}

// The input of the last of three convolutions, behind f(a + b).
double ExpectedMapping(OpKind kind, Activation of_a) {
  ModelBuilder builder(6);
  const TensorId a = builder.Conv(builder.Input({1, 4, 4, 3}), 1, 1, of_a);
  const TensorId b = builder.Conv(a, 1, 1, Activation::kNone);
  const TensorId mapped = builder.Unary(kind, builder.Binary(OpKind::kAdd, a, b));
  graph::Model model = builder.Finish({builder.Conv(mapped, 1, 1)});
  SetStatistics(model, 0, {0.5F}, {1.5F});
  SetStatistics(model, 1, {-0.3F}, {1.0F});
  const auto inputs = ExpectedInputs(model, {});
  EXPECT_TRUE(inputs.ok()) << inputs.status().message();
  return inputs->inputs[4].at(0);
}

TEST(ExpectedInputs, OfSumsAndActivationsAreTheMeansOfManyDraws) {
  constexpr int kDraws = 100'000;
  struct Function {
    OpKind kind;
    double (*f)(double);
  };
  const std::vector<Function> functions = {
      {OpKind::kRelu, [](double x) { return std::max(x, 0.0); }},
      {OpKind::kRelu6, [](double x) { return std::clamp(x, 0.0, 6.0); }},
      {OpKind::kHardSwish, [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
      {OpKind::kLogistic, [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
      {OpKind::kTanh, [](double x) { return std::tanh(x); }}};
  for (const Function& function : functions) {
    SCOPED_TRACE(graph::OpKindName(function.kind));
    std::mt19937 random(11);
    double sum = 0.0;
    double squares = 0.0;
    double sum_of_clipped = 0.0;
    for (int i = 0; i < kDraws; ++i) {
      const double a = 0.5 + 1.5 * Normal(random);
      const double b = -0.3 + Normal(random);
      const double mapped = function.f(a + b);
      sum += mapped;
      squares += mapped * mapped;
      sum_of_clipped += function.f(std::max(a, 0.0) + b);
    }
    const double drawn = sum / kDraws;
    const double error = std::sqrt((squares / kDraws - drawn * drawn) / kDraws);
    EXPECT_NEAR(ExpectedMapping(function.kind, Activation::kNone), drawn, 4.0 * error);
    // The sum of a clipped and a normal variable is not quite normal: a twentieth of the deviation.
    EXPECT_NEAR(ExpectedMapping(function.kind, Activation::kRelu), sum_of_clipped / kDraws,
                0.05 * error * std::sqrt(kDraws));
  }
}

TEST(ExpectedInputs, WhatIsNotKnownIsNamed) {
  graph::Model model = ResidualNetwork();
  model.graph.ops[2].statistics.reset();
  const auto partly = ExpectedInputs(model, {});
  ASSERT_TRUE(partly.ok()) << partly.status().message();
  EXPECT_THAT(partly->unknown, ElementsAre(4U));  // reads the sum
  EXPECT_THAT(partly->inputs[4], IsEmpty());
  EXPECT_FALSE(partly->inputs[6].empty());
  std::vector<bool> float_ops(model.graph.ops.size(), false);
  float_ops[4] = true;
  EXPECT_THAT(ExpectedInputs(model, InFloat(float_ops))->unknown, IsEmpty());
  for (graph::Op& op : model.graph.ops) op.statistics.reset();
  const auto none = ExpectedInputs(model, {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(
      std::string(none.status().message()),
      HasSubstr(fmt::format("the model has no batch normalization, or is a .tflite file that does "
                            "not say what it was (a Keras .h5 does), so the mean input of \"{}\"",
                            graph::DisplayName(model.graph, model.graph.ops[1]))));
}

// Equalization changes the layers' inputs and what is expected of them alike: the mean output, the
// weights times the mean inputs, stays.
TEST(ExpectedInputs, AreEqualizedWithTheModel) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    ModelBuilder builder(seed);
    const TensorId a = builder.Conv(builder.Input({1, 8, 8, 3}), 5, 3, Activation::kRelu);
    graph::Model model = builder.Finish({builder.Conv(a, 4, 1, Activation::kNone)});
    SetStatistics(model, 0, RandomFloats(random, 5, -2.0F, 2.0F),
                  RandomFloats(random, 5, 0.1F, 3.0F));
    const auto mean_outputs = [](const graph::Model& of) {
      const auto inputs = ExpectedInputs(of, {});
      EXPECT_TRUE(inputs.ok()) << inputs.status().message();
      const TensorId id = of.graph.ops[1].inputs[kWeightsInput];
      const auto weights = of.graph.tensors[static_cast<size_t>(id)].constant->Values<float>();
      std::vector<double> outputs(4, 0.0);
      for (size_t i = 0; i < weights.size(); ++i) {
        outputs[i / 5] += static_cast<double>(weights[i]) * inputs->inputs[1][i % 5];
      }
      return outputs;
    };
    const std::vector<double> before = mean_outputs(model);
    const graph::Model original = model;
    ASSERT_TRUE(EqualizeCrossLayer(model).ok());
    EXPECT_FALSE(model == original);
    const std::vector<double> after = mean_outputs(model);
    for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], before[i], 1e-5);
  }
}

}  // namespace
}  // namespace qbench::quantize
