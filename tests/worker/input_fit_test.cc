// What a model says of its own preprocessing.
#include "harness/worker/input_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace qbench::worker {
namespace {

using graph::DataType;
using ::testing::ElementsAre;

constexpr int kSide = 12;
constexpr int kOutputs = 6;

// A picture of noise with a mean and a contrast of its own, pixels 0 to 255.
std::vector<double> Picture(size_t image) {
  std::mt19937 random(static_cast<uint32_t>(image));
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  const double base = 60 + 130 * uniform();
  std::vector<double> pixels;
  for (int i = 0; i < kSide * kSide * 3; ++i) {
    pixels.push_back(std::clamp(base + 110 * (uniform() - 0.5), 0.0, 255.0));
  }
  return pixels;
}

std::vector<size_t> Images(size_t count) {
  std::vector<size_t> images;
  for (size_t i = 0; i < count; ++i) images.push_back(i);
  return images;
}

PixelScaling Scaling(float mean, float std) {
  return {std::vector<float>(3, mean), std::vector<float>(3, std)};
}

auto Reader(const PixelScaling& scaling) {
  return [scaling](size_t image, std::span<float> values) {
    const std::vector<double> pixels = Picture(image);
    for (size_t i = 0; i < pixels.size(); ++i) {
      values[i] = (static_cast<float>(pixels[i]) - scaling.mean[i % 3]) / scaling.std[i % 3];
    }
  };
}

// A 3 x 3 convolution, behind a PAD if wanted, whose statistics are those of its own outputs for
// images 1000 to 1200 as `trained` makes them, computed window by window.
graph::Model TrainedModel(const PixelScaling& trained, bool padded = false) {
  graph::Model model;
  graph::Graph& graph = model.graph;
  std::mt19937 random(7);
  const auto uniform = [&] { return static_cast<float>(random()) / 4294967296.0F - 0.4F; };
  std::vector<float> weights(kOutputs * 27);
  for (float& weight : weights) weight = uniform();
  std::vector<float> bias(kOutputs);
  for (float& value : bias) value = uniform();
  graph::TensorId input = graph.AddTensor({.name = "image", .shape = {1, kSide, kSide, 3}});
  graph.inputs = {input};
  if (padded) {
    const auto paddings =
        graph.AddConstant("p", {4, 2}, std::vector<int32_t>{0, 0, 0, 1, 0, 1, 0, 0});
    const auto larger = graph.AddTensor({.name = "larger", .shape = {1, kSide + 1, kSide + 1, 3}});
    graph.ops.push_back({.kind = graph::OpKind::kPad,
                         .options = graph::DefaultOptions(graph::OpKind::kPad),
                         .inputs = {input, paddings},
                         .outputs = {larger}});
    input = larger;
  }
  const auto w = graph.AddConstant("w", {kOutputs, 3, 3, 3}, weights);
  const auto b = graph.AddConstant("b", {kOutputs}, bias);
  const auto output = graph.AddTensor({.name = "conv", .shape = {1, kSide, kSide, kOutputs}});
  graph::Op conv{.kind = graph::OpKind::kConv2D,
                 .options = graph::DefaultOptions(graph::OpKind::kConv2D),
                 .inputs = {input, w, b},
                 .outputs = {output}};
  std::vector<double> sums(kOutputs);
  std::vector<double> squares(kOutputs);
  double count = 0;
  std::vector<float> values(kSide * kSide * 3);
  for (size_t image = 1000; image < 1200; ++image) {
    Reader(trained)(image, values);
    for (int row = 0; row + 3 <= kSide; ++row) {
      for (int column = 0; column + 3 <= kSide; ++column) {
        count += 1;
        for (int o = 0; o < kOutputs; ++o) {
          double sum = bias[o];
          for (int k = 0; k < 27; ++k) {
            const int place = ((row + k / 9) * kSide + column + k / 3 % 3) * 3 + k % 3;
            sum += static_cast<double>(weights[o * 27 + k]) * values[place];
          }
          sums[o] += sum;
          squares[o] += sum * sum;
        }
      }
    }
  }
  graph::OutputStatistics statistics;
  for (int o = 0; o < kOutputs; ++o) {
    const double mean = sums[o] / count;
    statistics.mean.push_back(static_cast<float>(mean));
    statistics.deviation.push_back(static_cast<float>(std::sqrt(squares[o] / count - mean * mean)));
  }
  conv.statistics = statistics;
  graph.ops.push_back(std::move(conv));
  graph.outputs = {output};
  return model;
}

TEST(InputFit, TheRightScalingFits) {
  const PixelScaling right = Scaling(127.5F, 127.5F);
  for (const bool padded : {false, true}) {
    const auto fit = FitFirstLayer(TrainedModel(right, padded), right, Images(60), Reader(right));
    ASSERT_TRUE(fit.has_value());
    EXPECT_EQ(fit->layer, "conv");
    EXPECT_EQ(fit->images, 60);
    EXPECT_LT(fit->divergence, 0.05);
    for (const InputFit::Other& other : fit->others) EXPECT_GT(other.divergence, 0.2);
  }
}

TEST(InputFit, AWrongScalingDoesNotAndTheRightOneIsAmongTheOthers) {
  const PixelScaling right = Scaling(127.5F, 127.5F);
  const graph::Model model = TrainedModel(right);
  for (const PixelScaling& wrong :
       {Scaling(127.5F, 255.0F), Scaling(0.0F, 255.0F), Scaling(0.0F, 1.0F)}) {
    const auto fit = FitFirstLayer(model, wrong, Images(60), Reader(wrong));
    ASSERT_TRUE(fit.has_value());
    EXPECT_GT(fit->divergence, 0.2);
    const auto best = std::ranges::min_element(fit->others, {}, &InputFit::Other::divergence);
    EXPECT_THAT(best->scaling.std, ElementsAre(127.5F, 127.5F, 127.5F));
    EXPECT_THAT(best->scaling.mean, ElementsAre(127.5F, 127.5F, 127.5F));
    EXPECT_LT(best->divergence, 0.05);
  }
}

TEST(InputFit, NothingIsSaidWithoutStatisticsOrImages) {
  const PixelScaling right = Scaling(0.0F, 255.0F);
  graph::Model model = TrainedModel(right);
  EXPECT_FALSE(FitFirstLayer(model, right, {}, Reader(right)).has_value());
  EXPECT_FALSE(FitFirstLayer(model, {{0.0F}, {255.0F}}, Images(5), Reader(right)).has_value());
  model.graph.ops[0].statistics->deviation.assign(kOutputs, 0.0F);
  EXPECT_FALSE(FitFirstLayer(model, right, Images(30), Reader(right)).has_value());
  model.graph.ops[0].statistics->deviation.pop_back();
  EXPECT_FALSE(FitFirstLayer(model, right, Images(30), Reader(right)).has_value());
  model.graph.ops[0].statistics.reset();
  EXPECT_FALSE(FitFirstLayer(model, right, Images(30), Reader(right)).has_value());
}

graph::Model IntegerInput(float scale, int64_t zero_point) {
  graph::Model model;
  const auto input =
      model.graph.AddTensor({.name = "image",
                             .type = DataType::kInt8,
                             .shape = {1, kSide, kSide, 3},
                             .quantization = graph::Quantization{{scale}, {zero_point}}});
  model.graph.inputs = {input};
  return model;
}

TEST(InputReach, CountsWhatIsCutOff) {
  const graph::Model model = IntegerInput(1.0F / 255, -128);  // 0 to 1
  const PixelScaling right = Scaling(0.0F, 255.0F);
  const auto fits = ReachOfInput(model, right, Images(20), Reader(right));
  ASSERT_TRUE(fits.has_value());
  EXPECT_NEAR(fits->low, 0, 1e-6);
  EXPECT_NEAR(fits->high, 1, 1e-6);
  EXPECT_EQ(fits->outside, 0);
  const PixelScaling raw = Scaling(0.0F, 1.0F);
  const auto cut = ReachOfInput(model, raw, Images(20), Reader(raw));
  ASSERT_TRUE(cut.has_value());
  EXPECT_GT(cut->outside, 0.95);
  EXPECT_EQ(cut->pixels_high, 255);
  const PixelScaling around = Scaling(127.5F, 127.5F);
  const auto half = ReachOfInput(model, around, Images(20), Reader(around));
  EXPECT_GT(half->outside, 0.2);
  EXPECT_EQ(half->pixels_low, -1);
}

TEST(InputReach, AFloatInputHasNone) {
  const PixelScaling right = Scaling(0.0F, 255.0F);
  EXPECT_FALSE(ReachOfInput(TrainedModel(right), right, Images(3), Reader(right)).has_value());
}

TEST(InputJson, HasWhatIsKnown) {
  EXPECT_TRUE(InputJson({}, {}).is_null());
  const PixelScaling own = Scaling(0.0F, 255.0F);
  const auto fit = FitFirstLayer(TrainedModel(own), own, Images(3), Reader(own));
  const Json json = InputJson(fit, InputReach{.low = -1, .high = 1});
  EXPECT_EQ(json["fit"]["images"], 3);
  EXPECT_EQ(json["fit"]["others"].size(), 6U);
  EXPECT_EQ(json["reach"]["high"], 1);
}

}  // namespace
}  // namespace qbench::worker
