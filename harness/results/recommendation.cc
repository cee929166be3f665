#include "harness/results/recommendation.h"

#include <algorithm>
#include <tuple>

#include "harness/results/process_pace.h"
#include "harness/stats/sample_ratio.h"

namespace qbench::results {
namespace {

using store::Outcome;

bool IsMissing(Outcome outcome) { return outcome == Outcome::kNotMeasured; }

class Chooser {
 public:
  Chooser(const store::RunData& run, std::span<const CellSummary> summaries,
          const Requirements& requirements, Recommendation* result)
      : run_(run), summaries_(summaries), requirements_(requirements), result_(*result) {}

  void Choose() {
    FindFloat();
    for (Candidate& candidate : result_.candidates) Examine(&candidate);
    std::vector<Candidate*> fit;
    for (Candidate& candidate : result_.candidates) {
      if (candidate.rejections.empty()) fit.push_back(&candidate);
    }
    if (fit.empty()) {
      FindNearest();
    } else {
      ChooseFrom(fit);
    }
  }

 private:
  const CellSummary& Of(const Candidate& candidate) const { return summaries_[candidate.cell]; }
  const store::CellData& DataOf(const Candidate& candidate) const {
    return run_.cells[candidate.cell];
  }

  void FindFloat() {
    for (const Candidate& candidate : result_.candidates) {
      const CellSummary& summary = Of(candidate);
      if (!summary.top1 || summary.accuracy_status != Outcome::kOk ||
          !IsFloatCell(run_, DataOf(candidate))) {
        continue;
      }
      if (!result_.float_cell || *summary.top1 > *summaries_[*result_.float_cell].top1) {
        result_.float_cell = candidate.cell;
      }
    }
  }

  // The same file with the same predictions: what differs is a runtime or a number of threads.
  bool IsFloatItself(const Candidate& candidate) const {
    const size_t other = *result_.float_cell;
    if (candidate.cell == other) return true;
    return !Of(candidate).artifact_sha256.empty() &&
           Of(candidate).artifact_sha256 == summaries_[other].artifact_sha256 &&
           AccuracyOf(DataOf(candidate))->predictions == AccuracyOf(run_.cells[other])->predictions;
  }

  void MeasureDrop(Candidate* candidate) const {
    if (IsFloatItself(*candidate)) {
      candidate->drop = 0;
      candidate->drop_high = 0;
      return;
    }
    const store::CellData& data = DataOf(*candidate);
    const PairedVerdicts paired =
        ComparePaired(run_.cells[*result_.float_cell], data, run_.splits.at(data.cell.split_id));
    if (paired.images == 0) return;
    candidate->drop =
        static_cast<double>(paired.lost - paired.gained) / static_cast<double>(paired.images);
    candidate->drop_high = stats::PairedDropBound(paired.lost, paired.gained, paired.images);
  }

  // What keeps a cell from being judged at all; nothing: it may be.
  std::optional<Rejection> Unfit(const Candidate& candidate) const {
    const CellSummary& summary = Of(candidate);
    if (IsMissing(summary.status)) return Rejection::kNotMeasured;
    if (summary.status != Outcome::kOk) return Rejection::kFailed;
    const auto parts = {summary.accuracy_status, summary.latency_status};
    for (const Outcome part : parts) {
      if (part != Outcome::kOk && part != Outcome::kInvalid && !IsMissing(part)) {
        return Rejection::kFailed;
      }
    }
    if (std::ranges::find(parts, Outcome::kInvalid) != parts.end()) return Rejection::kInvalid;
    if (!summary.median_ms || !summary.top1 || !summary.file_bytes) return Rejection::kNotMeasured;
    if (IsNoisy(DataOf(candidate), summary)) return Rejection::kNoisy;
    return std::nullopt;
  }

  void Examine(Candidate* candidate) const {
    if (const auto unfit = Unfit(*candidate)) {
      candidate->rejections = {*unfit};
      return;
    }
    const auto reject = [&](bool rejected, Rejection why) {
      if (rejected) candidate->rejections.push_back(why);
    };
    if (result_.float_cell) MeasureDrop(candidate);
    reject(!candidate->drop, Rejection::kNoFloat);
    if (candidate->drop) {
      const double allowed = requirements_.AccuracyDrop();
      reject(*candidate->drop > allowed, Rejection::kInaccurate);
      reject(*candidate->drop <= allowed && *candidate->drop_high > allowed, Rejection::kNotShown);
    }
    const CellSummary& summary = Of(*candidate);
    reject(requirements_.max_latency_ms && *summary.median_ms > *requirements_.max_latency_ms,
           Rejection::kTooSlow);
    reject(requirements_.max_bytes && *summary.file_bytes > *requirements_.max_bytes,
           Rejection::kTooLarge);
  }

  // How far beyond the requirements it lies: the largest excess, as a share of what is allowed.
  double Excess(const Candidate& candidate) const {
    const CellSummary& summary = Of(candidate);
    const double allowed = requirements_.AccuracyDrop();
    double excess =
        (candidate.drop_high.value_or(allowed) - allowed) / std::max(allowed, kAsAccurate);
    if (const auto& limit = requirements_.max_latency_ms) {
      excess = std::max(excess, *summary.median_ms / *limit - 1);
    }
    if (const auto& limit = requirements_.max_bytes) {
      const auto bytes = static_cast<double>(*summary.file_bytes);
      excess = std::max(excess, bytes / static_cast<double>(*limit) - 1);
    }
    return std::max(excess, 0.0);
  }

