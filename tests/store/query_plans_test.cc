// That reading one run does not read through the tables of all: every statement that the store runs
// is taken down, and SQLite asked how it would run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <set>
#include <string>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "harness/store/store.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

std::set<std::string>& Statements() {
  static std::set<std::string> statements;
  return statements;
}

int TakeDown(unsigned /*what*/, void* /*unused*/, void* statement, void* /*text*/) {
  Statements().insert(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
  return 0;
}

// SQLite calls it for every connection that is opened.
int TraceConnection(sqlite3* connection, const char** /*error*/, const void* /*api*/) {
  return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, TakeDown, nullptr);
}

// With more than one run in the tables, and rows in each of them.
class QueryPlansTest : public ::testing::Test {
 protected:
  void SetUp() override {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(TraceConnection));
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    ASSERT_TRUE(store.ok()) << store.status().message();
    SampleRunOptions options;
    options.images = 60;
    options.with_comparisons = true;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(StoreSampleRun(*store, options).ok());
    Measurement profile;
    profile.cell_id = 1;
    profile.kind = MeasurementKind::kProfile;
    profile.operators = {{.op = 0, .kind = "CONV_2D", .median_us = 1.5}};
    ASSERT_TRUE(store->CommitMeasurement(profile).ok());
    store_.emplace(std::move(*store));
    Statements().clear();
  }
  void TearDown() override { sqlite3_reset_auto_extension(); }

  std::filesystem::path path() const { return folder_->path() / "d.sqlite"; }

  // The plans of the statements so far that read every row of one of the tables.
  std::string Scans(const std::set<std::string>& tables) {
    const std::set<std::string> statements = Statements();
    std::string scans;
    SQLite::Database database(path().string(), SQLite::OPEN_READONLY);
    for (const std::string& sql : statements) {
      if (!sql.starts_with("SELECT") && !sql.starts_with("DELETE") && !sql.starts_with("UPDATE")) {
        continue;
      }
      SQLite::Statement plan(database, "EXPLAIN QUERY PLAN " + sql);
      while (plan.executeStep()) {
        const std::string step = plan.getColumn("detail").getString();
        for (const std::string& table : tables) {
          if (step == "SCAN " + table || step.starts_with("SCAN " + table + " ") ||
              step.starts_with("SCAN TABLE " + table)) {  // as older versions of SQLite call it
            scans += step + ": " + sql + "\n";
          }
        }
      }
    }
    return scans;
  }

  Result<TempDir> folder_ = TempDir::Create("qbench-plans-test");
  std::optional<Store> store_;
};

const std::set<std::string> kLarge = {
    "measurements", "cells", "images", "operator_profiles", "layer_comparisons", "compared_layers"};

TEST_F(QueryPlansTest, LoadingARunReadsThatRunAlone) {
  ASSERT_TRUE(store_->LoadRun(2).ok());
  ASSERT_TRUE(store_->LoadRun(1, {.conditions_as_text = true}).ok());
  ASSERT_TRUE(store_->VisitCells(2, {}, [](const CellData&) { return OkStatus(); }).ok());
  ASSERT_TRUE(store_->Cells(2).ok());
  ASSERT_TRUE(store_->Measurements(1).ok());
  EXPECT_GT(Statements().size(), 12U) << "nothing was taken down";
  EXPECT_EQ(Scans(kLarge), "");
}

TEST_F(QueryPlansTest, CommittingAMeasurementReadsNoTable) {
  Measurement measurement;
  measurement.cell_id = 2;
  measurement.repetition = 77;
  ASSERT_TRUE(store_->CommitMeasurement(measurement).ok());
  ASSERT_TRUE(store_->SetCellOutcome(2, {}).ok());
  EXPECT_GT(Statements().size(), 4U);
  EXPECT_EQ(Scans(kLarge), "");
}

TEST_F(QueryPlansTest, CopyingARunReadsThatRunAlone) {
  auto into = Store::Open(folder_->path() / "into.sqlite", OpenMode::kReadWrite);
  ASSERT_TRUE(into.ok());
  Statements().clear();
  ASSERT_TRUE(into->Merge(*store_, {.runs = {2}}).ok());
  EXPECT_GT(Statements().size(), 12U);
  EXPECT_EQ(Scans(kLarge), "");
}

// The test itself: a statement that does read all of a table is found.
TEST_F(QueryPlansTest, AScanIsFound) {
  SQLite::Database database(path().string(), SQLite::OPEN_READONLY);
  SQLite::Statement all(database, "SELECT COUNT(*) FROM measurements WHERE reason = 'x'");
  ASSERT_TRUE(all.executeStep());
  EXPECT_THAT(Scans(kLarge), ::testing::HasSubstr("measurements"));
}

}  // namespace
}  // namespace qbench::store
