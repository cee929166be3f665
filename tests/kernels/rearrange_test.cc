#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::ElementsAre;
using testing::ElementsAreArray;

TEST(Concatenation, JoinsAlongAnyAxis) {
  const auto last =
      SingleOp()
          .Input<float>({2, 1}, {1, 4})
          .Input<float>({2, 2}, {2, 3, 5, 6})
          .Run<float>(OpKind::kConcatenation, graph::ConcatenationOptions{.axis = -1}, {2, 3});
  ASSERT_TRUE(last.ok()) << last.status().message();
  EXPECT_THAT(*last, ElementsAre(1, 2, 3, 4, 5, 6));
  const auto q = Affine(0.5F, 3);
  const auto first =
      SingleOp()
          .Input<int8_t>({1, 2}, {1, 2}, q)
          .Input<int8_t>({2, 2}, {3, 4, 5, 6}, q)
          .Run<int8_t>(OpKind::kConcatenation, graph::ConcatenationOptions{.axis = 0}, {3, 2}, q);
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_THAT(*first, ElementsAre(1, 2, 3, 4, 5, 6));
}

// TensorFlow Lite's int8 kernel does not rescale either; its uint8 kernel does, this one does not.
TEST(Concatenation, RefusesToChangeTheScale) {
  const auto output =
      SingleOp()
          .Input<uint8_t>({1, 1}, {1}, Affine(0.5F, 0))
          .Input<uint8_t>({1, 1}, {1}, Affine(0.25F, 0))
          .Run<uint8_t>(OpKind::kConcatenation, graph::ConcatenationOptions{.axis = 1}, {1, 2},
                        Affine(0.5F, 0));
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), StatusCode::kUnsupported);
}

TEST(Pad, FillsWithRealZero) {
  const std::vector<int32_t> paddings = {0, 0, 1, 0, 0, 1};
  const auto output = SingleOp()
                          .Input<float>({1, 2, 2}, {1, 2, 3, 4})
                          .Constant<int32_t>({3, 2}, paddings)
                          .Run<float>(OpKind::kPad, graph::NoOptions{}, {1, 3, 3});
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(0, 0, 0, 1, 2, 0, 3, 4, 0));
}

TEST(Pad, FillsWithTheZeroPoint) {
  const std::vector<int32_t> paddings = {0, 0, 1, 2};
  for (const int32_t zero_point : {-128, -1, 5}) {
    const auto q = Affine(0.5F, zero_point);
    const auto output = SingleOp()
                            .Input<int8_t>({1, 1}, {42}, q)
                            .Constant<int32_t>({2, 2}, paddings)
                            .Run<int8_t>(OpKind::kPad, graph::NoOptions{}, {1, 4}, q);
    ASSERT_TRUE(output.ok()) << output.status().message();
    EXPECT_THAT(*output, ElementsAre(zero_point, 42, zero_point, zero_point));
  }
}

TEST(Reshape, KeepsTheOrder) {
  Random random(3);
  const auto input = random.Values<int16_t>(24, -1000, 1000);
  const auto q = Affine(0.1F, 0);
  const auto output =
      SingleOp()
          .Input({1, 2, 3, 4}, input, q)
          .Constant<int32_t>({2}, {1, -1})
          .Run<int16_t>(OpKind::kReshape, graph::ReshapeOptions{{1, -1}}, {1, 24}, q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAreArray(input));
}

TEST(Transpose, PutsDimensionsInAnotherOrder) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 2, 3}, {1, 2, 3, 4, 5, 6}, Affine(0.5F, 1))
          .Constant<int32_t>({3}, {0, -1, 1})
          .Run<int8_t>(OpKind::kTranspose, graph::NoOptions{}, {1, 3, 2}, Affine(0.5F, 1));
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(1, 4, 2, 5, 3, 6));
  const auto twice = SingleOp()
                         .Input<float>({1, 2}, {1, 2})
                         .Constant<int32_t>({2}, {1, 1})
                         .Run<float>(OpKind::kTranspose, graph::NoOptions{}, {1, 2});
  EXPECT_EQ(twice.status().code(), StatusCode::kCorrupt);
}

// [1, 3, 4] from row 1, every second column, and then one index of the rows.
TEST(StridedSlice, TakesRangesAndIndices) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const auto ranges =
      SingleOp()
          .Input<float>({1, 3, 4}, values)
          .Constant<int32_t>({3}, {0, 1, 0})
          .Constant<int32_t>({3}, {0, 3, -1})
          .Constant<int32_t>({3}, {1, 1, 2})
          .Run<float>(OpKind::kStridedSlice,
                      graph::StridedSliceOptions{.begin_mask = 1, .end_mask = 1}, {1, 2, 2});
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  EXPECT_THAT(*ranges, ElementsAre(4, 6, 8, 10));
  const auto index = SingleOp()
                         .Input<float>({1, 3, 4}, values)
                         .Constant<int32_t>({3}, {0, -1, 0})
                         .Constant<int32_t>({3}, {0, 0, 0})
                         .Constant<int32_t>({3}, {1, 1, 1})
                         .Run<float>(OpKind::kStridedSlice,
                                     graph::StridedSliceOptions{
                                         .begin_mask = 1, .end_mask = 5, .shrink_axis_mask = 2},
                                     {1, 4});
  ASSERT_TRUE(index.ok()) << index.status().message();
  EXPECT_THAT(*index, ElementsAre(8, 9, 10, 11));
  const auto backwards =
      SingleOp()
          .Input<float>({1, 4}, {0, 1, 2, 3})
          .Constant<int32_t>({2}, {0, 3})
          .Constant<int32_t>({2}, {1, 0})
          .Constant<int32_t>({2}, {1, -1})
          .Run<float>(OpKind::kStridedSlice, graph::StridedSliceOptions{}, {1, 3});
  EXPECT_EQ(backwards.status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace qbench::kernels
