// `qbench runs` and `qbench cache`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"
#include "tests/store/sample_run.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RunsCliTest : public ::testing::Test {
 protected:
  // Adds runs to runs.sqlite.
  void AddRuns(int count) const {
    auto store = store::Store::Open(place_.File("runs.sqlite"), store::OpenMode::kReadWrite);
    ASSERT_TRUE(store.ok()) << store.status().message();
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(store::StoreSampleRun(*store, {.images = 20, .with_failures = false}).ok());
    }
  }
  Answer Runs(std::vector<std::string> args) const {
    args.insert(args.begin(), "runs");
    args.insert(args.end(), {"--db", place_.File("runs.sqlite").string()});
    return place_.Run(args);
  }

  Workplace place_;
};

TEST_F(RunsCliTest, ListsTheNewestFirst) {
  AddRuns(2);
  const Answer answer = Runs({"list"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const size_t second = answer.out.find("\n    2  ");
  ASSERT_NE(second, std::string::npos) << answer.out;
  EXPECT_GT(answer.out.find("\n    1  "), second);
  EXPECT_THAT(answer.out, AllOf(HasSubstr("mbv2_035_96 on "), HasSubstr("done")));
  const Result<Json> json = ParseJson(Runs({"list", "--json"}).out);
  ASSERT_TRUE(json.ok()) << json.status().message();
  ASSERT_EQ(json->size(), 2U);
  EXPECT_EQ((*json)[0]["run"], 2);
  EXPECT_EQ((*json)[0]["cells"], 3);
  EXPECT_EQ((*json)[0]["cells_failed"], 0);
}

TEST_F(RunsCliTest, ANameIsAsGoodAsANumber) {
  AddRuns(2);
  EXPECT_THAT(Runs({"rename", "previous", "the old one"}).out,
              HasSubstr("run 1 is called \"the old one\""));
  EXPECT_THAT(Runs({"show", "the old one"}).out,
              AllOf(HasSubstr("run 1: the old one\n"), HasSubstr("int8")));
  EXPECT_THAT(Runs({"show"}).out, HasSubstr("run 2\n"));
  const Answer taken = Runs({"rename", "2", "the old one"});
  EXPECT_EQ(taken.status, 2);
  EXPECT_THAT(taken.err, HasSubstr("run 1 is called"));
  const Answer none = Runs({"show", "\x1b[31m7"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, AllOf(HasSubstr("there is no run"), HasSubstr("qbench runs list"),
                              Not(HasSubstr("\x1b"))));
}

// The same words wherever a command takes a run.
TEST_F(RunsCliTest, EveryCommandTakesTheSameNames) {
  AddRuns(2);
  ASSERT_EQ(Runs({"rename", "1", "the old one"}).status, 0);
  const std::string db = place_.File("runs.sqlite").string();
  for (const std::string& run : {std::string("1"), std::string("previous"),
                                 std::string("the old one"), db + "#1", db + "#the old one"}) {
    EXPECT_THAT(Runs({"show", run}).out, HasSubstr("run 1: the old one\n")) << run;
    const Answer report = place_.Run({"report", "--db", db, "--format", "json", "--run", run});
    EXPECT_THAT(report.out, HasSubstr("\"name\":\"the old one\"")) << run << report.err;
    const Answer compared = place_.Run({"compare", run, "latest", "--db", db});
    EXPECT_THAT(compared.out, HasSubstr("run 1")) << run << compared.err;
    const fs::path copy = place_.File("copy.sqlite");
    EXPECT_THAT(place_.Run({"db", "export", copy.string(), "--db", db, "--run", run}).out,
                HasSubstr("run 1 (\"the old one\") is run 1 now\n1 run copied into"));
    fs::remove(copy);
  }
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"runs", "show", "no such"},
        {"report", "--format", "csv", "--run", "no such"},
        {"baseline", "pin", "a", "--run", "no such"},
        {"db", "export", place_.File("new.sqlite").string(), "--run", "no such"}}) {
    std::vector<std::string> all = args;
    all.insert(all.end(), {"--db", db});
    const Answer answer = place_.Run(all);
    EXPECT_EQ(answer.status, 2);
    EXPECT_THAT(answer.err, HasSubstr("there is no run \"no such\"")) << args[0];
  }
}

