// `qbench dataset import intel PATH`: takes the Intel Image Classification set as Kaggle delivers
// it, as folder or zip, into the data home, where `--dataset intel` finds it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
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

// kUnsupported unless `name` is a data set that can be imported: "intel".
Status CheckImportName(std::string_view name);

// Copies into <data home>/datasets/intel/{train,calibration,test}, replacing an earlier import only
// when all has gone well. kNotFound or kInvalidArgument where the source is not the Intel set (the
// message says what is missing), kCorrupt for a zip that is damaged or hostile, kIo, kCancelled.
Result<ImportReport> ImportIntel(const ImportOptions& options);

}  // namespace qbench::datasets
