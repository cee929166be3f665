// Real models beside the source tree, which tests use where they are there: the folder named by the
// environment variable QBENCH_SHARED, or ../shared.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

namespace qbench::graph {

inline std::filesystem::path SharedDir() {
  const char* set = std::getenv("QBENCH_SHARED");
  if (set != nullptr && *set != '\0') return set;
  return std::filesystem::path(QBENCH_SOURCE_DIR) / ".." / "shared";
}

// The .tflite files of the peers in the order of their names; empty where there are none.
inline std::vector<std::filesystem::path> PeerTfliteFiles(std::string_view name_begins = "") {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(SharedDir() / "peers", error)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".tflite" && path.filename().string().starts_with(name_begins)) {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  return files;
}

inline constexpr char kNoPeers[] =
    "no peers' models: set QBENCH_SHARED to the folder that holds peers/";

}  // namespace qbench::graph
