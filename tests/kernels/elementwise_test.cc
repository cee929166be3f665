#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::Activation;
using graph::BinaryOptions;
using graph::OpKind;
using graph::Shape;
using testing::ElementsAre;

constexpr OpKind kKinds[] = {OpKind::kAdd, OpKind::kSub, OpKind::kMul};

double Apply(OpKind kind, double a, double b) {
  return kind == OpKind::kAdd ? a + b : kind == OpKind::kSub ? a - b : a * b;
}

// The element of an input of `shape` that output element `at` of `out` sees (NumPy's rule).
size_t BroadcastIndex(const Shape& shape, const Shape& out, size_t at) {
  size_t index = 0;
  size_t step = 1;
  for (size_t back = 1; back <= out.size(); ++back) {
    const auto size = static_cast<size_t>(out[out.size() - back]);
    const size_t coordinate = at % size;
    at /= size;
    if (back > shape.size()) continue;
    const auto own = static_cast<size_t>(shape[shape.size() - back]);
    if (own != 1) index += coordinate * step;
    step *= own;
  }
  return index;
}

struct Shapes {
  Shape a, b, out;
};
Shapes RandomShapes(Random& random) {
  Shapes s;
  for (int32_t d = 0; d < random.Int(1, 4); ++d) {
    const int32_t size = random.Int(1, 5);
    s.out.push_back(size);
    s.a.push_back(size);
    s.b.push_back(size);
    if (random.Int(0, 3) == 0) (random.Coin() ? s.a : s.b).back() = 1;
  }
  if (random.Int(0, 3) == 0) s.b.erase(s.b.begin());  // a lower rank
  if (s.b.empty()) s.b.push_back(1);
  for (size_t d = 0; d < s.out.size(); ++d) {
    const size_t missing = s.out.size() - s.b.size();
    s.out[d] = std::max(s.a[d], d < missing ? 1 : s.b[d - missing]);
  }
  return s;
}

TEST(Elementwise, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Shapes s = RandomShapes(random);
    const auto a = random.Reals(graph::ElementCount(s.a), -3, 3);
    const auto b = random.Reals(graph::ElementCount(s.b), -3, 3);
    for (const OpKind kind : kKinds) {
      const auto output = SingleOp().Input(s.a, a).Input(s.b, b).Run<float>(
          kind, BinaryOptions{Activation::kRelu6}, s.out);
      ASSERT_TRUE(output.ok()) << output.status().message();
      for (size_t i = 0; i < output->size(); ++i) {
        const double real = Apply(kind, static_cast<double>(a[BroadcastIndex(s.a, s.out, i)]),
                                  static_cast<double>(b[BroadcastIndex(s.b, s.out, i)]));
        ASSERT_NEAR((*output)[i], std::clamp(real, 0.0, 6.0), 1e-5) << "element " << i;
      }
    }
  }
}

template <typename T>
void CheckQuantized(uint32_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", bytes " << sizeof(T));
  Random random(seed);
  const Shapes s = RandomShapes(random);
  const bool wide = sizeof(T) == 2;
  const int32_t low = std::numeric_limits<T>::min();
  const int32_t high = std::numeric_limits<T>::max();
  const auto a_q = Affine(random.Real(0.001F, 0.1F), wide ? 0 : random.Int(low, high));
  const auto b_q = Affine(random.Real(0.001F, 0.1F), wide ? 0 : random.Int(low, high));
  const auto a = random.Values<T>(graph::ElementCount(s.a), low, high);
  const auto b = random.Values<T>(graph::ElementCount(s.b), low, high);
  const auto real_a = RealOf(a, a_q);
  const auto real_b = RealOf(b, b_q);
  for (const OpKind kind : kKinds) {
    std::vector<double> real;
    for (size_t i = 0; i < static_cast<size_t>(graph::ElementCount(s.out)); ++i) {
      real.push_back(Apply(kind, real_a[BroadcastIndex(s.a, s.out, i)],
                           real_b[BroadcastIndex(s.b, s.out, i)]));
    }
    const auto out_q = Fitting<T>(real);
    const auto output = SingleOp()
                            .Input(s.a, a, a_q)
                            .Input(s.b, b, b_q)
                            .template Run<T>(kind, BinaryOptions{}, s.out, out_q);
    ASSERT_TRUE(output.ok()) << output.status().message();
    for (size_t i = 0; i < real.size(); ++i) {
      ASSERT_NEAR((*output)[i], QuantizedOf<T>(real[i], out_q), 1) << "element " << i;
    }
  }
}

TEST(Elementwise, QuantizedAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    CheckQuantized<int8_t>(seed);
    CheckQuantized<uint8_t>(seed);
    CheckQuantized<int16_t>(seed);
  }
}

// 0.5 * (10 - 2) + 0.25 * (20 - 4) = 8, and 8 / 0.5 - 1 = 15.
TEST(Elementwise, AddInt8ByHand) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 2}, {10, 127}, Affine(0.5F, 2))
          .Input<int8_t>({1, 2}, {20, 127}, Affine(0.25F, 4))
          .Run<int8_t>(OpKind::kAdd, BinaryOptions{Activation::kRelu}, {1, 2}, Affine(0.5F, -1));
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(15, 127));
}

TEST(Elementwise, RefusesMixedTypes) {
  const auto output = SingleOp()
                          .Input<float>({1}, {1})
                          .Input<int8_t>({1}, {1}, Affine(1.0F, 0))
                          .Run<float>(OpKind::kAdd, BinaryOptions{}, {1});
  EXPECT_FALSE(output.ok());
}

}  // namespace
}  // namespace qbench::kernels
