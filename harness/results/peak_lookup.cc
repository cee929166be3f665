#include "harness/results/peak_lookup.h"

#include <algorithm>

namespace qbench::results {

std::optional<double> PeakPerSecond(const std::vector<store::MachinePeak>& peaks,
                                    store::PeakKind kind, std::string_view type, int32_t threads) {
  for (const store::MachinePeak& peak : peaks) {
    if (peak.kind == kind && peak.type == type && peak.threads == threads) return peak.per_second;
  }
  return std::nullopt;
}

std::optional<double> BandwidthPeak(const std::vector<store::MachinePeak>& peaks, int32_t threads) {
  const auto read = PeakPerSecond(peaks, store::PeakKind::kBandwidth, "read", threads);
  const auto triad = PeakPerSecond(peaks, store::PeakKind::kBandwidth, "triad", threads);
  if (!read || !triad) return read ? read : triad;
  return std::max(*read, *triad);
}

}  // namespace qbench::results
