// Whether the rows of a database are such as our readers take. Internal to the store.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"

namespace qbench::store {

// A row that no reader takes, or that belongs to what is not there.
struct RowFault {
  std::string table;
  std::string where;  // "id = 5": SQL that finds it
  std::string what;   // "column status holds "splendid""
};

// Calls fault(row) for each such row of a database of the current version. A row that is wrong in
// two ways is told twice. Throws SQLite::Exception where the file cannot be read.
void CheckRows(SQLite::Database& database, const std::function<void(const RowFault&)>& fault);

// The tables of a database of the current version, each behind those that it refers to.
const std::vector<std::string>& TableNames();

}  // namespace qbench::store
