// What is said of a database that is whole or damaged, and what is saved of it: each deed is done
// to a real one. Whatever the damage, the file stays as it is, and what is saved is whole and is
// what was there.
#include "harness/store/check_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <set>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "harness/store/store.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr size_t kPage = 4096;

// Every row of every table, as a text.
using Rows = std::map<std::string, std::set<std::string>>;

size_t Count(const Rows& rows) {
  size_t count = 0;
  for (const auto& [table, texts] : rows) count += texts.size();
  return count;
}

Rows RowsOf(const fs::path& path) {
  Rows rows;
  SQLite::Database database(path.string(), SQLite::OPEN_READONLY);
  SQLite::Statement tables(database,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                           "'sqlite%'");
  while (tables.executeStep()) {
    const std::string table = tables.getColumn(0).getString();
    SQLite::Statement all(database, "SELECT * FROM " + table);
    while (all.executeStep()) {
      std::string text;
      for (int i = 0; i < all.getColumnCount(); ++i) text += all.getColumn(i).getString() + '\x1f';
      rows[table].insert(text);
    }
  }
  return rows;
}

class CheckDatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("qbench-check-test");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(folder).value());
  }
  fs::path path() const { return folder_->path() / "qbench.sqlite"; }
  fs::path saved() const { return folder_->path() / "saved.sqlite"; }

  void MakeSampleRun(bool finished = true) {
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    ASSERT_TRUE(store.ok()) << store.status().message();
    SampleRunOptions options;
    options.images = 400;
    options.processes = 6;
    options.with_comparisons = true;
    options.finished = finished;
    ASSERT_TRUE(StoreSampleRun(*store, options).ok());
  }
  void Edit(const std::string& sql) const {
    SQLite::Database(path().string(), SQLite::OPEN_READWRITE).exec(sql);
  }
  std::string Content() const { return *ReadTextFile(path()); }
  // Without what a connection left beside it.
  void Put(const std::string& content) const {
    for (const char* ending : {"-wal", "-shm"}) fs::remove(path().string() + ending);
    ASSERT_TRUE(WriteFileAtomically(path(), content).ok());
  }

  DatabaseCheck Check() const {
    const Result<DatabaseCheck> check = CheckDatabase(path());
    EXPECT_TRUE(check.ok()) << check.status().message();
    return check.ok() ? *check : DatabaseCheck();
  }

  // Saves, holds what was saved against `before` (all rows that there were), and tells how many
  // rows were not.
  size_t SaveAndCountLost(const Rows& before, bool all_can_be_counted = true) const {
    fs::remove(saved());
    const std::string content = Content();
    const auto tables = SaveDatabase(path(), saved());
    EXPECT_TRUE(tables.ok()) << tables.status().message();
    EXPECT_TRUE(Content() == content) << "the damaged file was changed";
    if (!tables.ok()) return Count(before);
    const auto check = CheckDatabase(saved());
    EXPECT_TRUE(check.ok() && check->whole()) << (check.ok() ? check->flaws[0] : "");
    const Rows after = RowsOf(saved());
    for (const SavedTable& table : *tables) {
      const auto there = before.find(table.name);
      const std::set<std::string> wanted =
          there == before.end() ? std::set<std::string>() : there->second;
      const auto found = after.find(table.name);
      const std::set<std::string> got =
          found == after.end() ? std::set<std::string>() : found->second;
      EXPECT_EQ(static_cast<size_t>(table.saved), got.size()) << table.name;
      EXPECT_TRUE(std::ranges::includes(wanted, got)) << table.name << ": rows that were not there";
      if (!table.and_more && all_can_be_counted) {
        EXPECT_GE(static_cast<size_t>(table.saved + table.lost), wanted.size()) << table.name;
      }
    }
    ExpectRunsCanBeRead();
    return Count(before) - Count(after);
  }
  void ExpectRunsCanBeRead() const {
    auto store = Store::Open(saved(), OpenMode::kReadOnly);
    ASSERT_TRUE(store.ok()) << store.status().message();
    const auto runs = store->Runs();
    ASSERT_TRUE(runs.ok()) << runs.status().message();
    for (const store::Run& run : *runs) {
      const auto data = store->LoadRun(run.id);
      EXPECT_TRUE(data.ok()) << data.status().message();
    }
  }

  std::optional<TempDir> folder_;
};

