#include "harness/run/file_watch.h"

#include "base/files.h"
#include "base/sha256.h"
#include "gmock/gmock.h"

namespace qbench::run {
namespace {

using ::testing::HasSubstr;

class FileWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("runtime.so", "a runtime");
    Write("engine.so", "an engine");
    plan::InstalledPlugin plugin;
    plugin.file = Path("runtime.so");
    plugin.sha256 = Sha256Hex(std::string_view("a runtime"));
    plugin.facts = {{"library_path", Path("engine.so").string()}};
    watch_.Add(plugin);
  }
  std::filesystem::path Path(const std::string& name) const { return folder_.path() / name; }
  void Write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(WriteFileAtomically(Path(name), text).ok());
  }
  Status Check(const std::string& plugin = "runtime.so") {
    jobs::LatencyJob job;
    job.runtime.file = Path(plugin);
    return watch_.Check(job);
  }

  TempDir folder_ = *TempDir::Create("file-watch-test");
  FileWatch watch_;
};

TEST_F(FileWatchTest, WhatStaysOrIsOnlyTouchedIsFine) {
  EXPECT_TRUE(Check().ok());
  Write("runtime.so", "a runtime");
  Write("engine.so", "an engine");
  EXPECT_TRUE(Check().ok()) << Check().message();
}

TEST_F(FileWatchTest, ARebuiltPluginIsNamed) {
  Write("runtime.so", "another one");
  EXPECT_EQ(Check().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Check().message(), HasSubstr(Path("runtime.so").string() + " was changed"));
  Write("runtime.so", "a runtime");
  EXPECT_TRUE(Check().ok());
}

TEST_F(FileWatchTest, AnEngineOfAnotherVersionOrNoneIsNamed) {
  Write("engine.so", "an engine, newer");
  EXPECT_THAT(Check().message(), HasSubstr("engine.so was changed"));
  std::filesystem::remove(Path("engine.so"));
  EXPECT_THAT(Check().message(), HasSubstr("engine.so was taken away"));
}

TEST_F(FileWatchTest, AJobOfOtherPluginsGoesOn) {
  Write("runtime.so", "another one");
  EXPECT_TRUE(Check("other.so").ok());
  EXPECT_TRUE(watch_.Check(jobs::ImportJob{}).ok());
}

}  // namespace
}  // namespace qbench::run
