#include "reports/faster_scheme.h"

#include <algorithm>

#include "fmt/format.h"
#include "harness/stats/sample_ratio.h"
#include "reports/losses.h"
#include "reports/pace.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

bool SamePlace(const store::Cell& a, const store::Cell& b) {
  return a.model_id == b.model_id && a.split_id == b.split_id && a.runtime_id == b.runtime_id &&
         a.runtime_options == b.runtime_options && a.threads == b.threads;
}

bool LosesImages(const std::vector<Loss>& losses, const Variant& variant) {
  return std::ranges::any_of(losses, [&](const Loss& loss) {
    return std::ranges::find(loss.variants, &variant) != loss.variants.end();
  });
}

std::string TextOf(const Variant& slow, const Variant& fast) {
  const auto ratio =
      stats::RatioOfSamples(results::ProcessMediansMs(*slow.cell),
                            results::ProcessMediansMs(*fast.cell), results::kRatioConfidence);
  // ComparePace had one.
  const double gain = *slow.summary.median_ms / *fast.summary.median_ms;
  return fmt::format(
      "Faster on the same runtime: {}, {} as fast as {} ({} ms against {} ms; {} interval "
      "{:.2f}–{:.2f}).",
      fast.quantizer, Ratio(gain), slow.quantizer, Significant(*fast.summary.median_ms),
      Significant(*slow.summary.median_ms), Coverage(ratio->coverage), 1 / ratio->interval.high,
      1 / ratio->interval.low);
}

}  // namespace

std::optional<FasterScheme> FindFasterScheme(const RunView& run, const Variant& slow) {
  const std::vector<Loss> losses = Losses(run);
  const Variant* best = nullptr;
  for (size_t i = 0; i < run.variants.size(); ++i) {
    const Variant& variant = run.variants[i];
    if (run.float_of[i] == i || !SamePlace(variant.cell->cell, slow.cell->cell)) {
      continue;
    }
    if (ComparePace(slow, variant) != Pace::kFaster || LosesImages(losses, variant)) continue;
    if (best == nullptr || *variant.summary.median_ms < *best->summary.median_ms) best = &variant;
  }
  if (best == nullptr) return std::nullopt;
  return FasterScheme{best, TextOf(slow, *best)};
}

}  // namespace qbench::reports
