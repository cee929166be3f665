// Where the commands look for pinned baselines.
#pragma once

#include <filesystem>

#include "base/status.h"
#include "cli/arguments.h"

namespace qbench::cli {

// baselines/ below --data, or below the user's data folder. It need not exist.
Result<std::filesystem::path> BaselinesOf(const Arguments& arguments);

}  // namespace qbench::cli
