// Which of a run's machine peaks an operator's speed is held against.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "harness/store/records.h"

namespace qbench::results {

// The figure for exactly this kind, type ("float32", "int8", "read", …) and number of threads, in
// multiply-adds or bytes per second; none where it was not measured.
std::optional<double> PeakPerSecond(const std::vector<store::MachinePeak>& peaks,
                                    store::PeakKind kind, std::string_view type, int32_t threads);

// The bandwidth that bytes read and written are held against: the better of "read" and "triad".
std::optional<double> BandwidthPeak(const std::vector<store::MachinePeak>& peaks, int32_t threads);

}  // namespace qbench::results
