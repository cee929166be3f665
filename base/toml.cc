#include "base/toml.h"

#include <utility>

#include "base/files.h"

namespace qbench {

Result<toml::table> ParseToml(std::string_view text, std::string_view source) {
  toml::parse_result result = toml::parse(text, source);
  if (result.failed()) {
    const toml::parse_error& error = result.error();
    return Error(StatusCode::kCorrupt, "{}:{}:{}: {}", source, error.source().begin.line,
                 error.source().begin.column, error.description());
  }
  return std::move(result).table();
}

Result<toml::table> ReadTomlFile(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParseToml(text, path.string());
}

}  // namespace qbench
