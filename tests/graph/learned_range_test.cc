// Learned ranges (graph/ir.h): in files, in the validator, and under every pass.
#include "graph/learned_range.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "gmock/gmock.h"
#include "graph/model_summary.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/graph/model_builder.h"
#include "tflite_generated.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

LearnedRange Range(float min, float max) { return {.min = {min}, .max = {max}}; }

// ---- in files ----

// An input, weights with a range for each channel, and an output, all with learned ranges.
Model Trained() {
  ModelBuilder b;
  const TensorId x = b.Input({1, 4, 4, 3});
  const TensorId filter = b.Weight({2, 1, 1, 3});
  const TensorId y = b.Add(OpKind::kConv2D, {x, filter, b.Weight({2})});
  b.tensor(x).learned_range = Range(-1.0F, 0.5F);
  b.tensor(filter).learned_range =
      LearnedRange{.min = {-0.5F, -0.25F}, .max = {0.5F, 0.75F}, .axis = 0};
  b.tensor(y).learned_range = Range(-3.0F, 5.0F);
  return b.Finish({y});
}

TEST(LearnedRangeFileTest, IsReadAsItWasWritten) {
  const Model model = Trained();
  const Result<Bytes> file = WriteTflite(model);
  ASSERT_TRUE(file.ok()) << file.status().message();
  const Result<Model> read = ReadTflite(std::make_shared<const Bytes>(*file));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_TRUE(read->graph == model.graph);
  const ModelSummary summary = Summarize(*read);
  EXPECT_EQ(summary.inputs[0].learned_range, Range(-1.0F, 0.5F));
  EXPECT_EQ(summary.ops[0].inputs[1].learned_range->max, (std::vector{0.5F, 0.75F}));
}

// The file of Trained() with other bytes in a vector of its first tensor's parameters: `length` and
// `value` are those of its minima, or of its maxima.
Result<Model> ReadPatched(bool minima, uint32_t length, float value) {
  Result<Bytes> file = WriteTflite(Trained());
  const auto& q =
      *wire::GetModel(file->data())->subgraphs()->Get(0)->tensors()->Get(0)->quantization();
  const uint8_t* data = (minima ? q.min() : q.max())->Data();
  const auto place = static_cast<size_t>(data - file->data());
  std::memcpy(file->data() + place, &value, sizeof(value));
  std::memcpy(file->data() + place - sizeof(length), &length, sizeof(length));
  return ReadTflite(std::make_shared<const Bytes>(*file));
}

TEST(LearnedRangeFileTest, DamagedOnesAreRefused) {
  ASSERT_TRUE(ReadPatched(true, 1, -0.75F).ok());
  const auto refused = [](const Result<Model>& model, const char* message) {
    EXPECT_EQ(model.status().code(), StatusCode::kCorrupt);
    EXPECT_THAT(model.status().message(), HasSubstr(message));
  };
  refused(ReadPatched(false, 0, 0.5F), "1 minima and 0 maxima");
  refused(ReadPatched(true, 0, 0.5F), "0 minima and 1 maxima");
  refused(ReadPatched(true, 1, 2.0F), "from 2 to 0.5");
  refused(ReadPatched(false, 1, std::nanf("")), "from -1 to nan");
  refused(ReadPatched(false, 1, std::numeric_limits<float>::infinity()), "inf");
  refused(ReadPatched(false, 1U << 30, 0.5F), "does not verify");
}

TEST(LearnedRangeValidateTest, TheDimensionIsOneOfTheTensor) {
  const auto refused = [](TensorId id, LearnedRange range, const char* message) {
    Model model = Trained();
    model.graph.tensors[static_cast<size_t>(id)].learned_range = std::move(range);
    const Status status = Validate(model);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr(message));
  };
  refused(0, {.min = {0}, .max = {1}, .axis = 4}, "along dimension 4");
  refused(0, {.min = {0}, .max = {1}, .axis = -1}, "along dimension -1");
  refused(1, {.min = {0, 0, 0}, .max = {1, 1, 1}, .axis = 0}, "3 learned ranges along dimension 0");
  // Several, of an activation.
  refused(0, {.min = {0, 0, 0}, .max = {1, 1, 1}, .axis = 3}, "3 learned ranges along dimension 3");
}

TEST(LearnedRangeValidateTest, OnlyFloatsHaveOne) {
  Model model = Trained();
  model.graph.tensors[0].type = DataType::kInt8;
  EXPECT_THAT(Validate(model).message(), HasSubstr("not float32"));
}

// ---- under passes ----

const std::optional<LearnedRange>& RangeOf(const Model& model, TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)].learned_range;
}

TEST(LearnedRangePassTest, AFusedActivationTakesItsOwnOrWhatItLeaves) {
  for (const bool own : {true, false}) {
    ModelBuilder b;
    TensorId x = b.Input({1, 2, 2, 2});
    const TensorId conv = b.Add(OpKind::kConv2D, {x, b.Weight({2, 1, 1, 2}), b.Weight({2})});
    const TensorId y = b.Add(OpKind::kRelu6, {conv});
    b.tensor(conv).learned_range = Range(-3.0F, 9.0F);
    if (own) b.tensor(y).learned_range = Range(0.0F, 4.0F);
    Model model = b.Finish({y});
    ASSERT_TRUE(FuseActivations(model).ok());
    ASSERT_EQ(model.graph.ops.size(), 1U);
    EXPECT_EQ(RangeOf(model, model.graph.outputs[0]), own ? Range(0.0F, 4.0F) : Range(0.0F, 6.0F));
  }
}

