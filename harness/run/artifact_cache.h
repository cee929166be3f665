// A cache of artifacts: the same model, quantizer, options, calibration and processor give the same
// bytes, so each is made once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/status.h"
#include "harness/jobs/jobs.h"

namespace qbench::run {

// Folders `cache`/artifacts/<key>, each with what a quantize job left: model.tflite, what was
// emitted beside it, and result.json, which is written last and lists each with size and SHA-256.
class ArtifactCache {
 public:
  explicit ArtifactCache(const std::filesystem::path& cache) : folder_(cache / "artifacts") {}

  // `content` is everything on which the artifact's bytes depend.
  static std::string Key(const Json& content);

  std::filesystem::path Folder(const std::string& key) const { return folder_ / key; }
  // What is there, if it is whole: the artifact and every emitted document is read, and is what was
  // written. None where anything is missing, cannot be read or is something else, or where an
  // earlier version wrote it without hashes: it is to be made again.
  std::optional<jobs::QuantizeResult> Find(const std::string& key) const;
  // After the job wrote into Folder(key).
  Status Save(const std::string& key, const jobs::QuantizeResult& result) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace qbench::run
