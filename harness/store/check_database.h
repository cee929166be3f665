// `qbench db check`: whether a database is whole, and what can still be read of one that is not.
//
// Neither function changes the file or its log. Failure: as Store's; kCancelled where the user
// wants to stop (base/interrupt.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/store/records.h"

namespace qbench::store {

struct DatabaseCheck {
  int version = 0;  // of the schema; 0: nothing was written to the file yet
  bool old =
      false;  // an earlier version than this program's: sound, and migrated when it is opened
  uint64_t file_bytes = 0;
  uint64_t log_bytes = 0;  // of the write-ahead log beside it
  struct Table {
    std::string name;
    int64_t rows = -1;  // -1: they cannot be counted
  };
  std::vector<Table> tables;
  // Runs that never finished, with their ids: no damage, `qbench run --resume` continues them.
  std::vector<int64_t> unfinished;
  // What is wrong, a line each; the first of a kind where there are many. Empty: the database is
  // whole.
  std::vector<std::string> flaws;
  std::vector<std::string> remarks;  // what is not wrong, but worth to know

  bool whole() const { return flaws.empty(); }
};

// Looks at the file's length and log, SQLite's own integrity check, the tables and columns, what
// rows refer to, and every value of every row as the reports read it.
// kNotFound; kInvalidArgument: a folder, a pipe, the database of another program or of a newer
// qbench; kCorrupt: it is no database (any more).
Result<DatabaseCheck> CheckDatabase(const std::filesystem::path& path);

struct SavedTable {
  std::string name;
  int64_t saved = 0;
  int64_t lost = 0;       // cannot be read, break our rules, or refer to what is lost
  bool and_more = false;  // lost are some more, which nobody can count
};

// Copies all rows that can still be read, of a whole database or a damaged one, into a new one,
// which is whole. Rows of an artifact, say, whose model is lost are lost too: no report could show
// them. kInvalidArgument: there is something at `destination` already, or nothing in the database;
// the errors of CheckDatabase; kIo, kNoSpace: it cannot be written. In each case nothing is left
// there.
Result<std::vector<SavedTable>> SaveDatabase(const std::filesystem::path& path,
                                             const std::filesystem::path& destination);

}  // namespace qbench::store
