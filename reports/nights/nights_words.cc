#include "reports/nights/nights_words.h"

#include <array>
#include <cmath>

#include "base/one_line.h"
#include "base/utc_time.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "harness/store/plugin_name.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::CellComparison;
using results::CellKey;
using results::JudgedNight;
using results::Judgement;
using results::NightCell;
using results::Watch;

// Hashes are told apart by less than all of their digits.
constexpr size_t kHash = 12;

std::array<std::string, 4> PartsOf(const CellKey& key) {
  return {key.model, store::WithOptions(key.quantizer, key.quantizer_options),
          store::WithOptions(key.runtime, key.runtime_options), Counted(key.threads, "thread")};
}

// Which parts differ between the cells; of one cell, the quantizer.
std::array<bool, 4> DifferingParts(const Watch& watch) {
  std::array<bool, 4> differ = {false, watch.trends.size() == 1, false, false};
  for (const results::CellTrend& trend : watch.trends) {
    const auto parts = PartsOf(trend.key);
    const auto first = PartsOf(watch.trends[0].key);
    for (size_t i = 0; i < parts.size(); ++i) differ[i] = differ[i] || parts[i] != first[i];
  }
  return differ;
}

std::string Every(int64_t seconds) {
  if (seconds % 86400 == 0 && seconds > 86400) return fmt::format("{} days", seconds / 86400);
  return seconds == 86400 ? "day" : fmt::format("{} hours", seconds / 3600);
}

std::string ShortValue(const std::string& value) {
  const bool hash =
      value.size() == 64 && value.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (value.empty()) return "none";
  return hash ? value.substr(0, kHash) : SafeName(value);
}

std::string CreepSentence(const Watch& watch, const results::Creep& creep) {
  const results::CellTrend& trend = watch.trends[creep.trend];
  const JudgedNight& first = watch.nights()[creep.first];
  std::string text = fmt::format(
      "{} has become {:.1f} % slower since {} (run {}, {}){}, and no night's gate called it a "
      "regression.",
      trend.name, creep.percent(), Day(watch.started[creep.first]), first.run.id,
      BuildOf(first.run),
      creep.changes == 1 ? ""
                         : fmt::format(" in {} steps, the last on {}", creep.changes,
                                       Day(watch.started[creep.latest])));
  const std::string changed = ChangedText(first);
  if (!changed.empty()) text += " What changed that first night: " + changed + ".";
  return text;
}

std::string OverdueText(const Watch& watch) {
  if (!watch.overdue()) return {};
  return fmt::format("Overdue: the newest night began {}, and there should be one every {}: {}.",
                     DateAndTime(watch.nights().back().run.started_at),
                     Every(watch.rules.every_seconds), MissingText(watch.missing.back()));
}

std::vector<std::string> Remarks(const Watch& watch) {
  std::vector<std::string> remarks;
  if (watch.nights().empty()) return remarks;
  const JudgedNight& newest = watch.nights().back();
  if (!newest.night) {
    remarks.push_back(fmt::format(
        "The newest night, run {} of {}, did not finish: it was interrupted, or is still running.",
        newest.run.id, DateAndTime(newest.run.started_at)));
  }
  for (const size_t night : watch.pinned_anew) {
    remarks.push_back(fmt::format(
        "Since {} nights are measured beside another baseline of that name: ratios before and "
        "after are not to be compared.",
        Day(watch.started[night])));
  }
  if (watch.history.older > 0) {
    remarks.push_back(fmt::format(
        "{} left out (--last).", Counted(static_cast<int64_t>(watch.history.older), "older night") +
                                     (watch.history.older == 1 ? " is" : " are")));
  }
  if (watch.history.other_boards > 0) {
    remarks.push_back(
        fmt::format("{} of other boards left out.",
                    Counted(static_cast<int64_t>(watch.history.other_boards), "night") +
                        (watch.history.other_boards == 1 ? " is" : " are")));
  }
  return remarks;
}

}  // namespace

std::string AnswerOf(const JudgedNight& night) {
  return night.night ? std::string(Name(night.night->answer)) : "not finished";
}

std::string ShortName(const Watch& watch, const CellKey& key) {
  const auto parts = PartsOf(key);
  const auto differ = DifferingParts(watch);
  std::vector<std::string> shown;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (differ[i]) shown.push_back(parts[i]);
  }
  return fmt::format("{}", fmt::join(shown, " · "));
}

