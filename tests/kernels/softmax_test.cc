#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::Each;
using testing::HasSubstr;

std::vector<double> Oracle(const std::vector<double>& input, size_t depth, double beta) {
  std::vector<double> output;
  for (size_t row = 0; row < input.size(); row += depth) {
    double sum = 0.0;
    double max = input[row];
    for (size_t c = 0; c < depth; ++c) max = std::max(max, input[row + c]);
    for (size_t c = 0; c < depth; ++c) sum += std::exp(beta * (input[row + c] - max));
    for (size_t c = 0; c < depth; ++c) {
      output.push_back(std::exp(beta * (input[row + c] - max)) / sum);
    }
  }
  return output;
}

TEST(Softmax, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const int32_t rows = random.Int(1, 3);
    const int32_t depth = random.Int(1, 20);
    const float beta = random.Real(0.5F, 2.0F);
    const auto input = random.Reals(rows * depth, -30, 30);
    const auto output =
        SingleOp()
            .Input({rows, depth}, input)
            .Run<float>(OpKind::kSoftmax, graph::SoftmaxOptions{beta}, {rows, depth});
    ASSERT_TRUE(output.ok()) << output.status().message();
    const auto real =
        Oracle({input.begin(), input.end()}, static_cast<size_t>(depth), static_cast<double>(beta));
    for (size_t i = 0; i < real.size(); ++i) ASSERT_NEAR((*output)[i], real[i], 1e-5);
  }
}

template <typename T>
void CheckQuantized(uint32_t seed, float scale, const graph::Quantization& out_q, int tolerance) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", bytes " << sizeof(T));
  Random random(seed);
  const int32_t rows = random.Int(1, 3);
  const int32_t depth = random.Int(1, 20);
  const auto in_q = Affine(scale, 0);
  const auto input =
      random.Values<T>(rows * depth, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  const auto output =
      SingleOp()
          .Input({rows, depth}, input, in_q)
          .template Run<T>(OpKind::kSoftmax, graph::SoftmaxOptions{}, {rows, depth}, out_q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  const auto real = Oracle(RealOf(input, in_q), static_cast<size_t>(depth), 1.0);
  for (size_t i = 0; i < real.size(); ++i) {
    ASSERT_NEAR((*output)[i], QuantizedOf<T>(real[i], out_q), tolerance) << "element " << i;
  }
}

TEST(Softmax, QuantizedAgreesWithDouble) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    const float scale = std::array{0.001F, 0.02F, 0.1F, 0.4F}[seed % 4];
    CheckQuantized<int8_t>(seed, scale, Affine(1.0F / 256.0F, -128), 1);
    CheckQuantized<uint8_t>(seed, scale, Affine(1.0F / 256.0F, 0), 1);
    // Two interpolated tables: 0.2 % of the range.
    CheckQuantized<int16_t>(seed, scale / 256.0F, Affine(1.0F / 32768.0F, 0), 64);
  }
}

// More equals than 1/256 can be shared between: nothing is left for any of them.
TEST(Softmax, ManyEqualsShareNothing) {
  const std::vector<int8_t> input(5000, 7);
  const auto output = SingleOp()
                          .Input({1, 5000}, input, Affine(0.1F, 0))
                          .Run<int8_t>(OpKind::kSoftmax, graph::SoftmaxOptions{}, {1, 5000},
                                       Affine(1.0F / 256.0F, -128));
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, Each(-128));
}

TEST(Softmax, PrescribesItsOutput) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 2}, {1, 2}, Affine(0.1F, 0))
          .Run<int8_t>(OpKind::kSoftmax, graph::SoftmaxOptions{}, {1, 2}, Affine(1.0F / 128.0F, 0));
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(output.status().message(), HasSubstr("0.00390625"));
}

}  // namespace
}  // namespace qbench::kernels
