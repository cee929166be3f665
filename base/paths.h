// Where qbench keeps what it needs. The build tree has the layout of an installation, so the
// shipped data is found from the program's own folder in both.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace qbench {

// $XDG_DATA_HOME/qbench, else ~/.local/share/qbench: imported data sets and models. `override`
// (the option --data) wins where it is not empty. The folder need not exist. kNotFound where
// neither variable nor home is known; as the XDG specification says, a relative path is ignored.
Result<std::filesystem::path> DataHome(const std::filesystem::path& override = {});

// $XDG_CACHE_HOME/qbench, else ~/.cache/qbench; `override` is the option --cache.
Result<std::filesystem::path> CacheHome(const std::filesystem::path& override = {});

// <program's folder>/../share/qbench: shipped data sets and models.
Result<std::filesystem::path> ShareDir();

}  // namespace qbench
