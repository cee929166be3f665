// What a quantizer emits, as files of a folder: behind qbench.host.emit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::host {

// Thread-safe.
class ArtifactFolder {
 public:
  struct Entry {
    std::string name;
    std::string media_type;
    std::filesystem::path file;
    std::string sha256;  // of what was emitted, as it was in memory
    uint64_t file_bytes = 0;
  };

  // The folder is made where it is missing. Files in it from before are overwritten.
  static constexpr const char* kArtifactFile = "model.tflite";
  explicit ArtifactFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Stores `bytes` as model.tflite (the artifact: named "model", of QBENCH_MEDIA_TFLITE) or as
  // <name>.json (of QBENCH_MEDIA_JSON), whole or not at all. kInvalidArgument: a name that was used
  // or that makes no file name (letters, digits, '_', '-', at most 64), another media type, JSON
  // that is none. kIo: the file cannot be written.
  Status Emit(std::string_view name, std::string_view media_type, ByteSpan bytes);

  bool has_artifact() const;
  std::filesystem::path artifact() const { return folder_ / kArtifactFile; }
  // Everything but the artifact, in the order in which it came.
  std::vector<Entry> entries() const;

 private:
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  bool has_artifact_ = false;
  std::vector<Entry> entries_;
};

}  // namespace qbench::host
