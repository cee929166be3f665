#include "base/paths.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace qbench {
namespace {

// Whose variables are those of the test alone.
class PathsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) {
      if (const char* value = std::getenv(name)) before_[name] = value;
      unsetenv(name);
    }
  }
  void TearDown() override {
    for (const char* name : {"HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) unsetenv(name);
    for (const auto& [name, value] : before_) setenv(name.c_str(), value.c_str(), 1);
  }
  std::map<std::string, std::string> before_;
};

TEST_F(PathsTest, FollowTheXdgSpecification) {
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(*DataHome(), "/home/me/.local/share/qbench");
  EXPECT_EQ(*CacheHome(), "/home/me/.cache/qbench");
  setenv("XDG_DATA_HOME", "/data", 1);
  setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(*DataHome(), "/data/qbench");
  EXPECT_EQ(*CacheHome(), "/cache/qbench");
  for (const char* ignored : {"relative", ""}) {
    setenv("XDG_DATA_HOME", ignored, 1);
    setenv("XDG_CACHE_HOME", ignored, 1);
    EXPECT_EQ(*DataHome(), "/home/me/.local/share/qbench");
    EXPECT_EQ(*CacheHome(), "/home/me/.cache/qbench");
  }
}

TEST_F(PathsTest, AnOptionWins) {
  EXPECT_EQ(*DataHome("/mine"), "/mine");
  EXPECT_EQ(*CacheHome("mine"), std::filesystem::absolute("mine"));
  setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(*CacheHome("/mine"), "/mine");
}

TEST_F(PathsTest, SharedFilesAreFoundFromTheProgram) {
  const Result<std::filesystem::path> share = ShareDir();
  ASSERT_TRUE(share.ok()) << share.status().message();
  EXPECT_EQ(std::filesystem::weakly_canonical(*share),
            std::filesystem::weakly_canonical(QBENCH_BINARY_DIR "/share/qbench"));
}

}  // namespace
}  // namespace qbench