TEST_F(CheckDatabaseTest, AWholeOneIsCalledWhole) {
  MakeSampleRun();
  const std::string content = Content();
  const DatabaseCheck check = Check();
  EXPECT_THAT(check.flaws, IsEmpty());
  EXPECT_THAT(check.unfinished, IsEmpty());
  EXPECT_FALSE(check.old);
  EXPECT_EQ(check.file_bytes, content.size());
  const Rows rows = RowsOf(path());
  for (const DatabaseCheck::Table& table : check.tables) {
    const auto found = rows.find(table.name);
    EXPECT_EQ(table.rows, found == rows.end() ? 0 : static_cast<int64_t>(found->second.size()))
        << table.name;
  }
  EXPECT_EQ(SaveAndCountLost(rows), 0U);
  EXPECT_TRUE(Content() == content);
}

TEST_F(CheckDatabaseTest, ARunThatNeverFinishedIsNoDamage) {
  MakeSampleRun(false);
  EXPECT_THAT(Check().unfinished, ElementsAre(1));
  EXPECT_TRUE(Check().whole());
}

TEST_F(CheckDatabaseTest, WhileAWriterIsAtWork) {
  MakeSampleRun();
  auto store = Store::Open(path(), OpenMode::kReadWrite);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(
      store->AddNote({0, 1, "2025-11-20T23:18:04Z", NoteSeverity::kInfo, "in the log"}).ok());
  const DatabaseCheck check = Check();
  EXPECT_THAT(check.flaws, IsEmpty());
  EXPECT_GT(check.log_bytes, 0U);
  EXPECT_EQ(SaveAndCountLost(RowsOf(path())), 0U);
}

TEST_F(CheckDatabaseTest, CutOffAnywhere) {
  MakeSampleRun();
  const std::string whole = Content();
  const Rows rows = RowsOf(path());
  size_t partly = 0;
  for (size_t bytes = kPage + 123; bytes < whole.size(); bytes += 3 * kPage) {
    SCOPED_TRACE(bytes);
    Put(whole.substr(0, bytes));
    EXPECT_THAT(Check().flaws, Contains(HasSubstr("the file is cut off")));
    if (SaveAndCountLost(rows) < Count(rows) / 2) ++partly;
  }
  EXPECT_GT(partly, 2U) << "hardly anything is ever saved";
}

// Also where that page is the file's first, or holds the list of tables.
TEST_F(CheckDatabaseTest, APageOverwritten) {
  MakeSampleRun();
  const std::string whole = Content();
  const Rows rows = RowsOf(path());
  size_t damages = 0;
  size_t mostly = 0;
  for (size_t page = 0; page < whole.size() / kPage; ++page) {
    SCOPED_TRACE(page);
    std::string broken = whole;
    for (size_t i = 0; i < kPage; ++i) broken[page * kPage + i] = static_cast<char>(i * 37 + page);
    Put(broken);
    EXPECT_FALSE(Check().whole());
    ++damages;
    if (SaveAndCountLost(rows) < Count(rows) / 4) ++mostly;
  }
  EXPECT_GT(mostly, damages / 2) << "of " << damages;
}

TEST_F(CheckDatabaseTest, SeveralPagesZeroed) {
  MakeSampleRun();
  const std::string whole = Content();
  const Rows rows = RowsOf(path());
  for (const size_t every : {3U, 5U, 7U}) {
    std::string broken = whole;
    for (size_t page = every; page < whole.size() / kPage; page += every) {
      broken.replace(page * kPage, kPage, kPage, '\0');
    }
    Put(broken);
    EXPECT_FALSE(Check().whole());
    EXPECT_GT(SaveAndCountLost(rows), 0U);
  }
}

// A database with a log that nobody has taken into the file yet, as a killed process leaves it.
class LogTest : public CheckDatabaseTest {
 protected:
  void SetUp() override {
    CheckDatabaseTest::SetUp();
    MakeSampleRun();
    file_ = Content();
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    ASSERT_TRUE(store.ok());
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(
          store->AddNote({0, 1, "2025-11-20T23:18:04Z", NoteSeverity::kInfo, "a note"}).ok());
    }
    rows_ = RowsOf(path());
    log_ = *ReadTextFile(path().string() + "-wal");
    file_ = Content();
    ASSERT_GT(log_.size(), 20 * kPage);
  }
  void PutWithLog(const std::string& log) const {
    Put(file_);
    ASSERT_TRUE(WriteFileAtomically(path().string() + "-wal", log).ok());
  }
  std::string file_;
  std::string log_;
  Rows rows_;
};

