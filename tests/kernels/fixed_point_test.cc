#include "kernels/fixed_point.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace qbench::kernels {
namespace {

constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
constexpr int32_t kMax = std::numeric_limits<int32_t>::max();

TEST(FixedPoint, ExpAgreesWithDouble) {
  EXPECT_EQ(ExpOnNegativeValues(0), kMax);
  for (int64_t raw = -1; raw > kMin; raw = raw * 17 / 16 - 1) {
    const double x = static_cast<double>(raw) / 0x1p26;
    const double e = ExpOnNegativeValues(static_cast<int32_t>(raw)) / 0x1p31;
    ASSERT_NEAR(e, std::exp(x), 3e-7) << "x = " << x;
  }
  EXPECT_NEAR(ExpOnNegativeValues(kMin) / 0x1p31, std::exp(-32.0), 1e-8);
}

TEST(FixedPoint, ReciprocalAgreesWithDouble) {
  for (int64_t raw = 0; raw <= kMax; raw += 1'234'567) {
    const double x = static_cast<double>(raw) / 0x1p31;
    ASSERT_NEAR(OneOverOnePlusX(static_cast<int32_t>(raw)) / 0x1p31, 1.0 / (1.0 + x), 1e-8);
  }
}

TEST(FixedPoint, SaturatesAndWraps) {
  EXPECT_EQ(SaturatingShiftLeft(3, 4), 48);
  EXPECT_EQ(SaturatingShiftLeft(1 << 30, 1), kMax);
  EXPECT_EQ(SaturatingShiftLeft(-(1 << 30), 2), kMin);
  EXPECT_EQ(WrappingAdd(kMax, 1), kMin);
  EXPECT_EQ(WrappingMultiply(kMax, 2), -2);
  EXPECT_EQ(WrappingAdd(std::numeric_limits<int64_t>::max(), int64_t{1}),
            std::numeric_limits<int64_t>::min());
}

}  // namespace
}  // namespace qbench::kernels
