#include "harness/store/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "harness/results/summary.h"
#include "harness/store/sql_fields.h"
#include "harness/store/store.h"
#include "tests/store/same_fields.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

class MigrationsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("qbench-migrations-test");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(folder).value());
  }
  std::string path() const { return (folder_->path() / "qbench.sqlite").string(); }

  void Restore(const std::string& dump_name) {
    auto dump = ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/tests/store/data/" + dump_name);
    ASSERT_TRUE(dump.ok()) << dump.status().message();
    SQLite::Database(path(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(*dump);
  }

  std::optional<TempDir> folder_;
};

// The run in every tests/store/data/*.sql: this one, stored by the qbench of that version.
SampleRunOptions DumpedRun() {
  SampleRunOptions options;
  options.quantizers = {"float", "int8"};
  options.images = 12;
  options.processes = 1;
  return options;
}

TEST_F(MigrationsTest, DatabaseOfVersion1IsReadAsItWasWritten) {
  Restore("version1.sql");
  for (OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
    auto store = Store::Open(path(), mode);
    ASSERT_TRUE(store.ok()) << store.status().message();
    auto run = store->LoadRun(1);
    ASSERT_TRUE(run.ok()) << run.status().message();
    const auto expected = results::Summarize(LoadSampleRun(DumpedRun()));
    const auto got = results::Summarize(*run);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) ExpectSameFields(got[i], expected[i]);
  }
}

// As a qbench of each version in between left it.
TEST_F(MigrationsTest, DatabasesOfEveryVersionAreReadAsTheyWereWritten) {
  const auto expected = results::Summarize(LoadSampleRun(DumpedRun()));
  for (size_t version = 1; version <= Migrations().size(); ++version) {
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(path() + ending);
    Restore("version1.sql");
    {
      SQLite::Database database(path(), SQLite::OPEN_READWRITE);
      Migrate(database, Migrations().first(version));
      EXPECT_EQ(SchemaVersion(database), static_cast<int>(version));
    }
    auto store = Store::Open(path(), OpenMode::kReadOnly);
    ASSERT_TRUE(store.ok()) << version << ": " << store.status().message();
    auto run = store->LoadRun(1);
    ASSERT_TRUE(run.ok()) << version << ": " << run.status().message();
    const auto got = results::Summarize(*run);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) ExpectSameFields(got[i], expected[i]);
  }
}

TEST_F(MigrationsTest, DatabaseOfVersion1TakesAProfile) {
  Restore("version1.sql");
  auto store = Store::Open(path(), OpenMode::kReadWrite);
  ASSERT_TRUE(store.ok()) << store.status().message();
  Measurement profile;
  profile.cell_id = store->Cells(1)->front().id;
  profile.kind = MeasurementKind::kProfile;
  profile.operators = {{.op = 0, .kind = "CONV_2D", .median_us = 1.5}};
  const Status committed = store->CommitMeasurement(profile);
  ASSERT_TRUE(committed.ok()) << committed.message();
  // What is committed stays final.
  SQLite::Database database(path(), SQLite::OPEN_READWRITE);
  EXPECT_THROW(database.exec("UPDATE measurements SET repetition = 7"), SQLite::Exception);
  EXPECT_THROW(database.exec("UPDATE operator_profiles SET op = 7"), SQLite::Exception);
  EXPECT_EQ(database.execAndGet("SELECT COUNT(*) FROM operator_profiles").getInt(), 1);
}

template <typename Record>
std::string StoredColumns(SQLite::Database& database) {
  SQLite::Statement statement(database, std::string("PRAGMA table_info(") + kTable<Record> + ")");
  std::string names;
  while (statement.executeStep()) {
    names += (names.empty() ? "" : ", ") + statement.getColumn(1).getString();
  }
  return names;
}

TEST_F(MigrationsTest, SchemaHasTheColumnsOfTheFieldTables) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
  Migrate(database, Migrations());
  ForEachStoredRecord([&](const auto& record) {
    using Record = std::remove_cvref_t<decltype(record)>;
    EXPECT_EQ(StoredColumns<Record>(database), ColumnNames<Record>()) << kTable<Record>;
    ForEachRow<Record>([](const auto& row) {
      EXPECT_LE(row.since, static_cast<int>(Migrations().size())) << row.name;
    });
  });
  EXPECT_EQ(SchemaVersion(database), static_cast<int>(Migrations().size()));
}

// Databases exist that went through this very step.
TEST_F(MigrationsTest, AddedColumnsAreTheStepOfTheirVersion) {
  ASSERT_GE(Migrations().size(), 5U);
  EXPECT_STREQ(Migrations()[4],
               "ALTER TABLE measurements ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]';\n"
               "ALTER TABLE measurements ADD COLUMN log TEXT NOT NULL DEFAULT '[]';\n"
               "ALTER TABLE layer_comparisons ADD COLUMN log TEXT NOT NULL DEFAULT '[]';\n");
}

TEST_F(MigrationsTest, OnlyTheStepsThatAreMissingRun) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
  const char* const steps[] = {"CREATE TABLE t (a)", "ALTER TABLE t ADD COLUMN b",
                               "INSERT INTO t VALUES (1, 2)"};
  Migrate(database, std::span(steps).first(2));
  EXPECT_EQ(SchemaVersion(database), 2);
  Migrate(database, steps);
  Migrate(database, steps);
  EXPECT_EQ(SchemaVersion(database), 3);
  EXPECT_EQ(database.execAndGet("SELECT COUNT(*) FROM t").getInt(), 1);
}

TEST_F(MigrationsTest, FailedStepLeavesTheDatabaseAsItWas) {
  SQLite::Database database(":memory:", SQLite::OPEN_READWRITE);
  const char* const steps[] = {"CREATE TABLE t (a)", "CREATE TABLE u (a)", "CREATE TABLE t (b)"};
  Migrate(database, std::span(steps).first(1));
  EXPECT_THROW(Migrate(database, steps), SQLite::Exception);
  EXPECT_EQ(SchemaVersion(database), 1);
  EXPECT_EQ(database.execAndGet("SELECT COUNT(*) FROM sqlite_schema").getInt(), 1);
}

}  // namespace
}  // namespace qbench::store
