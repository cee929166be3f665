#include "harness/store/open_database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>

#include "harness/store/interruptible.h"
#include "harness/store/migrations.h"
#include "harness/store/store_errors.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;

enum class Condition { kNew, kOld, kCurrent };

// Whether the database is ours and how old. Reads the file's header, so a file that is no database
// throws here.
Result<Condition> Examine(SQLite::Database& connection, const fs::path& path) {
  // One state of the file: another process may be making the database just now.
  SQLite::Transaction snapshot(connection);
  QB_ASSIGN_OR_RETURN(const bool ours, IsOurs(connection, path));
  if (!ours) return Condition::kNew;
  const int version = SchemaVersion(connection);
  const int newest = static_cast<int>(Migrations().size());
  if (version < 1) {
    return Damaged(path, fmt::format("it says that it has version {}", version));
  }
  if (version > newest) {
    return Error(StatusCode::kInvalidArgument,
                 "'{}' was written by a newer qbench (database version {}, this one knows {}): "
                 "update qbench, or name another database with --db FILE",
                 path.string(), version, newest);
  }
  return version < newest ? Condition::kOld : Condition::kCurrent;
}

// In a folder where others may write, a link may have been put there by one of them: it is followed
// only to a file of the user's own.
Status CheckLink(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_symlink(path, ignored)) return OkStatus();
  struct stat target {};
  if (stat(path.c_str(), &target) == 0 && target.st_uid == geteuid()) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "'{}' is a symbolic link to no file of yours: name the file itself with --db FILE",
               path.string());
}

Result<OpenedDatabase> OpenForWriting(const fs::path& path) {
  QB_RETURN_IF_ERROR(CheckLink(path));
  OpenedDatabase opened;
  std::error_code ignored;
  // One lock for the file, by whatever name it was given.
  const fs::path real = fs::weakly_canonical(path, ignored);
  QB_ASSIGN_OR_RETURN(opened.lock, WriterLock::Acquire(real.empty() ? path : real));
  opened.connection = std::make_unique<SQLite::Database>(
      path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  SQLite::Database& connection = *opened.connection;
  WaitForOthers(connection);
  QB_ASSIGN_OR_RETURN(const Condition condition, Examine(connection, path));
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("PRAGMA synchronous = FULL");
  if (condition != Condition::kCurrent) Migrate(connection, Migrations());
  connection.exec("PRAGMA foreign_keys = ON");
  return opened;
}

// A path as a "file:" URI; see https://www.sqlite.org/uri.html, section 3.1.
std::string ImmutableUri(const fs::path& path) {
  std::string uri = "file:";
  for (char c : fs::absolute(path).string()) {
    switch (c) {
      case '%':
        uri += "%25";
        break;
      case '?':
        uri += "%3f";
        break;
      case '#':
        uri += "%23";
        break;
      default:
        uri += c;
    }
  }
  return uri + "?immutable=1";
}

// A write-ahead-log database needs a shared-memory file beside it even to be read. Where that
// cannot be made and no log is waiting, the database is at rest and can be read as it is.
bool MustReadAsImmutable(const fs::path& path) {
  std::error_code ignored;
  const fs::path folder = fs::absolute(path).parent_path();
  return access(folder.c_str(), W_OK) != 0 && !fs::exists(path.string() + "-wal", ignored);
}

Result<OpenedDatabase> OpenForReading(const fs::path& path) {
  OpenedDatabase opened;
  QB_ASSIGN_OR_RETURN(opened.connection, OpenReadOnly(path));
  QB_ASSIGN_OR_RETURN(const Condition condition, Examine(*opened.connection, path));
  if (condition == Condition::kCurrent) return opened;
  // Reading needs the current schema: migrate first.
  opened.connection.reset();
  QB_RETURN_IF_ERROR(OpenForWriting(path).status());
  QB_ASSIGN_OR_RETURN(opened.connection, OpenReadOnly(path));
  QB_ASSIGN_OR_RETURN(const Condition migrated, Examine(*opened.connection, path));
  if (migrated == Condition::kCurrent) return opened;
  return Error(StatusCode::kTimeout, "another program changes '{}': repeat the command",
               path.string());
}

}  // namespace

Status CheckIsFile(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status there = fs::status(path, ignored);
  if (!fs::exists(there) || fs::is_regular_file(there)) return OkStatus();
  // Opening a pipe would wait for somebody at its other end.
  return Error(StatusCode::kInvalidArgument, "'{}' is {}: name a file with --db FILE",
               path.string(), fs::is_directory(there) ? "a folder" : "no regular file");
}

Result<bool> IsOurs(SQLite::Database& connection, const fs::path& path) {
  const int32_t owner = connection.execAndGet("PRAGMA application_id").getInt();
  if (owner == kApplicationId) return true;
  if (owner == 0 && connection.execAndGet("SELECT COUNT(*) FROM sqlite_schema").getInt() == 0) {
    return false;
  }
  return Error(StatusCode::kInvalidArgument,
               "'{}' is the database of another program: name another file with --db FILE",
               path.string());
}

Result<std::unique_ptr<SQLite::Database>> OpenReadOnly(const fs::path& path) {
  QB_RETURN_IF_ERROR(CheckIsFile(path));
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return Error(StatusCode::kNotFound,
                 "there is no database '{}': make one with 'qbench run', or name another with "
                 "--db FILE",
                 path.string());
  }
  const bool immutable = MustReadAsImmutable(path);
  auto connection = std::make_unique<SQLite::Database>(
      immutable ? ImmutableUri(path) : path.string(),
      immutable ? SQLite::OPEN_READONLY | SQLite::OPEN_URI : SQLite::OPEN_READONLY);
  WaitForOthers(*connection);
  StopWhenAsked(*connection);
  return connection;
}

Result<OpenedDatabase> OpenDatabase(const fs::path& path, OpenMode mode) {
  QB_RETURN_IF_ERROR(CheckIsFile(path));
  return mode == OpenMode::kReadOnly ? OpenForReading(path) : OpenForWriting(path);
}

}  // namespace qbench::store
