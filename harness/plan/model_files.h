// The files that a model is made of: one, with those of an ONNX model's weights beside it, or those
// of a SavedModel's folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file_state.h"
#include "base/status.h"

namespace qbench::plan {

class ModelFiles {
 public:
  // A folder's regular files at any depth, by their paths. kIo; kUnsupported where there are more
  // files than any model has.
  static Result<ModelFiles> Find(const std::filesystem::path& model);

  // Of a file alone its own; else that of its files' names and hashes. The errors of
  // Sha256HexOfFile.
  Result<std::string> Sha256() const;
  // No file has come, gone or changed since Find.
  bool Unchanged() const;
  int64_t bytes() const;  // of all together

 private:
  std::filesystem::path model_;
  bool folder_ = false;
  std::vector<std::pair<std::filesystem::path, FileState>> files_;
};

}  // namespace qbench::plan
