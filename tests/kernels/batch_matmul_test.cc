#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::BatchMatMulOptions;
using graph::OpKind;

// A product of random size: a of one or several matrices, b of as many or of one for all.
struct Product {
  int32_t batches = 1, rows = 1, depth = 1, columns = 1;
  bool repeats = false;
  BatchMatMulOptions options;

  explicit Product(Random& random)
      : batches(random.Int(1, 4)),
        rows(random.Int(1, 6)),
        depth(random.Int(1, 9)),
        columns(random.Int(1, 6)),
        repeats(random.Coin()),
        options{.adj_x = random.Coin(), .adj_y = random.Coin()} {}

  graph::Shape A() const {
    return options.adj_x ? graph::Shape{1, batches, depth, rows}
                         : graph::Shape{1, batches, rows, depth};
  }
  graph::Shape B() const {
    const int32_t count = repeats ? 1 : batches;
    return options.adj_y ? graph::Shape{count, columns, depth}
                         : graph::Shape{count, depth, columns};
  }
  graph::Shape Y() const { return {1, batches, rows, columns}; }
};

std::vector<double> Oracle(const Product& p, const std::vector<double>& a,
                           const std::vector<double>& b) {
  std::vector<double> output;
  for (int32_t m = 0; m < p.batches; ++m) {
    for (int32_t r = 0; r < p.rows; ++r) {
      for (int32_t c = 0; c < p.columns; ++c) {
        double sum = 0.0;
        for (int32_t d = 0; d < p.depth; ++d) {
          const int32_t x = p.options.adj_x ? d * p.rows + r : r * p.depth + d;
          const int32_t y = p.options.adj_y ? c * p.depth + d : d * p.columns + c;
          sum += a[static_cast<size_t>(m * p.rows * p.depth + x)] *
                 b[static_cast<size_t>((p.repeats ? 0 : m) * p.columns * p.depth + y)];
        }
        output.push_back(sum);
      }
    }
  }
  return output;
}

TEST(BatchMatMul, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Product p(random);
    const auto a = random.Reals(graph::ElementCount(p.A()), -2, 2);
    const auto b = random.Reals(graph::ElementCount(p.B()), -2, 2);
    const auto output = SingleOp().Input(p.A(), a).Input(p.B(), b).Run<float>(OpKind::kBatchMatMul,
                                                                              p.options, p.Y());
    ASSERT_TRUE(output.ok()) << output.status().message();
    const auto expected = Oracle(p, {a.begin(), a.end()}, {b.begin(), b.end()});
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR((*output)[i], expected[i], 1e-5) << i;
    }
  }
}

TEST(BatchMatMul, Int8IsWithinAStepOfDouble) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Product p(random);
    const auto a = random.Values<int8_t>(graph::ElementCount(p.A()), -128, 127);
    const auto b = random.Values<int8_t>(graph::ElementCount(p.B()), -128, 127);
    const graph::Quantization x = Affine(random.Real(0.01F, 0.1F), random.Int(-128, 127));
    const graph::Quantization y = Affine(random.Real(0.01F, 0.1F), random.Int(-128, 127));
    const auto expected = Oracle(p, RealOf(a, x), RealOf(b, y));
    const graph::Quantization out = Fitting<int8_t>(expected);
    const auto output = SingleOp()
                            .Input(p.A(), a, x)
                            .Input(p.B(), b, y)
                            .Run<int8_t>(OpKind::kBatchMatMul, p.options, p.Y(), out);
    ASSERT_TRUE(output.ok()) << output.status().message();
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR((*output)[i], QuantizedOf<int8_t>(expected[i], out), 1) << i;
    }
  }
}

TEST(BatchMatMul, RefusesMatricesThatDoNotFit) {
  const std::vector<float> six(6);
  const auto depth = SingleOp()
                         .Input<float>({2, 3}, six)
                         .Input<float>({2, 3}, six)
                         .Run<float>(OpKind::kBatchMatMul, BatchMatMulOptions{}, {2, 3});
  EXPECT_EQ(depth.status().code(), StatusCode::kCorrupt);
  const auto vector = SingleOp().Input<float>({6}, six).Input<float>({6}, six).Run<float>(
      OpKind::kBatchMatMul, BatchMatMulOptions{}, {1});
  EXPECT_EQ(vector.status().code(), StatusCode::kUnsupported);
}

TEST(Prelu, MultipliesWhatIsBelowZeroByItsChannelsSlope) {
  const auto output = SingleOp()
                          .Input<float>({1, 2, 2}, {1, -2, -3, 4})
                          .Constant<float>({2}, {0.5F, -0.25F})
                          .Run<float>(OpKind::kPrelu, graph::NoOptions{}, {1, 2, 2});
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, testing::ElementsAre(1, 0.5F, -1.5F, 4));
}

TEST(Prelu, RefusesSlopesThatWouldRepeatItsInput) {
  const auto output = SingleOp()
                          .Input<float>({1, 2}, {1, -2})
                          .Constant<float>({2, 2}, {1, 1, 1, 1})
                          .Run<float>(OpKind::kPrelu, graph::NoOptions{}, {2, 2});
  EXPECT_EQ(output.status().code(), StatusCode::kCorrupt);
}

TEST(Reductions, SumAndLargest) {
  const auto reduced = [](OpKind kind) {
    return SingleOp()
        .Input<float>({1, 2, 2, 2}, {1, -2, 3, -4, 5, -6, 7, -8})
        .Constant<int32_t>({2}, {1, -2})
        .Run<float>(kind, graph::MeanOptions{.keep_dims = true}, {1, 1, 1, 2});
  };
  const auto sum = reduced(OpKind::kSum);
  ASSERT_TRUE(sum.ok()) << sum.status().message();
  EXPECT_THAT(*sum, testing::ElementsAre(16, -20));
  const auto largest = reduced(OpKind::kReduceMax);
  ASSERT_TRUE(largest.ok()) << largest.status().message();
  EXPECT_THAT(*largest, testing::ElementsAre(7, -2));
}

}  // namespace
}  // namespace qbench::kernels
