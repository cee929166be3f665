// The data set `scenes` must not be solvable by colour: a nearest-neighbour classifier on colour
// histograms, from its train to its test split, stays below 60 %.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

namespace qbench {
namespace {

constexpr std::array<const char*, 6> kLabels = {"buildings", "forest", "glacier",
                                                "mountain",  "sea",    "street"};
constexpr double kMaxAccuracy = 0.60;
constexpr int kBinShift = 5;  // 256 levels into 8 bins a channel
constexpr int kPixels = 150 * 150;

// Counts of pixels in 8 x 8 x 8 bins of blue, green and red.
using Histogram = std::array<int, 512>;

struct Sample {
  Histogram histogram;
  std::size_t label;
};

Histogram HistogramOf(const cv::Mat3b& image) {
  Histogram histogram = {};
  for (const cv::Vec3b& pixel : image) {
    const int blue = pixel[0] >> kBinShift;
    const int green = pixel[1] >> kBinShift;
    const int red = pixel[2] >> kBinShift;
    ++histogram.at(static_cast<std::size_t>((blue * 8 + green) * 8 + red));
  }
  return histogram;
}

std::vector<Sample> ReadSplit(const std::string& split) {
  const auto folder = std::filesystem::path(QBENCH_SOURCE_DIR) / "datasets" / "scenes" / split;
  std::vector<Sample> samples;
  for (std::size_t label = 0; label < kLabels.size(); ++label) {
    for (const auto& entry : std::filesystem::directory_iterator(folder / kLabels.at(label))) {
      const cv::Mat3b image = cv::imread(entry.path().string(), cv::IMREAD_COLOR);
      EXPECT_EQ(image.total(), static_cast<std::size_t>(kPixels)) << entry.path();
      samples.push_back({HistogramOf(image), label});
    }
  }
  return samples;
}

// Sum of absolute differences.
int Distance(const Histogram& a, const Histogram& b) {
  int distance = 0;
  for (std::size_t i = 0; i < a.size(); ++i) distance += std::abs(a[i] - b[i]);
  return distance;
}

std::size_t NearestLabel(const std::vector<Sample>& train, const Histogram& query) {
  std::size_t label = 0;
  int least = std::numeric_limits<int>::max();
  for (const Sample& sample : train) {
    const int distance = Distance(sample.histogram, query);
    if (distance < least) {
      least = distance;
      label = sample.label;
    }
  }
  return label;
}

TEST(ScenesDifficultyTest, ColourHistogramsDoNotTellTheClass) {
  const std::vector<Sample> train = ReadSplit("train");
  const std::vector<Sample> test = ReadSplit("test");
  ASSERT_FALSE(train.empty());
  ASSERT_GE(test.size(), 600U);
  int right = 0;
  for (const Sample& sample : test) {
    right += NearestLabel(train, sample.histogram) == sample.label ? 1 : 0;
  }
  const double accuracy = static_cast<double>(right) / static_cast<double>(test.size());
  std::cout << "colour-histogram nearest neighbour: " << 100.0 * accuracy << " % (" << right
            << " of " << test.size() << ")\n";
  RecordProperty("accuracy_percent", std::to_string(100.0 * accuracy));
  EXPECT_LT(accuracy, kMaxAccuracy);
}

}  // namespace
}  // namespace qbench
