#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;

struct Layer {
  int32_t n = 1, h = 1, w = 1, c = 1;
  graph::Shape InputShape() const { return {n, h, w, c}; }
};
Layer RandomLayer(Random& random) {
  return {random.Int(1, 2), random.Int(1, 6), random.Int(1, 6), random.Int(1, 7)};
}

// The mean over height and width.
std::vector<double> Oracle(const Layer& l, const std::vector<double>& input) {
  std::vector<double> output(static_cast<size_t>(l.n * l.c), 0.0);
  for (size_t i = 0; i < input.size(); ++i) {
    const auto channels = static_cast<size_t>(l.c);
    const auto image = static_cast<size_t>(l.h * l.w * l.c);
    output[i / image * channels + i % channels] += input[i] / (l.h * l.w);
  }
  return output;
}

TEST(Mean, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Layer l = RandomLayer(random);
    const bool keep = random.Coin();
    const auto input = random.Reals(graph::ElementCount(l.InputShape()), -5, 5);
    const auto output =
        SingleOp()
            .Input(l.InputShape(), input)
            .Constant<int32_t>({2}, {random.Coin() ? 1 : -3, 2})
            .Run<float>(OpKind::kMean, graph::MeanOptions{keep},
                        keep ? graph::Shape{l.n, 1, 1, l.c} : graph::Shape{l.n, l.c});
    ASSERT_TRUE(output.ok()) << output.status().message();
    const auto real = Oracle(l, {input.begin(), input.end()});
    for (size_t i = 0; i < real.size(); ++i) ASSERT_NEAR((*output)[i], real[i], 1e-5);
  }
}

template <typename T>
void CheckQuantized(uint32_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", bytes " << sizeof(T));
  Random random(seed);
  const Layer l = RandomLayer(random);
  const auto in_q = Affine(0.03F, sizeof(T) == 2 ? 0 : random.Int(0, 127));
  const auto input = random.Values<T>(graph::ElementCount(l.InputShape()),
                                      std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  const auto real = Oracle(l, RealOf(input, in_q));
  const auto out_q = Fitting<T>(real);
  const auto output = SingleOp()
                          .Input(l.InputShape(), input, in_q)
                          .template Constant<int32_t>({2}, {1, 2})
                          .template Run<T>(OpKind::kMean, graph::MeanOptions{}, {l.n, l.c}, out_q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  for (size_t i = 0; i < real.size(); ++i) {
    ASSERT_NEAR((*output)[i], QuantizedOf<T>(real[i], out_q), 1) << "element " << i;
  }
}

TEST(Mean, QuantizedAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    CheckQuantized<int8_t>(seed);
    CheckQuantized<uint8_t>(seed);
    CheckQuantized<int16_t>(seed);
  }
}

}  // namespace
}  // namespace qbench::kernels
