#include "harness/plan/model_files.h"

#include <algorithm>
#include <system_error>

#include "base/sha256.h"

namespace qbench::plan {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 10000;

}  // namespace

Result<ModelFiles> ModelFiles::Find(const fs::path& model) {
  ModelFiles found;
  found.model_ = model;
  std::error_code error;
  found.folder_ = fs::is_directory(model, error);
  if (!found.folder_) {
    found.files_.emplace_back(model, StateOf(model));
    // Where an ONNX model's weights are, if not in it: onnx_model.h.
    for (const char* suffix : {".data", "_data"}) {
      fs::path data = model;
      data += suffix;
      if (model.extension() != ".onnx" || !fs::is_regular_file(data, error)) continue;
      found.files_.emplace_back(data, StateOf(data));
    }
    return found;
  }
  fs::recursive_directory_iterator next(model, error);
  for (; !error && next != fs::recursive_directory_iterator(); next.increment(error)) {
    if (!next->is_regular_file(error)) continue;
    if (found.files_.size() == kMaxFiles) {
      return Error(StatusCode::kUnsupported, "{}: more than {} files: name the model's own folder",
                   model.string(), kMaxFiles);
    }
    found.files_.emplace_back(next->path(), StateOf(next->path()));
  }
  if (error) return Error(StatusCode::kIo, "cannot read {}: {}", model.string(), error.message());
  std::ranges::sort(found.files_, {}, &std::pair<fs::path, FileState>::first);
  return found;
}

Result<std::string> ModelFiles::Sha256() const {
  if (!folder_ && files_.size() == 1) return Sha256HexOfFile(model_);
  const fs::path base = folder_ ? model_ : model_.parent_path();
  qbench::Sha256 all;
  for (const auto& [path, state] : files_) {
    QB_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path));
    const std::string name = path.lexically_relative(base).string();
    all.Update(fmt::format("{} {}\n{}", name.size(), name, sha256));
  }
  return all.HexDigest();
}

bool ModelFiles::Unchanged() const {
  const Result<ModelFiles> now = Find(model_);
  return now.ok() && now->files_ == files_;
}

int64_t ModelFiles::bytes() const {
  int64_t bytes = 0;
  for (const auto& [path, state] : files_) bytes += state.size;
  return bytes;
}

}  // namespace qbench::plan
