#include "reports/export_names.h"

#include <algorithm>
#include <cmath>

#include "base/one_line.h"
#include "fmt/format.h"

namespace qbench::reports {

std::string BenchmarkName(const Variant& variant, bool with_run) {
  const results::CellSummary& cell = variant.summary;
  return (with_run ? fmt::format("run:{}/", cell.run_id) : "") +
         fmt::format("{}/{}/{}/threads:{}", cell.model, variant.quantizer, variant.runtime,
                     cell.threads);
}

std::string UniqueNames::Of(const Variant& variant) {
  const std::string name = SafeLine(BenchmarkName(variant, with_run_) + "/" + variant.dataset);
  std::string unique = name;
  for (int count = 2; !taken_.insert(unique).second; ++count) {
    unique = fmt::format("{}#{}", name, count);
  }
  return unique;
}

std::optional<ExportedLatency> LatencyToExport(const Variant& variant) {
  if (!variant.latency_valid()) return std::nullopt;
  const std::vector<double> medians = results::ProcessMediansMs(*variant.cell);
  if (medians.empty() ||
      !std::ranges::all_of(medians, [](double ms) { return std::isfinite(ms); })) {
    return std::nullopt;
  }
  const auto [low, high] = std::ranges::minmax(medians);
  return ExportedLatency{*variant.summary.median_ms, low, high};
}

}  // namespace qbench::reports
