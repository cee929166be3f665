#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::ElementsAre;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Quantize, RoundsHalvesAwayFromZeroAndSaturates) {
  const std::vector<float> input = {0.0F, 0.25F, -0.25F, 0.75F, 1e30F, -1e30F, kInfinity, kNan};
  const auto int8 =
      SingleOp()
          .Input<float>({1, 8}, input)
          .Run<int8_t>(OpKind::kQuantize, graph::NoOptions{}, {1, 8}, Affine(0.5F, 3));
  ASSERT_TRUE(int8.ok()) << int8.status().message();
  EXPECT_THAT(*int8, ElementsAre(3, 4, 2, 5, 127, -128, 127, 3));
  const auto uint8 =
      SingleOp()
          .Input<float>({1, 8}, input)
          .Run<uint8_t>(OpKind::kQuantize, graph::NoOptions{}, {1, 8}, Affine(0.5F, 3));
  ASSERT_TRUE(uint8.ok()) << uint8.status().message();
  EXPECT_THAT(*uint8, ElementsAre(3, 4, 2, 5, 255, 0, 255, 3));
  const auto int16 =
      SingleOp()
          .Input<float>({1, 8}, input)
          .Run<int16_t>(OpKind::kQuantize, graph::NoOptions{}, {1, 8}, Affine(0.5F, 0));
  ASSERT_TRUE(int16.ok()) << int16.status().message();
  EXPECT_THAT(*int16, ElementsAre(0, 1, -1, 2, 32767, -32768, 32767, 0));
}

template <typename From, typename To>
void CheckRequantize(uint32_t seed) {
  SCOPED_TRACE(seed);
  Random random(seed);
  const int32_t low = std::numeric_limits<From>::min();
  const int32_t high = std::numeric_limits<From>::max();
  const auto in_q = Affine(0.02F, sizeof(From) == 2 ? 0 : random.Int(low, high));
  const auto input = random.Values<From>(100, low, high);
  const auto real = RealOf(input, in_q);
  const auto out_q = Fitting<To>(real);
  const auto output = SingleOp()
                          .Input({100}, input, in_q)
                          .template Run<To>(OpKind::kQuantize, graph::NoOptions{}, {100}, out_q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  for (size_t i = 0; i < real.size(); ++i) {
    ASSERT_NEAR((*output)[i], QuantizedOf<To>(real[i], out_q), 1);
  }
}

TEST(Quantize, ChangesScales) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    CheckRequantize<int8_t, int8_t>(seed);
    CheckRequantize<int8_t, uint8_t>(seed);
    CheckRequantize<uint8_t, int8_t>(seed);
    CheckRequantize<int16_t, int8_t>(seed);
    CheckRequantize<int8_t, int16_t>(seed);
  }
}

TEST(Dequantize, IsTheInverse) {
  const auto output = SingleOp()
                          .Input<int8_t>({1, 3}, {-128, 3, 127}, Affine(0.5F, 3))
                          .Run<float>(OpKind::kDequantize, graph::NoOptions{}, {1, 3});
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(-65.5F, 0.0F, 62.0F));
}

TEST(Dequantize, PerChannelOfAnyDimension) {
  const auto first = SingleOp()
                         .Input<int8_t>({2, 2}, {1, 2, 3, 4}, PerChannel({0.5F, 2.0F}, 0))
                         .Run<float>(OpKind::kDequantize, graph::NoOptions{}, {2, 2});
  ASSERT_TRUE(first.ok()) << first.status().message();
  EXPECT_THAT(*first, ElementsAre(0.5F, 1.0F, 6.0F, 8.0F));
  const auto last = SingleOp()
                        .Input<int8_t>({2, 2}, {1, 2, 3, 4}, PerChannel({0.5F, 2.0F}, 1))
                        .Run<float>(OpKind::kDequantize, graph::NoOptions{}, {2, 2});
  ASSERT_TRUE(last.ok()) << last.status().message();
  EXPECT_THAT(*last, ElementsAre(0.5F, 4.0F, 1.5F, 8.0F));
}

TEST(Dequantize, Float16) {
  const auto output = SingleOp()
                          .Input<uint16_t>({4}, {0x3C00, 0xC000, 0x3555, 0x0001})
                          .Run<float>(OpKind::kDequantize, graph::NoOptions{}, {4});
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(1.0F, -2.0F, 0.333251953125F, 0x1p-24F));
}

}  // namespace
}  // namespace qbench::kernels
