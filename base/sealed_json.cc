#include "base/sealed_json.h"

#include "base/files.h"
#include "base/sha256.h"

namespace qbench {

Status WriteSealedJson(const std::filesystem::path& file, const Json& content) {
  const Json sealed = {{"content", content}, {"sha256", Sha256Hex(DumpJson(content))}};
  return WriteFileAtomically(file, DumpJson(sealed));
}

Result<Json> ReadSealedJson(const std::filesystem::path& file) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  QB_ASSIGN_OR_RETURN(const Json sealed, ParseJson(text));
  QB_ASSIGN_OR_RETURN(const std::string sha256, JsonGet<std::string>(sealed, "sha256"));
  QB_ASSIGN_OR_RETURN(Json content, JsonGet<Json>(sealed, "content"));
  if (Sha256Hex(DumpJson(content)) == sha256) return content;
  return Error(StatusCode::kCorrupt, "{} is not what was written; delete it", file.string());
}

}  // namespace qbench
