#include "base/sha256.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"

namespace qbench {
namespace {

// NIST's examples for FIPS 180-4.
constexpr std::string_view kEmpty =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kMillion =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, GivesTheDigestsOfTheStandard) {
  EXPECT_EQ(Sha256Hex(""), kEmpty);
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
  EXPECT_EQ(Sha256Hex(AsBytes("abc")), kAbc);
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')), kMillion);
}

TEST(Sha256, OfAStreamIsThatOfItsPieces) {
  Sha256 stream;
  for (int i = 0; i < 1000; ++i) stream.Update(std::string(1000, 'a'));
  stream.Update("");
  EXPECT_EQ(stream.HexDigest(), kMillion);
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const TempDir folder = *TempDir::Create("sha256-test");
  const std::filesystem::path file = folder.path() / "file";
  EXPECT_EQ(Sha256HexOfFile(file).status().code(), StatusCode::kNotFound);
  for (const auto& [text, digest] : std::initializer_list<std::pair<std::string, std::string_view>>{
           {"", kEmpty}, {"abc", kAbc}, {std::string(1'000'000, 'a'), kMillion}}) {
    ASSERT_TRUE(WriteFileAtomically(file, text).ok());
    EXPECT_EQ(*Sha256HexOfFile(file), digest);
  }
  EXPECT_FALSE(Sha256HexOfFile(folder.path()).ok());
}

TEST(Sha256, APipeIsNoFileAndIsNotWaitedFor) {
  const TempDir folder = *TempDir::Create("sha256-test");
  const std::filesystem::path pipe = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(Sha256HexOfFile(pipe).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace qbench
