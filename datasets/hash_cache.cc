#include "datasets/hash_cache.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <sstream>
#include <system_error>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/sha256.h"
#include "datasets/file_names.h"

namespace qbench::datasets {
namespace {

constexpr char kFirstWords[] = "qbench image hashes 3 ";
// A file changed this recently may change again without a new time of change: it is not remembered.
constexpr int64_t kSettledNs = 2'000'000'000;

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t NowNs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace

HashCache::HashCache(std::filesystem::path file) : file_(std::move(file)) {
  if (!file_.empty()) Load();
}

// kFirstWords with the SHA-256 of what follows, without which a damaged line would give an image,
// and with it a data set, another hash; then one line a file: "<sha256> <size> <mtime> <inode>
// <escaped path>".
void HashCache::Load() {
  const Result<std::string> text = ReadTextFile(file_);
  if (!text.ok()) return;
  const std::string_view all = *text;
  const size_t end = all.find('\n');
  if (end == std::string_view::npos) return;
  const std::string_view rest = all.substr(end + 1);
  if (all.substr(0, end) != kFirstWords + Sha256Hex(rest)) return;
  std::istringstream lines{std::string(rest)};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Entry entry;
    std::string path;
    fields >> entry.sha256 >> entry.size >> entry.mtime_ns >> entry.inode;
    fields.get();
    if (!std::getline(fields, path) || entry.sha256.size() != 64) continue;
    if (const auto name = UnescapeName(path); name.has_value()) entries_[*name] = entry;
  }
}

Result<std::string> HashCache::Hash(const std::filesystem::path& file) {
  if (InterruptRequested()) return InterruptStatus("reading " + file.string());
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) {
    return Error(errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIo, "cannot read {}: {}",
                 file.string(), std::generic_category().message(errno));
  }
  Entry entry{static_cast<uint64_t>(info.st_size), Nanoseconds(info.st_mtim), info.st_ino, {}};
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
  std::string text;
  for (const auto& [path, entry] : entries_) {
    text += fmt::format("{} {} {} {} {}\n", entry.sha256, entry.size, entry.mtime_ns, entry.inode,
                        EscapeName(path));
  }
  text.insert(0, fmt::format("{}{}\n", kFirstWords, Sha256Hex(text)));
  [[maybe_unused]] const Status best_effort = WriteFileAtomically(file_, text);
}

}  // namespace qbench::datasets
