// Copying what can still be read of a database into a new one.
#include <sqlite3.h>

#include <algorithm>
#include <map>

#include "base/interrupt.h"
#include "fmt/ranges.h"
#include "harness/store/check_database.h"
#include "harness/store/damaged_database.h"
#include "harness/store/damaged_table.h"
#include "harness/store/interruptible.h"
#include "harness/store/migrations.h"
#include "harness/store/new_database.h"
#include "harness/store/row_check.h"
#include "harness/store/store_errors.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHint = "with --save";

// What went wrong with the new database; of the other one exceptions are SQLite's.
struct WriteFailure {
  SQLite::Exception exception;
};

template <typename Body>
auto Writing(Body&& body) {
  try {
    return body();
  } catch (const SQLite::Exception& exception) {
    throw WriteFailure{exception};
  }
}

void BindColumn(SQLite::Statement& statement, int index, const SQLite::Column& value) {
  if (value.isInteger()) {
    statement.bind(index, value.getInt64());
  } else if (value.isFloat()) {
    statement.bind(index, value.getDouble());
  } else if (value.isText()) {
    statement.bind(index, value.getString());
  } else if (value.isBlob()) {
    statement.bind(index, value.getBlob(), value.getBytes());
  } else {
    statement.bind(index);
  }
}

// A row that the new table's constraints refuse is left out.
void InsertRow(SQLite::Statement& insert, SQLite::Statement& row, int columns) {
  Writing([&] {
    insert.tryReset();
    for (int i = 0; i < columns; ++i) BindColumn(insert, i + 1, row.getColumn(i + 1));
    try {
      insert.exec();
    } catch (const SQLite::Exception& exception) {
      const int code = exception.getErrorCode();
      if (code != SQLITE_CONSTRAINT && code != SQLITE_MISMATCH) throw;
    }
  });
}

class Saver {
 public:
  Saver(SQLite::Database& damaged, SQLite::Database& saved) : damaged_(damaged), saved_(saved) {}

  std::vector<SavedTable> Save(int version) {
    Writing([&] { Migrate(saved_, Migrations().first(static_cast<size_t>(version))); });
    Writing([&] { saved_.exec("BEGIN"); });
    for (const std::string& table : TableNames()) {
      // Of the tables that a database of this version has.
      if (!ColumnsOf(saved_, table).empty()) CopyTable(table);
    }
    Writing([&] {
      saved_.exec("COMMIT");
      Migrate(saved_, Migrations());
      RemoveUnsound();
    });
    std::vector<SavedTable> tables;
    for (const std::string& table : TableNames()) {
      SavedTable& counts = tables.emplace_back(counts_[table]);
      counts.name = table;
      counts.saved =
          Writing([&] { return saved_.execAndGet("SELECT COUNT(*) FROM " + table).getInt64(); });
      counts.lost += read_[table] - counts.saved;
    }
    // Whose images are not looked for any more.
    const bool splits_lost = std::ranges::any_of(tables, [](const SavedTable& table) {
      return table.name == "dataset_splits" && (table.lost > 0 || table.and_more);
    });
    for (SavedTable& table : tables) {
      if (table.name == "images") table.and_more = table.and_more || splits_lost;
    }
    return tables;
  }

 private:
  void CopyTable(const std::string& table) {
    const std::set<std::string> there = ColumnsOf(damaged_, table);
    std::vector<std::string> columns;
    for (const std::string& column : ColumnsOf(saved_, table)) {
      if (there.contains(column)) columns.push_back(column);
    }
    if (columns.empty()) {
      counts_[table].and_more = true;
      return;
    }
    const std::string names = fmt::format("{}", fmt::join(columns, ", "));
    std::string parameters = "?";
    for (size_t i = 1; i < columns.size(); ++i) parameters += ", ?";
    auto insert = Writing([&] {
      return SQLite::Statement(
          saved_, fmt::format("INSERT INTO {} ({}) VALUES ({})", table, names, parameters));
    });
    const auto copy = [&](const RowRange& range) {
      const UnreadRows unread = ReadAround(damaged_, range, [&](SQLite::Statement& row) {
        ++read_[table];
        InsertRow(insert, row, static_cast<int>(columns.size()));
      });
      counts_[table].lost += unread.rows;
      counts_[table].and_more |= unread.and_more;
    };
    if (table != "images") return copy({table, names, "id", ""});
    // Ordered by split first.
    for (const int64_t split : SavedSplits()) {
      copy({table, names, "position", fmt::format("split_id = {}", split)});
    }
  }

  std::vector<int64_t> SavedSplits() {
    return Writing([&] {
      std::vector<int64_t> ids;
      SQLite::Statement rows(saved_, "SELECT id FROM dataset_splits ORDER BY id");
      while (rows.executeStep()) ids.push_back(rows.getColumn(0).getInt64());
      return ids;
    });
  }

  // Rows that no reader would take; then those that referred to them, and so on.
  void RemoveUnsound() {
    saved_.exec("PRAGMA foreign_keys = OFF");
    saved_.exec("BEGIN");
    for (bool removed = true; removed;) {
      removed = false;
      std::vector<RowFault> faults;
      CheckRows(saved_, [&](const RowFault& fault) { faults.push_back(fault); });
      for (const RowFault& fault : faults) {
        removed |= saved_.exec("DELETE FROM " + fault.table + " WHERE " + fault.where) > 0;
      }
    }
    saved_.exec("COMMIT");
  }

  SQLite::Database& damaged_;
  SQLite::Database& saved_;
  std::map<std::string, SavedTable> counts_;
  std::map<std::string, int64_t> read_;  // rows that were read
};

// Holds what was written against the same rules as any database.
Status CheckSaved(const fs::path& path) {
  QB_ASSIGN_OR_RETURN(const DatabaseCheck check, CheckDatabase(path));
  if (check.whole()) return OkStatus();
  return Error(StatusCode::kInternal, "what was saved is not whole: {}", check.flaws[0]);
}

}  // namespace

Result<std::vector<SavedTable>> SaveDatabase(const fs::path& path, const fs::path& destination) {
  QB_RETURN_IF_ERROR(CheckIsNew(destination, kHint));
  try {
    return Guarded(path, [&]() -> Result<std::vector<SavedTable>> {
      QB_ASSIGN_OR_RETURN(DamagedDatabase damaged, DamagedDatabase::Open(path));
      if (damaged.is_new()) {
        return Error(StatusCode::kInvalidArgument,
                     "nothing was written to '{}' yet: there is "
                     "nothing to save",
                     path.string());
      }
      const NewDatabase unfinished(destination);
      std::vector<SavedTable> tables;
      {
        auto saved = Writing([&] {
          return SQLite::Database(unfinished.path().string(),
                                  SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        });
        StopWhenAsked(saved);
        const bool known = damaged.version() >= 1 && damaged.version() <= NewestVersion();
        tables =
            Saver(damaged.connection(), saved).Save(known ? damaged.version() : NewestVersion());
      }
      if (InterruptRequested()) return InterruptStatus("saving " + path.string());
      QB_RETURN_IF_ERROR(CheckSaved(unfinished.path()));
      QB_RETURN_IF_ERROR(unfinished.Finish(kHint));
      return tables;
    });
  } catch (const WriteFailure& failure) {
    return FromSqlite(destination, failure.exception);
  }
}

}  // namespace qbench::store
