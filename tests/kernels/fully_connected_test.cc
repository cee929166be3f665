#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using graph::Shape;

constexpr uint32_t kLayers = 40;

struct Layer {
  int32_t rows = 1, depth = 1, units = 1;
};
Layer RandomLayer(Random& random) {
  return {random.Int(1, 3), random.Int(1, 70), random.Int(1, 9)};
}

std::vector<double> Oracle(const Layer& l, const std::vector<double>& input,
                           const std::vector<double>& weights, const std::vector<double>& bias) {
  std::vector<double> output;
  for (int32_t b = 0; b < l.rows; ++b) {
    for (int32_t u = 0; u < l.units; ++u) {
      double sum = bias.empty() ? 0.0 : bias[static_cast<size_t>(u)];
      for (int32_t d = 0; d < l.depth; ++d) {
        sum += input[static_cast<size_t>(b * l.depth + d)] *
               weights[static_cast<size_t>(u * l.depth + d)];
      }
      output.push_back(sum);
    }
  }
  return output;
}

std::vector<double> Wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

TEST(FullyConnected, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Layer l = RandomLayer(random);
    const auto input = random.Reals(l.rows * l.depth, -2, 2);
    const auto weights = random.Reals(l.units * l.depth, -1, 1);
    const auto bias = random.Reals(random.Coin() ? l.units : 0, -1, 1);
    SingleOp op;
    op.Input({l.rows, l.depth}, input).Constant({l.units, l.depth}, weights);
    bias.empty() ? op.NoBias() : op.Constant({l.units}, bias);
    const auto output = op.Run<float>(
        OpKind::kFullyConnected,
        graph::FullyConnectedOptions{.activation = graph::Activation::kRelu}, {l.rows, l.units});
    ASSERT_TRUE(output.ok()) << output.status().message();
    const auto expected = Oracle(l, Wide(input), Wide(weights), Wide(bias));
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR((*output)[i], std::max(0.0, expected[i]), 2e-5) << "element " << i;
    }
  }
}

// The reference kernel scales in double, so that nothing but the last rounding is lost.
template <typename Activation, typename Weight, typename Bias>
void CheckQuantized(uint32_t seed, bool per_channel) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << (per_channel ? ", per channel" : ""));
  Random random(seed);
  const Layer l = RandomLayer(random);
  const bool wide = sizeof(Activation) == 2;
  const auto in_q = Affine(wide ? 1e-4F : 0.02F, wide ? 0 : random.Int(0, 100));
  const auto input = random.Values<Activation>(l.rows * l.depth, 0, wide ? 20000 : 127);
  const bool asymmetric = std::is_same_v<Weight, uint8_t>;
  const auto w_q = per_channel ? PerChannel(random.Reals(l.units, 0.002F, 0.02F), 0)
                               : Affine(0.01F, asymmetric ? random.Int(0, 255) : 0);
  const auto weights =
      random.Values<Weight>(l.units * l.depth, asymmetric ? 0 : -127, asymmetric ? 255 : 127);
  const auto bias = random.Values<Bias>(random.Coin() ? l.units : 0, -2000, 2000);
  std::vector<double> real_weights;
  std::vector<double> real_bias;
  std::vector<float> bias_scales;
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t unit = i / static_cast<size_t>(l.depth);
    const double scale = static_cast<double>(w_q.scales[per_channel ? unit : 0]);
    const auto zero = per_channel ? 0 : w_q.zero_points[0];
    real_weights.push_back(scale * static_cast<double>(weights[i] - zero));
    if (i % static_cast<size_t>(l.depth) == 0 && !bias.empty()) {
      real_bias.push_back(scale * static_cast<double>(in_q.scales[0]) *
                          static_cast<double>(bias[unit]));
      bias_scales.push_back(static_cast<float>(scale) * in_q.scales[0]);
    }
  }
  const auto real = Oracle(l, RealOf(input, in_q), real_weights, real_bias);
  const auto out_q = Fitting<Activation>(real);
  SingleOp op;
  op.Input({l.rows, l.depth}, input, in_q).Constant({l.units, l.depth}, weights, w_q);
  bias.empty() ? op.NoBias() : op.Constant({l.units}, bias, PerChannel(bias_scales, 0));
  const auto output = op.template Run<Activation>(
      OpKind::kFullyConnected, graph::FullyConnectedOptions{}, {l.rows, l.units}, out_q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  for (size_t i = 0; i < real.size(); ++i) {
    ASSERT_NEAR((*output)[i], QuantizedOf<Activation>(real[i], out_q), 1) << "element " << i;
  }
}

TEST(FullyConnected, QuantizedAgreesWithDouble) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    CheckQuantized<int8_t, int8_t, int32_t>(seed, seed % 2 == 0);
    CheckQuantized<uint8_t, uint8_t, int32_t>(seed, false);
    CheckQuantized<int16_t, int8_t, int64_t>(seed, seed % 2 == 0);
  }
}

TEST(FullyConnected, DynamicRangeStaysWithinTheInputsQuantization) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Layer l = RandomLayer(random);
    const bool asymmetric = random.Coin();
    const auto input = random.Reals(l.rows * l.depth, -1, 2);
    const auto weights = random.Values<int8_t>(l.units * l.depth, -127, 127);
    const auto output =
        SingleOp()
            .Input({l.rows, l.depth}, input)
            .Constant({l.units, l.depth}, weights, Affine(0.01F, 0))
            .NoBias()
            .Run<float>(OpKind::kFullyConnected,
                        graph::FullyConnectedOptions{.asymmetric_quantize_inputs = asymmetric},
                        {l.rows, l.units});
    ASSERT_TRUE(output.ok()) << output.status().message();
    std::vector<double> real_weights;
    double sum_of_weights = 0.0;
    for (const int8_t weight : weights) real_weights.push_back(0.01 * weight);
    for (const double weight : real_weights) sum_of_weights += std::abs(weight);
    const auto expected = Oracle(l, Wide(input), real_weights, {});
    const double half_step = asymmetric ? 3.0 / 255.0 / 2.0 : 2.0 / 127.0 / 2.0;
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR((*output)[i], expected[i], half_step * sum_of_weights + 1e-4);
    }
  }
}

// Symmetric rows: 2 -> 127, 1 -> 63.5 -> 64, so that the sum of both is 191 * 2 / 127 exactly.
TEST(FullyConnected, DynamicRangeByHand) {
  const auto output =
      SingleOp()
          .Input<float>({1, 2}, {2.0F, 1.0F})
          .Constant<int8_t>({1, 2}, {1, 1}, Affine(1.0F, 0))
          .Constant<float>({1}, {0.5F})
          .Run<float>(OpKind::kFullyConnected, graph::FullyConnectedOptions{}, {1, 1});
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, testing::ElementsAre(0.5F + 191.0F * (2.0F / 127.0F)));
}

}  // namespace
}  // namespace qbench::kernels
