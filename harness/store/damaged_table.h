// Reading the rows of a table whose file is damaged, as many as there still are. Internal to the
// store.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "SQLiteCpp/SQLiteCpp.h"

namespace qbench::store {

// What could not be read.
struct UnreadRows {
  int64_t rows = 0;
  bool and_more = false;  // nobody knows how many were behind them
};

// Which rows are looked for: those for which `condition` holds, in the order of `key`, a column of
// whole numbers by which, together with the condition, the table itself is ordered.
struct RowRange {
  std::string table;
  std::string columns;    // "id, name", quoted where they must be
  std::string key;        // "id"
  std::string condition;  // "split_id = 3"; may be empty
};

// Calls visit(row) for each row that can be read; the row has the key and then the range's columns.
// Reads on from
// the beginning to where the file is damaged, from the end back to there, and key by key in
// between; keys that only an index still knows count as unread, and so does each key in between
// whose page cannot be read. Throws SQLite::Exception where the reason is not the file (memory, a
// lock, the user's wish to stop), and what `visit` throws, which must be something else.
UnreadRows ReadAround(SQLite::Database& database, const RowRange& range,
                      const std::function<void(SQLite::Statement& row)>& visit);

}  // namespace qbench::store
