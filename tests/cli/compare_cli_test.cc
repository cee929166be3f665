// `qbench compare` as a user runs it: which sides it takes, its answers as exit statuses, pictures,
// databases of another version, and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/json.h"
#include "tests/cli/run_qbench.h"
#include "tests/store/sample_run.h"

namespace qbench::cli_test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kModel = "mobilenetv2-035-96";

class Compare : public ::testing::Test {
 protected:
  // A database with `runs` runs of one build.
  std::string Database(const std::string& name, int runs = 1,
                       const std::vector<std::string>& quantizers = {"float", "int8"}) const {
    const std::string path = place_.File(name).string();
    auto store = store::Store::Open(path, store::OpenMode::kReadWrite);
    EXPECT_TRUE(store.ok()) << store.status().message();
    store::SampleRunOptions options;
    options.quantizers = quantizers;
    options.images = 60;
    for (int run = 0; run < runs; ++run) {
      EXPECT_TRUE(store::StoreSampleRun(*store, options).ok());
    }
    return path;
  }

  // Changes rows that qbench itself never changes again.
  static void Change(const std::string& path, const std::string& sql) {
    SQLite::Database database(path, SQLite::OPEN_READWRITE);
    std::vector<std::string> guards;
    SQLite::Statement triggers(database, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (triggers.executeStep()) guards.push_back(triggers.getColumn(0).getString());
    triggers.reset();
    for (const std::string& guard : guards) database.exec("DROP TRIGGER " + guard);
    database.exec(sql);
  }

  Answer Run(std::vector<std::string> args) const {
    args.insert(args.begin(), "compare");
    return place_.Run(args);
  }

  void ExpectRefused(const std::vector<std::string>& args, const std::string& why) const {
    const Answer answer = Run(args);
    EXPECT_EQ(answer.status, 2) << answer.out;
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(std::ranges::count(answer.err, '\n'), 1) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr(why));
  }

  Workplace place_;
};

TEST_F(Compare, TakesRunsAndDatabasesAndAnswersWithItsStatus) {
  const std::string db = Database("old.sqlite", 2);
  for (const std::vector<std::string>& sides :
       std::vector<std::vector<std::string>>{{"previous", "latest"},
                                             {"1", "2"},
                                             {db + "#1", db + "#latest"},
                                             {db, db + "#previous"}}) {
    const Answer same = Run({sides[0], sides[1], "--db", db});
    EXPECT_EQ(same.status, 0) << same.out << same.err;
    EXPECT_EQ(same.err, "");
    EXPECT_THAT(same.out, HasSubstr("No regression in 2 cells."));
  }
  const std::string larger = Database("larger.sqlite");
  Change(larger, "UPDATE artifacts SET file_bytes = file_bytes + 1");
  const Answer regression = Run({db, larger});
  EXPECT_EQ(regression.status, 1) << regression.err;
  EXPECT_THAT(regression.out, HasSubstr("Regression: 2 of 2 cells are worse."));
  EXPECT_THAT(regression.out, HasSubstr("1 byte larger"));
  EXPECT_EQ(Run({db, larger, "--growth", "1"}).status, 0);

  const std::string throttled = Database("throttled.sqlite");
  Change(throttled, "UPDATE cells SET latency_status = 'invalid'");
  const Answer unknown = Run({db, throttled});
  EXPECT_EQ(unknown.status, 4) << unknown.err;
  EXPECT_THAT(unknown.out, HasSubstr("Cannot tell: no latency is valid on both sides."));
  const std::string other = Database("other.sqlite", 1, {"fp16"});
  EXPECT_EQ(Run({db, other}).status, 4);
  EXPECT_THAT(Run({db, other}).out, HasSubstr("no cell in common"));
  EXPECT_EQ(Run({db, other, "--base-quantizer", "int8", "--new-quantizer", "fp16"}).status, 1);
}

TEST_F(Compare, WritesEveryFormat) {
  const std::string db = Database("d.sqlite", 2);
  const Answer json = Run({"1", "2", "--db", db, "--format", "json"});
  ASSERT_EQ(json.status, 0) << json.err;
  EXPECT_EQ(ParseJson(json.out)->at("answer"), "no regression");
  const Answer csv = Run({"1", "2", "--db", db, "--format", "csv"});
  EXPECT_EQ(ParseCsv(csv.out).size(), 3U);
  EXPECT_EQ(ParseCsv(Run({"1", "2", "--db", db, "--format", "csv", "--flips"}).out).size(), 1U);
  EXPECT_THAT(Run({"1", "2", "--db", db, "--format", "md"}).out, HasSubstr("## qbench compare: "));
  const Answer files = Run({"1", "2", "--db", db, "--format", "html,text"});
  EXPECT_EQ(files.status, 0) << files.err;
  EXPECT_THAT(files.out, HasSubstr(place_.File("d.compare.html").string()));
  EXPECT_THAT(*ReadTextFile(place_.File("d.compare.txt")), HasSubstr("No regression"));
  const std::string page = place_.File("page.html").string();
  EXPECT_EQ(Run({"1", "2", "--db", db, "--format", "html", "-o", page}).status, 0);
  EXPECT_THAT(*ReadTextFile(page), HasSubstr("<h1>run 2 against run 1</h1>"));
}

