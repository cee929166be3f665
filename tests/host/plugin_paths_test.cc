#include "harness/host/plugin_paths.h"

#include <cstdlib>
#include <fstream>

#include "base/files.h"
#include "gmock/gmock.h"

namespace qbench::host {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PluginPaths : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<TempDir> folder = TempDir::Create("qbench-test-");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(folder).value());
    for (const char* name : {"one", "two"}) fs::create_directory(Path(name));
  }
  void TearDown() override { unsetenv("QBENCH_PLUGIN_PATH"); }
  fs::path Path(const std::string& name) const { return folder_->path() / name; }

 private:
  std::optional<TempDir> folder_;
};

TEST_F(PluginPaths, TheVariableComesFirst) {
  setenv("QBENCH_PLUGIN_PATH", (Path("two").string() + "::" + Path("one").string()).c_str(), 1);
  const auto folders = PluginFolders();
  ASSERT_TRUE(folders.ok()) << folders.status().message();
  ASSERT_GE(folders->size(), 2U);
  EXPECT_EQ((*folders)[0], Path("two"));
  EXPECT_EQ((*folders)[1], Path("one"));
}

TEST_F(PluginPaths, AFolderOfTheVariableMustExist) {
  setenv("QBENCH_PLUGIN_PATH", "/no/such/folder", 1);
  EXPECT_THAT(PluginFolders().status().message(), HasSubstr("/no/such/folder"));
}

TEST_F(PluginPaths, NoFolderDependsOnTheCurrentOne) {
  fs::create_directory(Path("plugins"));
  const fs::path before = fs::current_path();
  fs::current_path(Path("."));
  for (const char* relative : {"plugins", "./plugins", "."}) {
    setenv("QBENCH_PLUGIN_PATH", relative, 1);
    const Status status = PluginFolders().status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << relative;
    EXPECT_THAT(status.message(), HasSubstr("give the whole path"));
  }
  fs::current_path(before);
}

TEST_F(PluginPaths, FilesAreSortedAndTheFirstOfANameWins) {
  for (const char* file : {"one/b.so", "one/a.so", "one/notes.txt", "two/b.so", "two/c.so"}) {
    std::ofstream(Path(file)) << "x";
  }
  const auto files = PluginFiles({Path("one"), Path("two")});
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(*files, ElementsAre(Path("one/a.so"), Path("one/b.so"), Path("two/c.so")));
}

}  // namespace
}  // namespace qbench::host
