#include "harness/store/find_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseRunName, PartsTheDatabaseFromTheRun) {
  for (const char* run : {"12", "latest", "previous", "before the converter"}) {
    EXPECT_EQ(ParseRunName(run, "here.sqlite").database, "here.sqlite");
    EXPECT_EQ(ParseRunName(run, "here.sqlite").run, run);
    const std::string elsewhere = std::string("a#b.sqlite#") + run;
    EXPECT_EQ(ParseRunName(elsewhere, "here.sqlite").database, "a#b.sqlite");
    EXPECT_EQ(ParseRunName(elsewhere, "here.sqlite").run, run);
  }
  EXPECT_EQ(ParseRunName("#3", "here.sqlite").run, "#3");
}

class FindRunTest : public ::testing::Test {
 protected:
  void Add() {
    const auto run =
        StoreSampleRun(*store_, {.quantizers = {"float"}, .images = 12, .processes = 1});
    ASSERT_TRUE(run.ok()) << run.status().message();
  }
  int64_t Find(const std::string& run) {
    const auto id = FindRun(run, *store_);
    EXPECT_TRUE(id.ok()) << id.status().message();
    return id.ok() ? *id : 0;
  }
  std::string Refusal(const std::string& run) {
    const Status status = FindRun(run, *store_).status();
    EXPECT_EQ(status.code(), StatusCode::kNotFound) << run;
    return status.message();
  }

  Result<TempDir> folder_ = TempDir::Create("qbench-find-run-test");
  Result<Store> store_ = Store::Open(folder_->path() / "d.sqlite", OpenMode::kReadWrite);
};

TEST_F(FindRunTest, FindsByNumberAgeAndName) {
  EXPECT_THAT(Refusal("latest"), HasSubstr("has no run yet"));
  Add();
  EXPECT_THAT(Refusal("previous"), HasSubstr("there is no previous one"));
  Add();
  Add();
  ASSERT_TRUE(store_->DeleteRun(2).ok());
  ASSERT_TRUE(store_->RenameRun(1, "before").ok());
  EXPECT_EQ(Find("3"), 3);
  EXPECT_EQ(Find("003"), 3);
  EXPECT_EQ(Find("latest"), 3);
  EXPECT_EQ(Find("previous"), 1);
  EXPECT_EQ(Find("before"), 1);
}

TEST_F(FindRunTest, SaysWhatThereIs) {
  Add();
  for (const char* run : {"2", "0", "99999999999999999999"}) {
    EXPECT_THAT(Refusal(run), AllOf(HasSubstr(std::string("there is no run ") + run + " in"),
                                    HasSubstr("the newest is 1"), HasSubstr("qbench runs list")));
  }
  for (const char* run : {"", "-1", "+1", "1 ", "Latest", "\x1b[31m7"}) {
    EXPECT_THAT(Refusal(run), AllOf(HasSubstr("there is no run \""), HasSubstr("qbench runs list"),
                                    Not(HasSubstr("\x1b"))));
  }
}

}  // namespace
}  // namespace qbench::store
