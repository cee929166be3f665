#include "harness/worker/mapped_model.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <numeric>
#include <thread>

#include "base/sha256.h"
#include "harness/measure/memory.h"

namespace qbench::worker {
namespace {

constexpr size_t kLarge = size_t{64} << 20;

class MappedModelTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const Bytes& content) const {
    const std::filesystem::path path = folder_.path() / "model.tflite";
    EXPECT_TRUE(WriteFileAtomically(path, ByteSpan(content)).ok());
    return path;
  }
  static uint64_t FileBytesInMemory() { return measure::ReadMemoryUse().value().rss_file; }

  const TempDir folder_ = *TempDir::Create("mapped-model-test");
};

TEST_F(MappedModelTest, HoldsWhatItsNamePromises) {
  const Bytes content = {1, 2, 3};
  const auto path = Write(content);
  const auto model = MappedModel::Open(path, Sha256Hex(content));
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_TRUE(std::ranges::equal(model->bytes(), content));
  EXPECT_TRUE(model->CheckUnchanged().ok());
  EXPECT_EQ(MappedModel::Open(path, std::string(64, 'a')).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(MappedModel::Open(Write({})).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(MappedModel::Open(folder_.path() / "none").status().code(), StatusCode::kNotFound);
}

TEST_F(MappedModelTest, TellsThatTheFileWasWrittenTo) {
  const Bytes content(100, 7);
  const std::string sha256 = Sha256Hex(content);
  {
    const auto model = MappedModel::Open(Write(content), sha256);
    ASSERT_TRUE(model.ok());
    std::fstream(folder_.path() / "model.tflite", std::ios::in | std::ios::out).put('x');
    EXPECT_EQ(model->CheckUnchanged().code(), StatusCode::kCorrupt);
  }
  {
    const auto model = MappedModel::Open(Write(content), sha256);
    ASSERT_TRUE(model.ok());
    ASSERT_EQ(truncate((folder_.path() / "model.tflite").c_str(), 0), 0);
    EXPECT_EQ(model->CheckUnchanged().code(), StatusCode::kCorrupt);
  }
  {
    // Another run makes the same file in its place.
    const auto path = Write(content);
    const auto model = MappedModel::Open(path, sha256);
    const auto unnamed = MappedModel::Open(path);
    ASSERT_TRUE(model.ok() && unnamed.ok());
    Write(content);
    EXPECT_TRUE(model->CheckUnchanged().ok());
    EXPECT_FALSE(unnamed->CheckUnchanged().ok()) << "nobody knows what it was";
  }
}

TEST_F(MappedModelTest, WhatWasReadOfALargeOneLeavesTheMemory) {
  const auto path = Write(Bytes(kLarge, 1));
  const uint64_t before = FileBytesInMemory();
  const auto model = MappedModel::Open(path);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(std::accumulate(model->bytes().begin(), model->bytes().end(), uint64_t{0}), kLarge);
  // However busy the machine is, it goes sometime.
  for (int i = 0; i < 6000 && FileBytesInMemory() > before + kLarge / 4; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_LE(FileBytesInMemory(), before + kLarge / 4);
  EXPECT_EQ(model->bytes()[kLarge - 1], 1) << "and can be read again";
}

TEST_F(MappedModelTest, WhatIsReadAfterwardsStays) {
  const auto path = Write(Bytes(kLarge, 1));
  const uint64_t before = FileBytesInMemory();
  auto model = MappedModel::Open(path);
  ASSERT_TRUE(model.ok());
  const auto sum = [&] {
    return std::accumulate(model->bytes().begin(), model->bytes().end(), uint64_t{0});
  };
  EXPECT_EQ(sum(), kLarge);
  model->ReleaseAndStop();
  EXPECT_LE(FileBytesInMemory(), before + kLarge / 4);
  EXPECT_EQ(sum(), kLarge);
  EXPECT_GE(FileBytesInMemory(), before + kLarge * 3 / 4);
}

}  // namespace
}  // namespace qbench::worker
