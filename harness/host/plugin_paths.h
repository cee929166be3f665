// Where plugin files are.
#pragma once

#include <filesystem>
#include <vector>

#include "base/status.h"

namespace qbench::host {

// The folders that are searched, in this order: those of $QBENCH_PLUGIN_PATH (separated by ':'),
// then lib/qbench/plugins beside the folder of the running program (in a build tree), then the
// installation's library folder (lib/aarch64-linux-gnu/qbench/plugins) beside it. Folders that do
// not exist are left out, except that one which the user named in the variable is an error, as is a
// relative one there (code from whatever folder is the current one).
Result<std::vector<std::filesystem::path>> PluginFolders();

// Every *.so in `folders`, sorted by name within its folder. Of equal file names the first folder's
// wins, so that $QBENCH_PLUGIN_PATH can replace a plugin.
Result<std::vector<std::filesystem::path>> PluginFiles(
    const std::vector<std::filesystem::path>& folders);

}  // namespace qbench::host
