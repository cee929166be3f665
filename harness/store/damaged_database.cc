#include "harness/store/damaged_database.h"

#include <sqlite3.h>

#include <utility>

#include "harness/store/migrations.h"
#include "harness/store/open_database.h"

namespace qbench::store {

namespace {

// Whether SQLite can read the list of tables, and it has ours.
bool HasOurTables(SQLite::Database& database) {
  try {
    database.execAndGet("SELECT COUNT(*) FROM sqlite_schema");
  } catch (const SQLite::Exception& exception) {
    if (!IsFilesFault(exception)) throw;
    return false;
  }
  return !ColumnsOf(database, "runs").empty();
}

}  // namespace

Status DamagedDatabase::OpenFile(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(connection_, OpenReadOnly(path));
  sqlite3_db_config(connection_->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Without this SQLite reads nothing of a file that is shorter than its header says.
  connection_->exec("PRAGMA writable_schema = ON");
  // Whoever made the file does not decide which functions are called.
  connection_->exec("PRAGMA trusted_schema = OFF");
  snapshot_ = std::make_unique<SQLite::Transaction>(*connection_);
  return OkStatus();
}

// What can still be read of the list of tables.
std::map<std::string, int64_t> DamagedDatabase::KnownRoots() {
  std::map<std::string, int64_t> roots;
  try {
    SQLite::Statement all(*connection_,
                          "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0");
    while (all.executeStep()) roots[all.getColumn(0).getString()] = all.getColumn(1).getInt64();
  } catch (const SQLite::Exception& exception) {
    if (!IsFilesFault(exception)) throw;
  }
  return roots;
}

// False: that is not possible.
Result<bool> DamagedDatabase::OpenCopy(const std::filesystem::path& path) {
  const bool known = version_ >= 1 && version_ <= NewestVersion();
  const int version = known ? version_ : NewestVersion();
  QB_ASSIGN_OR_RETURN(copy_, GraftSchema(path, version, KnownRoots()));
  if (!copy_) return false;
  snapshot_.reset();
  QB_RETURN_IF_ERROR(OpenFile(copy_->file));
  version_ = version;
  return true;
}

Result<DamagedDatabase> DamagedDatabase::Open(const std::filesystem::path& path) {
  DamagedDatabase database;
  QB_RETURN_IF_ERROR(database.OpenFile(path));
  try {
    QB_ASSIGN_OR_RETURN(const bool ours, IsOurs(*database.connection_, path));
    database.is_new_ = !ours;
    if (!ours) return database;
    database.version_ = SchemaVersion(*database.connection_);
  } catch (const SQLite::Exception& exception) {
    if (!IsFilesFault(exception)) throw;
    QB_ASSIGN_OR_RETURN(const bool copied, database.OpenCopy(path));
    if (!copied) throw;
    return database;
  }
  if (database.version_ > NewestVersion()) {
    return Error(StatusCode::kInvalidArgument,
                 "'{}' was written by a newer qbench (database version {}, this one knows {}): "
                 "update qbench",
                 path.string(), database.version_, NewestVersion());
  }
  if (!HasOurTables(*database.connection_)) QB_RETURN_IF_ERROR(database.OpenCopy(path).status());
  return database;
}

int NewestVersion() { return static_cast<int>(Migrations().size()); }

std::set<std::string> ColumnsOf(SQLite::Database& database, const std::string& table) {
  std::set<std::string> columns;
  try {
    SQLite::Statement info(database, "SELECT name FROM pragma_table_info(?)");
    info.bind(1, table);
    while (info.executeStep()) columns.insert(info.getColumn(0).getString());
  } catch (const SQLite::Exception& exception) {
    if (!IsFilesFault(exception)) throw;
    columns.clear();
  }
  return columns;
}

bool IsFilesFault(const SQLite::Exception& exception) {
  switch (exception.getErrorCode()) {
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
    case SQLITE_FULL:
      return false;
    default:
      return true;
  }
}

}  // namespace qbench::store