std::vector<std::string> SharedFacts(const Watch& watch) {
  std::vector<std::string> facts;
  if (!watch.nights().empty()) {
    const Json& host = watch.nights().back().run.host;
    for (const char* name : {"board.model", "cpu.name"}) {
      const Result<std::string> fact = JsonGetOr<std::string>(host, name, "");
      if (!fact.ok() || fact->empty()) continue;
      facts.push_back(*fact);
      break;
    }
  }
  if (watch.trends.empty()) return facts;
  const auto parts = PartsOf(watch.trends[0].key);
  const auto differ = DifferingParts(watch);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!differ[i]) facts.push_back(parts[i]);
  }
  return facts;
}

std::string CellWords(const NightCell& cell) {
  const CellComparison& figures = cell.figures;
  std::vector<std::string> words;
  const double ratio = figures.latency_ratio.value_or(1);
  if (figures.judgement == Judgement::kWorse && figures.base_status == "ok" &&
      figures.new_status != "ok" && !figures.latency_ratio) {
    words.push_back("it worked, and is now " + figures.new_status);
  }
  if (figures.size_judgement == Judgement::kWorse) {
    words.push_back(Counted(figures.grown_bytes.value_or(0), "byte") + " larger");
  }
  if (figures.accuracy_judgement == Judgement::kWorse) {
    words.push_back(
        fmt::format("{:.2f} points less accurate", figures.top1_drop.value_or(0) * 100));
  }
  if (cell.memory.judgement == Judgement::kWorse) {
    words.push_back(fmt::format("{:.1f} % more memory", (cell.memory.ratio - 1) * 100));
  }
  if (figures.latency_judgement == Judgement::kWorse) {
    words.push_back(fmt::format("{:.1f} % slower", (ratio - 1) * 100));
  } else if (figures.latency_judgement == Judgement::kMaybeWorse) {
    words.push_back(fmt::format("perhaps {:.1f} % slower", (ratio - 1) * 100));
  }
  const Judgement tail = cell.tail.judgement;
  if (tail == Judgement::kWorse || tail == Judgement::kMaybeWorse) {
    words.push_back(fmt::format("slow tenth {}{:.1f} % slower",
                                tail == Judgement::kWorse ? "" : "perhaps ",
                                (cell.tail.first.ratio - 1) * 100));
  }
  if (!words.empty()) return fmt::format("{}", fmt::join(words, ", "));
  if (figures.latency_judgement == Judgement::kInvalid) return "latency says nothing";
  if (figures.accuracy_judgement == Judgement::kInvalid) return "accuracy says nothing";
  if (!figures.latency_ratio) return "no latency";
  return SignedPercent((ratio - 1) * 100);
}

std::string WorstWords(const Watch& watch, const JudgedNight& night) {
  if (!night.night) return {};
  const std::optional<size_t> worst = results::WorstCell(*night.night);
  if (!worst) return {};
  const NightCell& cell = night.night->cells[*worst];
  return ShortName(watch, cell.key) + ": " + CellWords(cell);
}

std::string Day(int64_t seconds) { return UtcText(seconds).substr(0, 10); }

std::string BuildOf(const store::Run& run) {
  if (!run.name.empty()) return run.name;
  return run.git_state.empty() ? "qbench " + run.qbench_version
                               : fmt::format("qbench {} ({})", run.qbench_version, run.git_state);
}

std::string MissingText(const results::MissingNights& missing) {
  return Counted(missing.count, "night") + " did not run";
}

std::string ChangedText(const JudgedNight& night) {
  constexpr size_t kMost = 3;
  std::vector<std::string> texts;
  for (const results::FactDifference& difference : night.changed) {
    if (texts.size() == kMost) break;
    texts.push_back(fmt::format("{}: {} → {}", difference.name, ShortValue(difference.base),
                                ShortValue(difference.now)));
  }
  if (night.changed.size() > texts.size()) {
    texts.push_back(fmt::format("and {} more", night.changed.size() - texts.size()));
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string SignedPercent(double percent) {
  if (std::abs(percent) < 0.05) return "±0.0 %";
  return fmt::format("{}{:.1f} %", percent < 0 ? "−" : "+", std::abs(percent));
}

NightsWords WordsOf(const Watch& watch) {
  NightsWords words;
  words.overdue = OverdueText(watch);
  words.remarks = Remarks(watch);
  const JudgedNight* newest = watch.newest_judged();
  if (newest == nullptr) {
    words.answer = watch.nights().empty()
                       ? "No night was measured yet: qbench run --baseline NAME --gate does it."
                       : "No night has finished yet.";
    return words;
  }
  words.answer = newest->night->sentence;
  words.when = fmt::format("{} · run {} · {}", DateAndTime(newest->run.started_at), newest->run.id,
                           BuildOf(newest->run));
  for (const results::Creep& creep : watch.creeps) {
    words.creeps.push_back(CreepSentence(watch, creep));
  }
  return words;
}

}  // namespace qbench::reports
