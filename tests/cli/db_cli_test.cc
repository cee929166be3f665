// `qbench db check`, as a user runs it, and the commands that send people there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/json.h"
#include "harness/store/store.h"
#include "tests/cli/run_qbench.h"
#include "tests/store/sample_run.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class DbCliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = store::Store::Open(File(), store::OpenMode::kReadWrite);
    ASSERT_TRUE(store.ok()) << store.status().message();
    store::SampleRunOptions options;
    options.finished = false;
    ASSERT_TRUE(store::StoreSampleRun(*store, options).ok());
  }
  fs::path File() const { return place_.File("test.sqlite"); }
  std::string Saved() const { return place_.File("saved.sqlite").string(); }
  void CutOff() const { fs::resize_file(File(), fs::file_size(File()) / 4 * 3 + 100); }

  Workplace place_;
};

TEST_F(DbCliTest, AWholeDatabaseIsCalledWhole) {
  // By name, and as the other commands find it.
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"db", "check"}, {"db", "check", File().string()}}) {
    const Answer answer = place_.Run(args);
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(answer.out, AllOf(StartsWith(File().string() + ": whole\n"), HasSubstr("1 runs, "),
                                  HasSubstr("never finished: run 1 "), Not(HasSubstr("damage"))));
  }
}

TEST_F(DbCliTest, ADamagedOneIsNamedAndSaved) {
  CutOff();
  const Answer told = place_.Run({"db", "check", File().string()});
  EXPECT_EQ(told.status, 2);
  EXPECT_THAT(told.out, AllOf(StartsWith(File().string() + ": damaged\n"),
                              HasSubstr("damage: the file is cut off: it has "),
                              HasSubstr("qbench db check " + File().string() + " --save")));
  const Answer saved = place_.Run({"db", "check", File().string(), "--save", Saved()});
  EXPECT_EQ(saved.status, 2) << "it is as damaged as it was";
  EXPECT_THAT(saved.out, AllOf(HasSubstr(Saved() + ": what could be saved\n"),
                               HasSubstr("1 saved\n"), HasSubstr(", lost ")));
  EXPECT_EQ(place_.Run({"db", "check", Saved()}).status, 0);
  EXPECT_EQ(place_.Run({"report", "--db", Saved(), "--format", "csv"}).status, 0);
  const Answer again = place_.Run({"db", "check", File().string(), "--save", Saved()});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
}

TEST_F(DbCliTest, TheCommandsThatMeetDamageSayWhatToDo) {
  CutOff();
  const std::string advice = "`qbench db check '" + File().string() + "'`";
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"report", "--format", "csv"},
           place_.QuickRun({"intel-cnn", "--dataset", place_.SmallScenes(1).string()})}) {
    const Answer answer = place_.Run(args);
    EXPECT_EQ(answer.status, 2);
    EXPECT_THAT(answer.err, AllOf(HasSubstr("is damaged ("), HasSubstr(advice)));
  }
}

TEST_F(DbCliTest, JsonSaysTheSame) {
  const Result<Json> whole = ParseJson(place_.Run({"db", "check", "--json"}).out);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->at("whole"), true);
  EXPECT_EQ(whole->at("rows").at("runs"), 1);
  EXPECT_EQ(whole->at("unfinished_runs"), Json::array({1}));
  EXPECT_FALSE(whole->contains("saved"));
  CutOff();
  const Answer answer = place_.Run({"db", "check", "--json", "--save", Saved()});
  EXPECT_EQ(answer.status, 2);
  const Result<Json> damaged = ParseJson(answer.out);
  ASSERT_TRUE(damaged.ok()) << answer.out;
  EXPECT_EQ(damaged->at("whole"), false);
  EXPECT_THAT(damaged->at("flaws").at(0).get<std::string>(), HasSubstr("cut off"));
  EXPECT_EQ(damaged->at("saved").at("database"), Saved());
  EXPECT_EQ(damaged->at("saved").at("tables").at("runs").at("saved"), 1);
}

TEST_F(DbCliTest, WhatIsNoDatabaseIsAnErrorAndBlocksNobody) {
  const fs::path pipe = place_.File("pipe.sqlite");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::pair<std::string, const char*> kCases[] = {
      {pipe.string(), "is no regular file"},
      {place_.folder().string(), "is a folder"},
      {place_.File("nowhere.sqlite").string(), "there is no database"}};
  for (const auto& [file, says] : kCases) {
    for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
             {"db", "check", file}, {"report", "--db", file, "--format", "csv"}}) {
      const Answer answer = place_.Run(args);
      EXPECT_EQ(answer.status, 2);
      EXPECT_EQ(answer.out, "");
      EXPECT_THAT(answer.err, AllOf(HasSubstr(says), HasSubstr(file)));
    }
  }
  EXPECT_EQ(place_.Run({"db", "check", "a", "b"}).status, 2);
}

}  // namespace
}  // namespace qbench::cli_test
