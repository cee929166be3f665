// Golden files: outputs that were read and approved once (scripts/approve_goldens.sh rewrites
// them).
#pragma once

#include <string>

namespace qbench::reports {

// Expects that `text` equals tests/reports/golden/<name>. With QBENCH_APPROVE_GOLDENS=1 in the
// environment, writes the file instead.
void ExpectGolden(const std::string& name, const std::string& text);

}  // namespace qbench::reports
