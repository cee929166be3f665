// JSON files of the cache that say whether they are what was written: a flipped bit in one may be
// valid JSON that means something else.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/status.h"

namespace qbench {

// Writes {"content": …, "sha256": of the content's text}, atomically. kIo, as WriteFileAtomically.
Status WriteSealedJson(const std::filesystem::path& file, const Json& content);

// What was written. kNotFound or kIo where it cannot be read, kCorrupt where it is something else,
// a file without a seal included.
Result<Json> ReadSealedJson(const std::filesystem::path& file);

}  // namespace qbench
