// CONV_2D and DEPTHWISE_CONV_2D against a slow convolution in double, over random layers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conv_oracle.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::HasSubstr;

constexpr uint32_t kLayers = 60;

std::vector<double> Wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

// The filter's channel at position `i` of its weights.
size_t ChannelOf(const ConvLayer& layer, size_t i) {
  const auto channels = static_cast<size_t>(layer.out_c);
  const auto each = static_cast<size_t>(layer.filter_h * layer.filter_w * layer.in_c);
  return layer.depthwise ? i % channels : i / each;
}

class Convolution : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Kinds, Convolution, testing::Bool(), [](const auto& kind) {
  return kind.param ? "DepthwiseConv2D" : "Conv2D";
});

TEST_P(Convolution, FloatAgreesWithDouble) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const ConvLayer layer = RandomLayer(random, GetParam());
    const auto input = random.Reals(graph::ElementCount(layer.InputShape()), -2, 2);
    const auto filter = random.Reals(graph::ElementCount(layer.FilterShape()), -1, 1);
    const auto bias = random.Reals(random.Coin() ? layer.out_c : 0, -1, 1);
    SingleOp op;
    op.Input(layer.InputShape(), input).Constant(layer.FilterShape(), filter);
    bias.empty() ? op.NoBias() : op.Constant({layer.out_c}, bias);
    const auto output = op.Run<float>(layer.Kind(), layer.Options(), layer.OutputShape());
    ASSERT_TRUE(output.ok()) << output.status().message();
    const auto expected = ConvOracle(layer, Wide(input), Wide(filter), Wide(bias));
    ASSERT_EQ(output->size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR((*output)[i], Activated(layer.activation, expected[i]), 2e-5) << "element " << i;
    }
  }
}

// Weights computed by another operator (DEQUANTIZE) are read anew in every run.
TEST_P(Convolution, FloatFilterNeedNotBeConstant) {
  Random random(1);
  const ConvLayer layer = RandomLayer(random, GetParam());
  const auto input = random.Reals(graph::ElementCount(layer.InputShape()), -2, 2);
  const auto filter = random.Reals(graph::ElementCount(layer.FilterShape()), -1, 1);
  SingleOp fixed;
  fixed.Input(layer.InputShape(), input).Constant(layer.FilterShape(), filter).NoBias();
  SingleOp fed;
  fed.Input(layer.InputShape(), input).Input(layer.FilterShape(), filter).NoBias();
  const auto expected = fixed.Run<float>(layer.Kind(), layer.Options(), layer.OutputShape());
  const auto output = fed.Run<float>(layer.Kind(), layer.Options(), layer.OutputShape());
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_EQ(*output, *expected);
}

template <typename Activation, typename Weight, typename Bias>
void CheckQuantized(uint32_t seed, bool depthwise, bool per_channel, double tolerance) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << (per_channel ? ", per channel" : ""));
  Random random(seed);
  const ConvLayer layer = RandomLayer(random, depthwise);
  const bool wide = sizeof(Activation) == 2;
  const bool asymmetric_weights = std::is_same_v<Weight, uint8_t>;
  const auto in_q =
      Affine(wide ? 1e-4F : 0.02F, wide                                 ? 0
                                   : std::is_same_v<Activation, int8_t> ? random.Int(-128, 127)
                                                                        : random.Int(0, 255));
  const auto input =
      random.Values<Activation>(graph::ElementCount(layer.InputShape()),
                                wide ? -20000 : std::numeric_limits<Activation>::min(),
                                wide ? 20000 : std::numeric_limits<Activation>::max());
  const auto filter_q =
      per_channel ? PerChannel(random.Reals(layer.out_c, 0.002F, 0.02F), layer.FilterAxis())
                  : Affine(0.01F, asymmetric_weights ? random.Int(0, 255) : 0);
  const auto filter =
      random.Values<Weight>(graph::ElementCount(layer.FilterShape()), asymmetric_weights ? 0 : -127,
                            asymmetric_weights ? 255 : 127);
  const auto scale_of = [&](size_t channel) {
    return static_cast<double>(filter_q.scales[per_channel ? channel : 0]);
  };
  std::vector<double> real_filter;
  for (size_t i = 0; i < filter.size(); ++i) {
    const auto zero = per_channel ? 0 : filter_q.zero_points[0];
    real_filter.push_back(scale_of(ChannelOf(layer, i)) * static_cast<double>(filter[i] - zero));
  }
  const auto bias = random.Values<Bias>(random.Coin() ? layer.out_c : 0, -2000, 2000);
  std::vector<double> real_bias;
  std::vector<float> bias_scales;
  for (size_t o = 0; o < bias.size(); ++o) {
    const double scale = scale_of(o) * static_cast<double>(in_q.scales[0]);
    real_bias.push_back(scale * static_cast<double>(bias[o]));
    bias_scales.push_back(static_cast<float>(scale));
  }
  const auto real = ConvOracle(layer, RealOf(input, in_q), real_filter, real_bias);
  const auto out_q = Fitting<Activation>(real);

  SingleOp op;
  op.Input(layer.InputShape(), input, in_q).Constant(layer.FilterShape(), filter, filter_q);
  bias.empty() ? op.NoBias() : op.Constant({layer.out_c}, bias, PerChannel(bias_scales, 0));
  const auto output =
      op.template Run<Activation>(layer.Kind(), layer.Options(), layer.OutputShape(), out_q);
  ASSERT_TRUE(output.ok()) << output.status().message();
  for (size_t i = 0; i < real.size(); ++i) {
    const auto expected = QuantizedOf<Activation>(Activated(layer.activation, real[i]), out_q);
    ASSERT_NEAR((*output)[i], expected, tolerance) << "element " << i;
  }
}

