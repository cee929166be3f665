#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "base/regular_file.h"

namespace qbench {
namespace {

class AtomicFileTest : public ::testing::Test {
 protected:
  std::filesystem::path Path(const char* name) const { return folder_.path() / name; }
  std::string Text(const char* name) const { return ReadTextFile(Path(name)).value(); }
  size_t Files() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  const TempDir folder_ = *TempDir::Create("atomic-file-test");
};

TEST_F(AtomicFileTest, IsThereOnceItIsCommitted) {
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "old").ok());
  Result<AtomicFile> file = AtomicFile::Create(Path("file"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE(file->Append(AsBytes("one, ")).ok());
  ASSERT_TRUE(file->Append(AsBytes("two")).ok());
  EXPECT_EQ(Text("file"), "old");
  EXPECT_EQ(ReadTextFile(file->temporary()).value(), "one, two");
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(Text("file"), "one, two");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(AtomicFileTest, LeavesNothingWithoutCommit) {
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "old").ok());
  {
    Result<AtomicFile> file = AtomicFile::Create(Path("file"));
    ASSERT_TRUE(file.ok());
    AtomicFile moved = std::move(*file);
    ASSERT_TRUE(moved.Append(AsBytes("new")).ok());
    EXPECT_EQ(Files(), 2U);
  }
  EXPECT_EQ(Text("file"), "old");
  EXPECT_EQ(Files(), 1U);
}

TEST_F(AtomicFileTest, NamesAFolderAndAMissingFolder) {
  EXPECT_EQ(AtomicFile::Create(folder_.path()).status().code(), StatusCode::kIo);
  const Status status = AtomicFile::Create(Path("missing") / "file").status();
  EXPECT_NE(status.message().find("make its folder first"), std::string::npos) << status.message();
}

TEST_F(AtomicFileTest, CopiesAFileInPieces) {
  Bytes content((size_t{2} << 20) + 77);
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<uint8_t>(i * 131 >> 7);
  ASSERT_TRUE(WriteFileAtomically(Path("from"), content).ok());
  ASSERT_TRUE(CopyFileAtomically(Path("from"), Path("to")).ok());
  EXPECT_TRUE(ReadFile(Path("to")).value() == content);
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(CopyFileAtomically(Path("pipe"), Path("to")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CopyFileAtomically(Path("missing"), Path("to")).code(), StatusCode::kNotFound);
  EXPECT_TRUE(ReadFile(Path("to")).value() == content);
}

TEST_F(AtomicFileTest, ReadsAlignedBytes) {
  ASSERT_TRUE(WriteFileAtomically(Path("file"), "twelve bytes").ok());
  const Result<AlignedBytes> bytes = ReadAlignedFile(Path("file"), 12);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes->span().data()) % AlignedBytes::kAlignment, 0U);
  EXPECT_TRUE(std::ranges::equal(bytes->span(), AsBytes("twelve bytes")));
  EXPECT_EQ(ReadAlignedFile(Path("file"), 11).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadAlignedFile(Path("none"), 11).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace qbench
