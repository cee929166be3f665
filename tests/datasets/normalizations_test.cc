#include "datasets/normalizations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::datasets {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Names(int channels) {
  std::vector<std::string> names;
  for (const Normalization& each : UsualNormalizations(channels)) names.push_back(each.name);
  return names;
}

TEST(Normalizations, AreThoseOfColoursAndOfGray) {
  EXPECT_THAT(Names(3), ElementsAre(kPixels, kZeroToOne, kMinusOneToOne, kImageNet, kCaffe));
  EXPECT_THAT(Names(1), ElementsAre(kPixels, kZeroToOne, kMinusOneToOne));
  for (const int channels : {1, 3}) {
    for (const Normalization& each : UsualNormalizations(channels)) {
      EXPECT_EQ(UsualNormalization(each.name.c_str(), channels), each);
      Preprocessing input;
      input.width = input.height = 2;
      input.channels = channels == 1 ? Channels::kGray : Channels::kRgb;
      Apply(each, input);
      EXPECT_TRUE(CheckPreprocessing(input).ok()) << each.name;
    }
  }
}

TEST(Normalizations, HaveTheRangeOfTheirNames) {
  const auto range = [](const char* name) { return RangeOf(UsualNormalization(name, 3)); };
  EXPECT_FLOAT_EQ(range(kPixels).max, 255);
  EXPECT_FLOAT_EQ(range(kZeroToOne).max, 1);
  EXPECT_FLOAT_EQ(range(kMinusOneToOne).min, -1);
  EXPECT_FLOAT_EQ(range(kMinusOneToOne).max, 1);
  EXPECT_NEAR(range(kImageNet).min, -2.118, 1e-3);  // torchvision: (0 - 0.485) / 0.229
  EXPECT_NEAR(range(kImageNet).max, 2.64, 1e-3);    // (1 - 0.406) / 0.225
  EXPECT_FLOAT_EQ(range(kCaffe).min, -123.68F);
}

TEST(Normalizations, OfBlueFirstAreTurned) {
  Preprocessing input;
  input.channels = Channels::kBgr;
  Apply(UsualNormalization(kCaffe, 3), input);
  EXPECT_THAT(input.mean, ElementsAre(103.939F, 116.779F, 123.68F));
}

TEST(Normalizations, AreAlikeWhereNoPixelTellsThem) {
  const Normalization usual = UsualNormalization(kMinusOneToOne, 1);
  EXPECT_TRUE(AreAlike(usual, {"", {127}, {128}}));  // as TensorFlow's older examples have it
  EXPECT_TRUE(AreAlike(usual, {"", {127.5F}, {127.5F}}));
  EXPECT_FALSE(AreAlike(usual, {"", {0}, {255}}));
  EXPECT_FALSE(AreAlike(usual, {"", {127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F}}));
  const std::vector<Normalization> all = UsualNormalizations(3);
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < all.size(); ++j) EXPECT_EQ(AreAlike(all[i], all[j]), i == j);
  }
}

}  // namespace
}  // namespace qbench::datasets