TEST_F(LogTest, AWholeLogIsRead) {
  PutWithLog(log_);
  EXPECT_TRUE(Check().whole());
  EXPECT_EQ(SaveAndCountLost(rows_), 0U);
  EXPECT_TRUE(*ReadTextFile(path().string() + "-wal") == log_);
}

TEST_F(LogTest, OfALogThatIsCutOffThereIsWhatWasWhole) {
  for (const size_t bytes : {log_.size() - 100, log_.size() / 2, kPage + 77}) {
    PutWithLog(log_.substr(0, bytes));
    const DatabaseCheck check = Check();
    EXPECT_THAT(check.flaws, IsEmpty());
    EXPECT_THAT(check.remarks, Contains(HasSubstr("ends in the midst of a page")));
    EXPECT_GT(SaveAndCountLost(rows_, /*all_can_be_counted=*/false), 0U);
  }
}

TEST_F(LogTest, ALogWithoutItsBeginningIsDamage) {
  for (const size_t bytes : {size_t{20}, log_.size()}) {
    std::string log = log_.substr(0, bytes);
    log.replace(0, 16, 16, 'x');
    PutWithLog(log);
    EXPECT_THAT(Check().flaws, ElementsAre(HasSubstr("the beginning of its log")));
    EXPECT_GT(SaveAndCountLost(rows_, /*all_can_be_counted=*/false), 0U);
  }
}

TEST_F(CheckDatabaseTest, ValuesThatNoReaderTakesAreNamedAndLeftOut) {
  struct Case {
    const char* sql;
    const char* says;
    size_t lost;  // with what referred to it
  };
  for (const Case& known : std::initializer_list<Case>{
           {"UPDATE cells SET reason = 'but whole'", "", 0},
           {"UPDATE runs SET command_line = '[1]'", "runs, row id = 1: column command_line", 0},
           {"UPDATE notes SET run_id = 77", "refers to a row of runs that is not there", 1},
           {"UPDATE images SET label = 99 WHERE position = 3", "has label 99", 0},
           {"UPDATE images SET label = 1 << 40 WHERE position = 3", "has label", 0},
           {"DELETE FROM images WHERE position = 3", "400 predictions and 400 confidences", 3},
           {"DROP TRIGGER measurements_are_final; UPDATE measurements SET samples_ns = x'00' "
            "WHERE id = 2",
            "blob of odd size", 1},
           {"UPDATE layer_comparisons SET status = 'splendid' WHERE id = 1", "holds \"splendid\"",
            5},
           {"UPDATE compared_layers SET inputs = x'07000000' WHERE position = 0",
            "reads a layer that does not run before it", 5},
           {"PRAGMA ignore_check_constraints = ON; UPDATE cells SET threads = -1 WHERE id = 2",
            "cells, row id = 2: has no threads", 0},
       }) {
    SCOPED_TRACE(known.sql);
    fs::remove(path());
    MakeSampleRun();
    const Rows before = RowsOf(path());
    Edit(known.sql);
    const DatabaseCheck check = Check();
    if (*known.says == '\0') {
      EXPECT_THAT(check.flaws, IsEmpty());
    } else {
      EXPECT_THAT(check.flaws, Contains(HasSubstr(known.says)));
    }
    const size_t lost = SaveAndCountLost(RowsOf(path()));
    if (known.lost > 0) {
      EXPECT_EQ(lost, known.lost);
    }
  }
}

TEST_F(CheckDatabaseTest, AVersionThatCannotBe) {
  MakeSampleRun();
  for (const int version : {-1, 0, -2147483647}) {
    Edit("PRAGMA user_version = " + std::to_string(version));
    EXPECT_THAT(Check().flaws,
                Contains(HasSubstr("it says that it has version " + std::to_string(version))));
    EXPECT_EQ(SaveAndCountLost(RowsOf(path())), 0U);
  }
}

TEST_F(CheckDatabaseTest, TablesThatAreMissing) {
  MakeSampleRun();
  const Rows rows = RowsOf(path());
  Edit(
      "PRAGMA foreign_keys = OFF; DROP TABLE compared_layers; DROP INDEX notes_by_run; "
      "ALTER TABLE notes DROP COLUMN severity");
  EXPECT_THAT(Check().flaws, AllOf(Contains("table compared_layers is missing"),
                                   Contains("index notes_by_run is missing"),
                                   Contains("table notes has no column severity")));
  EXPECT_EQ(SaveAndCountLost(rows), rows.at("compared_layers").size() + rows.at("notes").size());
}

