#include "harness/results/night.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "harness/results/night_pairs.h"
#include "harness/results/night_text.h"
#include "harness/results/summary.h"
#include "harness/stats/descriptive.h"

namespace qbench::results {
namespace {

using store::CellData;
using store::Measurement;
using store::MeasurementKind;
using store::Outcome;
using store::RunData;

const CellData* FindCell(const RunData& run, const std::vector<CellData>& cells,
                         const CellKey& key) {
  const auto found =
      std::ranges::find_if(cells, [&](const CellData& cell) { return KeyOf(run, cell) == key; });
  return found == cells.end() ? nullptr : &*found;
}

// The cell with those of its latency processes alone that count.
CellData Reduced(const CellData& cell, const std::set<int32_t>& counting) {
  CellData reduced;
  reduced.cell = cell.cell;
  for (const Measurement& measurement : cell.measurements) {
    const bool latency = measurement.kind == MeasurementKind::kLatency;
    if (latency ? counting.contains(measurement.repetition)
                : measurement.kind == MeasurementKind::kAccuracy) {
      reduced.measurements.push_back(measurement);
    }
  }
  // One process that does not count spoils the latency of a run's cell, but not that of a night's.
  if (reduced.cell.latency_status == Outcome::kInvalid && !counting.empty()) {
    reduced.cell.latency_status = Outcome::kOk;
  }
  return reduced;
}

std::string FactOf(const store::Plugin& plugin, const char* name) {
  const auto found = plugin.facts.find(name);
  return found != plugin.facts.end() && found->is_string() ? found->get<std::string>() : "";
}

bool IsSuspect(const NightCell& cell) {
  return cell.first_look == Judgement::kWorse || cell.tail.first.judgement == Judgement::kWorse;
}

double FloorOf(const std::map<CellKey, double>& floors, const CellKey& key, double least) {
  const auto own = floors.find(key);
  return own == floors.end() ? least : std::max(least, own->second);
}

// The 90th percentiles of the processes that count, by repetition; empty where one of them has too
// few samples for one.
std::vector<double> Tails(const CellData& cell, const std::set<int32_t>& counting) {
  std::vector<double> tails;
  for (const auto& [repetition, process] : LatencyProcesses(cell)) {
    if (!counting.contains(repetition)) continue;
    if (process->samples_ns.size() < kMinSamplesForP90) return {};
    tails.push_back(stats::Quantile(process->samples_ns, 0.9));
  }
  return tails;
}

class NightJudge {
 public:
  NightJudge(const RunData& run, const Floors& floors, const NightRules& rules)
      : run_(run), floors_(floors), rules_(rules) {}

  Night Judge() {
    TakeCells();
    JudgeFirstLook();
    JudgeTails();
    JudgeRepeat();
    JudgeMemory();
    for (Entry& entry : entries_) Conclude(&entry);
    Night night;
    night.differences = std::move(differences_);
    for (Entry& entry : entries_) {
      if (IsSuspect(entry.cell)) night.suspects.push_back(entry.now->cell.id);
      night.cells.push_back(std::move(entry.cell));
    }
    night.answer = AnswerOf(night.cells);
    night.sentence = NightSentence(night);
    return night;
  }

 private:
  struct Entry {
    NightCell cell;
    const CellData* base = nullptr;
    const CellData* now = nullptr;
    NightPairs first;
    NightPairs repeat;
  };

  void TakeCells() {
    int64_t measured = 0;
    int64_t lost = 0;
    for (const CellData& now : run_.cells) {
      if (run_.plugins.at(now.cell.runtime_id).path.empty()) continue;  // a model's own file
      Entry entry;
      entry.now = &now;
      entry.cell.key = KeyOf(run_, now);
      entry.cell.name = NameOf(entry.cell.key);
      entry.base = FindCell(run_, run_.baseline_cells, entry.cell.key);
      entry.cell.compared = entry.base != nullptr;
      if (entry.base != nullptr) {
        entry.first = FindPairs(*entry.base, now, 0, rules_.pairs, rules_.max_waiting);
        entry.repeat =
            FindPairs(*entry.base, now, rules_.pairs, 2 * rules_.pairs, rules_.max_waiting);
        TakeBuild(&entry);
      }
      measured += entry.first.measured;
      lost += entry.first.lost();
      entry.cell.pairs = entry.first.measured;
      entry.cell.lost = entry.first.lost();
      entry.cell.why_lost = entry.first.why_lost;
      entries_.push_back(std::move(entry));
    }
    night_is_lost_ = static_cast<double>(lost) > rules_.max_lost * static_cast<double>(measured);
  }

  void TakeBuild(Entry* entry) const {
    const store::Cell& base = entry->base->cell;
    const store::Cell& now = entry->now->cell;
    if (!base.artifact_id || !now.artifact_id) return;
    entry->cell.same_file =
        run_.artifacts.at(*base.artifact_id).sha256 == run_.artifacts.at(*now.artifact_id).sha256;
    const store::Plugin& before = run_.plugins.at(base.runtime_id);
    const store::Plugin& after = run_.plugins.at(now.runtime_id);
    entry->cell.same_build = entry->cell.same_file && before.sha256 == after.sha256 &&
                             FactOf(before, "library_sha256") == FactOf(after, "library_sha256");
  }