TEST_F(Compare, ReadsAnOldDatabase) {
  const std::string old = place_.File("version1.sqlite").string();
  SQLite::Database(old, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec(*ReadTextFile(QBENCH_SOURCE_DIR "/tests/store/data/version1.sql"));
  const Answer same = Run({old + "#1", old});
  EXPECT_EQ(same.status, 0) << same.out << same.err;
  EXPECT_THAT(same.out, HasSubstr("No regression in 2 cells."));
}

TEST_F(Compare, RefusesWhatItCannotReadInOneLine) {
  const std::string db = Database("d.sqlite");
  ExpectRefused({"1"}, "name two sides");
  ExpectRefused({"1", "1", "1"}, "name two sides");
  ExpectRefused({"1", "7", "--db", db}, "there is no run 7");
  ExpectRefused({"previous", "latest", "--db", db}, "there is no previous one");
  ExpectRefused({"0", "1", "--db", db}, "neither a run");
  ExpectRefused({"none.sqlite", db}, "\"none.sqlite\" is neither a run");
  ExpectRefused({QBENCH_SOURCE_DIR "/LICENSE", db}, "LICENSE");
  ExpectRefused({place_.folder().string(), db}, "is a folder");
  ExpectRefused({"none.tflite", db}, "is a .tflite file and");
  ExpectRefused({"none.tflite", "none.tflite"}, "No such file");
  ExpectRefused({"1", "1", "--db", db, "--format", "pdf"}, "text, html, md, csv or json");
  ExpectRefused({"1", "1", "--db", db, "--flips"}, "--flips goes with --format csv");
  ExpectRefused({"1", "1", "--db", db, "--floor", "100"}, "per cent from 0 below 100");
  ExpectRefused({"1", "1", "--db", db, "--level", "0"}, "between 0 and 1");
  ExpectRefused({"1", "1", "--db", db, "--base-quantizer", "int9"}, "it has float on litert");
}

// The data set is where the run's command line says, as long as its images are the same.
TEST_F(Compare, ShowsTheChangedImages) {
  const std::string scenes = place_.SmallScenes(2).string();
  const Answer run = place_.Run(place_.QuickRun(
      {kModel, "--dataset", scenes, "--plugins", "float,reference", "--repetitions", "1"}));
  ASSERT_EQ(run.status, 0) << run.err;
  const std::string db = place_.File("test.sqlite").string();
  const std::string changed = place_.File("changed.sqlite").string();
  std::filesystem::copy_file(db, changed);
  Change(changed,
         "UPDATE measurements SET predictions = zeroblob(48) WHERE predictions != zeroblob(0)");
  const std::string page = place_.File("page.html").string();
  const auto compare = [&] {
    const Answer answer = Run({db, changed, "--format", "html", "-o", page});
    EXPECT_EQ(answer.status, 1) << answer.err;  // two points and more are lost
    return *ReadTextFile(page);
  };
  EXPECT_THAT(compare(), HasSubstr("<img src=\"data:image/jpeg;base64,/9j/"));
  EXPECT_THAT(Run({db, changed}).out, HasSubstr(" → buildings"));

  // Another image in the folder: what is there is not what was measured.
  std::filesystem::remove_all(place_.File("small") / "test" / "sea");
  place_.SmallScenes(3);
  const std::string without = compare();
  EXPECT_THAT(without, HasSubstr("holds other images than were measured"));
  EXPECT_THAT(without, HasSubstr("no picture"));
  std::filesystem::remove_all(place_.File("small"));
  EXPECT_THAT(compare(), HasSubstr("There are no pictures: "));
}

TEST_F(Compare, TakesTwoFiles) {
  const std::string plain = place_.File("float.tflite").string();
  const std::string small = place_.File("fp16.tflite").string();
  ASSERT_EQ(place_.Run({"quantize", kModel, "--plugins", "float", "-o", plain}).status, 0);
  ASSERT_EQ(place_.Run({"quantize", kModel, "--plugins", "fp16", "-o", small}).status, 0);
  const Answer weighed = Run({small, plain});
  EXPECT_EQ(weighed.status, 1) << weighed.err;
  EXPECT_THAT(weighed.out, HasSubstr("bytes larger"));
  EXPECT_EQ(Run({plain, small}).status, 0);
  EXPECT_EQ(Run({plain, plain}).status, 0);

  const std::string scenes = place_.SmallScenes(1).string();
  const Answer run = Run({plain, small, "--dataset", scenes, "--runtime", "reference",
                          "--repetitions", "1", "--format", "json", "-q"});
  ASSERT_NE(run.status, 2) << run.err;
  const Json json = *ParseJson(run.out);
  const Json& cell = json.at("cells")[0];
  EXPECT_EQ(cell.at("images"), 6);
  EXPECT_EQ(cell.at("size_judgement"), "better");
  EXPECT_EQ(cell.at("base_processes"), 1);
  EXPECT_GT(cell.at("new_median_ms").get<double>(), 0);
  EXPECT_EQ(cell.at("name"), "float.tflite → fp16.tflite");
}

}  // namespace
}  // namespace qbench::cli_test
