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

// As Store::Open says. Throws SQLite::Exception as well as returning a Status.
Result<OpenedDatabase> OpenDatabase(const std::filesystem::path& path, OpenMode mode);

}  // namespace qbench::store
