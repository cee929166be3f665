// Inputs that are quantized at run time: each rule keeps values within half a step.
#include "kernels/dynamic_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/single_op.h"

namespace qbench::kernels {
namespace {

using Inputs = DynamicRange::Inputs;
using Sums = DynamicRange::Sums;

TEST(DynamicRangeInputs, StayWithinHalfAStep) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    const float low = random.Real(-3, 0.5F);
    const auto values = random.Reals(random.Int(1, 60), low, low + random.Real(0.1F, 4));
    for (const Inputs inputs : {Inputs::kSymmetric, Inputs::kAsymmetric, Inputs::kXnnpack}) {
      SCOPED_TRACE(fmt::format("seed {}, rule {}", seed, static_cast<int>(inputs)));
      std::vector<int8_t> quantized(values.size());
      const DynamicScale in = DynamicRange{.inputs = inputs}.Quantize(
          values.data(), std::ssize(values), quantized.data());
      for (size_t i = 0; i < values.size(); ++i) {
        const float real = in.scale * static_cast<float>(quantized[i] - in.zero_point);
        // At the ends of the range, where the zero point was rounded, up to a whole step.
        ASSERT_NEAR(real, values[i], in.scale * 1.001F);
      }
    }
  }
}

TEST(DynamicRangeInputs, NothingButZeros) {
  const std::vector<float> values(5, 0.0F);
  for (const Inputs inputs : {Inputs::kSymmetric, Inputs::kAsymmetric, Inputs::kXnnpack}) {
    std::vector<int8_t> quantized(5, 1);
    const DynamicScale in =
        DynamicRange{.inputs = inputs}.Quantize(values.data(), 5, quantized.data());
    EXPECT_THAT(quantized, testing::Each(static_cast<int8_t>(in.zero_point)));
  }
}

// 0 to 2 in 255 steps: 1 falls on a half, 127.5.
TEST(DynamicRangeInputs, XnnpackRoundsHalvesToEven) {
  const std::vector<float> values = {0.0F, 1.0F, 2.0F, 3.0F / 255.0F};
  std::vector<int8_t> quantized(values.size());
  const DynamicScale in = QuantizeAsXnnpack(values.data(), std::ssize(values), quantized.data());
  EXPECT_EQ(in.zero_point, -128);
  EXPECT_FLOAT_EQ(in.scale, 2.0F / 255.0F);
  EXPECT_THAT(quantized, testing::ElementsAre(-128, 0, 127, -126));  // 1.5 steps are 2
}

TEST(DynamicRangeInputs, InfinityAndNanAreDefined) {
  const std::vector<float> values = {1.0F, INFINITY, -INFINITY, NAN};
  for (const Inputs inputs : {Inputs::kSymmetric, Inputs::kAsymmetric, Inputs::kXnnpack}) {
    std::vector<int8_t> quantized(values.size());
    DynamicRange{.inputs = inputs}.Quantize(values.data(), std::ssize(values), quantized.data());
  }
}

TEST(DynamicRangeSums, AreOneNumberRoundedDifferently) {
  for (const Sums sums :
       {Sums::kBothScales, Sums::kWeightsScale, Sums::kInputScale, Sums::kFused}) {
    const DynamicRange rules{.sums = sums};
    EXPECT_FLOAT_EQ(rules.Scale(12345, 0.013F, 0.0017F, 0.5F),
                    static_cast<float>(12345 * 0.013 * 0.0017 + 0.5));
  }
}

}  // namespace
}  // namespace qbench::kernels
