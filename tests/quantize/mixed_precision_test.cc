// Models of which some operators are integer and others float.
#include <algorithm>
#include <cmath>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "quantize/rewrites/float_head.h"
#include "tests/quantize/run_model.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::Op;
using graph::OpKind;

std::vector<std::vector<float>> Samples(const graph::Model& model, uint32_t seed, size_t count) {
  std::mt19937 random(seed);
  const auto& input = model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])];
  std::vector<std::vector<float>> samples;
  for (size_t i = 0; i < count; ++i) {
    samples.push_back(
        RandomFloats(random, static_cast<size_t>(graph::ElementCount(input.shape)), -1.0F, 1.0F));
  }
  return samples;
}

graph::Model Quantized(const graph::Model& model, const TensorRanges& ranges,
                       const FullIntegerOptions& options) {
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings);
  EXPECT_TRUE(scales.ok()) << scales.status().message();
  auto quantized = QuantizeFullInteger(model, *scales, options, warnings);
  EXPECT_TRUE(quantized.ok()) << quantized.status().message();
  const Status valid = graph::Validate(*quantized);
  EXPECT_TRUE(valid.ok()) << valid.message();
  return std::move(*quantized);
}

int64_t Count(const graph::Model& model, OpKind kind) {
  return std::ranges::count_if(model.graph.ops, [&](const Op& op) { return op.kind == kind; });
}

double MeanAbsoluteDifference(const std::vector<std::vector<float>>& a,
                              const std::vector<std::vector<float>>& b) {
  double sum = 0.0;
  size_t count = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < a[i].size(); ++j, ++count) sum += std::abs(a[i][j] - b[i][j]);
  }
  return sum / static_cast<double>(count);
}

// The operators of the float model in the mixed one, in order: all but the converting ones.
std::vector<bool> FloatOpsOf(const graph::Model& mixed) {
  std::vector<bool> found;
  for (const Op& op : mixed.graph.ops) {
    if (op.kind == OpKind::kQuantize || op.kind == OpKind::kDequantize) continue;
    found.push_back(mixed.graph.tensors[static_cast<size_t>(op.outputs[0])].type ==
                    DataType::kFloat32);
  }
  return found;
}

TEST(MixedPrecision, AllFloatIsTheFloatModel) {
  const graph::Model model = TinyClassifier();
  const TensorRanges ranges = MeasureRanges(model, Samples(model, 1, 4));
  const graph::Model mixed = Quantized(
      model, ranges, {.choices = OperatorChoices(model.graph.ops.size(), {.in_float = true})});
  EXPECT_EQ(mixed, model);
}

TEST(MixedPrecision, AnySelectionIsValidAndStaysClose) {
  for (uint32_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const graph::Model model = TinyClassifier(seed);
    const auto samples = Samples(model, seed, 4);
    const TensorRanges ranges = MeasureRanges(model, samples);
    std::vector<bool> float_ops(model.graph.ops.size());
    for (size_t i = 0; i < float_ops.size(); ++i) float_ops[i] = random() % 2 == 0;
    const graph::Model mixed = Quantized(model, ranges, {.choices = InFloat(float_ops)});
    EXPECT_EQ(FloatOpsOf(mixed), float_ops);
    EXPECT_LT(MeanAbsoluteDifference(RunModel(mixed, samples), RunModel(model, samples)), 0.02);
  }
}

TEST(MixedPrecision, ATensorIsConvertedOnceForAllItsUsers) {
  ModelBuilder builder(1);
  const auto input = builder.Input({1, 8, 8, 3});
  const auto stem = builder.Conv(input, 8, 3);
  const auto a = builder.Conv(stem, 8, 1);
  const auto b = builder.Conv(stem, 8, 1);
  const auto sum = builder.Binary(OpKind::kAdd, a, b);
  const graph::Model model = builder.Finish({sum});
  const TensorRanges ranges = MeasureRanges(model, Samples(model, 1, 2));
  const graph::Model mixed =
      Quantized(model, ranges, {.choices = InFloat({false, true, true, true})});
  EXPECT_EQ(Count(mixed, OpKind::kQuantize), 1);    // the input
  EXPECT_EQ(Count(mixed, OpKind::kDequantize), 1);  // the stem
  const graph::Model inverse =
      Quantized(model, ranges, {.choices = InFloat({true, false, false, false})});
  EXPECT_EQ(Count(inverse, OpKind::kQuantize), 1);    // the stem
  EXPECT_EQ(Count(inverse, OpKind::kDequantize), 1);  // the output
}

