// Giving back what is free in a database's file.
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "harness/store/interruptible.h"
#include "harness/store/store_impl.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;

uint64_t BytesOf(const fs::path& file) {
  std::error_code none;
  const uintmax_t bytes = fs::file_size(file, none);
  return none ? 0 : bytes;
}

uint64_t BytesWithLog(const fs::path& path) {
  return BytesOf(path) + BytesOf(path.string() + "-wal");
}

// Where SQLite makes the copy: https://www.sqlite.org/tempfiles.html, section 5.
fs::path CopyFolder() {
  const std::array<const char*, 5> folders = {std::getenv("SQLITE_TMPDIR"), std::getenv("TMPDIR"),
                                              "/var/tmp", "/usr/tmp", "/tmp"};
  for (const char* name : folders) {
    if (name != nullptr && *name != '\0' && access(name, W_OK | X_OK) == 0) return name;
  }
  return ".";
}

// Takes the log over into the file; false where somebody reads the database and keeps it.
bool EmptyLog(SQLite::Database& database) {
  return database.execAndGet("PRAGMA wal_checkpoint(TRUNCATE)").getInt() == 0;
}

class Stoppable {
 public:
  explicit Stoppable(SQLite::Database& database) : database_(database) { StopWhenAsked(database); }
  ~Stoppable() { StopNoMore(database_); }
  Stoppable(const Stoppable&) = delete;
  Stoppable& operator=(const Stoppable&) = delete;

 private:
  SQLite::Database& database_;
};

}  // namespace

Result<Vacuumed> Store::Vacuum(const RoomCheck& room) {
  return Guarded(path(), [&]() -> Result<Vacuumed> {
    QB_RETURN_IF_ERROR(impl_->CheckInPlace());
    SQLite::Database& database = impl_->database();
    const Stoppable stoppable(database);
    Vacuumed result;
    result.bytes_before = BytesWithLog(path());
    const auto number = [&](const char* pragma) {
      return static_cast<uint64_t>(database.execAndGet(pragma).getInt64());
    };
    const uint64_t used = (number("PRAGMA page_count") - number("PRAGMA freelist_count")) *
                          number("PRAGMA page_size");
    if (room) {
      QB_RETURN_IF_ERROR(room({{"the database's log", path(), used, used},
                               {"temporary files", CopyFolder(), used, used}}));
    }
    database.exec("VACUUM");
    result.is_read = !EmptyLog(database);
    result.bytes_after = BytesWithLog(path());
    QB_RETURN_IF_ERROR(impl_->CheckInPlace());
    return result;
  });
}

}  // namespace qbench::store
