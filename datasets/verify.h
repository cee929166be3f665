// `qbench dataset verify`: is a data set what its manifest says, whole, and without an image in two
// splits?
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/dataset.h"
#include "datasets/decode.h"

namespace qbench::datasets {

struct SplitReport {
  std::string name;
  std::string sha256;
  size_t images = 0;
  std::vector<size_t> images_of_label;
  std::map<std::string, size_t> sizes;  // "150x150" -> images
};

struct VerifyReport {
  std::vector<SplitReport> splits;
  std::vector<std::string> errors;    // content in two splits or classes, broken images, …
  std::vector<std::string> warnings;  // duplicates in a split, files that are not used
  bool ok() const { return errors.empty(); }
};

// Decodes every image. A finding is in the report; a Status is for a check that could not be made.
Result<VerifyReport> VerifyDataset(const Dataset& dataset, const DecodeOptions& options);

}  // namespace qbench::datasets
