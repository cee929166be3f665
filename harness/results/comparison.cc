#include "harness/results/comparison.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "harness/results/cell_pairs.h"
#include "harness/results/summary.h"
#include "harness/stats/descriptive.h"

namespace qbench::results {
namespace {

using store::Outcome;

constexpr double kNsPerMs = 1e6;

// To nine significant digits: what of a probability may differ between machines is beyond.
double Rounded(double value) {
  const std::string text = fmt::format("{:.9g}", value);
  double rounded = value;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

bool IsFailure(Outcome outcome) {
  return outcome == Outcome::kFailed || outcome == Outcome::kCrashed ||
         outcome == Outcome::kTimeout || outcome == Outcome::kUnsupported;
}

// "ok", "crashed", "latency invalid"; empty: not reached.
std::string StatusText(const store::Cell& cell) {
  if (cell.status != Outcome::kOk) return std::string(Name(cell.status));
  const auto passed = [](Outcome part) {
    return part == Outcome::kOk || part == Outcome::kNotMeasured;
  };
  if (!passed(cell.accuracy_status)) return "accuracy " + std::string(Name(cell.accuracy_status));
  if (!passed(cell.latency_status)) return "latency " + std::string(Name(cell.latency_status));
  return "ok";
}

// Whether what worked on the base fails now: worse; the reverse: better; else nothing.
Judgement JudgeStatus(const store::Cell& base, const store::Cell& now) {
  Judgement judgement = Judgement::kNone;
  for (const auto part :
       {&store::Cell::status, &store::Cell::accuracy_status, &store::Cell::latency_status}) {
    if (base.*part == Outcome::kOk && IsFailure(now.*part)) return Judgement::kWorse;
    if (IsFailure(base.*part) && now.*part == Outcome::kOk) judgement = Judgement::kBetter;
  }
  return judgement;
}

// Both sides' cells of one pair, with what the comparison needs of them.
class PairMeasurer {
 public:
  PairMeasurer(const Side& base, const Side& now, const Limits& limits, CellPair* pair)
      : base_side_(base), now_side_(now), limits_(limits), pair_(*pair) {
    if (pair_.base) base_ = &base.CellOf(*pair_.base);
    if (pair_.now) now_ = &now.CellOf(*pair_.now);
  }

  void TakeNames() {
    CellComparison& figures = pair_.figures;
    if (now_ != nullptr) {
      const CellKey key = KeyOf(now_side_.RunOf(*pair_.now), *now_);
      TakeKey(key, &figures);
      figures.new_quantizer_options = key.quantizer_options;
      figures.new_runtime_options = key.runtime_options;
      figures.new_run_id = RunNumber(now_side_, *pair_.now);
      figures.new_status = StatusText(now_->cell);
      figures.new_quantizer = key.quantizer;
      figures.new_runtime = key.runtime;
    }
    if (base_ != nullptr) {
      const CellKey key = KeyOf(base_side_.RunOf(*pair_.base), *base_);
      TakeKey(key, &figures);
      figures.base_quantizer_options = key.quantizer_options;
      figures.base_runtime_options = key.runtime_options;
      figures.base_run_id = RunNumber(base_side_, *pair_.base);
      figures.base_status = StatusText(base_->cell);
    }
    // Said only where they are others.
    if (figures.new_quantizer == figures.quantizer) figures.new_quantizer.clear();
    if (figures.new_runtime == figures.runtime) figures.new_runtime.clear();
  }

  void CompareSizes() {
    CellComparison& figures = pair_.figures;
    if (const store::Artifact* artifact = ArtifactOf(base_side_, pair_.base)) {
      figures.base_file_bytes = artifact->file_bytes;
      figures.base_artifact_sha256 = artifact->sha256;
    }
    if (const store::Artifact* artifact = ArtifactOf(now_side_, pair_.now)) {
      figures.new_file_bytes = artifact->file_bytes;
      figures.new_artifact_sha256 = artifact->sha256;
    }
    if (figures.base_file_bytes.value_or(-1) < 0 || figures.new_file_bytes.value_or(-1) < 0) return;
    figures.grown_bytes = *figures.new_file_bytes - *figures.base_file_bytes;
    figures.size_judgement = JudgeSize(*figures.base_file_bytes, *figures.new_file_bytes, limits_);
  }

  // The figures of the latencies, and what is to be tested; nothing where that is not possible.
  std::optional<LatencyEvidence> CompareLatencies() {
    CellComparison& figures = pair_.figures;
    const std::map<int32_t, double> before = Medians(base_);
    const std::map<int32_t, double> after = Medians(now_);
    TakeLatency(base_, before, &figures.base_median_ms, &figures.base_processes,
                &figures.base_peak_rss_bytes);
    TakeLatency(now_, after, &figures.new_median_ms, &figures.new_processes,
                &figures.new_peak_rss_bytes);
    if (before.empty() || after.empty()) return std::nullopt;
    if (base_->cell.latency_status == Outcome::kInvalid ||
        now_->cell.latency_status == Outcome::kInvalid) {
      figures.latency_judgement = Judgement::kInvalid;
      return std::nullopt;
    }
    if (!OtherBoards().empty()) {
      figures.latency_judgement = Judgement::kNotJudged;
      return std::nullopt;
    }
    LatencyEvidence evidence;
    for (const auto& [repetition, median] : before) evidence.base.push_back(median);
    for (const auto& [repetition, median] : after) evidence.now.push_back(median);
    const std::string series = SeriesOf(base_side_, *pair_.base);
    evidence.paired =
        !series.empty() && series == SeriesOf(now_side_, *pair_.now) &&
        std::ranges::equal(before, after, {}, &std::pair<const int32_t, double>::first,
                           &std::pair<const int32_t, double>::first);
    pair_.noisy = IsNoisy(evidence.base) || IsNoisy(evidence.now);
    return evidence;
  }

  void CompareAccuracies() {
    CellComparison& figures = pair_.figures;
    figures.base_top1 = Top1(base_side_, pair_.base);
    figures.new_top1 = Top1(now_side_, pair_.now);
    if (base_ == nullptr || now_ == nullptr) return;
    const bool base_invalid = base_->cell.accuracy_status == Outcome::kInvalid;
    const bool now_invalid = now_->cell.accuracy_status == Outcome::kInvalid;
    if (base_invalid != now_invalid && (figures.base_top1 || figures.new_top1)) {
      figures.accuracy_judgement = Judgement::kInvalid;
    }
    if (!figures.base_top1 || !figures.new_top1 || base_invalid || now_invalid) return;
    const store::DatasetSplit& split = SplitOf(base_side_, *pair_.base);
    const store::DatasetSplit& other = SplitOf(now_side_, *pair_.now);
    if (split.sha256 != other.sha256 || split.labels != other.labels ||
        split.images.size() != other.images.size()) {
      figures.accuracy_judgement = Judgement::kNotJudged;
      return;
    }
    const auto paired = ComparePaired(*base_, *now_, split);
    const AccuracyFinding finding =
        JudgeAccuracy({paired.images, paired.lost, paired.gained}, limits_);
    figures.accuracy_judgement = finding.judgement;
    figures.images = paired.images;
    figures.images_lost = paired.lost;
    figures.images_gained = paired.gained;
    figures.top1_drop = finding.drop;
    figures.top1_drop_high = Rounded(finding.drop_high);
    figures.loss_p = Rounded(finding.loss_p);
    pair_.flips = FlipsBetween(*base_, *now_, split);
    figures.images_flipped = static_cast<int64_t>(pair_.flips.size());
  }

  Judgement CompareStatuses() const {
    if (base_ == nullptr || now_ == nullptr) return Judgement::kNone;
    return JudgeStatus(base_->cell, now_->cell);
  }

  // Empty where the latencies may be compared.
  std::string OtherBoards() const {
    if (base_ == nullptr || now_ == nullptr) return {};
    return OtherBoard(base_side_.RunOf(*pair_.base).run, now_side_.RunOf(*pair_.now).run);
  }

 private:
  static void TakeKey(const CellKey& key, CellComparison* figures) {
    figures->model = key.model;
    figures->quantizer = key.quantizer;
    figures->runtime = key.runtime;
    figures->threads = key.threads;
    figures->dataset = key.dataset;
    figures->split = key.split;
  }

  static std::optional<int64_t> RunNumber(const Side& side, const Side::CellRef& ref) {
    if (side.database.empty()) return std::nullopt;
    return side.RunOf(ref).run.id;
  }

  static const store::Artifact* ArtifactOf(const Side& side,
                                           const std::optional<Side::CellRef>& ref) {
    if (!ref || !side.CellOf(*ref).cell.artifact_id) return nullptr;
    return &side.RunOf(*ref).artifacts.at(*side.CellOf(*ref).cell.artifact_id);
  }

  static const store::DatasetSplit& SplitOf(const Side& side, const Side::CellRef& ref) {
    return side.RunOf(ref).splits.at(side.CellOf(ref).cell.split_id);
  }

  // Of each latency process, by its repetition, in milliseconds.
  static std::map<int32_t, double> Medians(const store::CellData* cell) {
    std::map<int32_t, double> medians;
    if (cell == nullptr) return medians;
    for (const store::Measurement* process : LatencyOf(*cell)) {
      medians[process->repetition] = MedianNs(*cell, *process) / kNsPerMs;
    }
    return medians;
  }

  static void TakeLatency(const store::CellData* cell, const std::map<int32_t, double>& medians,
                          std::optional<double>* median, std::optional<int64_t>* processes,
                          std::optional<int64_t>* memory) {
    if (medians.empty()) return;
    std::vector<double> values;
    for (const auto& [repetition, value] : medians) values.push_back(value);
    *median = stats::Median(values);
    *processes = static_cast<int64_t>(values.size());
    for (const store::Measurement* process : LatencyOf(*cell)) {
      if (process->peak_rss_bytes)
        *memory = std::max(memory->value_or(0), *process->peak_rss_bytes);
    }
  }

  // As the reports call it: medians of undisturbed processes lie within some 2 % of each other.
  static bool IsNoisy(const std::vector<double>& medians) {
    constexpr double kMaxSpread = 0.05;
    const auto [low, high] = std::ranges::minmax_element(medians);
    return *high - *low > kMaxSpread * stats::Median(medians);
  }

  static std::optional<double> Top1(const Side& side, const std::optional<Side::CellRef>& ref) {
    if (!ref) return std::nullopt;
    const store::Measurement* accuracy = AccuracyOf(side.CellOf(*ref));
    if (accuracy == nullptr) return std::nullopt;
    const store::DatasetSplit& split = SplitOf(side, *ref);
    int64_t images = 0;
    int64_t right = 0;
    for (size_t i = 0; i < split.images.size(); ++i) {
      if (accuracy->predictions[i] < 0) continue;
      ++images;
      right += accuracy->predictions[i] == split.images[i].label ? 1 : 0;
    }
    if (images == 0) return std::nullopt;
    return static_cast<double>(right) / static_cast<double>(images);
  }

  const Side& base_side_;
  const Side& now_side_;
  const Limits& limits_;
  CellPair& pair_;
  const store::CellData* base_ = nullptr;
  const store::CellData* now_ = nullptr;
};

void TakeFinding(const LatencyFinding& finding, CellPair* pair) {
  CellComparison& figures = pair->figures;
  figures.latency_judgement = finding.judgement;
  if (finding.judgement == Judgement::kNone) return;
  figures.latency_ratio = finding.ratio;
  if (finding.coverage > 0) {
    figures.latency_ratio_low = finding.interval.low;
    figures.latency_ratio_high = finding.interval.high;
    figures.latency_ratio_confidence = Rounded(finding.coverage);
  }
  figures.latency_test = finding.by_pairs ? "signed-rank" : "mann-whitney";
  figures.slower_p = Rounded(finding.slower_p);
  figures.slower_p_adjusted = Rounded(finding.slower_p_adjusted);
  figures.faster_p = Rounded(finding.faster_p);
  figures.faster_p_adjusted = Rounded(finding.faster_p_adjusted);
  figures.latency_floor = Rounded(finding.floor);
  pair->too_few = finding.too_few;
}

// Judges all latencies as one family.
// `evidence[i]` is of `pairs[places[i]]`.
void JudgeAll(const std::vector<LatencyEvidence>& evidence, const std::vector<size_t>& places,
              const Limits& limits, Comparison* comparison) {
  comparison->latency_cells = evidence.size();
  const std::vector<LatencyFinding> findings = JudgeLatencies(evidence, limits);
  for (size_t i = 0; i < findings.size(); ++i) {
    TakeFinding(findings[i], &comparison->pairs[places[i]]);
  }
}

// Both sides measured this in some cells, and in none of them it could be judged.
bool NoneJudged(const std::vector<CellPair>& pairs, Judgement CellComparison::*judgement,
                bool other_boards_count) {
  bool measured = false;
  for (const CellPair& pair : pairs) {
    const Judgement one = pair.figures.*judgement;
    if (one == Judgement::kNone || (one == Judgement::kNotJudged && !other_boards_count)) continue;
    if (one != Judgement::kInvalid && one != Judgement::kNotJudged) return false;
    measured = true;
  }
  return measured;
}

Answer AnswerOf(const std::vector<CellPair>& pairs) {
  bool nothing = true;
  bool looks_worse = false;
  for (const CellPair& pair : pairs) {
    if (pair.figures.judgement == Judgement::kWorse) return Answer::kRegression;
    nothing = nothing && pair.figures.judgement == Judgement::kNone;
    looks_worse = looks_worse || pair.figures.latency_judgement == Judgement::kMaybeWorse;
  }
  if (nothing || looks_worse ||
      NoneJudged(pairs, &CellComparison::latency_judgement, /*other_boards_count=*/false) ||
      NoneJudged(pairs, &CellComparison::accuracy_judgement, /*other_boards_count=*/true)) {
    return Answer::kCannotTell;
  }
  return Answer::kNoRegression;
}

bool IsDifference(Judgement judgement) {
  return judgement == Judgement::kWorse || judgement == Judgement::kMaybeWorse ||
         judgement == Judgement::kBetter || judgement == Judgement::kMaybeBetter;
}

// The figures in which a difference was found.
std::vector<std::string> FoundIn(const std::vector<CellPair>& pairs) {
  std::vector<std::string> found;
  for (const auto& [name, judgement] :
       {std::pair{"size", &CellComparison::size_judgement},
        std::pair{"latency", &CellComparison::latency_judgement},
        std::pair{"accuracy", &CellComparison::accuracy_judgement}}) {
    if (std::ranges::any_of(
            pairs, [&](const CellPair& pair) { return IsDifference(pair.figures.*judgement); })) {
      found.emplace_back(name);
    }
  }
  return found;
}

// The options in which cells that belong together differ, each once.
std::vector<FactDifference> OptionDifferences(const std::vector<CellPair>& pairs) {
  std::vector<FactDifference> differences;
  const auto add = [&](const std::string& plugin, const std::string& base, const std::string& now,
                       const char* can_explain) {
    const std::string name = plugin + ", options";
    const bool known = std::ranges::any_of(differences, [&](const FactDifference& other) {
      return other.name == name && other.base == base && other.now == now;
    });
    if (base == now || known) return;
    differences.push_back({"programs", name, base, now, can_explain});
  };
  for (const CellPair& pair : pairs) {
    const CellComparison& figures = pair.figures;
    if (figures.pairing != Pairing::kOptions) continue;
    add(figures.quantizer, figures.base_quantizer_options, figures.new_quantizer_options,
        "size, latency, accuracy");
    add(figures.runtime, figures.base_runtime_options, figures.new_runtime_options,
        "latency, accuracy");
  }
  return differences;
}

}  // namespace

std::vector<Flip> FlipsBetween(const store::CellData& base, const store::CellData& now,
                               const store::DatasetSplit& split) {
  const store::Measurement& before = *AccuracyOf(base);
  const store::Measurement& after = *AccuracyOf(now);
  std::vector<Flip> flips;
  for (size_t i = 0; i < split.images.size(); ++i) {
    const int32_t was = before.predictions[i];
    const int32_t is = after.predictions[i];
    if (was < 0 || is < 0 || was == is) continue;
    flips.push_back({i, was, is, before.confidences[i], after.confidences[i]});
  }
  const auto kind = [&](const Flip& flip) {
    const int32_t label = split.images[flip.image].label;
    return flip.base_class == label ? 0 : flip.new_class == label ? 1 : 2;
  };
  std::ranges::stable_sort(flips, [&](const Flip& a, const Flip& b) {
    if (kind(a) != kind(b)) return kind(a) < kind(b);
    return a.new_confidence > b.new_confidence;
  });
  return flips;
}

std::string_view Name(Pairing value) {
  switch (value) {
    case Pairing::kSame:
      return "same";
    case Pairing::kOptions:
      return "options";
    case Pairing::kChosen:
      return "chosen";
    case Pairing::kBaseOnly:
      return "base only";
    case Pairing::kNewOnly:
      return "new only";
  }
  return "";
}

std::string_view Name(Answer value) {
  switch (value) {
    case Answer::kNoRegression:
      return "no regression";
    case Answer::kRegression:
      return "regression";
    case Answer::kCannotTell:
      return "cannot tell";
  }
  return "";
}

Comparison Compare(const Side& base, const Side& now, const Limits& limits, PairBy by,
                   const std::map<CellKey, double>& floors) {
  Comparison comparison;
  comparison.base = &base;
  comparison.now = &now;
  comparison.limits = limits;
  comparison.pairs = PairCells(base, now, by);
  std::vector<LatencyEvidence> evidence;
  std::vector<size_t> places;  // in the pairs, of the evidence
  std::vector<Judgement> statuses;
  for (CellPair& pair : comparison.pairs) {
    PairMeasurer measurer(base, now, limits, &pair);
    measurer.TakeNames();
    measurer.CompareSizes();
    if (std::optional<LatencyEvidence> latencies = measurer.CompareLatencies()) {
      places.push_back(statuses.size());
      evidence.push_back(*std::move(latencies));
      if (!floors.empty()) {
        const auto floor = floors.find(KeyOf(now.RunOf(*pair.now), now.CellOf(*pair.now)));
        if (floor != floors.end()) evidence.back().floor = floor->second;
      }
    }
    measurer.CompareAccuracies();
    statuses.push_back(measurer.CompareStatuses());
    if (comparison.other_boards.empty()) comparison.other_boards = measurer.OtherBoards();
  }
  JudgeAll(evidence, places, limits, &comparison);
  for (size_t i = 0; i < comparison.pairs.size(); ++i) {
    CellComparison& figures = comparison.pairs[i].figures;
    figures.judgement = Worst(std::array{figures.size_judgement, figures.latency_judgement,
                                         figures.accuracy_judgement, statuses[i]});
  }
  comparison.answer = AnswerOf(comparison.pairs);
  comparison.differences = CompareEnvironments(base, now, FoundIn(comparison.pairs),
                                               OptionDifferences(comparison.pairs));
  return comparison;
}

}  // namespace qbench::results
