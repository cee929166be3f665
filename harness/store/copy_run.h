// Copying the rows of runs from one database to another. Internal to the store.
#pragma once

#include <filesystem>
#include <map>
#include <set>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/status.h"
#include "harness/store/records.h"
#include "harness/store/store_errors.h"

namespace qbench::store {

// What went wrong with the database that is copied from; of the other one exceptions are SQLite's.
struct SourceFailure {
  Status status;
};

// Both connections are in a transaction. Everything throws SourceFailure, or SQLite::Exception of
// the database that is written.
class RunCopier {
 public:
  RunCopier(SQLite::Database& from, std::filesystem::path from_path, SQLite::Database& into)
      : from_(from), from_path_(std::move(from_path)), into_(into) {}

  // The id of the copy. What the reports rely on is checked of every row.
  int64_t Copy(const Run& run);

  // Calls body(), which reads the database that is copied from.
  template <typename Body>
  auto Reading(Body&& body) const -> decltype(body()) {
    try {
      return body();
    } catch (const SQLite::Exception& exception) {
      throw SourceFailure{FromSqlite(from_path_, exception)};
    } catch (const BadRow& exception) {
      throw SourceFailure{Damaged(from_path_, exception.what())};
    }
  }

 private:
  // What is known of a split that was copied.
  struct Split {
    int64_t id = 0;
    size_t images = 0;
    int64_t labels = 0;
  };

  void CopyCell(Cell cell, int64_t run_id);
  void CopyMeasurements(int64_t old_cell, int64_t new_cell, const Split& split);
  void CopyComparisons(int64_t old_run, int64_t new_run, const std::set<int64_t>& artifacts);
  const Split& CopySplit(int64_t id);
  int64_t CopyArtifact(int64_t id);
  // The copy of the record with this id, which stays or is found there.
  template <typename Record>
  int64_t CopyShared(int64_t id, std::map<int64_t, int64_t>* copies);
  // The record with this id; what refers to it is `of`.
  template <typename Record>
  Record Read(int64_t id) const;
  template <typename Record, typename... Args>
  std::vector<Record> ReadAll(const std::string& rest, const Args&... args) const;
  void Require(const Status& sound) const;

  SQLite::Database& from_;
  std::filesystem::path from_path_;
  SQLite::Database& into_;
  // By the ids that they had.
  std::map<int64_t, Split> splits_;
  std::map<int64_t, int64_t> models_, plugins_, artifacts_;
};

}  // namespace qbench::store
