// `qbench db check`, as a user runs it, and the commands that send people there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_F(DbCliTest, VacuumSaysHowLargeTheFileWasAndIs) {
  const std::string db = File().string();
  const Answer answer = place_.Run({"db", "vacuum", db});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(StartsWith(db + ": "), HasSubstr(" bytes before, "),
                                HasSubstr(std::to_string(fs::file_size(File())) + " bytes now")));
  const Result<Json> json = ParseJson(place_.Run({"db", "vacuum", "--json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("bytes_after"), fs::file_size(File()));
  const auto writer = store::Store::Open(File(), store::OpenMode::kReadWrite);
  ASSERT_TRUE(writer.ok());
  const Answer locked = place_.Run({"db", "vacuum", db});
  EXPECT_EQ(locked.status, 2);
  EXPECT_THAT(locked.err, HasSubstr("process " + std::to_string(getpid())));
  EXPECT_EQ(place_.Run({"db", "vacuum", place_.File("nowhere.sqlite").string()}).status, 2);
  EXPECT_FALSE(fs::exists(place_.File("nowhere.sqlite")));
}

TEST_F(DbCliTest, ExportMakesAFileThatIsWhole) {
  const std::string to = place_.File("new.sqlite").string();
  const Answer answer = place_.Run({"db", "export", to, "--all"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("1 run copied into " + to));
  EXPECT_EQ(place_.Run({"db", "check", to}).status, 0);
  const Answer again = place_.Run({"db", "export", to});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  EXPECT_EQ(
      place_.Run({"db", "export", place_.File("x.sqlite").string(), "--all", "--run", "1"}).status,
      2);
  EXPECT_EQ(place_.Run({"db", "export"}).status, 2);
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
