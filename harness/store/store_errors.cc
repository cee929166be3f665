#include "harness/store/store_errors.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "base/interrupt.h"

namespace qbench::store {
namespace {

Status DiskFull(const std::filesystem::path& database) {
  return Error(StatusCode::kNoSpace,
               "the disk is full, writing to '{}' failed: free some space, then repeat the command "
               "(qbench run with --resume)",
               database.string());
}

Status ReadOnly(const std::filesystem::path& database) {
  return Error(StatusCode::kIo,
               "cannot write to '{}': the file or its folder is read-only; make it writable, or "
               "name another database with --db FILE",
               database.string());
}

}  // namespace

Status CannotWrite(const std::filesystem::path& database, int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return DiskFull(database);
    case EACCES:
    case EPERM:
    case EROFS:
      return ReadOnly(database);
    case ENOENT:
      return Error(StatusCode::kIo,
                   "cannot create '{}': its folder does not exist; create it, or name another "
                   "database with --db FILE",
                   database.string());
    default:
      return Error(StatusCode::kIo,
                   "cannot write to '{}': {}; check the folder, or name another database with "
                   "--db FILE",
                   database.string(), std::strerror(error));
  }
}

Status Damaged(const std::filesystem::path& database, const std::string& what) {
  return Error(StatusCode::kCorrupt,
               "the database '{}' is damaged ({}): `qbench db check '{}'` says what can still be "
               "read, and saves it with --save; move the file away then",
               database.string(), what, database.string());
}

Status FromSqlite(const std::filesystem::path& database, const SQLite::Exception& exception) {
  // SQLite does not say with its main code that a file or its log ends too early.
  if (exception.getExtendedErrorCode() == SQLITE_IOERR_SHORT_READ) {
    return Damaged(database, "it ends too early");
  }
  if (InterruptRequested() &&
      (exception.getErrorCode() == SQLITE_INTERRUPT || exception.getErrorCode() == SQLITE_BUSY)) {
    return InterruptStatus(fmt::format("reading or writing '{}'", database.string()));
  }
  if (exception.getExtendedErrorCode() == SQLITE_READONLY_ROLLBACK ||
      exception.getExtendedErrorCode() == SQLITE_READONLY_RECOVERY) {
    return Error(StatusCode::kIo,
                 "'{}' was left in the midst of a change, which has to be taken back first: a "
                 "`qbench run` with the same --db does that",
                 database.string());
  }
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      return DiskFull(database);
    case SQLITE_READONLY:
      return ReadOnly(database);
    case SQLITE_NOTADB:
      return Error(StatusCode::kCorrupt,
                   "'{}' is not a qbench database, or its beginning is lost: name another file "
                   "with --db FILE",
                   database.string());
    case SQLITE_CORRUPT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    // Our statements are right for our tables: these are no longer ours.
    case SQLITE_ERROR:
      return Damaged(database, exception.what());
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(StatusCode::kTimeout,
                   "another program keeps '{}' locked: close it and repeat the command",
                   database.string());
    case SQLITE_NOMEM:
      return Error(StatusCode::kOutOfMemory, "out of memory while reading or writing '{}'",
                   database.string());
    case SQLITE_CONSTRAINT:
      return Error(StatusCode::kInvalidArgument, "'{}' refuses a record: {}", database.string(),
                   exception.what());
    case SQLITE_IOERR:
      // A file-size limit (ulimit -f), a quota and a dying card all end up here.
      return Error(StatusCode::kIo,
                   "cannot read or write '{}': {}; check the disk, its free space and ulimit -f, "
                   "then repeat the command (qbench run with --resume)",
                   database.string(), exception.what());
    case SQLITE_CANTOPEN:
      return Error(StatusCode::kIo,
                   "cannot open '{}': check its permissions and those of its folder",
                   database.string());
    default:
      return Error(StatusCode::kInternal, "database '{}': {}", database.string(), exception.what());
  }
}

}  // namespace qbench::store
