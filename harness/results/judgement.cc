#include "harness/results/judgement.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "harness/stats/descriptive.h"
#include "harness/stats/paired_ratio.h"
#include "harness/stats/rank_tests.h"
#include "harness/stats/sample_ratio.h"

namespace qbench::results {
namespace {

// An interval that covers less does not show two cells to be alike. Coverages are sums of
// fractions, whose last bit is no reason to refuse one.
constexpr double kLeastCoverage = 0.9 - 1e-9;
// Below which a loss is likely.
constexpr double kLikely = 0.05;

bool HasRatio(const LatencyEvidence& cell) { return !cell.base.empty() && !cell.now.empty(); }

// Whether its pairs are enough to show a difference among so many cells.
bool UsesPairs(const LatencyEvidence& cell, double family, double level) {
  const size_t pairs = cell.base.size();
  return cell.paired && cell.now.size() == pairs && pairs >= stats::kMinPairs99 &&
         pairs <= stats::kMaxPairs && stats::LeastPairedSlowerP(pairs) * family < level;
}

// Ratio, interval and coverage; false where there is none.
bool Estimate(const LatencyEvidence& cell, bool pairs_are_enough, double confidence,
              LatencyFinding* finding) {
  if (pairs_are_enough) {
    if (const auto pairs = stats::PairedRatio(cell.base, cell.now, confidence); pairs.ok()) {
      finding->ratio = pairs->ratio;
      finding->interval = pairs->interval;
      finding->coverage = confidence;
      finding->by_pairs = true;
      return true;
    }
  }
  const auto samples = stats::RatioOfSamples(cell.base, cell.now, confidence);
  if (!samples.ok()) return false;
  finding->ratio = samples->ratio;
  finding->interval = samples->interval;
  finding->coverage = samples->coverage;
  return true;
}

// 1.4826 MAD / median: the standard deviation of a normal sample, as a share, which one disturbed
// process in ten hardly moves.
double TypicalDeviation(const std::vector<double>& values) {
  constexpr double kDeviationsPerMad = 1.4826;
  return kDeviationsPerMad * stats::MedianAbsoluteDeviation(values) / stats::Median(values);
}

// Of its processes, or of its pairs.
double NoiseOf(const LatencyEvidence& cell, bool by_pairs) {
  if (!by_pairs) return std::max(TypicalDeviation(cell.base), TypicalDeviation(cell.now));
  std::vector<double> ratios;
  for (size_t i = 0; i < cell.base.size(); ++i) ratios.push_back(cell.now[i] / cell.base[i]);
  return TypicalDeviation(ratios);
}

double FloorOf(const LatencyEvidence& cell, const Limits& limits) {
  return std::max(limits.latency_floor, cell.floor);
}

LatencyFinding Measure(const LatencyEvidence& cell, double family, const Limits& limits) {
  LatencyFinding finding;
  finding.floor = FloorOf(cell, limits);
  const bool pairs = UsesPairs(cell, family, limits.level);
  if (!Estimate(cell, pairs, limits.confidence, &finding)) return finding;
  finding.judgement = Judgement::kUnclear;
  finding.floor = std::max(finding.floor, NoiseOf(cell, finding.by_pairs));
  const auto test = finding.by_pairs ? stats::PairedSlowerP : stats::SlowerP;
  finding.slower_p = test(cell.base, cell.now, 1);
  finding.faster_p = test(cell.now, cell.base, 1);
  return finding;
}

double LeastP(const LatencyEvidence& cell, const LatencyFinding& finding) {
  return finding.by_pairs ? stats::LeastPairedSlowerP(cell.base.size())
                          : stats::LeastSlowerP(cell.base.size(), cell.now.size());
}

// The adjusted values of one member over the cells that have a ratio.
void Adjust(double LatencyFinding::*p, double LatencyFinding::*adjusted,
            std::vector<LatencyFinding>* findings) {
  std::vector<double> family;
  for (const LatencyFinding& finding : *findings) {
    if (finding.judgement != Judgement::kNone) family.push_back(finding.*p);
  }
  const std::vector<double> holm = stats::HolmAdjusted(family);
  auto next = holm.begin();
  for (LatencyFinding& finding : *findings) {
    if (finding.judgement != Judgement::kNone) finding.*adjusted = *next++;
  }
}

// `floor` is what counts, of which LatencyFinding::floor may be more.
Judgement Decide(const LatencyFinding& finding, double floor, double level) {
  const auto [low, high] = finding.interval;
  if (low > 1 + floor) {
    const bool certain = low > 1 + finding.floor && finding.slower_p_adjusted < level;
    return certain ? Judgement::kWorse : Judgement::kMaybeWorse;
  }
  if (high < 1 / (1 + floor)) {
    const bool certain = high < 1 / (1 + finding.floor) && finding.faster_p_adjusted < level;
    return certain ? Judgement::kBetter : Judgement::kMaybeBetter;
  }
  const bool within = low >= 1 / (1 + floor) && high <= 1 + floor;
  return within && finding.coverage >= kLeastCoverage ? Judgement::kSame : Judgement::kUnclear;
}

bool IsFraction(double value) { return value >= 0 && value < 1; }
bool IsInside(double value) { return value > 0 && value < 1; }

}  // namespace

std::string_view Name(Judgement value) {
  switch (value) {
    case Judgement::kNone:
      return "";
    case Judgement::kSame:
      return "same";
    case Judgement::kBetter:
      return "better";
    case Judgement::kMaybeBetter:
      return "better?";
    case Judgement::kUnclear:
      return "unclear";
    case Judgement::kMaybeWorse:
      return "worse?";
    case Judgement::kWorse:
      return "worse";
    case Judgement::kInvalid:
      return "invalid";
    case Judgement::kNotJudged:
      return "not judged";
  }
  return "";
}

bool AreUsable(const Limits& limits) {
  return IsFraction(limits.latency_floor) && IsFraction(limits.accuracy_budget) &&
         IsFraction(limits.large_drop) && IsFraction(limits.size_growth) &&
         IsInside(limits.level) && IsInside(limits.confidence);
}

std::vector<LatencyFinding> JudgeLatencies(std::span<const LatencyEvidence> cells,
                                           const Limits& limits) {
  const auto family = static_cast<double>(std::ranges::count_if(cells, HasRatio));
  std::vector<LatencyFinding> findings;
  for (const LatencyEvidence& cell : cells) findings.push_back(Measure(cell, family, limits));
  Adjust(&LatencyFinding::slower_p, &LatencyFinding::slower_p_adjusted, &findings);
  Adjust(&LatencyFinding::faster_p, &LatencyFinding::faster_p_adjusted, &findings);
  for (size_t i = 0; i < findings.size(); ++i) {
    LatencyFinding& finding = findings[i];
    if (finding.judgement == Judgement::kNone) continue;
    finding.too_few = LeastP(cells[i], finding) * family >= limits.level;
    finding.judgement = Decide(finding, FloorOf(cells[i], limits), limits.level);
  }
  return findings;
}

int64_t ProcessesNeeded(size_t cells, double level) {
  int64_t processes = 1;
  const auto family = static_cast<double>(std::max<size_t>(cells, 1));
  while (processes < static_cast<int64_t>(stats::kMaxExact) &&
         stats::LeastSlowerP(static_cast<size_t>(processes), static_cast<size_t>(processes)) *
                 family >=
             level) {
    ++processes;
  }
  return processes;
}

AccuracyFinding JudgeAccuracy(const AccuracyEvidence& evidence, const Limits& limits) {
  AccuracyFinding finding;
  const auto [images, lost, gained] = evidence;
  if (images <= 0) return finding;
  finding.drop = static_cast<double>(lost - gained) / static_cast<double>(images);
  finding.loss_p = stats::McNemarOneSidedP(lost, gained);
  finding.gain_p = stats::McNemarOneSidedP(gained, lost);
  finding.drop_high = stats::PairedDropBound(lost, gained, images);
  const double gain_high = stats::PairedDropBound(gained, lost, images);
  const double budget = limits.accuracy_budget;
  finding.judgement = Judgement::kUnclear;
  if ((finding.loss_p < limits.level && finding.drop >= budget) ||
      finding.drop > limits.large_drop) {
    finding.judgement = Judgement::kWorse;
  } else if (finding.gain_p < limits.level && -finding.drop >= budget) {
    finding.judgement = Judgement::kBetter;
  } else if (finding.loss_p < kLikely && finding.drop >= budget) {
    finding.judgement = Judgement::kMaybeWorse;
  } else if (finding.gain_p < kLikely && -finding.drop >= budget) {
    finding.judgement = Judgement::kMaybeBetter;
  } else if (lost + gained == 0 || (finding.drop_high < budget && gain_high < budget)) {
    finding.judgement = Judgement::kSame;
  }
  return finding;
}

Judgement JudgeSize(int64_t base_bytes, int64_t now_bytes, const Limits& limits) {
  if (now_bytes < base_bytes) return Judgement::kBetter;
  const double allowed = static_cast<double>(base_bytes) * limits.size_growth;
  return static_cast<double>(now_bytes - base_bytes) > allowed ? Judgement::kWorse
                                                               : Judgement::kSame;
}

Judgement Worst(std::span<const Judgement> judgements) {
  constexpr std::array kOrder = {
      Judgement::kWorse,     Judgement::kMaybeWorse,  Judgement::kInvalid, Judgement::kUnclear,
      Judgement::kNotJudged, Judgement::kMaybeBetter, Judgement::kBetter,  Judgement::kSame};
  for (const Judgement judgement : kOrder) {
    if (std::ranges::find(judgements, judgement) != judgements.end()) return judgement;
  }
  return Judgement::kNone;
}

}  // namespace qbench::results
