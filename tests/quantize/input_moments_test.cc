#include "quantize/ranges/input_moments.h"

#include <cmath>
#include <random>

#include "gtest/gtest.h"
#include "quantize/ranges/layer_inputs.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::TensorId;

struct Case {
  bool depthwise;
  graph::Padding padding;
  int32_t stride, dilation, kernel_h, kernel_w, channels, multiplier;
};

int32_t OutputSize(const Case& c, int32_t input, int32_t kernel) {
  if (c.padding == graph::Padding::kSame) return (input + c.stride - 1) / c.stride;
  return (input - (kernel - 1) * c.dilation - 1) / c.stride + 1;
}

int32_t PaddingBefore(const Case& c, int32_t input, int32_t output, int32_t kernel) {
  if (c.padding == graph::Padding::kValid) return 0;
  return std::max((output - 1) * c.stride + (kernel - 1) * c.dilation + 1 - input, 0) / 2;
}

graph::Model ModelOf(const Case& c, int32_t height, int32_t width) {
  graph::Model model;
  graph::Graph& graph = model.graph;
  const TensorId input = graph.AddTensor({.name = "x", .shape = {1, height, width, c.channels}});
  const int32_t outputs = c.depthwise ? c.channels * c.multiplier : 4;
  const graph::Shape shape = c.depthwise ? graph::Shape{1, c.kernel_h, c.kernel_w, outputs}
                                         : graph::Shape{4, c.kernel_h, c.kernel_w, c.channels};
  const TensorId weights = graph.AddConstant(
      "w", shape, std::vector<float>(static_cast<size_t>(graph::ElementCount(shape)), 0.1F));
  const TensorId output = graph.AddTensor(
      {.name = "y",
       .shape = {1, OutputSize(c, height, c.kernel_h), OutputSize(c, width, c.kernel_w), outputs}});
  if (c.depthwise) {
    graph.ops.push_back({graph::OpKind::kDepthwiseConv2D,
                         graph::DepthwiseConv2DOptions{.padding = c.padding,
                                                       .stride_h = c.stride,
                                                       .stride_w = c.stride,
                                                       .dilation_h = c.dilation,
                                                       .dilation_w = c.dilation,
                                                       .depth_multiplier = c.multiplier},
                         {input, weights, graph::kNoTensor},
                         {output}});
  } else {
    graph.ops.push_back({graph::OpKind::kConv2D,
                         graph::Conv2DOptions{.padding = c.padding,
                                              .stride_h = c.stride,
                                              .stride_w = c.stride,
                                              .dilation_h = c.dilation,
                                              .dilation_w = c.dilation},
                         {input, weights, graph::kNoTensor},
                         {output}});
  }
  return model;
}

// The oracle: the moment of two taps, one output position after the other.
double SlowMoment(const Case& c, const std::vector<float>& x, int32_t height, int32_t width,
                  size_t group, size_t a, size_t b) {
  const int32_t out_h = OutputSize(c, height, c.kernel_h);
  const int32_t out_w = OutputSize(c, width, c.kernel_w);
  const auto value = [&](size_t tap, int32_t oy, int32_t ox) -> double {
    const auto per_pixel = static_cast<size_t>(c.depthwise ? 1 : c.channels);
    const auto channel = static_cast<int32_t>(c.depthwise ? group : tap % per_pixel);
    const auto ky = static_cast<int32_t>(tap / per_pixel) / c.kernel_w;
    const auto kx = static_cast<int32_t>(tap / per_pixel) % c.kernel_w;
    const int32_t y = oy * c.stride + ky * c.dilation - PaddingBefore(c, height, out_h, c.kernel_h);
    const int32_t at = ox * c.stride + kx * c.dilation - PaddingBefore(c, width, out_w, c.kernel_w);
    if (y < 0 || y >= height || at < 0 || at >= width) return 0.0;
    return x[static_cast<size_t>(y * width + at) * static_cast<size_t>(c.channels) +
             static_cast<size_t>(channel)];
  };
  double sum = 0.0;
  for (int32_t oy = 0; oy < out_h; ++oy) {
    for (int32_t ox = 0; ox < out_w; ++ox) sum += value(a, oy, ox) * value(b, oy, ox);
  }
  return sum / (out_h * out_w);
}