TEST_P(Convolution, Int8AgreesWithDouble) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    CheckQuantized<int8_t, int8_t, int32_t>(seed, GetParam(), seed % 2 == 0, 1.0);
  }
}

TEST_P(Convolution, UInt8AgreesWithDouble) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    CheckQuantized<uint8_t, uint8_t, int32_t>(seed, GetParam(), false, 1.0);
  }
}

// The multiplier has 16 bits there, so that the last bit of a large value may be off by one more.
TEST_P(Convolution, Int16AgreesWithDouble) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    CheckQuantized<int16_t, int8_t, int64_t>(seed, GetParam(), seed % 2 == 0, 2.0);
  }
}

// Dynamic range: what the input loses by being quantized on the fly is half a step of 1/255 of its
// range for each product at most.
TEST_P(Convolution, DynamicRangeStaysWithinTheInputsQuantization) {
  for (uint32_t seed = 0; seed < kLayers; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const ConvLayer layer = RandomLayer(random, GetParam());
    const auto input = random.Reals(graph::ElementCount(layer.InputShape()), -1, 2);
    const auto filter = random.Values<int8_t>(graph::ElementCount(layer.FilterShape()), -127, 127);
    const auto scales = random.Reals(layer.out_c, 0.002F, 0.01F);
    const auto bias = random.Reals(layer.out_c, -1, 1);
    std::vector<double> real_filter;
    std::vector<double> weight_sums(scales.size(), 0.0);
    for (size_t i = 0; i < filter.size(); ++i) {
      const size_t channel = ChannelOf(layer, i);
      real_filter.push_back(static_cast<double>(scales[channel]) * filter[i]);
      weight_sums[channel] += std::abs(real_filter.back());
    }
    const auto output =
        SingleOp()
            .Input(layer.InputShape(), input)
            .Constant(layer.FilterShape(), filter, PerChannel(scales, layer.FilterAxis()))
            .Constant({layer.out_c}, bias)
            .Run<float>(layer.Kind(), layer.Options(), layer.OutputShape());
    ASSERT_TRUE(output.ok()) << output.status().message();
    const auto expected = ConvOracle(layer, Wide(input), real_filter, Wide(bias));
    for (size_t i = 0; i < expected.size(); ++i) {
      const double half_step = 4.0 / 254.0 / 2.0;  // symmetric: 2 x the largest, over 254 steps
      const double bound = half_step * weight_sums[i % scales.size()] + 1e-4;
      ASSERT_NEAR((*output)[i], Activated(layer.activation, expected[i]), bound) << "element " << i;
    }
  }
}