  void FindNearest() {
    const auto key = [&](const Candidate& candidate) {
      const CellSummary& summary = Of(candidate);
      return std::tuple(Excess(candidate), result_.float_cell ? 0 : -*summary.top1,
                        *summary.median_ms);
    };
    const Candidate* nearest = nullptr;
    for (const Candidate& candidate : result_.candidates) {
      if (Unfit(candidate)) continue;
      if (nearest == nullptr || key(candidate) < key(*nearest)) nearest = &candidate;
    }
    if (nearest != nullptr) result_.nearest = nearest->cell;
  }

  TimedCell Timed(const Candidate& candidate) const { return {&DataOf(candidate), &Of(candidate)}; }

  void ChooseFrom(const std::vector<Candidate*>& fit) {
    const Candidate& fastest = **std::ranges::min_element(
        fit, {}, [&](const Candidate* candidate) { return *Of(*candidate).median_ms; });
    std::vector<Candidate*> tied;
    for (Candidate* candidate : fit) {
      const bool slower = ComparePace(Timed(fastest), Timed(*candidate)) == Pace::kSlower;
      candidate->rejections = {slower ? Rejection::kSlower : Rejection::kTied};
      if (!slower) tied.push_back(candidate);
    }
    const auto key = [&](const Candidate* candidate) {
      const CellSummary& summary = Of(*candidate);
      return std::tuple(*summary.file_bytes, -*summary.top1, summary.threads, *summary.median_ms);
    };
    Candidate& chosen = **std::ranges::min_element(tied, {}, key);
    chosen.rejections.clear();
    result_.chosen = chosen.cell;
    if (tied.size() > 1) result_.tie_break = HowChosen(chosen, tied);
    for (Candidate* candidate : fit) {
      if (std::ranges::find(tied, candidate) == tied.end()) Compare(chosen, candidate);
    }
  }

  // What the chosen one has before all others that tie with it.
  TieBreak HowChosen(const Candidate& chosen, const std::vector<Candidate*>& tied) const {
    const auto all = [&](auto&& worse) {
      return std::ranges::all_of(tied, [&](const Candidate* other) {
        return other->cell == chosen.cell || worse(Of(*other));
      });
    };
    const CellSummary& best = Of(chosen);
    if (all([&](const CellSummary& other) { return *other.file_bytes > *best.file_bytes; })) {
      return TieBreak::kSmaller;
    }
    const bool accurate = all([&](const CellSummary& other) {
      return *other.file_bytes > *best.file_bytes || *other.top1 < *best.top1;
    });
    return accurate ? TieBreak::kMoreAccurate : TieBreak::kOther;
  }

  void Compare(const Candidate& chosen, Candidate* candidate) const {
    const auto ratio = stats::RatioOfSamples(
        ProcessMediansMs(DataOf(chosen)), ProcessMediansMs(DataOf(*candidate)), kRatioConfidence);
    if (!ratio.ok() || ratio->coverage <= 0) return;
    candidate->ratio = ratio->ratio;
    candidate->ratio_interval = ratio->interval;
  }

  const store::RunData& run_;
  std::span<const CellSummary> summaries_;
  const Requirements& requirements_;
  Recommendation& result_;
};

// A row that has no runtime weighs a file and is nothing to deploy.
bool IsWeighedOnly(const store::RunData& run, const store::Cell& cell) {
  const store::Plugin& runtime = run.plugins.at(cell.runtime_id);
  return runtime.path.empty() && runtime.sha256.empty();
}

}  // namespace

std::string_view Name(Rejection value) {
  switch (value) {
    case Rejection::kFailed:
      return "failed";
    case Rejection::kNotMeasured:
      return "not measured";
    case Rejection::kInvalid:
      return "invalid";
    case Rejection::kNoisy:
      return "noisy";
    case Rejection::kInaccurate:
      return "inaccurate";
    case Rejection::kNotShown:
      return "not shown";
    case Rejection::kTooSlow:
      return "too slow";
    case Rejection::kTooLarge:
      return "too large";
    case Rejection::kNoFloat:
      return "no float";
    case Rejection::kSlower:
      return "slower";
    case Rejection::kTied:
      return "tied";
  }
  return "";
}

const Candidate* Recommendation::Find(size_t cell) const {
  const auto found = std::ranges::find(candidates, cell, &Candidate::cell);
  return found == candidates.end() ? nullptr : &*found;
}

std::vector<Recommendation> Recommend(const store::RunData& run,
                                      std::span<const CellSummary> summaries,
                                      const Requirements& requirements) {
  std::vector<Recommendation> recommendations;
  for (size_t i = 0; i < run.cells.size(); ++i) {
    const store::Cell& cell = run.cells[i].cell;
    if (IsWeighedOnly(run, cell)) continue;
    auto group = std::ranges::find_if(recommendations, [&](const Recommendation& other) {
      return other.model_id == cell.model_id && other.split_id == cell.split_id;
    });
    if (group == recommendations.end()) {
      recommendations.emplace_back();
      group = recommendations.end() - 1;
      group->model_id = cell.model_id;
      group->split_id = cell.split_id;
    }
    group->candidates.emplace_back().cell = i;
  }
  for (Recommendation& recommendation : recommendations) {
    Chooser(run, summaries, requirements, &recommendation).Choose();
  }
  return recommendations;
}

}  // namespace qbench::results
