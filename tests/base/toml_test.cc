#include "base/toml.h"

#include "base/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qbench {
namespace {

TEST(TomlTest, ReadsATable) {
  const Result<toml::table> table = ParseToml("a = 1\n[b]\nc = \"x\"\n", "here.toml");
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_EQ((*table)["a"].value<int>(), 1);
  EXPECT_EQ((*table)["b"]["c"].value<std::string>(), "x");
}

TEST(TomlTest, ErrorsNameFileLineAndColumn) {
  const Status status = ParseToml("a = 1\nb = \n", "here.toml").status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), ::testing::StartsWith("here.toml:2:5: "));
}

TEST(TomlTest, DeepNestingAndBytesThatAreNoTextAreErrors) {
  EXPECT_EQ(ParseToml("a = " + std::string(100000, '['), "x").status().code(),
            StatusCode::kCorrupt);
  EXPECT_EQ(ParseToml("a = \"\xff\xfe\"", "x").status().code(), StatusCode::kCorrupt);
}

TEST(TomlTest, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadTomlFile("/nowhere/x.toml").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace qbench
