#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::ElementsAre;

constexpr float kAlpha = 0.3F;

struct Function {
  OpKind kind;
  double (*real)(double);
};
const Function kFunctions[] = {
    {OpKind::kRelu, [](double x) { return std::max(x, 0.0); }},
    {OpKind::kRelu6, [](double x) { return std::clamp(x, 0.0, 6.0); }},
    {OpKind::kLeakyRelu, [](double x) { return x > 0 ? x : x * static_cast<double>(kAlpha); }},
    {OpKind::kLogistic, [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
    {OpKind::kTanh, [](double x) { return std::tanh(x); }},
    {OpKind::kHardSwish, [](double x) { return x * std::clamp(x + 3.0, 0.0, 6.0) / 6.0; }},
};

graph::OpOptions OptionsOf(OpKind kind) {
  if (kind == OpKind::kLeakyRelu) return graph::LeakyReluOptions{kAlpha};
  return graph::NoOptions{};
}

TEST(Activations, FloatAgreesWithDouble) {
  Random random(1);
  const auto input = random.Reals(500, -9, 9);
  for (const Function& function : kFunctions) {
    SCOPED_TRACE(graph::OpKindName(function.kind));
    const auto output = SingleOp()
                            .Input({1, 500}, input)
                            .Run<float>(function.kind, OptionsOf(function.kind), {1, 500});
    ASSERT_TRUE(output.ok()) << output.status().message();
    for (size_t i = 0; i < input.size(); ++i) {
      ASSERT_NEAR((*output)[i], function.real(static_cast<double>(input[i])), 2e-6);
    }
  }
}

// Every value of the type, with several scales.
template <typename T>
void CheckQuantized(const Function& function, float scale) {
  SCOPED_TRACE(testing::Message() << graph::OpKindName(function.kind) << ", scale " << scale);
  const int32_t low = std::numeric_limits<T>::min();
  std::vector<T> input;
  for (int32_t q = low; q <= std::numeric_limits<T>::max(); ++q) input.push_back(static_cast<T>(q));
  const auto count = static_cast<int32_t>(input.size());
  const auto in_q = Affine(scale, sizeof(T) == 2 ? 0 : low + 120);
  std::vector<double> real;
  for (const double x : RealOf(input, in_q)) real.push_back(function.real(x));
  auto out_q = Fitting<T>(real);
  if (function.kind == OpKind::kLogistic) out_q = Affine(1.0F / 256.0F, low);
  if (function.kind == OpKind::kTanh) out_q = Affine(1.0F / 128.0F, low + 128);
  const auto output =
      SingleOp()
          .Input({1, count}, input, in_q)
          .template Run<T>(function.kind, OptionsOf(function.kind), {1, count}, out_q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  const int tolerance = function.kind == OpKind::kHardSwish ? 2 : 1;
  for (size_t i = 0; i < real.size(); ++i) {
    ASSERT_NEAR((*output)[i], QuantizedOf<T>(real[i], out_q), tolerance) << "input " << +input[i];
  }
}

TEST(Activations, QuantizedAgreesWithDouble) {
  for (const Function& function : kFunctions) {
    for (const float scale : {0.004F, 0.03F, 0.11F}) {
      CheckQuantized<int8_t>(function, scale);
      CheckQuantized<uint8_t>(function, scale);
    }
  }
  for (size_t i = 0; i < 3; ++i) CheckQuantized<int16_t>(kFunctions[i], 3e-4F);
}

TEST(Activations, LeakyReluWithANegativeSlope) {
  const auto q = Affine(1.0F, 0);
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 3}, {-10, 0, 10}, q)
          .Run<int8_t>(OpKind::kLeakyRelu, graph::LeakyReluOptions{-0.5F}, {1, 3}, q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, ElementsAre(5, 0, 10));
}

TEST(FloatActivations, EluGeluAndRsqrt) {
  const auto of = [](graph::OpKind kind, graph::OpOptions options, float x) {
    const auto output = SingleOp().Input<float>({1}, {x}).Run<float>(kind, std::move(options), {1});
    EXPECT_TRUE(output.ok()) << output.status().message();
    return output.ok() ? (*output)[0] : 0.0F;
  };
  EXPECT_EQ(of(graph::OpKind::kElu, graph::NoOptions{}, 2.0F), 2.0F);
  EXPECT_NEAR(of(graph::OpKind::kElu, graph::NoOptions{}, -1.0F), -0.632120559F, 1e-7);
  EXPECT_EQ(of(graph::OpKind::kRsqrt, graph::NoOptions{}, 4.0F), 0.5F);
  // x / 2 * (1 + erf(x / sqrt(2))), and its approximation.
  EXPECT_NEAR(of(graph::OpKind::kGelu, graph::GeluOptions{}, 1.0F), 0.841344746F, 1e-6);
  EXPECT_NEAR(of(graph::OpKind::kGelu, graph::GeluOptions{.approximate = true}, 1.0F), 0.841191991F,
              1e-6);
}

}  // namespace
}  // namespace qbench::kernels
