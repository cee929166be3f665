// baseline.json, the file that says what a pinned folder holds. Internal to harness/baseline.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/status.h"
#include "harness/baseline/pinned_baseline.h"

namespace qbench::baseline {

inline constexpr const char* kManifestFile = "baseline.json";

// Paths of files below the folder, as in the manifest.
std::string RelativePath(const Baseline& baseline, const std::filesystem::path& file);

Json ManifestOf(const Baseline& baseline);
// Without name, folder and hash, which are the caller's; paths are put below `folder`. kCorrupt,
// naming the key, where the text is no manifest, names a file outside of the folder or one that it
// does not list; kUnsupported where a newer qbench wrote it.
Result<Baseline> ParseManifest(const Json& json, const std::filesystem::path& folder);

}  // namespace qbench::baseline
