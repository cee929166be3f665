#include "quantize/ranges/input_range.h"

#include <algorithm>
#include <cmath>

#include "graph/numerics/quantize_math.h"
#include "gtest/gtest.h"

namespace qbench::quantize {
namespace {

std::vector<float> AllPixels(float mean, float std) {
  std::vector<float> values;
  values.reserve(256);
  for (int pixel = 0; pixel < 256; ++pixel) {
    values.push_back((static_cast<float>(pixel) - mean) / std);
  }
  return values;
}

double MeanSquaredError(ValueRange range, const std::vector<float>& values) {
  const auto integers = graph::ActivationRange(graph::DataType::kInt8);
  const auto parameters = graph::ChooseAsymmetric(range.min, range.max, integers);
  double sum = 0.0;
  for (const float value : values) {
    const int32_t steps = graph::QuantizeValue(value, parameters, integers) - parameters.zero_point;
    sum += std::pow((steps * parameters.scale - value) / parameters.scale, 2);
  }
  return sum / static_cast<double>(values.size());
}

// In [-1, 1] every pixel lies half a step from its neighbours on the int8 grid.
TEST(InputRange, PixelsAroundZeroGetRidOfTheirTies) {
  const std::vector<float> values = AllPixels(127.5F, 127.5F);
  const ValueRange range{-1.0F, 1.0F};
  EXPECT_NEAR(MeanSquaredError(range, values), 0.25, 0.01);
  const ValueRange chosen = ChooseInputRange(range, values);
  EXPECT_NEAR(MeanSquaredError(chosen, values), 1.0 / 12.0, 0.01);
  EXPECT_FLOAT_EQ(chosen.max, 255.0F / 254.0F);
}

TEST(InputRange, PixelsThatAreExactStay) {
  const std::vector<float> values = AllPixels(0.0F, 255.0F);
  EXPECT_NEAR(MeanSquaredError({0.0F, 1.0F}, values), 0.0, 1e-9);
  EXPECT_EQ(ChooseInputRange({0.0F, 1.0F}, values), (ValueRange{0.0F, 1.0F}));
}

TEST(InputRange, ARangeWithoutWidthStays) {
  EXPECT_EQ(ChooseInputRange({0.5F, 0.5F}, {}), (ValueRange{0.5F, 0.5F}));
}

}  // namespace
}  // namespace qbench::quantize
