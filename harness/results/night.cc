#include "harness/results/night.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "fmt/format.h"
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

std::map<int32_t, const Measurement*> LatencyProcesses(const CellData& cell) {
  std::map<int32_t, const Measurement*> processes;
  for (const Measurement& measurement : cell.measurements) {
    if (measurement.kind != MeasurementKind::kLatency) continue;
    processes[measurement.repetition] = &measurement;
  }
  return processes;
}

// Why a process does not count; empty: it does.
std::string WhyLost(const Measurement& process, int32_t threads, double max_waiting) {
  if (process.status != Outcome::kOk) return process.reason;
  if (process.samples_ns.empty()) return "it left no samples";
  const std::optional<double> waiting = WaitingShare(process.conditions, threads);
  if (!waiting || *waiting <= max_waiting) return {};
  return fmt::format(
      "the machine was busy: it waited for a processor for {:.0f} % of the time (stop what `top` "
      "shows)",
      *waiting * 100);
}

// The pairs of a cell in a range of repetitions.
struct Pairs {
  std::set<int32_t> counting;
  int64_t measured = 0;
  std::string why_lost;

  int64_t lost() const { return measured - static_cast<int64_t>(counting.size()); }
  bool TooMany(double max_lost) const {
    return static_cast<double>(lost()) > max_lost * static_cast<double>(measured);
  }
};

Pairs FindPairs(const CellData& base, const CellData& now, int32_t from, int32_t to,
                double max_waiting) {
  Pairs pairs;
  const auto before = LatencyProcesses(base);
  const auto after = LatencyProcesses(now);
  for (int32_t repetition = from; repetition < to; ++repetition) {
    const auto one = before.find(repetition);
    const auto other = after.find(repetition);
    if (one == before.end() || other == after.end()) continue;
    ++pairs.measured;
    std::string why = WhyLost(*one->second, base.cell.threads, max_waiting);
    if (why.empty()) why = WhyLost(*other->second, now.cell.threads, max_waiting);
    if (why.empty()) pairs.counting.insert(repetition);
    if (pairs.why_lost.empty()) pairs.why_lost = std::move(why);
  }
  return pairs;
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

class NightJudge {
 public:
  NightJudge(const RunData& run, const std::map<CellKey, double>& floors, const NightRules& rules)
      : run_(run), floors_(floors), rules_(rules) {}

  Night Judge() {
    TakeCells();
    JudgeFirstLook();
    JudgeRepeat();
    JudgeMemory();
    for (Entry& entry : entries_) Conclude(&entry);
    Night night;
    for (Entry& entry : entries_) {
      if (entry.cell.first_look == Judgement::kWorse) night.suspects.push_back(entry.now->cell.id);
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
    Pairs first;
    Pairs repeat;
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
  Comparison CompareSides(Pairs Entry::*pairs, bool suspects_alone, Side* base, Side* now) const {
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
    return Compare(*base, *now, rules_.limits, {}, floors_);
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
    const Comparison comparison = CompareSides(&Entry::first, false, &base, &now);
    for (const CellPair& pair : comparison.pairs) {
      Entry* entry = Find(pair, now);
      if (entry == nullptr || !pair.base) continue;
      NightCell& cell = entry->cell;
      cell.figures = pair.figures;
      const auto own = floors_.find(cell.key);
      cell.floor = std::max(rules_.limits.latency_floor, own == floors_.end() ? 0 : own->second);
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
    figures.judgement = Worst(std::array{figures.size_judgement, figures.latency_judgement,
                                         figures.accuracy_judgement, cell.memory.judgement,
                                         fails ? Judgement::kWorse : Judgement::kNone});
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
  const std::map<CellKey, double>& floors_;
  const NightRules& rules_;
  std::vector<Entry> entries_;
  bool night_is_lost_ = false;
};

// A number of the readings; none where it is not there.
std::optional<double> Reading(const Json& conditions, const char* when, const char* what) {
  const auto side = conditions.find(when);
  if (side == conditions.end() || !side->is_object()) return std::nullopt;
  const auto value = side->find(what);
  if (value == side->end() || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::optional<double> Increase(const Json& conditions, const char* what) {
  const auto before = Reading(conditions, "before", what);
  const auto after = Reading(conditions, "after", what);
  if (!before || !after || *after < *before) return std::nullopt;
  return *after - *before;
}

constexpr const char* kGate = "gate";

template <typename Value>
void Take(const Json& json, const char* key, Value* value) {
  const auto found = json.find(key);
  if (found != json.end() && found->is_number()) *value = found->get<Value>();
}

}  // namespace

std::optional<double> WaitingShare(const Json& conditions, int32_t threads) {
  constexpr double kShortest = 500;  // ms: the clock of uptime ticks every ten
  const auto passed = Increase(conditions, "uptime_ms");
  const auto waited = Increase(conditions, "waited_us");
  const auto stolen = Increase(conditions, "stolen_ms");
  if (!passed || *passed < kShortest || (!waited && !stolen)) return std::nullopt;
  const double ready = *passed * std::max<int32_t>(1, threads);
  return std::min(1.0, (waited.value_or(0) / 1000 + stolen.value_or(0)) / ready);
}

NightRules RulesOf(const store::Run& run) {
  NightRules rules;
  const auto gate = run.settings.find(kGate);
  if (gate == run.settings.end() || !gate->is_object()) return rules;
  Take(*gate, "pairs", &rules.pairs);
  Take(*gate, "latency_floor", &rules.limits.latency_floor);
  Take(*gate, "level", &rules.limits.level);
  Take(*gate, "accuracy_budget", &rules.limits.accuracy_budget);
  Take(*gate, "size_growth", &rules.limits.size_growth);
  return rules;
}

Json RulesToJson(const NightRules& rules) {
  return {{"pairs", rules.pairs},
          {"latency_floor", rules.limits.latency_floor},
          {"level", rules.limits.level},
          {"accuracy_budget", rules.limits.accuracy_budget},
          {"size_growth", rules.limits.size_growth}};
}

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

Night JudgeNight(const RunData& run, const std::map<CellKey, double>& floors,
                 const NightRules& rules) {
  return NightJudge(run, floors, rules).Judge();
}

void FloorHistory::Add(const Night& night) {
  bool taught = false;
  for (const NightCell& cell : night.cells) {
    if (!cell.same_build || !cell.figures.latency_ratio ||
        cell.figures.latency_judgement == Judgement::kInvalid ||
        cell.figures.latency_judgement == Judgement::kNone) {
      continue;
    }
    const double ratio = *cell.figures.latency_ratio;
    distances_[cell.key].push_back(std::max(ratio, 1 / ratio) - 1);
    taught = true;
  }
  nights_ += taught ? 1 : 0;
}

std::map<CellKey, double> FloorHistory::Floors() const {
  std::map<CellKey, double> floors;
  for (const auto& [key, distances] : distances_) {
    floors[key] = stats::Quantile(distances, 0.99);
  }
  return floors;
}

}  // namespace qbench::results
