#include "reports/run_explanations.h"

#include <algorithm>
#include <cstdlib>

#include "harness/results/profile_summary.h"
#include "harness/stats/descriptive.h"
#include "reports/faster_scheme.h"

namespace qbench::reports {
namespace {

// None where it was not profiled.
std::optional<ProfiledVariant> Profiled(const Variant& variant) {
  const store::Measurement* profile = results::ProfileOf(*variant.cell);
  if (profile == nullptr) return std::nullopt;
  ProfiledVariant profiled;
  profiled.name = variant.name;
  if (variant.latency_valid()) profiled.median_ms = variant.summary.median_ms;
  profiled.profiled_ms = profile->samples_ns.empty() ? 0 : stats::Median(profile->samples_ns) / 1e6;
  if (!profile->samples_ns.empty()) {
    profiled.quickest_ms = *std::ranges::min_element(profile->samples_ns) / 1e6;
  }
  profiled.operators = profile->operators;
  profiled.delegate = variant.summary.delegate;
  return profiled;
}

// Of the host's facts; 0 where they do not say.
int64_t CacheBytes(const store::Run& run) {
  const auto kib = run.host.find("cpu.cache_kib");
  if (kib == run.host.end() || !kib->is_string()) return 0;
  return std::max(0LL, std::atoll(kib->get<std::string>().c_str())) * 1024;
}

}  // namespace

std::vector<ExplainedVariant> ExplainRun(const RunView& run) {
  std::vector<ExplainedVariant> explained;
  bool only_float = true;
  for (size_t i = 0; i < run.variants.size(); ++i) {
    only_float = only_float && run.float_of[i] == i;
  }
  for (size_t i = 0; i < run.variants.size(); ++i) {
    std::optional<ProfiledVariant> variant = Profiled(run.variants[i]);
    if (!variant) continue;
    const std::optional<size_t> base = run.float_of[i];
    if (base == i && !only_float) continue;
    ExplanationFacts facts;
    facts.variant = std::move(*variant);
    facts.variant.is_float = base == i;
    if (base && base != i) facts.base = Profiled(run.variants[*base]);
    // On the same runtime, so that its name needs to say no more.
    if (facts.base) facts.base->name = run.variants[*base].quantizer;
    facts.peaks = run.data->machine_peaks;
    facts.threads = run.variants[i].summary.threads;
    facts.cache_bytes = CacheBytes(run.data->run);
    facts.pace = run.variants[i].pace;
    const results::CellSummary& summary = run.variants[i].summary;
    if (summary.ratio_low) facts.ratio_range = RatioRange(summary);
    if (summary.ratio_confidence) facts.coverage = Coverage(*summary.ratio_confidence);
    if (facts.pace == Pace::kSlower) {
      if (const auto faster = FindFasterScheme(run, run.variants[i])) {
        facts.faster_scheme = faster->text;
      }
    }
    explained.push_back({&run.variants[i], Explain(facts)});
  }
  return explained;
}

}  // namespace qbench::reports
