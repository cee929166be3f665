// `qbench db export` and `qbench db vacuum`.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cli/exit_status.h"

namespace qbench::cli {

Result<ExitStatus> ExportCommand(const std::vector<std::string>& args);
Result<ExitStatus> VacuumCommand(const std::vector<std::string>& args);

}  // namespace qbench::cli
