// Images and folders for the tests of data sets.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "base/bytes.h"
#include "base/files.h"
#include "datasets/decode.h"
#include "gtest/gtest.h"

namespace qbench::datasets {

inline std::filesystem::path GoldenFile(const std::string& name) {
  return std::filesystem::path(QBENCH_SOURCE_DIR "/tests/datasets/goldens") / name;
}

// A 24-bit BMP. Pixel (x, y)'s red, green and blue follow from x, y and `seed`, except that the
// first byte of the pixels (bottom left, blue) is `seed` itself, by which fake_decode knows it.
inline uint8_t BmpValue(int x, int y, int channel, int seed) {
  return static_cast<uint8_t>(
      x == 0 && y == 0 && channel == 2 ? seed : x * 3 + y * 5 + channel * 7 + seed);
}
inline Bytes MakeBmp(int width, int height, int seed) {
  const size_t row = (static_cast<size_t>(width) * 3 + 3) / 4 * 4;
  Bytes file(54 + row * static_cast<size_t>(height));
  const auto put = [&](size_t at, uint32_t value) { std::memcpy(&file[at], &value, 4); };
  file[0] = 'B';
  file[1] = 'M';
  put(2, static_cast<uint32_t>(file.size()));
  put(10, 54);
  put(14, 40);
  put(18, static_cast<uint32_t>(width));
  put(22, static_cast<uint32_t>(height));
  put(26, 1 | 24 << 16);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        file[54 + static_cast<size_t>(y) * row + static_cast<size_t>(x) * 3 +
             static_cast<size_t>(2 - c)] = BmpValue(x, y, c, seed);
      }
    }
  }
  return file;
}

inline void WriteTestFile(const std::filesystem::path& file, ByteSpan bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(stream.good()) << file;
}

// qbench-decode as built, few processes.
inline DecodeOptions TestDecodeOptions() {
  DecodeOptions options;
  options.program = QBENCH_BINARY_DIR "/bin/qbench-decode";
  options.limits.processes = 2;
  return options;
}

// fake_decode, which starts in no time and takes the first byte of a BMP's pixels for all of them.
inline DecodeOptions FakeDecodeOptions() {
  DecodeOptions options = TestDecodeOptions();
  options.program = QBENCH_BINARY_DIR "/tests/fake_decode";
  return options;
}

// A temporary folder that goes with the test.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() : temp_(TempDir::Create("qbench-test")) {}
  const std::filesystem::path& folder() const { return temp_->path(); }

 private:
  Result<TempDir> temp_;
};

}  // namespace qbench::datasets
