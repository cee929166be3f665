#include "harness/stats/layer_difference.h"

#include <cmath>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qbench::stats {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DifferenceSums, AgreeWithTheDefinitions) {
  const std::vector<float> a = {3.0F, 0.0F, -4.0F, 12.0F};
  const std::vector<float> b = {2.0F, 0.0F, -4.0F, 10.0F};
  DifferenceSums sums;
  AddDifference(std::span(a).first(2), std::span(b).first(2), -4.0, 10.5, sums);
  AddDifference(std::span(a).last(2), std::span(b).last(2), -4.0, 10.5, sums);
  EXPECT_EQ(sums.count, 4);
  EXPECT_EQ(sums.saturated, 1);  // 12
  EXPECT_EQ(sums.a_min, -4);
  EXPECT_EQ(sums.a_max, 12);
  EXPECT_EQ(sums.b_max, 10);
  EXPECT_DOUBLE_EQ(NoiseShare(sums), 5.0 / 169.0);
  EXPECT_DOUBLE_EQ(*SqnrDb(sums), 10 * std::log10(169.0 / 5.0));
  EXPECT_DOUBLE_EQ(Rmse(sums), std::sqrt(5.0 / 4.0));
  EXPECT_DOUBLE_EQ(Cosine(sums), 142.0 / std::sqrt(169.0 * 120.0));
}

TEST(DifferenceSums, NothingAndZeros) {
  DifferenceSums equal;
  const std::vector<float> zeros(3, 0.0F);
  AddDifference(zeros, zeros, -1, 1, equal);
  EXPECT_EQ(Cosine(equal), 1.0);
  EXPECT_FALSE(SqnrDb(equal).has_value());
  EXPECT_EQ(NoiseShare(equal), 0.0);
  DifferenceSums noise;
  AddDifference(zeros, std::vector<float>(3, 1.0F), -1, 1, noise);
  EXPECT_EQ(Cosine(noise), 0.0);
  EXPECT_TRUE(std::isinf(NoiseShare(noise)));
}

// 30 dB of uniform quantization noise: the estimate is that of the formula.
TEST(DifferenceSums, QuantizationNoise) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  DifferenceSums sums;
  for (int i = 0; i < 100; ++i) {
    std::vector<float> a(1000);
    std::vector<float> b(1000);
    for (size_t k = 0; k < a.size(); ++k) {
      a[k] = uniform(random);
      b[k] = std::round(a[k] * 16) / 16;
    }
    AddDifference(a, b, -2, 2, sums);
  }
  EXPECT_NEAR(*SqnrDb(sums), 10 * std::log10((1.0 / 3.0) / (1.0 / 256.0 / 12.0)), 0.1);
  EXPECT_EQ(sums.saturated, 0);
}

TEST(LayerNoise, TheFirstJumpIsThatOfTheBadLayer) {
  // 0 -> 1 -> 2 (bad) -> 4, and 1 -> 3 -> 4.
  const std::vector<LayerNoise> layers = {
      {0.0001, {}}, {0.0004, {0}}, {0.2, {1}}, {0.0006, {1}}, {0.15, {2, 3}}};
  EXPECT_EQ(FindJump(layers), 2U);
  EXPECT_THAT(LayersToKeep(layers, 3), ElementsAre(2));
  EXPECT_DOUBLE_EQ(AddedNoise(layers, 4), 0.0);
  EXPECT_DOUBLE_EQ(AddedNoise(layers, 2), 0.2 - 0.0004);
}

TEST(LayerNoise, ItsOwnErrorCountsWhereItIsKnown) {
  // Layer 1 is noisy by itself; 2 only passes on what came in; 3 reads 1's coarse scale.
  const std::vector<LayerNoise> layers = {
      {0.0001, {}, 0.0001}, {0.2, {0}, 0.2}, {0.3, {1}, 0.0002}, {0.25, {1}, 0.3}};
  EXPECT_DOUBLE_EQ(AddedNoise(layers, 2), 0.0002);
  EXPECT_THAT(LayersToKeep(layers, 3), ElementsAre(1));
}

TEST(LayerNoise, SlowGrowthIsNoJump) {
  std::vector<LayerNoise> layers = {{0.004, {}}};
  for (size_t i = 1; i < 20; ++i) layers.push_back({layers.back().share + 0.001, {i - 1}});
  EXPECT_EQ(FindJump(layers), std::nullopt);
  EXPECT_THAT(LayersToKeep({}, 3), IsEmpty());
}

TEST(LayerNoise, AtMostSoManyAndTheLoudestFirst) {
  const std::vector<LayerNoise> layers = {{0.02, {}}, {0.05, {}}, {0.03, {}}, {0.0001, {}}};
  EXPECT_THAT(LayersToKeep(layers, 2), ElementsAre(1, 2));
  EXPECT_THAT(LayersToKeep(layers, 9), ElementsAre(1, 2, 0));
}

}  // namespace
}  // namespace qbench::stats
