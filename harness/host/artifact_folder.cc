#include "harness/host/artifact_folder.h"

#include <algorithm>
#include <system_error>

#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "qbench/host.h"

namespace qbench::host {
namespace {

constexpr std::string_view kArtifactName = "model";

bool IsFileName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

Status ArtifactFolder::Emit(std::string_view name, std::string_view media_type, ByteSpan bytes) {
  const std::lock_guard lock(mutex_);
  if (!IsFileName(name)) {
    return Error(StatusCode::kInvalidArgument,
                 "cannot emit under the name \"{}\": letters, digits, '_' and '-', at most 64",
                 name.substr(0, 80));
  }
  const bool is_artifact = media_type == QBENCH_MEDIA_TFLITE;
  if (is_artifact != (name == kArtifactName)) {
    return Error(StatusCode::kInvalidArgument,
                 "cannot emit \"{}\" as {}: the artifact, and it alone, is named \"model\" and has "
                 "the type " QBENCH_MEDIA_TFLITE,
                 name, media_type);
  }
  if (!is_artifact && media_type != QBENCH_MEDIA_JSON) {
    return Error(StatusCode::kInvalidArgument,
                 "cannot emit \"{}\" as {}: what goes beside the artifact is " QBENCH_MEDIA_JSON,
                 name, media_type);
  }
  const bool used = is_artifact ? has_artifact_
                                : std::any_of(entries_.begin(), entries_.end(),
                                              [&](const Entry& e) { return e.name == name; });
  if (used) {
    return Error(StatusCode::kInvalidArgument, "\"{}\" was emitted before", name);
  }
  if (!is_artifact) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (Result<Json> json = ParseJson(text); !json.ok()) {
      return json.status().WithContext(fmt::format("cannot emit \"{}\"", name));
    }
  }
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) {
    return Error(StatusCode::kIo, "cannot make the folder {}: {}", folder_.string(),
                 error.message());
  }
  const std::filesystem::path file =
      is_artifact ? artifact() : folder_ / (std::string(name) + ".json");
  QB_RETURN_IF_ERROR(WriteFileAtomically(file, bytes));
  if (is_artifact) {
    has_artifact_ = true;
  } else {
    entries_.push_back(
        {std::string(name), std::string(media_type), file, Sha256Hex(bytes), bytes.size()});
  }
  return OkStatus();
}

bool ArtifactFolder::has_artifact() const {
  const std::lock_guard lock(mutex_);
  return has_artifact_;
}

std::vector<ArtifactFolder::Entry> ArtifactFolder::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

}  // namespace qbench::host
