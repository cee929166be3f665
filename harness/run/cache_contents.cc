#include "harness/run/cache_contents.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "base/interrupt.h"
#include "base/last_use.h"

namespace qbench::run {
namespace {

namespace fs = std::filesystem;

struct KindInfo {
  CacheKind kind;
  const char* folder;
  // Of an entry that is a folder, the file that makes it whole, which is marked as used; else null.
  const char* seal;
  std::string_view ending;  // of an entry that is a file
};

constexpr std::array<KindInfo, 4> kKinds = {{
    {CacheKind::kArtifact, "artifacts", "result.json", ""},
    {CacheKind::kImport, "imports", "import.json", ""},
    {CacheKind::kTensors, "tensors", nullptr, ".tensors"},
    {CacheKind::kHashes, "hashes", nullptr, ".json"},
}};

const KindInfo& InfoOf(CacheKind kind) { return *std::ranges::find(kKinds, kind, &KindInfo::kind); }

uint64_t BytesIn(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !entry->is_symlink(ignored)) {
      bytes += entry->file_size(ignored);
    }
  }
  return bytes;
}

std::optional<CacheEntry> EntryAt(const KindInfo& kind, const fs::directory_entry& found) {
  std::error_code error;
  if (found.is_symlink(error)) return std::nullopt;
  CacheEntry entry{.kind = kind.kind, .path = found.path()};
  fs::path marked = found.path();
  if (kind.seal != nullptr) {
    if (!found.is_directory(error)) return std::nullopt;
    entry.bytes = BytesIn(found.path());
    // Without it the entry is one that is being made, or that was not finished.
    if (fs::exists(found.path() / kind.seal, error)) marked = found.path() / kind.seal;
  } else {
    if (!found.is_regular_file(error) || found.path().extension() != kind.ending) {
      return std::nullopt;
    }
    entry.bytes = found.file_size(error);
  }
  const auto last_use = LastUse(marked);
  if (!last_use) return std::nullopt;  // gone meanwhile
  entry.last_use = *last_use;
  return entry;
}

}  // namespace

const char* FolderOf(CacheKind kind) { return InfoOf(kind).folder; }

Result<std::vector<CacheEntry>> ListCache(const fs::path& cache) {
  std::vector<CacheEntry> entries;
  for (const KindInfo& kind : kKinds) {
    const fs::path folder = cache / kind.folder;
    std::error_code error;
    if (!fs::exists(folder, error)) continue;
    for (fs::directory_iterator found(folder, error), end; !error && found != end;
         found.increment(error)) {
      if (InterruptRequested()) return InterruptStatus("reading the cache");
      if (auto entry = EntryAt(kind, *found)) entries.push_back(std::move(*entry));
    }
    if (error) {
      return Error(StatusCode::kIo, "cannot read {}: {}; name another folder with --cache",
                   folder.string(), error.message());
    }
  }
  std::ranges::stable_sort(entries, {}, &CacheEntry::last_use);
  return entries;
}

std::vector<size_t> ChooseForRemoval(const std::vector<CacheEntry>& entries,
                                     const CleaningRules& rules,
                                     std::chrono::system_clock::time_point now) {
  uint64_t kept = 0;
  for (const CacheEntry& entry : entries) kept += entry.bytes;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto unused = now - entries[i].last_use;
    if (unused < kSurelyUnused) continue;
    const bool too_old = rules.older && unused > *rules.older;
    const bool too_much = rules.max_bytes && kept > *rules.max_bytes;
    if (!too_old && !too_much) continue;
    chosen.push_back(i);
    kept -= entries[i].bytes;
  }
  return chosen;
}

Status RemoveEntry(const CacheEntry& entry) {
  std::error_code error;
  const KindInfo& kind = InfoOf(entry.kind);
  if (kind.seal != nullptr) fs::remove(entry.path / kind.seal, error);
  if (!error) fs::remove_all(entry.path, error);
  if (!error) return OkStatus();
  return Error(StatusCode::kIo, "cannot remove {}: {}; look at its rights", entry.path.string(),
               error.message());
}

}  // namespace qbench::run
