// What a runtime made of one model of a ModelsJob: a file that the worker leaves for each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::jobs {

struct ModelOutputs {
  // kOk; or why the runtime refused the model or failed, with the plugin's reason.
  StatusCode code = StatusCode::kOk;
  std::string message;
  std::vector<Bytes> outputs;
};

// <folder>/<index>.json and .bin. Not flushed to the disk: they are read at once.
Status WriteModelOutputs(const std::filesystem::path& folder, size_t index,
                         const ModelOutputs& outputs);
// kNotFound where the worker did not come so far.
Result<ModelOutputs> ReadModelOutputs(const std::filesystem::path& folder, size_t index);

}  // namespace qbench::jobs
