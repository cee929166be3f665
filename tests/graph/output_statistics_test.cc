#include "graph/output_statistics.h"

#include <memory>

#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/graph/model_builder.h"

namespace qbench::graph {
namespace {

// A normalized convolution with a RELU6, and one without.
Model Normalized() {
  ModelBuilder b;
  TensorId x = b.Input({1, 6, 6, 3});
  x = b.Add(OpKind::kConv2D, {x, b.Weight({4, 3, 3, 3}), kNoTensor});
  x = b.Add(OpKind::kMul, {x, b.Weight({4})});
  x = b.Add(OpKind::kAdd, {x, b.Weight({4})});
  x = b.Add(OpKind::kRelu6, {x});
  x = b.Add(OpKind::kConv2D, {x, b.Weight({2, 1, 1, 4}), kNoTensor});
  Model model = b.Finish({x});
  model.graph.ops[2].statistics = {.mean = {1, 2, 3, -4}, .deviation = {0, 0.5F, 1, 2}};
  return model;
}

Result<Model> WrittenAndRead(const Model& model, bool statistics) {
  QB_ASSIGN_OR_RETURN(Bytes bytes, WriteTflite(model, {.statistics = statistics}));
  return ReadTflite(std::make_shared<const Bytes>(std::move(bytes)));
}

TEST(OutputStatistics, TheLayerThatNormalizationIsFoldedIntoHasThem) {
  Model model = Normalized();
  const OutputStatistics expected = *model.graph.ops[2].statistics;
  ASSERT_TRUE(Optimize(model).ok());
  ASSERT_EQ(model.graph.ops.size(), 2U);
  EXPECT_EQ(model.graph.ops[0].statistics, expected);
  EXPECT_FALSE(model.graph.ops[1].statistics.has_value());
}

TEST(OutputStatistics, AreLostWhereSomethingElseIsFoldedOnTop) {
  Model model = Normalized();
  model.graph.ops[1].statistics = std::exchange(model.graph.ops[2].statistics, std::nullopt);
  ASSERT_TRUE(Optimize(model).ok());
  EXPECT_FALSE(HasStatistics(model.graph));
}

TEST(OutputStatistics, FilesKeepThemWhereTheyAreAskedTo) {
  Model model = Normalized();
  ASSERT_TRUE(Optimize(model).ok());
  const auto with = WrittenAndRead(model, true);
  ASSERT_TRUE(with.ok()) << with.status().message();
  EXPECT_EQ(with->graph.ops[0].statistics, model.graph.ops[0].statistics);
  const auto without = WrittenAndRead(model, false);
  ASSERT_TRUE(without.ok()) << without.status().message();
  EXPECT_FALSE(HasStatistics(without->graph));
  EXPECT_EQ(*WriteTflite(*without), *WriteTflite(*with));
}

TEST(OutputStatistics, OfOperatorsThatAnotherProgramReplacedAreLeftOut) {
  Model model = Normalized();
  ASSERT_TRUE(Optimize(model).ok());
  const Bytes bytes = EncodeStatistics(model.graph);
  model.graph.ops[0].statistics.reset();
  Model renamed = model;
  renamed.graph.tensors[static_cast<size_t>(renamed.graph.ops[0].outputs[0])].name = "other";
  EXPECT_TRUE(DecodeStatistics(bytes, renamed.graph).ok());
  EXPECT_FALSE(HasStatistics(renamed.graph));
  Model smaller = model;
  smaller.graph.tensors[static_cast<size_t>(smaller.graph.ops[0].outputs[0])].shape.back() = 3;
  EXPECT_TRUE(DecodeStatistics(bytes, smaller.graph).ok());
  EXPECT_FALSE(HasStatistics(smaller.graph));
  EXPECT_TRUE(DecodeStatistics(bytes, model.graph).ok());
  EXPECT_TRUE(HasStatistics(model.graph));
}

TEST(OutputStatistics, DamagedOnesAreRefused) {
  Model model = Normalized();
  ASSERT_TRUE(Optimize(model).ok());
  const Bytes bytes = EncodeStatistics(model.graph);
  for (size_t size = 1; size < bytes.size(); ++size) {
    Graph graph = model.graph;
    const Status status = DecodeStatistics(ByteSpan(bytes).first(size), graph);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << size;
  }
  Bytes negative = bytes;
  negative.back() |= 0x80;  // the sign of the last deviation
  EXPECT_EQ(DecodeStatistics(negative, model.graph).code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph
