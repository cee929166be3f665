// The data sets that can be imported, and what every import takes and gives.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "datasets/dataset.h"
#include "datasets/decode.h"
#include "datasets/manifest.h"

namespace qbench::datasets {

// What happens now ("extract", "hash", "decode", "copy"), and how far it is; total may be 0 where
// it is not known. Returns false to cancel.
using ImportProgress = std::function<bool(std::string_view stage, size_t done, size_t total)>;

struct ImportOptions {
  std::filesystem::path source;     // folder or zip
  std::filesystem::path data_home;  // base/paths.h
  DecodeOptions decode;             // its progress is not used
  ImportProgress progress;
};

struct ImportReport {
  struct OddSize {
    std::string path;
    int width;
    int height;
  };
  struct Broken {
    std::string path;
    std::string reason;
  };
  std::filesystem::path folder;  // where it is now
  Manifest manifest;
  // split -> label -> images
  std::map<std::string, std::map<std::string, size_t>> counts;
  std::vector<OddSize> odd_sized;               // kept; not 150x150
  std::vector<Broken> broken;                   // left out
  std::vector<std::string> dropped_from_train;  // their content is in test too
  std::vector<std::string> duplicates;          // kept; the content of an earlier one of its split
  std::vector<std::string> notes;               // counts that differ from the full set, …
};

// A data set that can be imported, and the function that does it.
struct DatasetImporter {
  ImportableDataset dataset;
  // Copies the images into <data home>/datasets/<name>. Errors are the function's own.
  Result<ImportReport> (*import)(const ImportOptions& options);
};

// All there are. They live as long as the program.
std::span<const DatasetImporter> DatasetImporters();
// Null where there is none for a data set of this name.
const DatasetImporter* FindImporter(std::string_view name);
// For SearchPath::importable.
std::vector<ImportableDataset> ImportableDatasets();

}  // namespace qbench::datasets
