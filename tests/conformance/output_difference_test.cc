#include "harness/checks/output_difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace qbench::checks {
namespace {

using graph::DataType;

TEST(OutputDifference, OfIntegersIsInSteps) {
  const std::vector<int8_t> actual = {-128, 5, 7, 127};
  const std::vector<int8_t> expected = {127, 5, 8, 127};
  const Difference difference = Compare(DataType::kInt8, AsBytes(actual), AsBytes(expected));
  EXPECT_TRUE(difference.steps);
  EXPECT_EQ(difference.largest, 255.0);
  EXPECT_EQ(difference.different, 2);
  EXPECT_EQ(difference.elements, 4);
  EXPECT_EQ(Describe(difference), "255 steps");
}

TEST(OutputDifference, OfFloatsIsAPartOfTheLargestValueButOfOneAtLeast) {
  const std::vector<float> actual = {100.0F, 2.0F};
  const std::vector<float> expected = {100.0F, 1.0F};
  EXPECT_DOUBLE_EQ(Compare(DataType::kFloat32, AsBytes(actual), AsBytes(expected)).largest, 0.01);
  const std::vector<float> small = {0.25F};
  const std::vector<float> zero = {0.0F};
  EXPECT_DOUBLE_EQ(Compare(DataType::kFloat32, AsBytes(small), AsBytes(zero)).largest, 0.25);
}

TEST(OutputDifference, IsInfiniteWhereOneSideIsNoNumberOrAnotherSize) {
  const std::vector<float> nan = {std::numeric_limits<float>::quiet_NaN()};
  const std::vector<float> one = {1.0F};
  const std::vector<float> two = {1.0F, 1.0F};
  const auto largest = [](const std::vector<float>& actual, const std::vector<float>& expected) {
    return Compare(DataType::kFloat32, AsBytes(actual), AsBytes(expected)).largest;
  };
  EXPECT_TRUE(std::isinf(largest(nan, one)));
  EXPECT_TRUE(std::isinf(largest(one, nan)));
  EXPECT_TRUE(std::isinf(largest(one, two)));
  EXPECT_EQ(largest(nan, nan), 0.0);  // both say that there is no number
}

}  // namespace
}  // namespace qbench::checks