// 2 x 2 patches of a 2 x 3 image, by hand: acc = 1*1 + 2*2 + 4*3 + 5*4 = 37 and 1*2 + 2*3 + 3*5 +
// 4*6 = 47; the multiplier 0.5 * 0.25 / 0.5 = 0.25 is 2^30 with a shift by 1 to the right, so that
// 37 is rounded twice: to 18.5 -> 19, to 9.5 -> 10 (once would give 9). Plus the zero point 10.
TEST(Conv2D, Int8ByHand) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 2, 3, 1}, {2, 3, 4, 5, 6, 7}, Affine(0.5F, 1))
          .Constant<int8_t>({1, 2, 2, 1}, {1, 2, 3, 4}, Affine(0.25F, 0))
          .NoBias()
          .Run<int8_t>(OpKind::kConv2D, graph::Conv2DOptions{.padding = graph::Padding::kValid},
                       {1, 1, 2, 1}, Affine(0.5F, 10));
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, testing::ElementsAre(20, 22));
}

// Exact halves in the high multiply go up: ±1.5 and ±2.5 of the output's steps.
TEST(Conv2D, Int8RoundsHalvesUp) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 1, 4, 1}, {3, -3, 5, -5}, Affine(1.0F, 0))
          .Constant<int8_t>({1, 1, 1, 1}, {1}, Affine(0.5F, 0))
          .NoBias()
          .Run<int8_t>(OpKind::kConv2D, graph::Conv2DOptions{}, {1, 1, 4, 1}, Affine(1.0F, 0));
  ASSERT_TRUE(output.ok()) << output.status().message();
  EXPECT_THAT(*output, testing::ElementsAre(2, -1, 3, -2));
}

TEST(Conv2D, NamesTypesThatHaveNoKernel) {
  const auto output = SingleOp()
                          .Input<int32_t>({1, 1, 1, 1}, {1})
                          .Constant<int32_t>({1, 1, 1, 1}, {1})
                          .NoBias()
                          .Run<int32_t>(OpKind::kConv2D, graph::Conv2DOptions{}, {1, 1, 1, 1});
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(output.status().message(), HasSubstr("CONV_2D"));
  EXPECT_THAT(output.status().message(), HasSubstr("int32"));
}

TEST(Conv2D, RefusesQuantizedTensorsWithoutAScale) {
  const auto output =
      SingleOp()
          .Input<int8_t>({1, 1, 1, 1}, {1})
          .Constant<int8_t>({1, 1, 1, 1}, {1}, Affine(1.0F, 0))
          .NoBias()
          .Run<int8_t>(OpKind::kConv2D, graph::Conv2DOptions{}, {1, 1, 1, 1}, Affine(1.0F, 0));
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(output.status().message(), HasSubstr("layer"));
}

// Two groups of one input channel and two output channels each.
TEST(GroupedConv2D, EachGroupSeesItsOwnChannels) {
  const auto floats = SingleOp()
                          .Input<float>({1, 1, 2, 2}, {1, 2, 3, 4})
                          .Constant<float>({4, 1, 1, 1}, {1, 10, 100, 1000})
                          .Constant<float>({4}, {0, 1, 0, 1})
                          .Run<float>(graph::OpKind::kConv2D, graph::Conv2DOptions{}, {1, 1, 2, 4});
  ASSERT_TRUE(floats.ok()) << floats.status().message();
  EXPECT_THAT(*floats, testing::ElementsAre(1, 11, 200, 2001, 3, 31, 400, 4001));
  const auto q = Affine(1.0F, 0);
  const auto integers =
      SingleOp()
          .Input<int8_t>({1, 1, 2, 2}, {1, 2, 3, 4}, q)
          .Constant<int8_t>({4, 1, 1, 1}, {1, 2, 3, 4}, PerChannel({1, 2, 1, 2}, 0))
          .Constant<int32_t>({4}, {0, 1, 0, 1}, PerChannel({1, 2, 1, 2}, 0))
          .Run<int8_t>(graph::OpKind::kConv2D, graph::Conv2DOptions{}, {1, 1, 2, 4}, q);
  ASSERT_TRUE(integers.ok()) << integers.status().message();
  EXPECT_THAT(*integers, testing::ElementsAre(1, 6, 6, 18, 3, 14, 12, 34));
}

}  // namespace
}  // namespace qbench::kernels
