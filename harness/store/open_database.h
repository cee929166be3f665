// Opening the database file: whose it is, which version, which settings. Internal to the store.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/status.h"
#include "harness/store/store.h"
#include "harness/store/writer_lock.h"

namespace qbench::store {

struct OpenedDatabase {
  std::optional<WriterLock> lock;  // where open for writing
  std::unique_ptr<SQLite::Database> connection;
};

// kInvalidArgument where there is something at `path` that is no regular file.
Status CheckIsFile(const std::filesystem::path& path);

// False: nothing was ever written to it. kInvalidArgument: it is another program's.
Result<bool> IsOurs(SQLite::Database& connection, const std::filesystem::path& path);

// A connection that reads, whatever is in the file; it heeds the user's wish to stop. kNotFound,
// the errors of CheckIsFile. Throws SQLite::Exception.
Result<std::unique_ptr<SQLite::Database>> OpenReadOnly(const std::filesystem::path& path);

// As Store::Open says. Throws SQLite::Exception as well as returning a Status.
Result<OpenedDatabase> OpenDatabase(const std::filesystem::path& path, OpenMode mode);

}  // namespace qbench::store
