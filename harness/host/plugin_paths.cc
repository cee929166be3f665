#include "harness/host/plugin_paths.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include "base/files.h"

namespace qbench::host {
namespace {

namespace fs = std::filesystem;

bool IsFolder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

Result<std::vector<fs::path>> PluginFolders() {
  std::vector<fs::path> folders;
  const char* variable = std::getenv("QBENCH_PLUGIN_PATH");
  for (std::string_view rest = variable == nullptr ? "" : variable; !rest.empty();) {
    const std::string_view entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
    if (entry.empty()) continue;
    if (!fs::path(entry).is_absolute()) {
      return Error(StatusCode::kInvalidArgument,
                   "QBENCH_PLUGIN_PATH names {}, which means another folder wherever qbench is "
                   "started: give the whole path, from / on",
                   entry);
    }
    if (!IsFolder(entry)) {
      return Error(StatusCode::kNotFound,
                   "QBENCH_PLUGIN_PATH names {}, which is not a folder: correct or unset it",
                   entry);
    }
    folders.emplace_back(entry);
  }
  QB_ASSIGN_OR_RETURN(const fs::path program, ProgramDir());
  // A build tree's, then an installation's, where the two differ.
  for (const fs::path& relative :
       {fs::path("../lib/qbench/plugins"), fs::path(QBENCH_INSTALLED_PLUGINS)}) {
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(program / relative, error);
    if (error || !IsFolder(folder)) continue;
    if (std::find(folders.begin(), folders.end(), folder) == folders.end()) {
      folders.push_back(folder);
    }
  }
  return folders;
}

Result<std::vector<fs::path>> PluginFiles(const std::vector<fs::path>& folders) {
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    std::vector<fs::path> here;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() == ".so") here.push_back(it->path());
    }
    if (error) {
      return Error(StatusCode::kIo, "cannot list the plugin folder {}: {}", folder.string(),
                   error.message());
    }
    std::sort(here.begin(), here.end());
    for (fs::path& file : here) {
      if (seen.insert(file.filename()).second) files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace qbench::host