  // Both sides with the pairs that count: of `pairs`, where the cell is not left out.
  Comparison CompareSides(NightPairs Entry::*pairs, bool suspects_alone, Side* base,
                          Side* now) const {
    for (Side* side : {base, now}) {
      side->database = "the night";  // both have the run's number: one series
      RunData& data = side->runs.emplace_back();
      data.run = run_.run;
      data.models = run_.models;
      data.splits = run_.splits;
      data.plugins = run_.plugins;
      data.artifacts = run_.artifacts;
    }
    for (const Entry& entry : entries_) {
      if (entry.base == nullptr) continue;
      if (suspects_alone && entry.cell.first_look != Judgement::kWorse) continue;
      const auto add = [&](const CellData& cell, Side* side) {
        side->cells.push_back({0, side->runs[0].cells.size()});
        side->runs[0].cells.push_back(Reduced(cell, (entry.*pairs).counting));
      };
      add(*entry.base, base);
      add(*entry.now, now);
    }
    return Compare(*base, *now, rules_.limits, {}, floors_.median);
  }

  Entry* Find(const CellPair& pair, const Side& now) {
    if (!pair.now) return nullptr;
    const int64_t id = now.CellOf(*pair.now).cell.id;
    const auto found = std::ranges::find_if(
        entries_, [&](const Entry& entry) { return entry.now->cell.id == id; });
    return found == entries_.end() ? nullptr : &*found;
  }

  void JudgeFirstLook() {
    Side base;
    Side now;
    Comparison comparison = CompareSides(&Entry::first, false, &base, &now);
    differences_ = std::move(comparison.differences);
    for (const CellPair& pair : comparison.pairs) {
      Entry* entry = Find(pair, now);
      if (entry == nullptr || !pair.base) continue;
      NightCell& cell = entry->cell;
      cell.figures = pair.figures;
      cell.floor = FloorOf(floors_.median, cell.key, rules_.limits.latency_floor);
      cell.first_look = FirstLook(entry);
    }
  }

  // What the first look says of a latency, with what makes it invalid.
  Judgement FirstLook(Entry* entry) const {
    NightCell& cell = entry->cell;
    if (entry->base->cell.status != Outcome::kOk) {
      cell.problem = "the baseline could not be measured: " + entry->base->cell.reason;
      return Judgement::kInvalid;
    }
    if (entry->now->cell.status != Outcome::kOk) {
      cell.problem = "it fails: " + entry->now->cell.reason;
      return Judgement::kNone;
    }
    if (entry->first.TooMany(rules_.max_lost)) return Judgement::kInvalid;
    if (night_is_lost_) {
      cell.problem = "most of the night's other processes were disturbed";
      return Judgement::kInvalid;
    }
    const CellComparison& figures = cell.figures;
    const double blind = (1 + cell.floor) * (1 + rules_.max_blind);
    if (figures.latency_judgement != Judgement::kWorse &&
        figures.latency_ratio_high.value_or(1) > blind) {
      cell.problem =
          fmt::format("the processes vary too much: it could be slower by {:.0f} % and not show",
                      (*figures.latency_ratio_high - 1) * 100);
      return Judgement::kInvalid;
    }
    return figures.latency_judgement;
  }

  // One finding an entry, of the tails of these pairs; kNone where `looked_at` says no.
  std::vector<LatencyFinding> FindTails(NightPairs Entry::*pairs,
                                        bool (*looked_at)(const NightCell& cell)) const {
    std::vector<LatencyEvidence> evidence;
    for (const Entry& entry : entries_) {
      LatencyEvidence& tails = evidence.emplace_back();
      if (entry.base == nullptr || !looked_at(entry.cell)) continue;
      tails.base = Tails(*entry.base, (entry.*pairs).counting);
      tails.now = Tails(*entry.now, (entry.*pairs).counting);
      if (tails.base.size() != tails.now.size()) tails.base.clear();
      tails.paired = true;
      tails.floor = entry.cell.tail.floor;
    }
    Limits limits = rules_.limits;
    limits.latency_floor = rules_.tail_floor;
    return JudgeLatencies(evidence, limits);
  }

  // As latencies are judged: first all cells, then those that are measured again.
  void JudgeTails() {
    for (Entry& entry : entries_) {
      entry.cell.tail.floor = FloorOf(floors_.p90, entry.cell.key, rules_.tail_floor);
    }
    const auto is_valid = [](const NightCell& cell) {
      return cell.first_look != Judgement::kNone && cell.first_look != Judgement::kInvalid;
    };
    const std::vector<LatencyFinding> first = FindTails(&Entry::first, is_valid);
    for (size_t i = 0; i < entries_.size(); ++i) entries_[i].cell.tail.first = first[i];
    const auto is_slow = [](const NightCell& cell) {
      return cell.tail.first.judgement == Judgement::kWorse;
    };
    const std::vector<LatencyFinding> repeat = FindTails(&Entry::repeat, is_slow);
    for (size_t i = 0; i < entries_.size(); ++i) {
      Tail& tail = entries_[i].cell.tail;
      tail.judgement = tail.first.judgement;
      if (repeat[i].judgement != Judgement::kNone && !entries_[i].repeat.TooMany(rules_.max_lost)) {
        tail.repeat = repeat[i];
      }
      const bool again = tail.repeat && tail.repeat->judgement == Judgement::kWorse;
      if (tail.judgement == Judgement::kWorse && !again) tail.judgement = Judgement::kMaybeWorse;
    }
  }

