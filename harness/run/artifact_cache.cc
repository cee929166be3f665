#include "harness/run/artifact_cache.h"

#include <algorithm>
#include <system_error>

#include "base/last_use.h"
#include "base/sealed_json.h"
#include "base/sha256.h"
#include "harness/jobs/job_json.h"

namespace qbench::run {
namespace {

constexpr const char* kResultName = "result.json";
constexpr const char* kJobName = "quantize";  // jobs::JobName of a QuantizeJob

bool IsWhole(const std::filesystem::path& file, uint64_t bytes, const std::string& sha256) {
  std::error_code error;
  if (std::filesystem::file_size(file, error) != bytes || error) return false;
  const Result<std::string> now = Sha256HexOfFile(file);
  return now.ok() && *now == sha256;
}

}  // namespace

std::string ArtifactCache::Key(const Json& content) { return Sha256Hex(DumpJson(content)); }

std::optional<jobs::QuantizeResult> ArtifactCache::Find(const std::string& key) const {
  const Result<Json> json = ReadSealedJson(Folder(key) / kResultName);
  if (!json.ok()) return std::nullopt;
  Result<jobs::JobResult> answer = jobs::ResultFromJson(kJobName, *json);
  if (!answer.ok()) return std::nullopt;
  auto& result = std::get<jobs::QuantizeResult>(*answer);
  // The cache may have been moved since.
  const auto here = [&](const std::filesystem::path& file) {
    return Folder(key) / file.filename();
  };
  result.artifact = here(result.artifact);
  for (auto& entry : result.entries) entry.file = here(entry.file);
  const bool whole = IsWhole(result.artifact, result.file_bytes, result.sha256) &&
                     std::ranges::all_of(result.entries, [](const auto& entry) {
                       return IsWhole(entry.file, entry.file_bytes, entry.sha256);
                     });
  if (!whole) return std::nullopt;
  MarkUsed(Folder(key) / kResultName);
  return std::move(result);
}

Status ArtifactCache::Save(const std::string& key, const jobs::QuantizeResult& result) const {
  return WriteSealedJson(Folder(key) / kResultName, jobs::ResultToJson(result));
}

}  // namespace qbench::run
