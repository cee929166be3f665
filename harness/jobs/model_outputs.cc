#include "harness/jobs/model_outputs.h"

#include "base/files.h"
#include "base/json.h"

namespace qbench::jobs {
namespace {

std::filesystem::path FileOf(const std::filesystem::path& folder, size_t index,
                             const char* ending) {
  return folder / (std::to_string(index) + ending);
}

}  // namespace

// The .json comes last: where it is, the other is whole.
Status WriteModelOutputs(const std::filesystem::path& folder, size_t index,
                         const ModelOutputs& outputs) {
  Json sizes = Json::array();
  Bytes values;
  for (const Bytes& output : outputs.outputs) {
    sizes.push_back(output.size());
    values.insert(values.end(), output.begin(), output.end());
  }
  QB_RETURN_IF_ERROR(WriteFile(FileOf(folder, index, ".bin"), values));
  const Json json = {{"code", static_cast<int>(outputs.code)},
                     {"message", outputs.message},
                     {"sizes", std::move(sizes)}};
  return WriteFile(FileOf(folder, index, ".json"), AsBytes(DumpJson(json)));
}

Result<ModelOutputs> ReadModelOutputs(const std::filesystem::path& folder, size_t index) {
  const std::filesystem::path file = FileOf(folder, index, ".json");
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    return Error(StatusCode::kNotFound, "there is no result for model {}", index);
  }
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  QB_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  QB_ASSIGN_OR_RETURN(const int code, JsonGet<int>(json, "code"));
  ModelOutputs outputs;
  outputs.code = static_cast<StatusCode>(code);
  QB_ASSIGN_OR_RETURN(outputs.message, JsonGet<std::string>(json, "message"));
  QB_ASSIGN_OR_RETURN(const std::vector<size_t> sizes, JsonGet<std::vector<size_t>>(json, "sizes"));
  if (sizes.empty()) return outputs;
  QB_ASSIGN_OR_RETURN(const Bytes values, ReadFile(FileOf(folder, index, ".bin")));
  ByteSpan rest = values;
  for (const size_t size : sizes) {
    if (size > rest.size()) return Error(StatusCode::kCorrupt, "model {}: cut off", index);
    outputs.outputs.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(size);
  }
  return outputs;
}

}  // namespace qbench::jobs