TEST(InputMoments, AreThoseOfTheWindowsOfAConvolution) {
  constexpr auto kSame = graph::Padding::kSame;
  constexpr auto kValid = graph::Padding::kValid;
  for (const Case& c :
       {Case{false, kSame, 1, 1, 3, 3, 2, 1}, Case{false, kSame, 2, 1, 3, 3, 3, 1},
        Case{false, kValid, 1, 2, 3, 2, 2, 1}, Case{false, kSame, 1, 1, 1, 1, 5, 1},
        Case{true, kSame, 1, 1, 3, 3, 4, 1}, Case{true, kSame, 2, 1, 3, 3, 3, 2},
        Case{true, kValid, 1, 1, 3, 3, 3, 1}, Case{true, kSame, 1, 2, 3, 3, 1, 2}}) {
    // Few enough positions that every one is taken.
    const int32_t height = c.depthwise ? 4 : 7;
    const int32_t width = c.depthwise ? 4 : 8;
    SCOPED_TRACE(
        fmt::format("depthwise {} stride {} dilation {}", c.depthwise, c.stride, c.dilation));
    const graph::Model model = ModelOf(c, height, width);
    std::mt19937 random(5);
    const auto x = RandomFloats(
        random,
        static_cast<size_t>(height) * static_cast<size_t>(width) * static_cast<size_t>(c.channels),
        -1, 1);
    MomentMeter meter(model.graph, model.graph.ops[0]);
    ASSERT_TRUE(meter.measures());
    std::vector<float> scratch;
    meter.Add(x, scratch);
    meter.Add(x, scratch);
    const InputMoments moments = meter.Finish();
    EXPECT_EQ(moments.groups, static_cast<size_t>(c.depthwise ? c.channels : 1));
    for (size_t group = 0; group < moments.groups; ++group) {
      for (size_t a = 0; a < moments.taps; ++a) {
        for (size_t b = 0; b < moments.taps; ++b) {
          EXPECT_NEAR(moments.Mean(group, a, b), SlowMoment(c, x, height, width, group, a, b),
                      1e-5);
        }
      }
    }
  }
}

// 1e18 squared, a few thousand times, is more than a float holds; 1e-25 squared is none.
TEST(InputMoments, DoNotOverflowOrVanish) {
  const Case c{false, graph::Padding::kSame, 1, 1, 3, 3, 2, 1};
  const graph::Model model = ModelOf(c, 8, 8);
  const auto measure = [&](const std::vector<int>& exponents) {
    MomentMeter meter(model.graph, model.graph.ops[0]);
    std::mt19937 random(5);
    std::vector<float> scratch;
    for (const int exponent : exponents) {
      auto x = RandomFloats(random, size_t{8} * 8 * 2, -1, 1);
      for (float& value : x) value = std::ldexp(value, exponent);
      meter.Add(x, scratch);
    }
    return meter.Finish();
  };
  const InputMoments usual = measure({0, 0, 0});
  for (const int exponent : {60, 120, -30, -80, -125}) {
    SCOPED_TRACE(exponent);
    const InputMoments moments = measure({exponent, exponent, exponent});
    for (size_t a = 0; a < moments.taps; ++a) {
      for (size_t b = 0; b < moments.taps; ++b) {
        const double expected = std::ldexp(usual.Mean(0, a, b), 2 * exponent);
        EXPECT_NEAR(moments.Mean(0, a, b), expected, std::abs(expected) * 1e-5);
      }
    }
  }
  // A sample that is much larger than those before it counts for all of them.
  const InputMoments growing = measure({-80, 0, 100});
  EXPECT_GT(growing.Mean(0, 0, 0), 1e58);
  EXPECT_TRUE(std::isfinite(growing.Mean(0, 0, 0)));
}

TEST(InputMoments, LargeLayersAreNotMeasured) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 30, 30, 3});
  const graph::Model model = builder.Finish({builder.Dense(builder.Flatten(input), 2)});
  EXPECT_FALSE(MomentMeter(model.graph, model.graph.ops.back()).measures());
}

TEST(LayerInputs, LookThroughReshapesAndLeaveFloatLayersOut) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 4, 4, 3});
  const TensorId features = builder.Conv(input, 4, 3);
  const graph::Model model = builder.Finish({builder.Dense(builder.Flatten(features), 2)});
  LayerInputsMeter both(model.graph, {.means = true, .moments = true});
  EXPECT_EQ(both.sources(), (std::vector<TensorId>{input, features}));
  std::vector<float> scratch;
  both.Add(input, std::vector<float>(48, 2.0F), scratch);
  both.Add(features, std::vector<float>(64, 3.0F), scratch);
  const std::vector<LayerInputs> inputs = both.Finish();
  ASSERT_EQ(inputs.size(), model.graph.ops.size());
  EXPECT_EQ(inputs[0].means, std::vector<float>(3, 2.0F));
  EXPECT_TRUE(inputs[0].moments.measured());
  EXPECT_TRUE(inputs[1].means.empty());  // the reshape
  EXPECT_EQ(inputs[2].means, std::vector<float>(64, 3.0F));
  EXPECT_EQ(inputs[2].moments.Mean(0, 5, 63), 9.0);
  const LayerInputsMeter kept(model.graph,
                              {.moments = true, .choices = InFloat({false, false, true})});
  EXPECT_EQ(kept.sources(), (std::vector<TensorId>{input}));
  EXPECT_TRUE(LayerInputsMeter(model.graph, {}).sources().empty());
}

}  // namespace
}  // namespace qbench::quantize
