// What the cache folder holds, and what of it can go. Everything in it can be made again; losing it
// costs time alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/status.h"

namespace qbench::run {

enum class CacheKind {
  kArtifact,  // artifacts/<key>: what a quantizer made (ArtifactCache)
  kImport,    // imports/<key>: a model as a float .tflite file (plan::LoadModel)
  kTensors,   // tensors/<key>.tensors: decoded and resized images (datasets::TensorCache)
  kHashes,    // hashes/<key>.json: the hashes of a data set's files (datasets/hash_cache.h)
};
// "artifacts", "imports", "tensors", "hashes": the folder of such entries.
const char* FolderOf(CacheKind kind);

// A file or folder of the cache that is kept or removed as a whole.
struct CacheEntry {
  CacheKind kind = CacheKind::kArtifact;
  std::filesystem::path path = {};
  uint64_t bytes = 0;  // of all its files
  std::chrono::system_clock::time_point last_use = {};
};

// The entries of the cache, the one that was used longest ago first; none where there is no such
// folder. Links are passed over, and so is what qbench did not put there. kIo: it cannot be read.
Result<std::vector<CacheEntry>> ListCache(const std::filesystem::path& cache);

struct CleaningRules {
  std::optional<std::chrono::seconds> older = {};  // used longer ago than that: goes
  std::optional<uint64_t> max_bytes = {};  // of the rest, the oldest go until so much is left
};

// What was used within this time may be in use now, and stays whatever the rules are.
inline constexpr std::chrono::hours kSurelyUnused{24};

// The indices of the entries that go under the rules. `entries` as ListCache returns them. Pure.
std::vector<size_t> ChooseForRemoval(const std::vector<CacheEntry>& entries,
                                     const CleaningRules& rules,
                                     std::chrono::system_clock::time_point now);

// Removes an entry so that one that is removed in part (a crash, a lack of rights) is not taken for
// whole. kIo.
Status RemoveEntry(const CacheEntry& entry);

}  // namespace qbench::run