// A convolution, MUL and ADD, folded.
Model FoldedConvolution(OpKind kind, const LearnedRange& range, const std::vector<float>& factors) {
  ModelBuilder b;
  const auto channels = static_cast<int32_t>(factors.size());
  TensorId x = b.Input({1, 2, 2, channels});
  const bool depthwise = kind == OpKind::kDepthwiseConv2D;
  const TensorId filter =
      b.Weight(depthwise ? Shape{1, 1, 1, channels} : Shape{channels, 1, 1, channels});
  b.tensor(filter).learned_range = range;
  x = b.Add(kind, {x, filter, kNoTensor});
  x = b.Add(OpKind::kMul, {x, b.graph().AddConstant("factors", {channels}, factors)});
  x = b.Add(OpKind::kAdd, {x, b.Weight({channels})});
  b.tensor(x).learned_range = Range(-1.0F, 1.0F);
  Model model = b.Finish({x});
  EXPECT_TRUE(FoldBatchNorm(model).ok());
  EXPECT_EQ(model.graph.ops.size(), 1U);
  EXPECT_TRUE(Validate(model).ok()) << Validate(model).message();
  return model;
}

const LearnedRange& FilterRange(const Model& model) {
  return *RangeOf(model, model.graph.ops[0].inputs[1]);
}

TEST(LearnedRangePassTest, FoldedWeightsHaveTheRangesTimesTheFactors) {
  const LearnedRange each{.min = {-1.0F, -2.0F}, .max = {0.5F, 3.0F}, .axis = 0};
  const Model model = FoldedConvolution(OpKind::kConv2D, each, {2.0F, -3.0F});
  EXPECT_THAT(FilterRange(model).min, ElementsAre(-2.0F, -9.0F));
  EXPECT_THAT(FilterRange(model).max, ElementsAre(1.0F, 6.0F));
  EXPECT_EQ(RangeOf(model, model.graph.outputs[0]), Range(-1.0F, 1.0F));
  // One for the tensor becomes one for each channel, along the dimension that has them.
  const Model depthwise =
      FoldedConvolution(OpKind::kDepthwiseConv2D, Range(-1.0F, 1.0F), {2.0F, 0.0F});
  EXPECT_THAT(FilterRange(depthwise).max, ElementsAre(2.0F, 0.0F));
  EXPECT_EQ(FilterRange(depthwise).axis, 3);
  // And stays one where all channels are multiplied alike.
  const Model alike = FoldedConvolution(OpKind::kConv2D, Range(-1.0F, 1.0F), {2.0F, 2.0F});
  EXPECT_THAT(FilterRange(alike).max, ElementsAre(2.0F));
}

TEST(LearnedRangePassTest, NothingFoldsThroughATensorThatWasTrainedAsIntegers) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 2, 2, 2});
  const TensorId conv = b.Add(OpKind::kConv2D, {x, b.Weight({2, 1, 1, 2}), kNoTensor});
  const TensorId y = b.Add(OpKind::kMul, {conv, b.Weight({2})});
  Model model = b.Finish({y});
  model.graph.tensors[static_cast<size_t>(conv)].learned_range = Range(-1.0F, 1.0F);
  ASSERT_TRUE(FoldBatchNorm(model).ok());
  EXPECT_EQ(model.graph.ops.size(), 2U);
}

TEST(LearnedRangePassTest, AFoldedPadLeavesItsRangeOnItsInput) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 4, 4, 1});
  const TensorId padded = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, 1, 1, 1, 1, 0, 0})});
  const TensorId y = b.Add(OpKind::kConv2D, Conv2DOptions{.padding = Padding::kValid},
                           {padded, b.Weight({1, 3, 3, 1}), kNoTensor});
  b.tensor(padded).learned_range = Range(-2.0F, 1.0F);
  Model model = b.Finish({y});
  ASSERT_TRUE(FoldPads(model).ok());
  ASSERT_EQ(model.graph.ops.size(), 1U);
  EXPECT_EQ(RangeOf(model, x), Range(-2.0F, 1.0F));
}

TEST(LearnedRangePassTest, OfTensorsThatBecomeOneTheWiderCounts) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 2, 2, 1});
  const TensorId one = b.Add(OpKind::kMul, {x, b.graph().AddConstant("1", {}, std::vector{1.0F})});
  const TensorId flat = b.Reshape(one, {-1, 4});
  const TensorId again = b.Reshape(flat, {-1, 2, 2});
  b.tensor(x).learned_range = Range(-1.0F, 1.0F);
  b.tensor(one).learned_range = Range(-2.0F, 0.5F);
  b.tensor(flat).learned_range = Range(0.0F, 4.0F);
  Model model = b.Finish({again});
  ASSERT_TRUE(RemoveIdentities(model).ok());
  EXPECT_EQ(RangeOf(model, x), Range(-2.0F, 1.0F));
  EXPECT_EQ(RangeOf(model, again), Range(0.0F, 4.0F));
}

TEST(LearnedRangePassTest, ARangeOnWhatIsComputedAtImportStays) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 4});
  const TensorId product = b.Add(OpKind::kMul, {b.Weight({2, 4}), b.Weight({2, 1})});
  b.tensor(product).learned_range = LearnedRange{.min = {-1, -2}, .max = {1, 2}, .axis = 0};
  b.tensor(product).constant.reset();
  const TensorId y = b.Add(OpKind::kFullyConnected, {x, product, kNoTensor});
  Model model;
  model.graph = b.graph();
  model.graph.outputs = {y};
  ASSERT_TRUE(FoldConstants(model).ok());
  EXPECT_THAT(RangeOf(model, product)->max, ElementsAre(1.0F, 2.0F));
  EXPECT_TRUE(model.graph.tensors[static_cast<size_t>(product)].is_constant());
}

}  // namespace
}  // namespace qbench::graph
