#include "harness/worker/pixel_range.h"

#include <gtest/gtest.h>

#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/graph/model_builder.h"

namespace qbench::worker {
namespace {

// A RELU with a learned range of its output, where `trained` says so, and of its input.
Bytes FileOf(bool trained, bool input) {
  graph::ModelBuilder b;
  const graph::TensorId x = b.Input({1, 2, 2, 3});
  const graph::TensorId y = b.Add(graph::OpKind::kRelu, {x});
  const graph::LearnedRange range{.min = {0.0F}, .max = {1.0F}};
  if (trained) b.tensor(y).learned_range = range;
  if (input) b.tensor(x).learned_range = range;
  return *graph::WriteTflite(b.Finish({y}));
}

const std::vector<float> kMean = {127.5F, 100.0F, 0.0F};
const std::vector<float> kStd = {127.5F, 50.0F, 255.0F};

TEST(PixelRangeTest, FollowsFromThePreprocessing) {
  const Bytes file = FileOf(true, false);
  const auto changed = WithInputRange(file, kMean, kStd);
  ASSERT_TRUE(changed.ok()) << changed.status().message();
  ASSERT_TRUE(changed->has_value());
  const auto model = graph::ReadTflite(nullptr, (*changed)->span());
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto& range = model->graph.tensors[model->graph.inputs[0]].learned_range;
  ASSERT_TRUE(range.has_value());
  EXPECT_FLOAT_EQ(range->min[0], -2.0F);
  EXPECT_FLOAT_EQ(range->max[0], 3.1F);
}

TEST(PixelRangeTest, NothingChangesWhereNothingIsMissing) {
  for (const Bytes& file : {FileOf(true, true), FileOf(false, false), Bytes(100, 1)}) {
    const auto same = WithInputRange(file, kMean, kStd);
    ASSERT_TRUE(same.ok());
    EXPECT_FALSE(same->has_value());
  }
  EXPECT_FALSE(WithInputRange(FileOf(true, false), {}, {})->has_value());
}

}  // namespace
}  // namespace qbench::worker