TEST(MixedPrecision, AFloatInputIsNotConvertedTwice) {
  ModelBuilder builder(1);
  const auto input = builder.Input({1, 8, 8, 3});
  const auto a = builder.Conv(input, 8, 3);
  const auto b = builder.Conv(input, 8, 3);
  const graph::Model model = builder.Finish({builder.Binary(OpKind::kAdd, a, b)});
  const TensorRanges ranges = MeasureRanges(model, Samples(model, 1, 2));
  const graph::Model mixed = Quantized(model, ranges, {.choices = InFloat({true, false, true})});
  EXPECT_EQ(mixed.graph.ops.front().kind, OpKind::kQuantize);
  EXPECT_EQ(Count(mixed, OpKind::kQuantize), 1);
  EXPECT_EQ(Count(mixed, OpKind::kDequantize), 1);
}

TEST(MixedPrecision, IntegerBoundariesOfFloatOperators) {
  const graph::Model model = TinyClassifier();
  const TensorRanges ranges = MeasureRanges(model, Samples(model, 1, 4));
  for (const DataType boundary : {DataType::kInt8, DataType::kUInt8}) {
    const graph::Model mixed =
        Quantized(model, ranges,
                  {.input = boundary,
                   .output = boundary,
                   .choices = OperatorChoices(model.graph.ops.size(), {.in_float = true})});
    const auto& input = mixed.graph.tensors[static_cast<size_t>(mixed.graph.inputs[0])];
    const auto& output = mixed.graph.tensors[static_cast<size_t>(mixed.graph.outputs[0])];
    EXPECT_EQ(input.type, boundary);
    EXPECT_EQ(output.type, boundary);
    EXPECT_EQ(input.name, model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])].name);
    EXPECT_EQ(output.name, model.graph.tensors[static_cast<size_t>(model.graph.outputs[0])].name);
  }
}

// ---- the head ----

TEST(FloatHead, IsSoftmaxAndASmallLayerBeforeIt) {
  ModelBuilder builder(1);
  const auto input = builder.Input({1, 32, 32, 3});
  const auto features = builder.Mean(builder.Conv(builder.Conv(input, 32, 3), 32, 3));
  const auto logits = builder.Dense(features, 6);
  const graph::Model model = builder.Finish({builder.Unary(OpKind::kSoftmax, logits)});
  EXPECT_EQ(FindHead(model), (std::vector<bool>{false, false, false, true, true}));
}

TEST(FloatHead, LeavesALargeLayer) {
  const graph::Model model = TinyClassifier();  // 2,304 of some 300,000 multiply-adds
  std::vector<bool> head = FindHead(model);
  EXPECT_EQ(std::ranges::count(head, true), 1);
  EXPECT_TRUE(head.back());
}

TEST(FloatHead, LeavesScoresThatAnotherOperatorReads) {
  ModelBuilder builder(1);
  const auto input = builder.Input({1, 16, 16, 8});
  const auto gate = builder.Unary(OpKind::kLogistic, builder.Conv(input, 8, 1));
  const auto out = builder.Binary(OpKind::kMul, gate, gate);
  const graph::Model model = builder.Finish({out, gate});
  EXPECT_EQ(std::ranges::count(FindHead(model), true), 0);
}

TEST(FloatHead, NothingInAModelThatEndsInAConvolution) {
  ModelBuilder builder(1);
  const auto input = builder.Input({1, 16, 16, 8});
  const graph::Model model = builder.Finish({builder.Conv(input, 8, 3)});
  EXPECT_EQ(std::ranges::count(FindHead(model), true), 0);
}

}  // namespace
}  // namespace qbench::quantize
