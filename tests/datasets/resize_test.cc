#include "datasets/resize.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "base/files.h"
#include "gtest/gtest.h"

namespace qbench::datasets {
namespace {

// goldens/resize.bin, made by make_resize_goldens.py: for each image a line "image <width> <height>
// <channels> <new width> <new height>" and its bytes, then for each result a line "<library>
// <method>" and its bytes.
class GoldenReader {
 public:
  explicit GoldenReader(Bytes bytes) : bytes_(std::move(bytes)) {}
  bool AtEnd() const { return at_ == bytes_.size(); }
  std::vector<std::string> Words() {
    std::vector<std::string> words(1);
    while (bytes_.at(at_) != '\n') {
      const char c = static_cast<char>(bytes_[at_++]);
      if (c == ' ') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    ++at_;
    return words;
  }
  Bytes Take(int width, int height, int channels) {
    const auto count = static_cast<size_t>(width * height * channels);
    const auto begin = bytes_.begin() + static_cast<ptrdiff_t>(at_);
    at_ += count;
    return {begin, begin + static_cast<ptrdiff_t>(count)};
  }

 private:
  Bytes bytes_;
  size_t at_ = 0;
};

int LargestDifference(const Bytes& a, const Bytes& b) {
  int largest = a.size() == b.size() ? 0 : 256;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(int{a[i]} - int{b[i]}));
  }
  return largest;
}

TEST(ResizeTest, EqualsPillowAndTensorFlow) {
  Result<Bytes> bytes = ReadFile(QBENCH_SOURCE_DIR "/tests/datasets/goldens/resize.bin");
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  GoldenReader goldens(*std::move(bytes));
  Pixmap image;
  int width = 0, height = 0;
  std::map<std::string, int> results;
  while (!goldens.AtEnd()) {
    const std::vector<std::string> head = goldens.Words();
    if (head[0] == "image") {
      ASSERT_EQ(head.size(), 6u);
      image = {std::stoi(head[1]), std::stoi(head[2]), std::stoi(head[3]), {}};
      width = std::stoi(head[4]);
      height = std::stoi(head[5]);
      image.pixels = goldens.Take(image.width, image.height, image.channels);
      continue;
    }
    const std::string name = head[0] + " " + head.at(1);
    const Bytes expected = goldens.Take(width, height, image.channels);
    const Result<Resize> method = ParseResize(head[1]);
    ASSERT_TRUE(method.ok()) << name;
    const Pixmap resized = ResizePixmap(image, width, height, *method);
    EXPECT_EQ(resized.width, width);
    EXPECT_EQ(resized.height, height);
    const int allowed = *method == Resize::kTfBilinear || *method == Resize::kArea ? 1 : 0;
    EXPECT_LE(LargestDifference(resized.pixels, expected), allowed)
        << name << ", " << image.width << "x" << image.height << " to " << width << "x" << height;
    ++results[name];
  }
  for (const char* name :
       {"pillow pil-bilinear", "tensorflow tf-bilinear", "tensorflow nearest", "tensorflow area"}) {
    EXPECT_EQ(results[name], 36) << name;
  }
  EXPECT_GE(results["pillow nearest"], 12);
}

TEST(ResizeTest, TheSameSizeChangesNothing) {
  Pixmap image{3, 2, 3, {}};
  for (int i = 0; i < 18; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 14));
  for (const Resize method :
       {Resize::kPilBilinear, Resize::kTfBilinear, Resize::kNearest, Resize::kArea}) {
    EXPECT_EQ(ResizePixmap(image, 3, 2, method).pixels, image.pixels);
  }
}

TEST(ResizeTest, AConstantImageStaysConstant) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const Pixmap image{31, 17, 1, Bytes(31 * 17, static_cast<uint8_t>(value))};
    for (const Resize method :
         {Resize::kPilBilinear, Resize::kTfBilinear, Resize::kNearest, Resize::kArea}) {
      for (const auto& [width, height] : {std::pair(7, 40), std::pair(100, 3)}) {
        EXPECT_EQ(ResizePixmap(image, width, height, method).pixels,
                  Bytes(static_cast<size_t>(width * height), static_cast<uint8_t>(value)))
            << value << " " << ResizeName(method);
      }
    }
  }
}

TEST(ResizeTest, ChannelsAreExchangedAndMixed) {
  const Pixmap image{2, 1, 3, {255, 0, 0, 10, 20, 30}};
  EXPECT_EQ(SwapRedAndBlue(image).pixels, (Bytes{0, 0, 255, 30, 20, 10}));
  // Pillow's convert("L") of the same pixels.
  EXPECT_EQ(GrayFromRgb(image).pixels, (Bytes{76, 18}));
}

}  // namespace
}  // namespace qbench::datasets
