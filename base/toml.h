// TOML (toml++), entered here alone: sidecars, manifests and recipes. Its parser throws (the shared
// library has no other); ParseToml catches that. Reading a parsed table throws nothing.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/status.h"
#include "toml++/toml.h"

namespace qbench {

// kCorrupt with `source` (a file's path, for the message), line and column where it is not TOML.
Result<toml::table> ParseToml(std::string_view text, std::string_view source);

// kNotFound, kIo, kCorrupt.
Result<toml::table> ReadTomlFile(const std::filesystem::path& path);

}  // namespace qbench
