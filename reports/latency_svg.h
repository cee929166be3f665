// The distribution of a cell's latency samples, drawn: one ridge a process, on a scale relative to
// the cell's median, so that the noise of a fast and a slow cell can be compared.
#pragma once

#include <string>
#include <vector>

#include "harness/store/store.h"

namespace qbench::reports {

// From `low` to `high`, relative to the median: -0.1 is ten per cent faster.
struct LatencyScale {
  double low = -0.1;
  double high = 0.3;
};

// The narrowest of a few scales that shows nearly all of these cells' samples.
LatencyScale ScaleFor(const std::vector<const store::CellData*>& cells);

// Inline SVG, without colours of its own (classes `ridge`, `mid`, `axis`). What lies beyond the
// scale is counted at the right edge, and at the left gathered in the first bin. Empty where the
// cell has no samples.
std::string LatencySvg(const store::CellData& cell, double median_ms, const LatencyScale& scale);

}  // namespace qbench::reports