TEST_F(CheckDatabaseTest, AnOldOneIsReadAndLeftOld) {
  const auto dump = ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/tests/store/data/version1.sql");
  ASSERT_TRUE(dump.ok());
  SQLite::Database(path().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(*dump);
  const std::string content = Content();
  const DatabaseCheck check = Check();
  EXPECT_THAT(check.flaws, IsEmpty());
  EXPECT_TRUE(check.old);
  EXPECT_EQ(check.version, 1);
  const auto tables = SaveDatabase(path(), saved());
  ASSERT_TRUE(tables.ok()) << tables.status().message();
  for (const SavedTable& table : *tables) EXPECT_EQ(table.lost, 0) << table.name;
  ExpectRunsCanBeRead();
  EXPECT_TRUE(Content() == content);
  Edit("UPDATE cells SET status = 'splendid' WHERE id = 1");
  EXPECT_THAT(Check().flaws, Contains(HasSubstr("splendid")));
}

TEST_F(CheckDatabaseTest, WhatIsNoDatabaseOfOursIsRefusedAndLeftAlone) {
  const auto refused = [&](StatusCode code, const char* says) {
    const Status checked = CheckDatabase(path()).status();
    EXPECT_EQ(checked.code(), code);
    EXPECT_THAT(checked.message(), AllOf(HasSubstr(says), HasSubstr(path().string())));
    EXPECT_EQ(SaveDatabase(path(), saved()).status().message(), checked.message());
    EXPECT_FALSE(fs::exists(saved()));
  };
  refused(StatusCode::kNotFound, "there is no database");
  fs::create_directory(path());
  refused(StatusCode::kInvalidArgument, "is a folder");
  fs::remove(path());
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  refused(StatusCode::kInvalidArgument, "is no regular file");
  fs::remove(path());
  Put(std::string(50'000, 'x'));
  refused(StatusCode::kCorrupt, "is not a qbench database");
  fs::remove(path());
  SQLite::Database(path().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
      .exec("CREATE TABLE runs (id INTEGER PRIMARY KEY)");
  refused(StatusCode::kInvalidArgument, "the database of another program");
  fs::remove(path());
  MakeSampleRun();
  Edit("PRAGMA user_version = 99");
  refused(StatusCode::kInvalidArgument, "newer qbench");
}

TEST_F(CheckDatabaseTest, OneThatIsJustBeingMadeIsNotDamaged) {
  SQLite::Database maker(path().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  EXPECT_THAT(Check().remarks, ElementsAre("nothing was written to it yet"));
  maker.exec(
      "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; PRAGMA application_id = 1902273384; "
      "CREATE TABLE runs (id)");
  const DatabaseCheck check = Check();
  EXPECT_TRUE(check.whole());
  EXPECT_THAT(check.remarks, ElementsAre("nothing was written to it yet"));
  EXPECT_THAT(SaveDatabase(path(), saved()).status().message(), HasSubstr("nothing to save"));
  EXPECT_FALSE(fs::exists(saved()));
}

TEST_F(CheckDatabaseTest, NothingIsWrittenOverAndNothingIsLeft) {
  MakeSampleRun();
  ASSERT_TRUE(WriteFileAtomically(saved(), std::string_view("mine")).ok());
  const Status there = SaveDatabase(path(), saved()).status();
  EXPECT_EQ(there.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(there.message(), HasSubstr("is there already"));
  EXPECT_EQ(*ReadTextFile(saved()), "mine");
  const Status nowhere = SaveDatabase(path(), folder_->path() / "no" / "saved.sqlite").status();
  EXPECT_EQ(nowhere.code(), StatusCode::kIo) << nowhere.message();
  fs::remove(saved());
  RequestInterrupt();
  EXPECT_EQ(CheckDatabase(path()).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(SaveDatabase(path(), saved()).status().code(), StatusCode::kCancelled);
  WithdrawInterrupt();
  EXPECT_FALSE(fs::exists(saved()));
  for (const auto& entry : fs::directory_iterator(folder_->path())) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::StartsWith("qbench.sqlite"));
  }
}

}  // namespace
}  // namespace qbench::store
