#include "graph/import/keras/keras_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/files.h"

namespace qbench::graph::import {
namespace {

const std::filesystem::path kData = std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data";

const KerasWeight* FindWeight(const KerasFile& file, std::string_view layer,
                              std::string_view name) {
  for (const KerasWeightGroup& group : file.groups) {
    if (group.layer != layer) continue;
    for (const KerasWeight& weight : group.weights) {
      if (weight.name == name) return &weight;
    }
  }
  return nullptr;
}

TEST(KerasFile, HoldsTheConfigurationAndTheWeights) {
  const auto file = ReadKerasFile(kData / "preprocessing.keras2.h5");
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_TRUE(file->model_config.starts_with("{\"class_name\": \"Sequential\""));
  EXPECT_TRUE(file->keras_version.starts_with("2."));
  const KerasWeight* mean = FindWeight(*file, "adapted", "adapted/mean:0");
  ASSERT_NE(mean, nullptr);
  EXPECT_EQ(mean->dims, std::vector<int64_t>{3});
  EXPECT_TRUE(mean->is_float);
  EXPECT_EQ(mean->Values().size(), 3U);
  const KerasWeight* count = FindWeight(*file, "adapted", "adapted/count:0");
  ASSERT_NE(count, nullptr);
  EXPECT_TRUE(count->dims.empty());
  EXPECT_FALSE(count->is_float);
}

TEST(KerasFile, MissingFileOrFolder) {
  EXPECT_EQ(ReadKerasFile(kData / "none.h5").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ReadKerasFile(kData).status().code(), StatusCode::kNotFound);
}

TEST(KerasFile, NotHdf5) {
  const auto file = ReadKerasFile(std::filesystem::path(QBENCH_SOURCE_DIR) / "CMakeLists.txt");
  EXPECT_EQ(file.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(file.status().message().find("not an HDF5 file"), std::string::npos);
}

TEST(KerasFile, CutOffAnywhere) {
  const auto bytes = ReadFile(kData / "shared.keras3.h5");
  ASSERT_TRUE(bytes.ok());
  const auto folder = TempDir::Create("keras-file");
  ASSERT_TRUE(folder.ok());
  for (size_t size = 0; size < bytes->size(); size += bytes->size() / 7) {
    ASSERT_TRUE(WriteFileAtomically(folder->path() / "cut.h5", ByteSpan(*bytes).first(size)).ok());
    const auto file = ReadKerasFile(folder->path() / "cut.h5");
    EXPECT_EQ(file.status().code(), StatusCode::kCorrupt) << size << " bytes";
    EXPECT_NE(file.status().message().find("cut.h5: "), std::string::npos);
  }
}

}  // namespace
}  // namespace qbench::graph::import
