// A database whose list of tables is lost. Internal to the store.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/status.h"

namespace qbench::store {

// A copy of a database, removed with the object.
struct GraftedCopy {
  TempDir folder;
  std::filesystem::path file;
};

// Where a table begins in the file is written in one place alone, SQLite's list of tables. A new
// database of the same version begins its tables on the same pages: so a copy of the file with the
// list of a new one can be read. None where the file's pages speak against that: a page where a
// table should begin holds an index, say, or what can still be read of the list (`known`: name and
// page) differs. Throws SQLite::Exception. kIo, kNoSpace: the copy cannot be made.
Result<std::optional<GraftedCopy>> GraftSchema(const std::filesystem::path& path, int version,
                                               const std::map<std::string, int64_t>& known);

}  // namespace qbench::store
