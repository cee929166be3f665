#include "harness/store/check_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "SQLiteCpp/Backup.h"
#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/one_line.h"
#include "harness/store/damaged_database.h"
#include "harness/store/migrations.h"
#include "harness/store/open_database.h"
#include "harness/store/row_check.h"
#include "harness/store/store.h"
#include "harness/store/store_errors.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;

constexpr int kMostFlawsOfAKind = 10;
constexpr size_t kLogHeaderBytes = 32;  // https://www.sqlite.org/fileformat2.html, section 4.1
constexpr size_t kFrameHeaderBytes = 24;

uint32_t BigEndian(ByteSpan bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

// The first bytes of a file; fewer where it is shorter.
Bytes Beginning(const fs::path& path, size_t count) {
  Bytes bytes(count);
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const ssize_t got = file.ok() ? pread(file.get(), bytes.data(), count, 0) : 0;
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

uint64_t SizeOf(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

class Check {
 public:
  explicit Check(const fs::path& path) : path_(path) {}

  Result<DatabaseCheck> Run() {
    QB_ASSIGN_OR_RETURN(DamagedDatabase database, DamagedDatabase::Open(path_));
    check_.version = database.version();
    check_.old = database.version() > 0 && database.version() < NewestVersion();
    check_.file_bytes = SizeOf(path_);
    check_.log_bytes = SizeOf(path_.string() + "-wal");
    CheckLength();
    CheckLog();
    if (database.is_new()) {
      check_.remarks.emplace_back("nothing was written to it yet");
      return check_;
    }
    if (database.schema_is_lost()) AddFlaw("its list of tables cannot be read");
    if (database.version() < 1) {
      check_.flaws.push_back(fmt::format("it says that it has version {}", database.version()));
    }
    Looked([&] { CheckIntegrity(database.connection()); });
    Looked([&] { CheckSchema(database.connection()); });
    for (const std::string& table : TableNames()) CountRows(database.connection(), table);
    Looked([&] { FindUnfinished(database.connection()); });
    if (check_.old ? check_.whole() : tables_are_there_) {
      Looked([&] { CheckValues(database.connection()); });
    }
    if (check_.whole() && !check_.old) CheckReading();
    if (InterruptRequested()) return InterruptStatus("checking " + path_.string());
    return check_;
  }

 private:
  // Calls look(); that it cannot be done is a flaw, unless the reason is not the file.
  template <typename Look>
  void Looked(Look&& look) {
    try {
      look();
    } catch (const SQLite::Exception& exception) {
      if (!IsFilesFault(exception)) throw;
      AddFlaw(exception.what());
    }
  }
  void AddFlaw(const std::string& flaw) {
    if (seen_.insert(flaw).second) check_.flaws.push_back(SafeLine(flaw));
  }

  // The header counts the pages. With a log the file may be shorter than it says for a while.
  void CheckLength() {
    const Bytes header = Beginning(path_, 100);
    if (header.empty() || check_.log_bytes > 0) return;
    if (header.size() < 100) {
      AddFlaw(fmt::format("the file is cut off: it has {} bytes", check_.file_bytes));
      return;
    }
    const ByteSpan bytes(header);
    const uint32_t stored = uint32_t{header[16]} << 8 | header[17];
    const uint64_t page = stored == 1 ? 65536 : stored;
    const bool counted = BigEndian(bytes.subspan(24)) == BigEndian(bytes.subspan(92));
    const uint64_t wanted = page * BigEndian(bytes.subspan(28));
    if (counted && check_.file_bytes < wanted) {
      AddFlaw(fmt::format("the file is cut off: it has {} of {} bytes", check_.file_bytes, wanted));
    }
  }

  // What is behind the last whole commit does not count, and that is right for what was being
  // written when a process was killed.
  void CheckLog() {
    if (check_.log_bytes == 0) return;
    const std::string log = path_.string() + "-wal";
    const Bytes header = Beginning(log, kLogHeaderBytes);
    const bool sound =
        header.size() == kLogHeaderBytes && (BigEndian(header) >> 1) == 0x377f0682U >> 1;
    if (!sound) {
      AddFlaw(
          fmt::format("the beginning of its log '{}' is lost, and with it what the log held", log));
      return;
    }
    const uint64_t frame = kFrameHeaderBytes + BigEndian(ByteSpan(header).subspan(8));
    if ((check_.log_bytes - kLogHeaderBytes) % frame != 0) {
      check_.remarks.push_back(fmt::format(
          "its log '{}' ends in the midst of a page: what was being written then does not count",
          log));
    }
  }

  void CheckIntegrity(SQLite::Database& database) {
    SQLite::Statement lines(database, fmt::format("PRAGMA integrity_check({})", kMostFlawsOfAKind));
    while (lines.executeStep()) {
      const std::string line = lines.getColumn(0).getString();
      if (line != "ok") AddFlaw(line);
    }
  }

  // The tables and columns that a database of this version has.
  void CheckSchema(SQLite::Database& database) {
    if (check_.version < 1) return;
    SQLite::Database wanted(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    Migrate(wanted, Migrations().first(static_cast<size_t>(check_.version)));
    const auto there = SchemaOf(database);
    for (const auto& [name, columns] : SchemaOf(wanted)) {
      const auto found = there.find(name);
      if (found == there.end()) {
        AddFlaw(fmt::format("{} is missing", name));
        if (!columns.empty()) tables_are_there_ = false;
        continue;
      }
      for (const std::string& column : columns) {
        if (found->second.contains(column)) continue;
        tables_are_there_ = false;
        AddFlaw(fmt::format("{} has no column {}", name, column));
      }
    }
  }

  // Of tables their columns; indexes and triggers by their names.
  static std::map<std::string, std::set<std::string>> SchemaOf(SQLite::Database& database) {
    std::map<std::string, std::set<std::string>> schema;
    SQLite::Statement all(database, "SELECT type, name FROM sqlite_schema");
    while (all.executeStep()) {
      const std::string type = all.getColumn(0).getString();
      const std::string name = all.getColumn(1).getString();
      std::set<std::string>& columns = schema[type + " " + name];
      if (type == "table") columns = ColumnsOf(database, name);
    }
    return schema;
  }

  void CountRows(SQLite::Database& database, const std::string& table) {
    DatabaseCheck::Table counted{table, -1};
    if (ColumnsOf(database, table).empty()) return;  // an old database has it not, or it is a flaw
    Looked([&] {
      counted.rows =
          database.execAndGet("SELECT COUNT(*) FROM " + table + " NOT INDEXED").getInt64();
    });
    check_.tables.push_back(std::move(counted));
  }

  void FindUnfinished(SQLite::Database& database) {
    SQLite::Statement runs(database, "SELECT id FROM runs WHERE finished_at IS NULL ORDER BY id");
    while (runs.executeStep()) check_.unfinished.push_back(runs.getColumn(0).getInt64());
  }

  // As reports read them: rows of an old database after migrating a copy.
  void CheckValues(SQLite::Database& database) {
    if (!check_.old) return CheckValuesOf(database);
    Result<TempDir> folder = TempDir::Create("qbench-check");
    if (!folder.ok()) throw NoRoom{folder.status()};
    SQLite::Database migrated((folder->path() / "copy.sqlite").string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    SQLite::Backup(migrated, database).executeStep();
    Migrate(migrated, Migrations());
    CheckValuesOf(migrated);
  }

  void CheckValuesOf(SQLite::Database& database) {
    std::map<std::string, int> told;
    CheckRows(database, [&](const RowFault& fault) {
      int& count = told[fault.table];
      if (++count > kMostFlawsOfAKind) return;
      AddFlaw(fmt::format("{}, row {}: {}", fault.table, fault.where, fault.what));
    });
    for (const auto& [table, count] : told) {
      if (count <= kMostFlawsOfAKind) continue;
      AddFlaw(fmt::format("{}: {} more rows", table, count - kMostFlawsOfAKind));
    }
  }

  // In the end, as a report does it.
  void CheckReading() {
    Result<Store> store = Store::Open(path_, OpenMode::kReadOnly);
    if (!store.ok()) return AddFlaw(store.status().message());
    const Result<std::vector<store::Run>> runs = store->Runs();
    if (!runs.ok()) return AddFlaw(runs.status().message());
    for (const store::Run& run : *runs) {
      const Result<RunData> data = store->LoadRun(run.id);
      if (!data.ok()) AddFlaw(data.status().message());
    }
  }

  const fs::path& path_;
  DatabaseCheck check_;
  bool tables_are_there_ = true;  // with their columns
  std::set<std::string> seen_;
};

}  // namespace

Result<DatabaseCheck> CheckDatabase(const fs::path& path) {
  return Guarded(path, [&]() -> Result<DatabaseCheck> {
    try {
      return Check(path).Run();
    } catch (const NoRoom& no_room) {
      return no_room.status;
    }
  });
}

}  // namespace qbench::store
