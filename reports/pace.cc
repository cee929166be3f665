#include "reports/pace.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "harness/stats/descriptive.h"
#include "harness/stats/sample_ratio.h"
#include "reports/text_format.h"
#include "reports/variants.h"

namespace qbench::reports {
namespace {

// Coverages are sums of fractions, whose last bit is no reason to refuse one.
constexpr double kRounding = 1e-9;

bool SameThing(const Variant& a, const Variant& b) {
  return &a == &b || (!a.summary.artifact_sha256.empty() &&
                      a.summary.artifact_sha256 == b.summary.artifact_sha256 &&
                      a.cell->cell.runtime_id == b.cell->cell.runtime_id &&
                      a.runtime == b.runtime && a.summary.threads == b.summary.threads);
}

}  // namespace

double SpreadOfProcesses(const store::CellData& cell) {
  const std::vector<double> medians = results::ProcessMediansMs(cell);
  if (medians.size() < 2) return 0;
  const auto [low, high] = std::ranges::minmax_element(medians);
  return (*high - *low) / stats::Median(medians);
}

bool HasManyOutliers(const results::CellSummary& summary) {
  return static_cast<double>(summary.outlier_samples.value_or(0)) >
         kMaxOutlierShare * static_cast<double>(summary.samples.value_or(0));
}

Pace ComparePace(const Variant& base, const Variant& variant) {
  if (!base.latency_valid() || !variant.latency_valid()) return Pace::kUnknown;
  if (SameThing(base, variant)) return Pace::kSame;
  if (base.noisy || variant.noisy) return Pace::kNoisy;
  const auto ratio =
      stats::RatioOfSamples(results::ProcessMediansMs(*base.cell),
                            results::ProcessMediansMs(*variant.cell), results::kRatioConfidence);
  if (!ratio.ok() || ratio->coverage < kLeastCoverage - kRounding) return Pace::kUnknown;
  if (ratio->interval.high < 1 / kPaceFloor) return Pace::kFaster;
  if (ratio->interval.low > kPaceFloor) return Pace::kSlower;
  return Pace::kTie;
}

std::string RatioRange(const results::CellSummary& summary) {
  if (!summary.ratio_low || !summary.ratio_high) return std::string(kMissing);
  const auto number = [](double ratio) {
    return ratio < 10 ? fmt::format("{:.2f}", ratio) : Significant(ratio);
  };
  return number(*summary.ratio_low) + "–" + number(*summary.ratio_high);
}

std::string Coverage(double confidence) {
  const std::string percent = fmt::format("{:.1f}", confidence * 100);
  return (percent.ends_with(".0") ? percent.substr(0, percent.size() - 2) : percent) + " %";
}

}  // namespace qbench::reports
