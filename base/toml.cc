#include "base/toml.h"

#include <utility>

#include "base/files.h"

namespace qbench {

Result<toml::table> ParseToml(std::string_view text, std::string_view source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    return Error(StatusCode::kCorrupt, "{}:{}:{}: {}", source, error.source().begin.line,
                 error.source().begin.column, error.description());
  }
}

Result<toml::table> ReadTomlFile(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParseToml(text, path.string());
}

}  // namespace qbench
