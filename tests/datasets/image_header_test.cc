#include "datasets/image_header.h"

#include <random>

#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

Bytes Golden(const std::string& name) {
  Result<Bytes> bytes = ReadFile(GoldenFile(name));
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : Bytes();
}

TEST(ImageHeaderTest, KnowsFormatAndSize) {
  for (const auto& [name, format, components] :
       {std::tuple("color.jpg", ImageFormat::kJpeg, 3),
        std::tuple("gray.jpg", ImageFormat::kJpeg, 1),
        std::tuple("progressive.jpg", ImageFormat::kJpeg, 3),
        std::tuple("alpha.png", ImageFormat::kPng, 0),
        std::tuple("color.bmp", ImageFormat::kBmp, 0)}) {
    const Result<ImageHeader> header = ReadImageHeader(Golden(name));
    ASSERT_TRUE(header.ok()) << name << ": " << header.status().message();
    EXPECT_EQ(header->format, format);
    EXPECT_EQ(header->width, 21u);
    EXPECT_EQ(header->height, 14u);
    EXPECT_EQ(header->components, components);
  }
}

TEST(ImageHeaderTest, WhatFollowsTheEndDoesNotMatter) {
  Bytes jpeg = Golden("color.jpg");
  jpeg.insert(jpeg.end(), 1000, 0x55);
  EXPECT_TRUE(ReadImageHeader(jpeg).ok());
}

TEST(ImageHeaderTest, EveryTruncationIsFound) {
  for (const char* name : {"color.jpg", "progressive.jpg", "color.png", "color.bmp"}) {
    const Bytes whole = Golden(name);
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(ReadImageHeader(ByteSpan(whole).first(size)).ok()) << name << " " << size;
    }
  }
}

TEST(ImageHeaderTest, SurvivesMutations) {
  const auto seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  for (const char* name : {"color.jpg", "progressive.jpg", "color.png", "color.bmp"}) {
    const Bytes whole = Golden(name);
    for (int round = 0; round < 3000; ++round) {
      Bytes mutated = whole;
      for (int i = 0; i < 4; ++i)
        mutated[random() % mutated.size()] = static_cast<uint8_t>(random());
      mutated.resize(1 + random() % mutated.size());
      const Result<ImageHeader> header = ReadImageHeader(mutated);
      if (header.ok()) {
        EXPECT_GT(header->width, 0u);
        EXPECT_GT(header->height, 0u);
      }
    }
  }
}

}  // namespace
}  // namespace qbench::datasets
