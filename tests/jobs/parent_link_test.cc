// Lines of a worker's pipe: those that are a worker's are passed on, whatever else a plugin wrote
// there is left out.
#include "harness/jobs/parent_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace qbench::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ParentLinkTest : public ::testing::Test {
 protected:
  ParentLinkTest() {
    EXPECT_EQ(pipe(ends_), 0);
    callbacks_.log = [&](int severity, const std::string& line) {
      heard_.push_back(fmt::format("log {}: {}", severity, line));
    };
    callbacks_.progress = [&](const std::string& doing, uint64_t done, uint64_t total) {
      heard_.push_back(fmt::format("{}: {} of {}", doing, done, total));
    };
  }
  ~ParentLinkTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  void Write(const std::string& text) const {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::vector<std::string> HeardOf(const std::string& text) {
    heard_.clear();
    ParentLink link(ends_[0], callbacks_);
    Write(text);
    link.Drain();
    return heard_;
  }

  int ends_[2] = {-1, -1};
  JobCallbacks callbacks_;
  std::vector<std::string> heard_;
};

TEST_F(ParentLinkTest, PassesOnLogAndProgress) {
  EXPECT_THAT(HeardOf("[\"log\",2,\"a \\\"line\\\"\"]\n[\"progress\",\"calibrating\",12,100]\n"),
              ElementsAre("log 2: a \"line\"", "calibrating: 12 of 100"));
}

TEST_F(ParentLinkTest, WaitsForTheEndOfALine) {
  ParentLink link(ends_[0], callbacks_);
  link.Drain();  // nothing has come: it does not block
  Write(R"(["log",1,"in two)");
  link.Drain();
  EXPECT_THAT(heard_, IsEmpty());
  Write(" pieces\"]\n[\"log\",1,\"next\"]\n[\"log\"");
  link.Drain();
  EXPECT_THAT(heard_, ElementsAre("log 1: in two pieces", "log 1: next"));
}

TEST_F(ParentLinkTest, ReadsWhatIsLeftAfterTheWorkersEnd) {
  ParentLink link(ends_[0], callbacks_);
  Write("[\"log\",3,\"last words\"]\n");
  close(ends_[1]);
  link.Drain();
  link.Drain();
  EXPECT_THAT(heard_, ElementsAre("log 3: last words"));
  ends_[1] = -1;
}

TEST_F(ParentLinkTest, LeavesOutWhatIsNoLineOfAWorkers) {
  for (const char* line : {"hello",
                           "",
                           "7",
                           "null",
                           "{}",
                           "[]",
                           "[7]",
                           "[\"dance\",1,\"a\"]",
                           "{\"log\":1}",
                           "[\"log\"]",
                           "[\"log\",\"2\",\"a\"]",
                           "[\"log\",2,3]",
                           "[\"log\",2,\"a\",\"b\"]",
                           "[\"log\",2.5,\"a\"]",
                           "[\"log\",2,\"a\"",
                           "[\"progress\",\"a\",1]",
                           "[\"progress\",\"a\",-1,2]",
                           "[\"progress\",\"a\",1,1e99]",
                           "[\"progress\",1,1,1]",
                           "[\"progress\",\"a\",1,2,3]",
                           "[[[[[[\"log\"]]]]]]",
                           "[\"log\",2,\"\xff\"]"}) {
    SCOPED_TRACE(line);
    EXPECT_THAT(HeardOf(std::string(line) + "\n[\"log\",1,\"after it\"]\n"),
                ElementsAre("log 1: after it"));
  }
  EXPECT_THAT(HeardOf(std::string("\0\0\n", 3) + "[\"log\",1,\"after it\"]\n"),
              ElementsAre("log 1: after it"));
}

TEST_F(ParentLinkTest, ALineWithoutEndCostsNoMemoryAndNothingAfterIt) {
  ParentLink link(ends_[0], callbacks_);
  for (int i = 0; i < 64; ++i) {
    Write(std::string(4000, 'x'));
    link.Drain();
  }
  Write("\n[\"log\",1,\"after it\"]\n");
  link.Drain();
  EXPECT_THAT(heard_, ElementsAre("log 1: after it"));
}

TEST_F(ParentLinkTest, CallbacksMayBeMissing) {
  callbacks_ = {};
  EXPECT_THAT(HeardOf("[\"log\",2,\"a\"]\n[\"progress\",\"a\",1,2]\n"), IsEmpty());
}

}  // namespace
}  // namespace qbench::jobs
