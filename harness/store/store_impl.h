// What a Store holds, for the files that its member functions are in. Internal to the store.
#pragma once

#include <filesystem>

#include "base/file_state.h"
#include "harness/store/open_database.h"
#include "harness/store/sql_fields.h"
#include "harness/store/store.h"
#include "harness/store/store_errors.h"

namespace qbench::store {

// kNotFound, with the number of the newest.
Status NoSuchRun(SQLite::Database& database, const std::filesystem::path& path, int64_t run_id);

// The images of a split, in their order.
std::vector<Image> SelectImages(SQLite::Database& database, int64_t split_id);
// The split with its images that is stored already, or the one that is now.
int64_t UpsertSplit(SQLite::Database& database, const DatasetSplit& split);

struct Store::Impl {
  std::filesystem::path path;
  OpenedDatabase opened;
  FileState identity;
  Status lost = OkStatus();  // why the file is no longer the one that was opened

  SQLite::Database& database() { return *opened.connection; }

  // That what is written is where the user will look for it. Else all that this process can still
  // read of the database is saved beside it: SQLite has the file open, whatever its name is now.
  Status CheckInPlace();

  // Runs body(database) as one transaction and returns its Result or Status; anything but OK rolls
  // back.
  template <typename Body>
  auto Write(Body&& body) {
    return Guarded(path, [&] {
      using Answer = decltype(body(database()));
      if (const Status before = CheckInPlace(); !before.ok()) return Answer(before);
      SQLite::Transaction transaction(database(), SQLite::TransactionBehavior::IMMEDIATE);
      Answer answer = body(database());
      if (!answer.ok()) return answer;
      transaction.commit();
      if (const Status after = CheckInPlace(); !after.ok()) return Answer(after);
      return answer;
    });
  }

  // Runs body(database) on one consistent state of the database.
  template <typename Body>
  auto Read(Body&& body) {
    return Guarded(path, [&] {
      SQLite::Transaction snapshot(database());
      return body(database());
    });
  }

  template <typename Record>
  Result<int64_t> Upsert(const Record& record) {
    return Write([&](SQLite::Database& database) -> Result<int64_t> {
      if (const auto id = FindEqual(database, record)) return *id;
      return Insert(database, record);
    });
  }

  Status Commit(const Measurement& measurement, const CellOutcome* outcome);
};

}  // namespace qbench::store
