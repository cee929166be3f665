// manifest.toml, which describes a data set that qbench ships or has imported: its labels, terms,
// splits and checksums.
//
//   name = "scenes"
//   title = "Six classes of drawn scenes"
//   licence = "Apache-2.0"
//   source = "drawn by datasets/scenes/draw"
//   labels = ["buildings", "forest", "glacier", "mountain", "sea", "street"]
//   default_models = ["intel-cnn"]
//   [splits.test]                     # and train, calibration
//   path = "test"                     # below the manifest's folder
//   images = 600
//   sha256 = "<64 hexadecimal digits>"
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace qbench::datasets {

inline constexpr char kManifestName[] = "manifest.toml";

struct SplitManifest {
  std::string path;  // folder of the split, relative to the manifest's; holds one folder a class
  uint64_t images = 0;
  std::string sha256;  // SplitSha256 of its images (datasets/dataset.h)
};

struct Manifest {
  std::string name;
  std::string title;
  std::string licence;
  std::string source;
  std::vector<std::string> labels;  // their order is that of the label indices
  std::vector<std::string> default_models;
  std::map<std::string, SplitManifest> splits;  // "train", "calibration", "test"
};

// kNotFound, kIo, kCorrupt: not TOML, a key that is missing, of the wrong type or unknown, a label
// twice, or a split's folder outside of the manifest's. Each message names file and key.
Result<Manifest> ReadManifest(const std::filesystem::path& file);
Status WriteManifest(const std::filesystem::path& file, const Manifest& manifest);

}  // namespace qbench::datasets
