#include "datasets/hash_cache.h"

#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/file_state.h"
#include "base/interrupt.h"
#include "base/last_use.h"
#include "base/sealed_json.h"
#include "base/sha256.h"
#include "datasets/file_names.h"

namespace qbench::datasets {
namespace {

constexpr int kVersion = 4;
// A file changed this recently may change again without a new time of change: it is not remembered.
constexpr int64_t kSettledNs = 2'000'000'000;

int64_t NowNs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace

HashCache::HashCache(std::filesystem::path file) : file_(std::move(file)) {
  if (!file_.empty()) Load();
}

// {"image_hashes": version, "files": [[escaped path, sha256, size, mtime, inode], …]}, sealed: a
// damaged entry would give an image, and with it a data set, another hash.
void HashCache::Load() {
  const Result<Json> content = ReadSealedJson(file_);
  if (!content.ok()) return;
  MarkUsed(file_);
  try {
    if (content->at("image_hashes") != kVersion) return;
    for (const Json& file : content->at("files")) {
      if (const auto name = UnescapeName(file.at(0).get<std::string>())) {
        entries_[*name] = {file.at(2).get<uint64_t>(), file.at(3).get<int64_t>(),
                           file.at(4).get<uint64_t>(), file.at(1).get<std::string>()};
      }
    }
  } catch (const Json::exception&) {
    entries_.clear();  // sealed, but not by this program
  }
}

Result<std::string> HashCache::Hash(const std::filesystem::path& file) {
  if (InterruptRequested()) return InterruptStatus("reading " + file.string());
  const FileState state = StateOf(file);
  if (state == FileState()) {
    return Error(errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIo, "cannot read {}: {}",
                 file.string(), std::generic_category().message(errno));
  }
  Entry entry{static_cast<uint64_t>(state.size), state.modified_ns, state.inode, {}};
  const auto known = entries_.find(file.string());
  if (known != entries_.end() && known->second.size == entry.size &&
      known->second.mtime_ns == entry.mtime_ns && known->second.inode == entry.inode) {
    return known->second.sha256;
  }
  ++misses_;
  QB_ASSIGN_OR_RETURN(entry.sha256, Sha256HexOfFile(file));
  std::string sha256 = entry.sha256;
  if (NowNs() - entry.mtime_ns > kSettledNs) entries_[file.string()] = std::move(entry);
  return sha256;
}

void HashCache::Save() {
  if (file_.empty() || misses_ == 0) return;
  std::error_code ignored;
  std::filesystem::create_directories(file_.parent_path(), ignored);
  Json files = Json::array();
  for (const auto& [path, entry] : entries_) {
    files.push_back({EscapeName(path), entry.sha256, entry.size, entry.mtime_ns, entry.inode});
  }
  [[maybe_unused]] const Status best_effort =
      WriteSealedJson(file_, {{"image_hashes", kVersion}, {"files", std::move(files)}});
}

}  // namespace qbench::datasets
