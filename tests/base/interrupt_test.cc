// Ctrl-C while files are read.
#include "base/interrupt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/sha256.h"

namespace qbench {
namespace {

class InterruptTest : public ::testing::Test {
 protected:
  ~InterruptTest() override { WithdrawInterrupt(); }
};

TEST_F(InterruptTest, SaysWhatWasGoingOn) {
  EXPECT_FALSE(InterruptRequested());
  RequestInterrupt();
  EXPECT_TRUE(InterruptRequested());
  const Status status = InterruptStatus("reading model.h5");
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(status.message(), "interrupted while reading model.h5");
  WithdrawInterrupt();
  EXPECT_FALSE(InterruptRequested());
}

TEST_F(InterruptTest, EndsTheHashingOfAFile) {
  const TempDir folder = *TempDir::Create("interrupt-test");
  const std::filesystem::path file = folder.path() / "large";
  ASSERT_TRUE(WriteFileAtomically(file, std::string(1 << 20, 'x')).ok());
  ASSERT_TRUE(Sha256HexOfFile(file).ok());
  RequestInterrupt();
  const Result<std::string> hash = Sha256HexOfFile(file);
  EXPECT_EQ(hash.status().code(), StatusCode::kCancelled);
  EXPECT_THAT(hash.status().message(), ::testing::HasSubstr(file.string()));
}

}  // namespace
}  // namespace qbench
