// The distribution of a cell's latency samples, drawn: one ridge a process, on a scale relative to
// the cell's median, so that the noise of a fast and a slow cell can be compared.
#pragma once

#include <string>

#include "harness/store/store.h"

namespace qbench::reports {

// Inline SVG, without colours of its own (classes `ridge`, `mid`, `axis`). From 10 % below the
// median to 30 % above; what lies beyond is counted at the right edge. Empty where the cell has no
// samples.
std::string LatencySvg(const store::CellData& cell, double median_ms);

}  // namespace qbench::reports
