#include "harness/results/process_pace.h"

#include <algorithm>
#include <vector>

#include "harness/stats/descriptive.h"
#include "harness/stats/sample_ratio.h"

namespace qbench::results {
namespace {

// Coverages are sums of fractions, whose last bit is no reason to refuse one.
constexpr double kRounding = 1e-9;

bool SameThing(const TimedCell& a, const TimedCell& b) {
  const store::Cell& one = a.data->cell;
  const store::Cell& other = b.data->cell;
  return a.data == b.data ||
         (!a.summary->artifact_sha256.empty() &&
          a.summary->artifact_sha256 == b.summary->artifact_sha256 &&
          one.runtime_id == other.runtime_id && one.runtime_options == other.runtime_options &&
          one.threads == other.threads);
}

}  // namespace

double SpreadOfProcesses(const store::CellData& cell) {
  const std::vector<double> medians = ProcessMediansMs(cell);
  if (medians.size() < 2) return 0;
  const auto [low, high] = std::ranges::minmax_element(medians);
  return (*high - *low) / stats::Median(medians);
}

bool HasManyOutliers(const CellSummary& summary) {
  return static_cast<double>(summary.outlier_samples.value_or(0)) >
         kMaxOutlierShare * static_cast<double>(summary.samples.value_or(0));
}

bool IsNoisy(const store::CellData& cell, const CellSummary& summary) {
  return SpreadOfProcesses(cell) > kMaxSpread || HasManyOutliers(summary);
}

bool LatencyIsValid(const CellSummary& summary) {
  return summary.median_ms.has_value() && summary.latency_status != store::Outcome::kInvalid;
}

Pace ComparePace(const TimedCell& base, const TimedCell& cell) {
  if (!LatencyIsValid(*base.summary) || !LatencyIsValid(*cell.summary)) return Pace::kUnknown;
  if (SameThing(base, cell)) return Pace::kSame;
  if (IsNoisy(*base.data, *base.summary) || IsNoisy(*cell.data, *cell.summary)) {
    return Pace::kNoisy;
  }
  const auto ratio = stats::RatioOfSamples(ProcessMediansMs(*base.data),
                                           ProcessMediansMs(*cell.data), kRatioConfidence);
  if (!ratio.ok() || ratio->coverage < kLeastCoverage - kRounding) return Pace::kUnknown;
  if (ratio->interval.high < 1 / kPaceFloor) return Pace::kFaster;
  if (ratio->interval.low > kPaceFloor) return Pace::kSlower;
  return Pace::kTie;
}

}  // namespace qbench::results