  void JudgeRepeat() {
    Side base;
    Side now;
    const Comparison comparison = CompareSides(&Entry::repeat, true, &base, &now);
    for (const CellPair& pair : comparison.pairs) {
      Entry* entry = Find(pair, now);
      const CellComparison& figures = pair.figures;
      if (entry == nullptr || !figures.latency_ratio) continue;
      LatencyFinding& finding = entry->cell.repeat.emplace();
      finding.judgement = figures.latency_judgement;
      finding.ratio = *figures.latency_ratio;
      finding.interval = {figures.latency_ratio_low.value_or(finding.ratio),
                          figures.latency_ratio_high.value_or(finding.ratio)};
      finding.slower_p_adjusted = figures.slower_p_adjusted.value_or(1);
    }
  }

  static std::vector<double> Peaks(const CellData& cell, const std::set<int32_t>& counting) {
    std::vector<double> peaks;
    for (const auto& [repetition, process] : LatencyProcesses(cell)) {
      if (!counting.contains(repetition) || process->peak_rss_bytes.value_or(0) <= 0) continue;
      peaks.push_back(static_cast<double>(*process->peak_rss_bytes));
    }
    return peaks;
  }

  // As latencies are judged: the peak of a fresh process is its unit, too.
  void JudgeMemory() {
    std::vector<LatencyEvidence> evidence;
    for (const Entry& entry : entries_) {
      LatencyEvidence& peaks = evidence.emplace_back();
      if (entry.base == nullptr) continue;
      peaks.base = Peaks(*entry.base, entry.first.counting);
      peaks.now = Peaks(*entry.now, entry.first.counting);
      if (peaks.base.empty()) continue;
      const auto [low, high] = std::ranges::minmax(peaks.base);
      peaks.floor = high / low - 1;
    }
    Limits limits = rules_.limits;
    limits.latency_floor = rules_.memory_floor;
    const std::vector<LatencyFinding> findings = JudgeLatencies(evidence, limits);
    for (size_t i = 0; i < entries_.size(); ++i) entries_[i].cell.memory = findings[i];
  }

  // The judgement of the latency with the repeat, and that of the cell.
  void Conclude(Entry* entry) const {
    NightCell& cell = entry->cell;
    if (!cell.compared) {
      cell.sentence = CellSentence(cell);
      return;
    }
    CellComparison& figures = cell.figures;
    figures.latency_judgement = cell.first_look;
    if (cell.first_look == Judgement::kWorse) {
      const bool again = cell.repeat && !entry->repeat.TooMany(rules_.max_lost);
      if (!again && entry->repeat.measured > 0) {
        figures.latency_judgement = Judgement::kInvalid;
        cell.problem = "it looked slower, and the repeat was disturbed: " + entry->repeat.why_lost;
      } else if (!again || cell.repeat->judgement != Judgement::kWorse) {
        figures.latency_judgement = Judgement::kMaybeWorse;
      }
    }
    const bool fails =
        entry->base->cell.status == Outcome::kOk && entry->now->cell.status != Outcome::kOk;
    figures.judgement = Worst(std::array{
        figures.size_judgement, figures.latency_judgement, figures.accuracy_judgement,
        cell.memory.judgement, cell.tail.judgement, fails ? Judgement::kWorse : Judgement::kNone});
    cell.sentence = CellSentence(cell);
  }

  static NightAnswer AnswerOf(const std::vector<NightCell>& cells) {
    bool judged = false;
    bool invalid = false;
    for (const NightCell& cell : cells) {
      if (!cell.compared) continue;
      const CellComparison& figures = cell.figures;
      if (figures.judgement == Judgement::kWorse) return NightAnswer::kRegression;
      judged = judged || figures.latency_judgement != Judgement::kNone;
      invalid = invalid || figures.latency_judgement == Judgement::kInvalid ||
                figures.accuracy_judgement == Judgement::kInvalid;
    }
    return judged && !invalid ? NightAnswer::kGood : NightAnswer::kInvalid;
  }

  const RunData& run_;
  const Floors& floors_;
  const NightRules& rules_;
  std::vector<Entry> entries_;
  std::vector<FactDifference> differences_;
  bool night_is_lost_ = false;
};

}  // namespace

std::string_view Name(NightAnswer value) {
  switch (value) {
    case NightAnswer::kGood:
      return "good";
    case NightAnswer::kRegression:
      return "regression";
    case NightAnswer::kInvalid:
      return "invalid night";
  }
  return "";
}

Night JudgeNight(const RunData& run, const Floors& floors, const NightRules& rules) {
  return NightJudge(run, floors, rules).Judge();
}

}  // namespace qbench::results
