#include "base/paths.h"

#include <cstdlib>

#include "base/files.h"

namespace qbench {
namespace {

Result<std::filesystem::path> Home(const std::filesystem::path& override, const char* variable,
                                   const char* below_home, const char* option) {
  if (!override.empty()) return std::filesystem::absolute(override).lexically_normal();
  const auto absolute_variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    const std::filesystem::path path = value == nullptr ? "" : value;
    return path.is_absolute() ? path : std::filesystem::path();
  };
  if (const auto folder = absolute_variable(variable); !folder.empty()) return folder / "qbench";
  if (const auto home = absolute_variable("HOME"); !home.empty()) return home / below_home;
  return Error(StatusCode::kNotFound, "neither {} nor HOME is set; name a folder with {}", variable,
               option);
}

}  // namespace

Result<std::filesystem::path> DataHome(const std::filesystem::path& override) {
  return Home(override, "XDG_DATA_HOME", ".local/share/qbench", "--data");
}

Result<std::filesystem::path> CacheHome(const std::filesystem::path& override) {
  return Home(override, "XDG_CACHE_HOME", ".cache/qbench", "--cache");
}

Result<std::filesystem::path> ShareDir() {
  QB_ASSIGN_OR_RETURN(const std::filesystem::path folder, ProgramDir());
  return folder.parent_path() / "share/qbench";
}

}  // namespace qbench
