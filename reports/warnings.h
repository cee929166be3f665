// What a reader must know before trusting a run's figures. The texts are kept together here; each
// says what is wrong and what to do.
#pragma once

#include <string>
#include <vector>

#include "reports/variants.h"

namespace qbench::reports {

// One line each, the most important first: the run's own warnings, then those that its rows give.
std::vector<std::string> Warnings(const RunView& run);

// One line for each cell that is not ok: "int8 · 4 threads: crashed: signal 11 …".
std::vector<std::string> Problems(const RunView& run);

}  // namespace qbench::reports
