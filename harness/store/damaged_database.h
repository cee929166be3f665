// A connection to a database that may be damaged, only to look at it. Internal to the store.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/status.h"
#include "harness/store/graft_schema.h"

namespace qbench::store {

// Of one state of the file: it may be written meanwhile.
class DamagedDatabase {
 public:
  // The errors of CheckDatabase. Throws SQLite::Exception.
  static Result<DamagedDatabase> Open(const std::filesystem::path& path);

  SQLite::Database& connection() { return *connection_; }
  int version() const { return version_; }  // as the file says: any number
  bool is_new() const { return is_new_; }   // nothing was written to it yet
  // SQLite's list of tables could not be read, and that of a new database stands in its place
  // (graft_schema.h).
  bool schema_is_lost() const { return copy_.has_value(); }

 private:
  DamagedDatabase() = default;
  Status OpenFile(const std::filesystem::path& path);
  Result<bool> OpenCopy(const std::filesystem::path& path);
  std::map<std::string, int64_t> KnownRoots();

  std::optional<GraftedCopy> copy_;
  std::unique_ptr<SQLite::Database> connection_;
  std::unique_ptr<SQLite::Transaction> snapshot_;
  int version_ = 0;
  bool is_new_ = false;
};

// The newest version of the schema.
int NewestVersion();

// The names of a table's columns; empty: there is no such table, or that cannot be read.
std::set<std::string> ColumnsOf(SQLite::Database& database, const std::string& table);

// Whether a statement failed for what is in the file, and not for anything else (memory, a lock,
// the user's wish to stop).
bool IsFilesFault(const SQLite::Exception& exception);

// Thrown where a place beside the database cannot be written.
struct NoRoom {
  Status status;
};

}  // namespace qbench::store
