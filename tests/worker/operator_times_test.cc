#include "harness/worker/operator_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/graph/model_builder.h"

namespace qbench::worker {
namespace {

using ::testing::HasSubstr;

host::Profile ProfileOf(std::vector<host::ProfileEvent> events, uint64_t resolution_ns = 1) {
  return {.events = std::move(events), .resolution_ns = resolution_ns, .delegate = "FAKE"};
}

TEST(OperatorTimes, AddsTheStepsOfAnOperatorAndTakesTheMedian) {
  OperatorTimes times({"CONV_2D", "SOFTMAX"});
  for (const uint64_t us : {30, 10, 20}) {
    const Status added = times.Add(ProfileOf({{-1, 0, "Copy", 5000},
                                              {1, 0, "Convert (NC)", 1000},
                                              {1, 0, "Softmax (NC)", us * 1000},
                                              {0, -1, "", 0}}));
    ASSERT_TRUE(added.ok()) << added.message();
  }
  const auto rows = times.Operators(std::nullopt);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].op, -1);
  EXPECT_EQ(rows[0].name, "Copy");
  EXPECT_EQ(rows[0].kind, "");
  EXPECT_EQ(rows[0].median_us, 5);
  EXPECT_EQ(rows[1].op, 1);
  EXPECT_EQ(rows[1].kind, "SOFTMAX");
  EXPECT_EQ(rows[1].steps, "Convert (NC) + Softmax (NC)");
  EXPECT_EQ(rows[1].partition, 0);
  EXPECT_EQ(rows[1].median_us, 21);
  EXPECT_EQ(rows[2].op, 0);
  EXPECT_EQ(rows[2].steps, "");
  EXPECT_EQ(rows[2].partition, -1);
  EXPECT_EQ(rows[2].median_us, 0);
}

TEST(OperatorTimes, LooksBetweenTheTicksOfACoarseClock) {
  OperatorTimes times({"ADD"});
  for (const uint64_t us : {0, 1, 1, 2, 1}) {
    ASSERT_TRUE(times.Add(ProfileOf({{0, 0, "Add", us * 1000}}, 1000)).ok());
  }
  // 1 below, 3 in the interval from 0.5 to 1.5: 0.5 + (2.5 - 1) / 3.
  EXPECT_DOUBLE_EQ(times.Operators(std::nullopt)[0].median_us, 1);
}

TEST(OperatorTimes, DescribesOperatorsByTheModel) {
  graph::ModelBuilder b;
  graph::TensorId x = b.Input({1, 8, 8, 3});
  x = b.Add(graph::OpKind::kConv2D, graph::Conv2DOptions{},
            {x, b.Weight({4, 3, 3, 3}), b.Weight({4})});
  x = b.Add(graph::OpKind::kMean, {x, b.Ints({2}, {1, 2})});
  const graph::ModelSummary summary = graph::Summarize(b.Finish({x}));
  OperatorTimes times({"CONV_2D", "MEAN"});
  ASSERT_TRUE(times.Add(ProfileOf({{0, 0, "conv", 1}, {1, 0, "mean", 2}})).ok());
  const auto rows = times.Operators(summary);
  EXPECT_EQ(rows[0].name, summary.ops[0].name);
  EXPECT_EQ(rows[0].input_type, "float32");
  EXPECT_EQ(rows[0].weight_type, "float32");
  EXPECT_EQ(rows[0].output_type, "float32");
  EXPECT_EQ(rows[0].macs, 8 * 8 * 4 * 27);
  EXPECT_EQ(rows[0].bytes_read, 4 * (8 * 8 * 3 + 4 * 27 + 4));
  EXPECT_EQ(rows[0].bytes_written, 4 * 8 * 8 * 4);
  EXPECT_EQ(rows[1].weight_type, "");  // axes are no weights
}

TEST(OperatorTimes, RefusesWhatBreaksTheContract) {
  OperatorTimes beyond({"ADD"});
  EXPECT_THAT(beyond.Add(ProfileOf({{1, -1, "Add", 1}})).message(),
              HasSubstr("has operator 1, the model has 1"));
  OperatorTimes missing({"ADD", "MUL"});
  EXPECT_THAT(missing.Add(ProfileOf({{0, -1, "Add", 1}})).message(),
              HasSubstr("no event of operator 1, MUL"));
  OperatorTimes changing({"ADD"});
  ASSERT_TRUE(changing.Add(ProfileOf({{0, -1, "Add", 1}, {-1, -1, "Copy", 1}})).ok());
  EXPECT_THAT(changing.Add(ProfileOf({{0, -1, "Add", 1}})).message(),
              HasSubstr("one invoke has 2 events and another 1"));
}

}  // namespace
}  // namespace qbench::worker
