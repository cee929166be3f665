// Golden files: outputs that were read and approved once (scripts/approve_goldens.sh rewrites
// them).
#pragma once

#include <string>

namespace qbench {

// Expects that `text` equals tests/<path>, as in "reports/golden/plain.csv". With
// QBENCH_APPROVE_GOLDENS=1 in the environment, writes the file instead.
void ExpectGolden(const std::string& path, const std::string& text);

}  // namespace qbench
