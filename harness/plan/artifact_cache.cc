#include "harness/plan/artifact_cache.h"

#include "base/files.h"
#include "base/sha256.h"
#include "harness/worker/job_json.h"

namespace qbench::plan {
namespace {

constexpr const char* kResultName = "result.json";
constexpr const char* kJobName = "quantize";  // worker::JobName of a QuantizeJob

}  // namespace

std::string ArtifactCache::Key(const Json& content) { return Sha256Hex(DumpJson(content)); }

std::optional<worker::QuantizeResult> ArtifactCache::Find(const std::string& key) const {
  const Result<std::string> text = ReadTextFile(Folder(key) / kResultName);
  if (!text.ok()) return std::nullopt;
  const Result<Json> json = ParseJson(*text);
  if (!json.ok()) return std::nullopt;
  Result<worker::JobResult> answer = worker::ResultFromJson(kJobName, *json);
  if (!answer.ok()) return std::nullopt;
  auto& result = std::get<worker::QuantizeResult>(*answer);
  const Result<std::string> sha256 = Sha256HexOfFile(result.artifact);
  if (!sha256.ok() || *sha256 != result.sha256) return std::nullopt;
  return std::move(result);
}

Status ArtifactCache::Save(const std::string& key, const worker::QuantizeResult& result) const {
  return WriteFileAtomically(Folder(key) / kResultName, DumpJson(worker::ResultToJson(result)));
}

}  // namespace qbench::plan
