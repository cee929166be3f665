#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using graph::ResizeOptions;
using testing::ElementsAre;

Result<std::vector<float>> Resized(OpKind kind, ResizeOptions options, int32_t width) {
  return SingleOp()
      .Input<float>({1, 1, 4, 1}, {0, 10, 20, 30})
      .Constant<int32_t>({2}, {1, width})
      .Run<float>(kind, options, {1, 1, width, 1});
}

TEST(Resize, NearestTakesThePixelThatAPlaceFallsInto) {
  const auto half = Resized(OpKind::kResizeNearestNeighbor, {.half_pixel_centers = true}, 2);
  ASSERT_TRUE(half.ok()) << half.status().message();
  EXPECT_THAT(*half, ElementsAre(10, 30));
  const auto points = Resized(OpKind::kResizeNearestNeighbor, {}, 2);
  ASSERT_TRUE(points.ok()) << points.status().message();
  EXPECT_THAT(*points, ElementsAre(0, 20));
  const auto corners = Resized(OpKind::kResizeNearestNeighbor, {.align_corners = true}, 2);
  ASSERT_TRUE(corners.ok()) << corners.status().message();
  EXPECT_THAT(*corners, ElementsAre(0, 30));
}

TEST(Resize, BilinearWeighsTwoPixels) {
  const auto half = Resized(OpKind::kResizeBilinear, {.half_pixel_centers = true}, 8);
  ASSERT_TRUE(half.ok()) << half.status().message();
  EXPECT_THAT(*half, ElementsAre(0, 2.5F, 7.5F, 12.5F, 17.5F, 22.5F, 27.5F, 30));
  const auto points = Resized(OpKind::kResizeBilinear, {}, 8);
  ASSERT_TRUE(points.ok()) << points.status().message();
  EXPECT_THAT(*points, ElementsAre(0, 5, 10, 15, 20, 25, 30, 30));
  const auto corners = Resized(OpKind::kResizeBilinear, {.align_corners = true}, 7);
  ASSERT_TRUE(corners.ok()) << corners.status().message();
  EXPECT_THAT(*corners, ElementsAre(0, 5, 10, 15, 20, 25, 30));
}

TEST(Resize, RefusesBothRulesAtOnce) {
  const auto both =
      Resized(OpKind::kResizeBilinear, {.align_corners = true, .half_pixel_centers = true}, 8);
  EXPECT_EQ(both.status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::kernels
