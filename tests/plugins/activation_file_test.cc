#include "plugins/quantizers/full_integer/activation_file.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "base/files.h"
#include "gmock/gmock.h"

namespace qbench::quantize {
namespace {

using ::testing::HasSubstr;

class ActivationFileTest : public ::testing::Test {
 protected:
  ActivationFileTest() {
    if (const char* set = std::getenv("TMPDIR")) before_ = set;
    setenv("TMPDIR", folder_->path().c_str(), 1);
  }
  ~ActivationFileTest() override {
    before_ ? setenv("TMPDIR", before_->c_str(), 1) : unsetenv("TMPDIR");
  }

  const Result<TempDir> folder_ = TempDir::Create("activation-file-test");
  std::optional<std::string> before_;
};

Bytes Tensor(uint8_t value) { return Bytes(1000, value); }

TEST_F(ActivationFileTest, GivesBackWhatWasWrittenInAnyOrder) {
  Result<ActivationFile> file = ActivationFile::Create(1000);
  ASSERT_TRUE(file.ok()) << file.status().message();
  for (const uint8_t index : {3, 0, 7, 1}) {
    ASSERT_TRUE(file->Write(index, Tensor(index)).ok());
  }
  const ActivationFile moved = std::move(*file);
  for (const uint8_t index : {0, 1, 3, 7}) {
    Bytes read(1000, 99);
    ASSERT_TRUE(moved.Read(index, read).ok());
    EXPECT_EQ(read, Tensor(index));
  }
}

TEST_F(ActivationFileTest, LeavesNothingBehind) {
  Result<ActivationFile> file = ActivationFile::Create(1000);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE(file->Write(0, Tensor(1)).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_->path()));
}

TEST_F(ActivationFileTest, WhatIsNotThereIsAnError) {
  Result<ActivationFile> file = ActivationFile::Create(1000);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE(file->Write(0, Tensor(1)).ok());
  Bytes read(1000);
  EXPECT_EQ(file->Read(1, read).code(), StatusCode::kIo);
  Bytes smaller(999);
  EXPECT_EQ(file->Read(0, smaller).code(), StatusCode::kInvalidArgument);
}

TEST_F(ActivationFileTest, FullDiskNamesTheFolderAndTheNextStep) {
  Result<ActivationFile> file = ActivationFile::Create(1000);
  ASSERT_TRUE(file.ok()) << file.status().message();
  // No file system takes an offset like this.
  const Status status = file->Write(uint64_t{1} << 53, Tensor(1));
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr(folder_->path().string()));
  EXPECT_THAT(status.message(), HasSubstr("TMPDIR"));
}

TEST_F(ActivationFileTest, FolderThatIsNotThereIsPassedOver) {
  setenv("TMPDIR", (folder_->path() / "none").c_str(), 1);
  EXPECT_TRUE(ActivationFile::Create(1).ok());
}

}  // namespace
}  // namespace qbench::quantize
