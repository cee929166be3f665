// The memory for an answer, with both of its ends in this process.
#include "harness/jobs/answer_area.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qbench::jobs {
namespace {

class AnswerAreaTest : public ::testing::Test {
 protected:
  // The worker's end, by a descriptor of its own.
  AnswerWriter Open() const {
    Result<AnswerWriter> writer = AnswerWriter::Open(dup(area_.descriptor()));
    EXPECT_TRUE(writer.ok()) << writer.status().message();
    return *writer;
  }

  AnswerArea area_ = std::move(AnswerArea::Create()).value();
};

TEST_F(AnswerAreaTest, WhatIsWrittenIsRead) {
  EXPECT_FALSE(area_.Read().has_value());
  const AnswerWriter writer = Open();
  EXPECT_FALSE(area_.Read().has_value()) << "taken over, and nothing written";
  ASSERT_TRUE(writer.Write("an answer").ok());
  EXPECT_EQ(area_.Read(), "an answer");
  ASSERT_TRUE(writer.Write("another").ok());
  EXPECT_EQ(area_.Read(), "another");
}

TEST_F(AnswerAreaTest, TheLongestIsTakenAndALongerOneIsNot) {
  const AnswerWriter writer = Open();
  EXPECT_EQ(writer.Write(std::string(kMostAnswerBytes + 1, 'x')).code(),
            StatusCode::kInvalidArgument);
  EXPECT_FALSE(area_.Read().has_value());
  ASSERT_TRUE(writer.Write(std::string(kMostAnswerBytes, 'x')).ok());
  EXPECT_EQ(area_.Read()->size(), kMostAnswerBytes);
}

TEST_F(AnswerAreaTest, ALengthThatCannotBeReadsNoFurtherThanTheMemory) {
  const uint64_t length = ~uint64_t{0};
  ASSERT_EQ(pwrite(area_.descriptor(), &length, sizeof(length), 0), 8);
  EXPECT_EQ(area_.Read()->size(), kMostAnswerBytes);
}

TEST_F(AnswerAreaTest, NobodyCutsItOrMakesItLonger) {
  EXPECT_NE(ftruncate(area_.descriptor(), 0), 0);
  EXPECT_NE(ftruncate(area_.descriptor(), off_t{1} << 40), 0);
  EXPECT_NE(fcntl(area_.descriptor(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

TEST_F(AnswerAreaTest, ItOutlivesDescriptorsAndIsNotAForkedChilds) {
  const AnswerWriter writer = Open();
  const pid_t child = fork();
  if (child == 0) {
    close_range(3, ~0U, 0);
    [[maybe_unused]] const Status written = writer.Write("a child's");
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "it has the memory";
  EXPECT_FALSE(area_.Read().has_value());
}

TEST(AnswerWriter, ADescriptorOfSomethingElseIsRefused) {
  EXPECT_EQ(AnswerWriter::Open(open("/dev/null", O_RDWR)).status().code(), StatusCode::kIo);
  EXPECT_EQ(AnswerWriter::Open(987).status().code(), StatusCode::kIo);
}

}  // namespace
}  // namespace qbench::jobs
