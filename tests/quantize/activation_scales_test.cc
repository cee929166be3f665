#include "quantize/ranges/activation_scales.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::AffineParameters;
using graph::OpKind;
using graph::TensorId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Ranges for all tensors that are to be measured, by index: tensor 0 in [0, 1], …
TensorRanges SomeRanges(const graph::Model& model) {
  TensorRanges ranges(model.graph.tensors.size());
  for (const TensorId id : TensorsToMeasure(model)) {
    ranges[static_cast<size_t>(id)] = ValueRange{-0.5F * static_cast<float>(id), 1.0F};
  }
  return ranges;
}

AffineParameters Choose(ValueRange range) {
  return graph::ChooseAsymmetric(range.min, range.max, {-128, 127});
}

TEST(ActivationScales, ZeroIsRepresentableAndTheRangeFits) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const graph::Model model = builder.Finish({builder.Conv(input, 4, 3)});
  for (const ValueRange range :
       {ValueRange{-1.0F, 1.0F}, {0.0F, 6.0F}, {-3.7F, 0.01F}, {2.0F, 5.0F}, {-5.0F, -2.0F}}) {
    TensorRanges ranges(model.graph.tensors.size(), range);
    Warnings warnings;
    const auto scales = ChooseActivationScales(model, ranges, warnings);
    ASSERT_TRUE(scales.ok()) << scales.status().message();
    EXPECT_THAT(warnings, IsEmpty());
    const auto& chosen = (*scales)[static_cast<size_t>(input)];
    ASSERT_TRUE(chosen.has_value());
    const auto [scale, zero_point] = chosen->parameters;
    EXPECT_GE(zero_point, -128);
    EXPECT_LE(zero_point, 127);
    const float low = scale * static_cast<float>(-128 - zero_point);
    const float high = scale * static_cast<float>(127 - zero_point);
    EXPECT_LE(low, std::min(0.0F, range.min) + scale * 0.5001F);
    EXPECT_GE(high, std::max(0.0F, range.max) - scale * 0.5001F);
  }
}

TEST(ActivationScales, OperatorsThatMoveValuesKeepTheScale) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId conv = builder.Conv(input, 4, 3);
  const TensorId pad = builder.Pad(conv);
  const TensorId max = builder.Pool(OpKind::kMaxPool2D, pad);
  const TensorId average = builder.Pool(OpKind::kAveragePool2D, max);
  const TensorId flat = builder.Flatten(average);
  const graph::Model model = builder.Finish({flat});
  EXPECT_THAT(TensorsToMeasure(model), ElementsAre(input, conv));
  TensorRanges ranges(model.graph.tensors.size());
  ranges[static_cast<size_t>(input)] = ValueRange{-1.0F, 1.0F};
  ranges[static_cast<size_t>(conv)] = ValueRange{0.5F, 3.0F};
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings);
  ASSERT_TRUE(scales.ok());
  for (const TensorId id : {conv, pad, max, average, flat}) {
    EXPECT_EQ((*scales)[static_cast<size_t>(id)]->parameters, Choose({0.0F, 3.0F})) << id;
  }
}

TEST(ActivationScales, ConcatenationSharesTheUnionOfItsInputs) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId a = builder.Conv(input, 4, 3);
  const TensorId b = builder.Conv(input, 4, 3);
  const TensorId pooled = builder.Pool(OpKind::kMaxPool2D, b);  // shares with b
  const TensorId constant = builder.Constant({1, 8, 8, 1}, -9.0F, -8.0F);
  const TensorId joined = builder.Concat({a, b, constant});
  const graph::Model model = builder.Finish({joined, pooled});
  TensorRanges ranges(model.graph.tensors.size());
  ranges[static_cast<size_t>(input)] = ValueRange{-1.0F, 1.0F};
  ranges[static_cast<size_t>(a)] = ValueRange{0.0F, 2.0F};
  ranges[static_cast<size_t>(b)] = ValueRange{-1.0F, 5.0F};
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings);
  ASSERT_TRUE(scales.ok());
  const auto& shared = *(*scales)[static_cast<size_t>(joined)];
  EXPECT_LT(shared.range.min, -8.9F);
  EXPECT_EQ(shared.range.max, 5.0F);
  for (const TensorId id : {a, b, pooled, constant}) {
    EXPECT_EQ((*scales)[static_cast<size_t>(id)]->parameters, shared.parameters) << id;
  }
  EXPECT_NE((*scales)[static_cast<size_t>(input)]->parameters, shared.parameters);
}

TEST(ActivationScales, FixedOutputsAreFixedAndStayOutOfConcatenations) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId logistic = builder.Unary(OpKind::kLogistic, input);
  const TensorId tanh = builder.Unary(OpKind::kTanh, input);
  const TensorId pooled = builder.Pool(OpKind::kMaxPool2D, logistic);
  const TensorId joined = builder.Concat({logistic, tanh});
  const TensorId alike = builder.Concat({pooled, pooled});
  const TensorId softmax = builder.Unary(OpKind::kSoftmax, joined);
  const graph::Model model = builder.Finish({softmax, alike});
  EXPECT_THAT(TensorsToMeasure(model), ElementsAre(input));
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, SomeRanges(model), warnings);
  ASSERT_TRUE(scales.ok()) << scales.status().message();
  const auto at = [&](TensorId id) { return (*scales)[static_cast<size_t>(id)]->parameters; };
  const AffineParameters unsigned_unit = {1.0F / 256.0F, -128};
  EXPECT_EQ(at(logistic), unsigned_unit);
  EXPECT_EQ(at(pooled), unsigned_unit);
  EXPECT_EQ(at(alike), unsigned_unit);
  EXPECT_EQ(at(softmax), unsigned_unit);
  EXPECT_EQ(at(tanh), (AffineParameters{1.0F / 128.0F, 0}));
  EXPECT_EQ(at(joined), Choose({-1.0F, 255.0F / 256.0F}));
}

TEST(ActivationScales, ConstantTensorIsNamedAndGetsAScale) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId dead = builder.Conv(input, 4, 3);
  const graph::Model model = builder.Finish({builder.Pool(OpKind::kMaxPool2D, dead)});
  TensorRanges ranges(model.graph.tensors.size());
  ranges[static_cast<size_t>(input)] = ValueRange{0.0F, 1.0F};
  ranges[static_cast<size_t>(dead)] = ValueRange{0.0F, 0.0F};
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings);
  ASSERT_TRUE(scales.ok());
  const std::string& name = model.graph.tensors[static_cast<size_t>(dead)].name;
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("\"" + name + "\" was always 0")));
  EXPECT_EQ((*scales)[static_cast<size_t>(dead)]->parameters, Choose({0.0F, 1.0F}));
}

TEST(ActivationScales, MissingRangeIsABug) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const graph::Model model = builder.Finish({builder.Conv(input, 4, 3)});
  Warnings warnings;
  const auto scales =
      ChooseActivationScales(model, TensorRanges(model.graph.tensors.size()), warnings);
  EXPECT_EQ(scales.status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace qbench::quantize
