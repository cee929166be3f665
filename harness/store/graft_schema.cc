#include "harness/store/graft_schema.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/file_descriptor.h"
#include "harness/store/migrations.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;

// The numbers below are those of https://www.sqlite.org/fileformat2.html, sections 1.3 and 1.6.
constexpr size_t kPage = 4096;  // SQLite's default, which we never change
constexpr size_t kHeader = 100;
constexpr uint8_t kTableInterior = 5;
constexpr uint8_t kTableLeaf = 13;
constexpr uint8_t kIndexInterior = 2;
constexpr uint8_t kIndexLeaf = 10;
constexpr int kFewestRoots = 5;  // that must be as they should be

uint32_t Number(ByteSpan bytes, size_t offset, size_t count) {
  uint32_t number = 0;
  for (size_t i = 0; i < count; ++i) number = number << 8 | bytes[offset + i];
  return number;
}

void PutNumber(Bytes& bytes, size_t offset, uint32_t number) {
  for (size_t i = 0; i < 4; ++i) bytes[offset + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
}

ByteSpan PageOf(ByteSpan file, uint32_t page) { return file.subspan((page - 1) * kPage, kPage); }

// The pages of the tree that begins at `page`, of a sound file.
void CollectPages(ByteSpan file, uint32_t page, std::set<uint32_t>& pages) {
  pages.insert(page);
  const ByteSpan bytes = PageOf(file, page);
  const size_t at = page == 1 ? kHeader : 0;
  if (bytes[at] != kTableInterior) return;
  for (uint32_t cell = 0; cell < Number(bytes, at + 3, 2); ++cell) {
    const uint32_t offset = Number(bytes, at + 12 + 2 * cell, 2);
    CollectPages(file, Number(bytes, offset, 4), pages);
  }
  CollectPages(file, Number(bytes, at + 8, 4), pages);
}

// A new database: its file, and where its tables and indexes begin.
struct NewDatabase {
  Bytes file;
  std::map<std::string, int64_t> roots;
};

Result<NewDatabase> MakeNew(const fs::path& path, int version) {
  NewDatabase made;
  {
    SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    Migrate(database, Migrations().first(static_cast<size_t>(version)));
    SQLite::Statement all(database, "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0");
    while (all.executeStep()) {
      made.roots[all.getColumn(0).getString()] = all.getColumn(1).getInt64();
    }
  }
  QB_ASSIGN_OR_RETURN(made.file, ReadFile(path));
  return made;
}

// Whether the file's pages may be those of a database with these beginnings.
bool IsLaidOutLike(const FileDescriptor& file, const NewDatabase& made,
                   const std::map<std::string, int64_t>& known) {
  for (const auto& [name, root] : known) {
    const auto found = made.roots.find(name);
    if (found == made.roots.end() || found->second != root) return false;
  }
  int right = 0;
  for (const auto& [name, root] : made.roots) {
    uint8_t there = 0;
    const auto page = static_cast<uint32_t>(root);
    if (pread(file.get(), &there, 1, static_cast<off_t>((page - 1) * kPage)) != 1) continue;
    const bool is_table = there == kTableLeaf || there == kTableInterior;
    const bool is_index = there == kIndexLeaf || there == kIndexInterior;
    if (!is_table && !is_index) continue;  // damaged
    if (is_table != (PageOf(made.file, page)[0] == kTableLeaf)) return false;
    ++right;
  }
  return right >= kFewestRoots;
}

// The first page of a new database, for a file of so many bytes.
Bytes FirstPage(const NewDatabase& made, uint64_t file_bytes, bool with_log) {
  const ByteSpan page = PageOf(made.file, 1);
  Bytes first(page.begin(), page.end());
  first[18] = first[19] = with_log ? 2 : 1;
  PutNumber(first, 28, static_cast<uint32_t>(file_bytes / kPage));
  PutNumber(first, 32, 0);  // no page is free
  PutNumber(first, 36, 0);
  PutNumber(first, 92, Number(page, 24, 4));  // the count of pages holds
  return first;
}

Status WritePages(const fs::path& path, const NewDatabase& made, bool with_log) {
  const FileDescriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.ok()) return WriteError(path.string(), errno);
  std::set<uint32_t> pages;
  CollectPages(made.file, 1, pages);
  uint64_t file_bytes = fs::file_size(path) / kPage * kPage;
  file_bytes = std::max(file_bytes, uint64_t{*pages.rbegin()} * kPage);
  for (const uint32_t page : pages) {
    const Bytes first = FirstPage(made, file_bytes, with_log);
    const int error = WriteAllAt(file.get(), page == 1 ? ByteSpan(first) : PageOf(made.file, page),
                                 uint64_t{page - 1} * kPage);
    if (error != 0) return WriteError(path.string(), error);
  }
  return OkStatus();
}

}  // namespace

Result<std::optional<GraftedCopy>> GraftSchema(const fs::path& path, int version,
                                               const std::map<std::string, int64_t>& known) {
  QB_ASSIGN_OR_RETURN(TempDir folder, TempDir::Create("qbench-check"));
  QB_ASSIGN_OR_RETURN(const NewDatabase made, MakeNew(folder.path() / "new.sqlite", version));
  {
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.ok() || !IsLaidOutLike(file, made, known)) return std::optional<GraftedCopy>();
  }
  const fs::path copy = folder.path() / "copy.sqlite";
  const fs::path log = path.string() + "-wal";
  std::error_code error;
  fs::copy_file(path, copy, error);
  const bool with_log = !error && fs::exists(log) && fs::file_size(log) > 0;
  if (with_log) fs::copy_file(log, copy.string() + "-wal", error);
  if (error) return WriteError(copy.string(), error.value());
  fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, error);
  QB_RETURN_IF_ERROR(WritePages(copy, made, with_log));
  return std::optional(GraftedCopy{std::move(folder), copy});
}

}  // namespace qbench::store