TEST_F(RunsCliTest, MergesDatabases) {
  AddRuns(1);
  const std::string db = place_.File("runs.sqlite").string();
  const std::string all = place_.File("all.sqlite").string();
  const std::string nowhere = place_.File("nowhere.sqlite").string();
  const auto merge = [&](std::vector<std::string> from) {
    from.insert(from.begin(), "merge");
    from.insert(from.end(), {"--into", all});
    return place_.Run(from);
  };
  // Nothing is made for a source that is not there.
  const Answer missing = merge({db, nowhere});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.err, HasSubstr("there is no database '" + nowhere));
  EXPECT_FALSE(fs::exists(all));
  const Answer first = merge({db});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out,
              AllOf(HasSubstr("run 1 is run 1 now"), HasSubstr("1 run copied into " + all + "\n")));
  const Answer again = merge({db + "#latest"});
  EXPECT_THAT(again.out, AllOf(HasSubstr("run 1 was there already, as run 1"),
                               HasSubstr("0 runs copied into " + all + "\n")));
  const Result<Json> json = ParseJson(merge({db, "--json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("copied"), 0);
  EXPECT_EQ(json->at("sources").at(0).at("runs").at(0).at("what"), "known");
  const Answer itself = merge({all});
  EXPECT_EQ(itself.status, 2);
  EXPECT_THAT(itself.err, HasSubstr("cannot be copied into itself"));
  ASSERT_TRUE(WriteFileAtomically(place_.File("text.sqlite"), std::string(5000, 'x')).ok());
  EXPECT_THAT(merge({place_.File("text.sqlite").string()}).err,
              HasSubstr("is not a qbench database"));
  EXPECT_EQ(place_.Run({"merge"}).status, 2);
}

TEST_F(RunsCliTest, DeletesOnlyWhenTold) {
  AddRuns(3);
  EXPECT_THAT(Runs({"delete", "1", "latest"}).out,
              AllOf(HasSubstr("would delete run 3"), HasSubstr("add --yes")));
  const Answer unknown = Runs({"delete", "1", "9", "--yes"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_EQ(ParseJson(Runs({"list", "--json"}).out)->size(), 3U);  // nothing was done in part
  EXPECT_THAT(Runs({"delete", "1", "latest", "--yes"}).out, HasSubstr("deleted run 1"));
  const Result<Json> left = ParseJson(Runs({"list", "--json"}).out);
  ASSERT_TRUE(left.ok());
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ((*left)[0]["run"], 2);
}

TEST_F(RunsCliTest, MakesNoDatabase) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"list"},
                                               {"show"},
                                               {"rename", "1", "x"},
                                               {"delete", "1", "--yes"}}) {
    const Answer answer = Runs(args);
    EXPECT_EQ(answer.status, 2) << args[0];
    EXPECT_THAT(answer.err, HasSubstr("runs.sqlite")) << args[0];
  }
  EXPECT_FALSE(fs::exists(place_.File("runs.sqlite")));
}

TEST_F(RunsCliTest, CleansTheCache) {
  const fs::path cache = place_.File("a cache");
  const fs::path entry = cache / "artifacts" / "key";
  fs::create_directories(entry);
  ASSERT_TRUE(WriteFileAtomically(entry / "result.json", "{}").ok());
  fs::last_write_time(entry / "result.json",
                      fs::file_time_type::clock::now() - std::chrono::hours(24 * 40));
  EXPECT_THAT(place_.Run({"cache", "list", "--cache", place_.File("a cache").string()}).out,
              HasSubstr("artifacts"));
  // It was just read, or just made: nothing is surely unused.
  const Answer young =
      place_.Run({"cache", "clean", "--older", "30d", "--cache", place_.File("a cache").string()});
  EXPECT_THAT(young.out, HasSubstr("removed 0 of 1 entries")) << young.err;
  EXPECT_TRUE(fs::exists(entry));
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{},
                                                {"--older", "30"},
                                                {"--older", "d"},
                                                {"--older", "-1d"},
                                                {"--max-size", "1GiB"},
                                                {"--max-size", "99999999999999999999GB"}}) {
    std::vector<std::string> args = {"cache", "clean", "--cache", place_.File("a cache").string()};
    args.insert(args.end(), wrong.begin(), wrong.end());
    EXPECT_EQ(place_.Run(args).status, 2);
  }
}

}  // namespace
}  // namespace qbench::cli_test
