#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conv_oracle.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::ElementsAre;

// Average and maximum over the taps inside the image, of real numbers.
struct Pooled {
  std::vector<double> average, maximum;
};
Pooled Oracle(const ConvLayer& l, const std::vector<double>& input) {
  const int32_t top = SizeAndPadding(l.padding, l.in_h, l.filter_h, l.stride_h, 1).second;
  const int32_t left = SizeAndPadding(l.padding, l.in_w, l.filter_w, l.stride_w, 1).second;
  Pooled pooled;
  for (int32_t at = 0; at < l.batches * l.out_h * l.out_w * l.in_c; ++at) {
    const int32_t c = at % l.in_c;
    const int32_t x = at / l.in_c % l.out_w;
    const int32_t y = at / l.in_c / l.out_w % l.out_h;
    const int32_t n = at / l.in_c / l.out_w / l.out_h;
    double sum = 0.0;
    double maximum = -1e30;
    int count = 0;
    for (int32_t tap = 0; tap < l.filter_h * l.filter_w; ++tap) {
      const int32_t row = y * l.stride_h - top + tap / l.filter_w;
      const int32_t column = x * l.stride_w - left + tap % l.filter_w;
      if (row < 0 || row >= l.in_h || column < 0 || column >= l.in_w) continue;
      const double value =
          input[static_cast<size_t>(((n * l.in_h + row) * l.in_w + column) * l.in_c + c)];
      sum += value;
      maximum = std::max(maximum, value);
      ++count;
    }
    pooled.average.push_back(sum / count);
    pooled.maximum.push_back(maximum);
  }
  return pooled;
}

ConvLayer RandomPool(Random& random) {
  ConvLayer l = RandomLayer(random, false);
  l.dilation_h = l.dilation_w = 1;
  l.out_c = l.in_c;
  l.out_h = SizeAndPadding(l.padding, l.in_h, l.filter_h, l.stride_h, 1).first;
  l.out_w = SizeAndPadding(l.padding, l.in_w, l.filter_w, l.stride_w, 1).first;
  return l;
}
graph::Pool2DOptions OptionsOf(const ConvLayer& l) {
  return {l.padding, l.stride_h, l.stride_w, l.filter_h, l.filter_w, l.activation};
}

TEST(Pooling, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const ConvLayer l = RandomPool(random);
    const auto input = random.Reals(graph::ElementCount(l.InputShape()), -8, 8);
    const Pooled expected = Oracle(l, {input.begin(), input.end()});
    for (const OpKind kind : {OpKind::kAveragePool2D, OpKind::kMaxPool2D}) {
      const auto output =
          SingleOp().Input(l.InputShape(), input).Run<float>(kind, OptionsOf(l), l.OutputShape());
      ASSERT_TRUE(output.ok()) << output.status().message();
      const auto& real = kind == OpKind::kMaxPool2D ? expected.maximum : expected.average;
      for (size_t i = 0; i < real.size(); ++i) {
        ASSERT_NEAR((*output)[i], Activated(l.activation, real[i]), 1e-5) << "element " << i;
      }
    }
  }
}

template <typename T>
void CheckQuantized(uint32_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", bytes " << sizeof(T));
  Random random(seed);
  const ConvLayer l = RandomPool(random);
  const auto q = Affine(0.05F, sizeof(T) == 2 ? 0 : random.Int(0, 127));
  const auto input = random.Values<T>(graph::ElementCount(l.InputShape()),
                                      std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  const Pooled expected = Oracle(l, RealOf(input, q));
  for (const OpKind kind : {OpKind::kAveragePool2D, OpKind::kMaxPool2D}) {
    const auto output = SingleOp()
                            .Input(l.InputShape(), input, q)
                            .template Run<T>(kind, OptionsOf(l), l.OutputShape(), q);
    ASSERT_TRUE(output.ok()) << output.status().message();
    const bool max = kind == OpKind::kMaxPool2D;
    const auto& real = max ? expected.maximum : expected.average;
    for (size_t i = 0; i < real.size(); ++i) {
      ASSERT_NEAR((*output)[i], QuantizedOf<T>(Activated(l.activation, real[i]), q), max ? 0 : 1)
          << "element " << i;
    }
  }
}

TEST(Pooling, QuantizedAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    CheckQuantized<int8_t>(seed);
    CheckQuantized<uint8_t>(seed);
    CheckQuantized<int16_t>(seed);
  }
}

// (1 + 2) / 2 and (-1 - 2) / 2 both go away from zero.
TEST(Pooling, AverageRoundsHalvesAwayFromZero) {
  const auto q = Affine(1.0F, 0);
  const graph::Pool2DOptions options{.stride_w = 2, .filter_w = 2};
  const auto output = SingleOp()
                          .Input<int8_t>({1, 1, 4, 1}, {1, 2, -1, -2}, q)
                          .Run<int8_t>(OpKind::kAveragePool2D, options, {1, 1, 2, 1}, q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(2, -2));
}

TEST(Pooling, RefusesToChangeTheScale) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 1, 1, 1}, {1}, Affine(1.0F, 0))
          .Run<int8_t>(OpKind::kMaxPool2D, graph::Pool2DOptions{}, {1, 1, 1, 1}, Affine(2.0F, 0));
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace qbench::kernels
