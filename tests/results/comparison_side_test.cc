#include "harness/results/comparison_side.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "harness/results/comparison.h"
#include "tests/store/sample_run.h"

namespace qbench::results {
namespace {

// As both sides of a comparison.
Result<Side> ReadSide(const std::string& text, const std::filesystem::path& database) {
  QB_ASSIGN_OR_RETURN(auto sides, ReadSides(text, text, database));
  return std::move(sides.first);
}

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SideName Parsed(const std::string& text) {
  const auto name = ParseSide(text, "here.sqlite");
  EXPECT_TRUE(name.ok()) << text << ": " << name.status().message();
  return name.ok() ? *name : SideName();
}

TEST(ParseSide, TakesRunsAndDatabases) {
  for (const char* run : {"12", "latest", "previous", "before the converter"}) {
    EXPECT_EQ(Parsed(run).run, run);
    EXPECT_EQ(Parsed(run).database, "here.sqlite");
    EXPECT_EQ(Parsed(std::string("old.sqlite#") + run).run, run);
    EXPECT_EQ(Parsed(std::string("a#b.sqlite#") + run).database, "a#b.sqlite");
  }
}

TEST(ParseSide, TakesTheBaselineBesideARun) {
  const SideName name = Parsed("old.sqlite#12:baseline");
  EXPECT_EQ(name.run, "12");
  EXPECT_EQ(name.database, "old.sqlite");
  EXPECT_TRUE(name.baseline);
  EXPECT_FALSE(Parsed("12").baseline);
  EXPECT_FALSE(ParseSide(":baseline", "here.sqlite").ok());
}

TEST(ParseSide, AFileIsADatabase) {
  const auto folder = TempDir::Create("qbench-side-test");
  ASSERT_TRUE(folder.ok());
  for (const char* name : {"old.sqlite", "12", "a#latest"}) {
    const std::string file = (folder->path() / name).string();
    ASSERT_TRUE(WriteFileAtomically(file, "").ok());
    EXPECT_EQ(Parsed(file).database, file);
    EXPECT_EQ(Parsed(file).run, "");
  }
}

TEST(ParseSide, RefusesTheRest) {
  for (const char* text : {"", "0", "-3", "+3", "#3", "#", "old.sqlite#"}) {
    const auto name = ParseSide(text, "here.sqlite");
    ASSERT_FALSE(name.ok()) << text;
    EXPECT_THAT(name.status().message(), HasSubstr("qbench compare --help"));
  }
}

class LoadSideTest : public ::testing::Test {
 protected:
  static store::SampleRunOptions Options(std::vector<std::string> quantizers) {
    store::SampleRunOptions options;
    options.quantizers = std::move(quantizers);
    options.images = 12;
    options.processes = 1;
    return options;
  }

  int64_t Add(std::vector<std::string> quantizers) {
    const auto run = store::StoreSampleRun(*store_, Options(std::move(quantizers)));
    EXPECT_TRUE(run.ok()) << run.status().message();
    return run.ok() ? *run : 0;
  }

  // "1 float", "2 int8": the run and quantizer of each cell.
  static std::vector<std::string> CellsOf(const Side& side) {
    std::vector<std::string> cells;
    for (const Side::CellRef& ref : side.cells) {
      cells.push_back(fmt::format("{} {}", side.RunOf(ref).run.id,
                                  KeyOf(side.RunOf(ref), side.CellOf(ref)).quantizer));
    }
    return cells;
  }

  Result<Side> Load(const std::string& text) {
    QB_ASSIGN_OR_RETURN(const SideName name, ParseSide(text, store_->path()));
    return LoadSide(name, *store_);
  }

  Result<TempDir> folder_ = TempDir::Create("qbench-side-test");
  Result<store::Store> store_ =
      store::Store::Open(folder_->path() / "d.sqlite", store::OpenMode::kReadWrite);
};

TEST_F(LoadSideTest, FindsRunsByNumberAndAge) {
  EXPECT_THAT(Load("latest").status().message(), HasSubstr("no run yet"));
  Add({"float"});
  EXPECT_THAT(Load("previous").status().message(), HasSubstr("there is no previous one"));
  Add({"float", "int8"});
  EXPECT_THAT(CellsOf(*Load("latest")), ElementsAre("2 float", "2 int8"));
  EXPECT_THAT(CellsOf(*Load("previous")), ElementsAre("1 float"));
  EXPECT_EQ(Load("previous")->name, "run 1");
  EXPECT_THAT(Load("7").status().message(), HasSubstr("there is no run 7"));
}

TEST_F(LoadSideTest, ANameIsOfARunOrOfADatabase) {
  Add({"float"});
  ASSERT_TRUE(store_->RenameRun(1, "before").ok());
  EXPECT_THAT(CellsOf(*ReadSide("before", store_->path())), ElementsAre("1 float"));
  EXPECT_THAT(CellsOf(*ReadSide(store_->path().string() + "#before", "nowhere.sqlite")),
              ElementsAre("1 float"));
  for (const std::filesystem::path& database :
       {store_->path(), std::filesystem::path("nowhere.sqlite")}) {
    EXPECT_THAT(
        ReadSide("mispelt.sqlite", database).status().message(),
        HasSubstr(
            "neither a run (12, latest, previous, a name, DB#12, 12:baseline) nor a database"));
  }
  EXPECT_THAT(ReadSide("1", "nowhere.sqlite").status().message(),
              HasSubstr("there is no database"));
}

TEST_F(LoadSideTest, OfADatabaseTakesTheNewestOfEachCell) {
  Add({"float", "fp16"});
  Add({"float", "int8"});
  const auto side = Load(store_->path().string());
  ASSERT_TRUE(side.ok()) << side.status().message();
  EXPECT_EQ(side->name, "d.sqlite");
  EXPECT_THAT(CellsOf(*side), ElementsAre("2 float", "2 int8", "1 fp16"));
}

// A run that was stopped before it reached a cell does not take its place.
TEST_F(LoadSideTest, OfADatabaseLeavesOutWhatWasNotReached) {
  Add({"float", "int8"});
  const auto run = store_->LoadRun(Add({"int8"}));
  ASSERT_TRUE(run.ok());
  store::Run stopped = run->run;
  stopped.finished_at.reset();
  const int64_t id = *store_->BeginRun(stopped);
  store::Cell cell = run->cells[0].cell;
  cell.run_id = id;
  cell.artifact_id.reset();
  cell.status = cell.accuracy_status = cell.latency_status = store::Outcome::kNotMeasured;
  ASSERT_TRUE(store_->AddCell(cell).ok());
  EXPECT_THAT(CellsOf(*Load(store_->path().string())), ElementsAre("2 int8", "1 float"));
}

TEST_F(LoadSideTest, KnowsWhatWasMeasuredInTurns) {
  Add({"float"});
  Add({"float"});
  const auto first = Load("1");
  const auto again = Load(store_->path().string() + "#1");
  const auto second = Load("2");
  ASSERT_TRUE(first.ok() && again.ok() && second.ok());
  EXPECT_EQ(SeriesOf(*first, first->cells[0]), SeriesOf(*again, again->cells[0]));
  EXPECT_NE(SeriesOf(*first, first->cells[0]), SeriesOf(*second, second->cells[0]));
}

}  // namespace
}  // namespace qbench::results
