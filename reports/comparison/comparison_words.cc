#include "reports/comparison/comparison_words.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "fmt/format.h"
#include "harness/stats/descriptive.h"
#include "harness/store/plugin_name.h"
#include "reports/flipped_images.h"
#include "reports/losses.h"
#include "reports/pace.h"
#include "reports/text_format.h"
#include "reports/variants.h"

namespace qbench::reports {

using results::CellComparison;
using results::CellPair;
using results::Comparison;
using results::Flip;
using results::Judgement;
using results::Pairing;
using results::Side;
using store::WithOptions;

namespace {

constexpr const char* kArrow = " → ";

// "int8", or "int8 → int8:images=9" where the two are others.
std::string Both(const std::string& base, const std::string& now, Pairing pairing) {
  if (pairing == Pairing::kBaseOnly || base == now) return base;
  if (pairing == Pairing::kNewOnly) return now;
  return base + kArrow + now;
}

std::string QuantizerOf(const CellComparison& figures) {
  const std::string& now =
      figures.new_quantizer.empty() ? figures.quantizer : figures.new_quantizer;
  return Both(WithOptions(figures.quantizer, figures.base_quantizer_options),
              WithOptions(now, figures.new_quantizer_options), figures.pairing);
}

std::string RuntimeOf(const CellComparison& figures) {
  const std::string& now = figures.new_runtime.empty() ? figures.runtime : figures.new_runtime;
  return Both(WithOptions(figures.runtime, figures.base_runtime_options),
              WithOptions(now, figures.new_runtime_options), figures.pairing);
}

std::string ThreadsText(int32_t threads) { return Counted(threads, "thread"); }

// The parts of a pair's name, and whether each differs between the pairs.
struct NameParts {
  std::set<std::string> datasets, models, runtimes;
  std::set<int32_t> threads;

  explicit NameParts(const Comparison& comparison) {
    for (const CellPair& pair : comparison.pairs) {
      const CellComparison& figures = pair.figures;
      datasets.insert(figures.dataset + "/" + figures.split);
      models.insert(figures.model);
      runtimes.insert(RuntimeOf(figures));
      threads.insert(figures.threads);
    }
  }
};

// "5.2 % slower", "12 % faster", "as fast".
std::string PaceText(double ratio) {
  const double percent = std::abs(ratio - 1) * 100;
  const std::string size = ratio >= 2 ? fmt::format("{} times as slow", Significant(ratio))
                                      : fmt::format("{} % {}",
                                                    percent < 9.95 ? fmt::format("{:.1f}", percent)
                                                                   : fmt::format("{:.0f}", percent),
                                                    ratio > 1 ? "slower" : "faster");
  return percent < 0.05 ? "as fast" : size;
}

std::string RatioInterval(const CellComparison& figures) {
  const auto number = [](double ratio) {
    return ratio < 10 ? fmt::format("{:.2f}", ratio) : Significant(ratio);
  };
  if (!figures.latency_ratio_low) return "";
  return number(*figures.latency_ratio_low) + "–" + number(*figures.latency_ratio_high);
}

std::string MsText(const CellComparison& figures) {
  return fmt::format("{}{}{} ms", Milliseconds(figures.base_median_ms), kArrow,
                     Milliseconds(figures.new_median_ms));
}

// The cell's own reason, where it gives one.
std::string ReasonOf(const Side& side, const std::optional<Side::CellRef>& ref) {
  return ref ? side.CellOf(*ref).cell.reason : std::string();
}

std::string WithReason(const std::string& text, const std::string& reason) {
  return reason.empty() ? text : text + " (" + reason + ")";
}

std::string WhyLatency(const Comparison& comparison, const CellPair& pair) {
  const CellComparison& figures = pair.figures;
  switch (figures.latency_judgement) {
    case Judgement::kNone:
    case Judgement::kSame:
      return "";
    case Judgement::kInvalid: {
      const bool now = figures.new_status == "latency invalid";
      return WithReason(
          fmt::format("latency is not valid on the {}", now ? "new side" : "base"),
          now ? ReasonOf(*comparison.now, pair.now) : ReasonOf(*comparison.base, pair.base));
    }
    case Judgement::kNotJudged:
      return MsText(figures) + " on different boards";
    default:
      break;
  }
  std::string text = fmt::format("{}: {}", PaceText(*figures.latency_ratio), MsText(figures));
  if (const std::string interval = RatioInterval(figures); !interval.empty()) {
    text += fmt::format(", ratio {} ({})", interval, Coverage(*figures.latency_ratio_confidence));
  }
  const bool slower = *figures.latency_ratio > 1;
  const double p = slower ? *figures.slower_p_adjusted : *figures.faster_p_adjusted;
  if (figures.latency_judgement != Judgement::kUnclear) {
    text += ", " + PValue(p);
    if (comparison.latency_cells > 1) {
      text += fmt::format(" among {} cells", comparison.latency_cells);
    }
  }
  if (*figures.latency_floor > comparison.limits.latency_floor) {
    text += fmt::format(", processes of one side typically {:.0f} % apart from its middle",
                        *figures.latency_floor * 100);
  } else if (pair.noisy) {
    text += ", noisy";
  }
  return text;
}

std::string WhyAccuracy(const CellComparison& figures) {
  switch (figures.accuracy_judgement) {
    case Judgement::kNone:
      return "";
    case Judgement::kInvalid:
      return "accuracy means nothing on one side";
    case Judgement::kNotJudged:
      return fmt::format("top-1 {}{}{} % of other images", Percent(figures.base_top1), kArrow,
                         Percent(figures.new_top1));
    default:
      break;
  }
  if (figures.images_flipped == 0) return "";
  const int64_t lost = *figures.images_lost;
  const int64_t gained = *figures.images_gained;
  std::string text = fmt::format("top-1 {}{}{} %: {} lost, {} gained", Percent(figures.base_top1),
                                 kArrow, Percent(figures.new_top1), Count(lost), Count(gained));
  if (lost > gained) {
    text += fmt::format(", {}, the drop is at most {} points", PValue(*figures.loss_p),
                        Percent(figures.top1_drop_high));
  }
  return text;
}

std::string WhySize(const CellComparison& figures) {
  if (!figures.grown_bytes || *figures.grown_bytes == 0) return "";
  const int64_t grown = *figures.grown_bytes;
  return fmt::format("{} byte{} {} ({}{}{})", Count(std::abs(grown)),
                     std::abs(grown) == 1 ? "" : "s", grown > 0 ? "larger" : "smaller",
                     Count(figures.base_file_bytes), kArrow, Count(figures.new_file_bytes));
}

bool IsGood(const std::string& status) { return status == "ok"; }

std::string WhyStatus(const Comparison& comparison, const CellPair& pair) {
  const CellComparison& figures = pair.figures;
  if (!pair.base) {
    return WithReason("only the new side has it" +
                          (IsGood(figures.new_status) ? std::string() : ": " + figures.new_status),
                      ReasonOf(*comparison.now, pair.now));
  }
  if (!pair.now) return "only the base has it";
  const auto failed = [](const std::string& status) {
    return !IsGood(status) && status != "latency invalid" && status != "accuracy invalid";
  };
  std::string text;
  if (failed(figures.base_status) && figures.base_status == figures.new_status) {
    return WithReason(figures.base_status.empty() ? "not measured yet on either side"
                                                  : figures.base_status + " on both sides",
                      ReasonOf(*comparison.now, pair.now));
  }
  if (failed(figures.new_status)) {
    text = WithReason(
        (figures.new_status.empty() ? "not measured yet" : figures.new_status) + " on the new side",
        ReasonOf(*comparison.now, pair.now));
  }
  if (failed(figures.base_status)) {
    text += (text.empty() ? "" : "; ") +
            WithReason((figures.base_status.empty() ? "not measured yet" : figures.base_status) +
                           " on the base",
                       ReasonOf(*comparison.base, pair.base));
  }
  return text;
}

// The remark of the artifacts' bytes, where the predictions do not follow from them.
bool FlipsWithTheSameFile(const CellPair& pair) {
  const CellComparison& figures = pair.figures;
  return !pair.flips.empty() && !figures.base_artifact_sha256.empty() &&
         figures.base_artifact_sha256 == figures.new_artifact_sha256 &&
         figures.new_runtime.empty() && figures.base_runtime_options == figures.new_runtime_options;
}

// Names of the pairs that a condition holds for: "int8, fp16 and 3 more"; empty: for none.
template <typename Condition>
std::string NamesWhere(const Comparison& comparison, const std::vector<std::string>& names,
                       Condition condition) {
  constexpr size_t kShown = 4;
  std::string text;
  size_t found = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!condition(comparison.pairs[i])) continue;
    if (++found <= kShown) text += (found == 1 ? "" : ", ") + names[i];
  }
  if (found > kShown) text += fmt::format(" and {} more", found - kShown);
  return text;
}

template <typename Condition>
int64_t CountWhere(const Comparison& comparison, Condition condition) {
  return std::ranges::count_if(comparison.pairs, condition);
}

bool IsPaired(const CellPair& pair) { return pair.base && pair.now; }

std::string CellsAre(int64_t count) { return count == 1 ? "cell is" : "cells are"; }

// All latencies moved the same way, as a machine does that is hotter or busier.
std::string CommonShift(const Comparison& comparison) {
  constexpr size_t kFewest = 4;
  constexpr double kLeast = 0.01;
  std::vector<double> ratios;
  for (const CellPair& pair : comparison.pairs) {
    if (pair.figures.latency_ratio) ratios.push_back(*pair.figures.latency_ratio);
  }
  if (ratios.size() < kFewest) return "";
  const bool up = std::ranges::all_of(ratios, [](double ratio) { return ratio > 1; });
  const bool down = std::ranges::all_of(ratios, [](double ratio) { return ratio < 1; });
  const double middle = stats::Median(ratios);
  if ((!up && !down) || std::abs(middle - 1) < kLeast) return "";
  return fmt::format(
      "All {} latencies moved the same way, by {} in the middle: look for the cause in the "
      "machine, the runtime or the settings before the models.",
      ratios.size(), PaceText(middle));
}

std::string FewProcesses(const Comparison& comparison) {
  int64_t fewest = 0;
  for (const CellPair& pair : comparison.pairs) {
    if (!pair.too_few) continue;
    const int64_t processes = std::min(*pair.figures.base_processes, *pair.figures.new_processes);
    if (fewest == 0 || processes < fewest) fewest = processes;
  }
  if (fewest == 0) return "";
  return fmt::format(
      "{} a side cannot show a difference of {} at the level {}, however large it is; their "
      "intervals are wide. Measure both with --repetitions {} or more.",
      fewest == 1 ? "One process" : fmt::format("{} processes", fewest),
      Counted(static_cast<int64_t>(comparison.latency_cells), "latency").ends_with('y')
          ? "1 latency"
          : fmt::format("{} latencies", comparison.latency_cells),
      fmt::format("{:g}", comparison.limits.level),
      results::ProcessesNeeded(comparison.latency_cells, comparison.limits.level));
}

std::string AnswerSentence(const Comparison& comparison) {
  const int64_t pairs = CountWhere(comparison, IsPaired);
  const int64_t worse = CountWhere(
      comparison, [](const CellPair& pair) { return pair.figures.judgement == Judgement::kWorse; });
  switch (comparison.answer) {
    case results::Answer::kRegression:
      return fmt::format("Regression: {} of {} {} worse.", Count(worse), Counted(pairs, "cell"),
                         worse == 1 ? "is" : "are");
    case results::Answer::kNoRegression:
      return fmt::format("No regression in {}.", Counted(pairs, "cell"));
    case results::Answer::kCannotTell:
      break;
  }
  if (pairs == 0) return "Cannot tell: the two sides have no cell in common.";
  const auto none = [&](Judgement CellComparison::*judgement) {
    return CountWhere(comparison,
                      [&](const CellPair& pair) {
                        const Judgement one = pair.figures.*judgement;
                        return one == Judgement::kInvalid || one == Judgement::kNotJudged;
                      }) > 0 &&
           CountWhere(comparison, [&](const CellPair& pair) {
             const Judgement one = pair.figures.*judgement;
             return one != Judgement::kNone && one != Judgement::kInvalid &&
                    one != Judgement::kNotJudged;
           }) == 0;
  };
  if (none(&CellComparison::latency_judgement) && comparison.other_boards.empty()) {
    return "Cannot tell: no latency is valid on both sides.";
  }
  if (none(&CellComparison::accuracy_judgement)) {
    return "Cannot tell: no accuracy can be compared image by image.";
  }
  if (CountWhere(comparison, [](const CellPair& pair) { return pair.too_few; }) > 0) {
    return "Cannot tell: a latency looks worse, and the processes are too few to say so.";
  }
  if (CountWhere(comparison, [](const CellPair& pair) {
        return pair.figures.latency_judgement == Judgement::kMaybeWorse;
      }) > 0) {
    return "Cannot tell: a latency looks worse, and its processes differ too much to say so; "
           "measure "
           "again on a quiet machine.";
  }
  return "Cannot tell: nothing was measured on both sides.";
}

void AddRemarks(const Comparison& comparison, const std::vector<std::string>& names,
                std::vector<std::string>* remarks) {
  const auto add = [&](const std::string& text) {
    if (!text.empty()) remarks->push_back(text);
  };
  add(FewProcesses(comparison));
  add(CommonShift(comparison));
  if (!comparison.other_boards.empty()) {
    add(fmt::format("Latencies of different boards are given and not judged: {}.",
                    comparison.other_boards));
  }
  const auto same_file = NamesWhere(comparison, names, FlipsWithTheSameFile);
  if (!same_file.empty()) {
    add(
        fmt::format("The same file puts images into other classes: {}. Look at the runtime and "
                    "the processor.",
                    same_file));
  }
  const auto only = [&](Pairing pairing, const char* side) {
    const auto condition = [&](const CellPair& pair) { return pair.figures.pairing == pairing; };
    const int64_t count = CountWhere(comparison, condition);
    if (count == 0) return;
    add(fmt::format("{} only on the {}: {}.", fmt::format("{} {}", Count(count), CellsAre(count)),
                    side, NamesWhere(comparison, names, condition)));
  };
  only(Pairing::kBaseOnly, "base");
  only(Pairing::kNewOnly, "new side");
  for (const Side* side : {comparison.base, comparison.now}) {
    for (const store::RunData& run : side->runs) {
      if (side->database.empty() || run.run.finished_at) continue;
      add(fmt::format("Run {} of {} has not finished.", run.run.id,
                      side == comparison.base ? "the base" : "the new side"));
    }
  }
}

}  // namespace

std::vector<std::string> PairNames(const Comparison& comparison) {
  const NameParts parts(comparison);
  std::vector<std::string> names;
  for (const CellPair& pair : comparison.pairs) {
    const CellComparison& figures = pair.figures;
    std::vector<std::string> name;
    if (parts.datasets.size() > 1) name.push_back(figures.dataset + "/" + figures.split);
    if (parts.models.size() > 1) name.push_back(figures.model);
    name.push_back(QuantizerOf(figures));
    if (parts.runtimes.size() > 1) name.push_back(RuntimeOf(figures));
    if (parts.threads.size() > 1) name.push_back(ThreadsText(figures.threads));
    names.push_back(Joined(name));
  }
  return names;
}

std::string SidesTitle(const Comparison& comparison) {
  return comparison.now->name + " against " + comparison.base->name;
}

std::vector<std::string> SideFacts(const Side& side) {
  std::vector<std::string> facts = {side.name};
  if (side.database.empty() || side.runs.empty()) return facts;
  std::set<std::string> times;
  std::set<std::string> boards;
  std::set<std::string> versions;
  for (const store::RunData& run : side.runs) {
    times.insert(run.run.started_at);
    versions.insert(run.run.qbench_version);
    const char* name = run.run.host.contains("board.model") ? "board.model" : "cpu.name";
    const auto fact = run.run.host.find(name);
    if (fact != run.run.host.end() && fact->is_string()) boards.insert(fact->get<std::string>());
  }
  if (side.runs.size() > 1) {
    facts.push_back(fmt::format("{} runs", side.runs.size()));
    facts.push_back(DateAndTime(*times.begin()) + " to " + DateAndTime(*times.rbegin()));
  } else {
    facts.push_back(DateAndTime(*times.begin()));
  }
  if (!boards.empty()) facts.push_back(fmt::format("{}", fmt::join(boards, ", ")));
  facts.push_back(fmt::format("qbench {}", fmt::join(versions, ", ")));
  return facts;
}

std::vector<std::string> SharedFacts(const Comparison& comparison) {
  const NameParts parts(comparison);
  std::vector<std::string> facts;
  // Files have no model's name, and those that were only weighed no data set and no runtime.
  if (comparison.pairs.empty() || parts.datasets.contains("/")) return facts;
  if (parts.models.size() == 1 && !parts.models.contains("")) {
    facts.push_back(*parts.models.begin());
  }
  if (parts.datasets.size() == 1) facts.push_back(*parts.datasets.begin());
  if (parts.runtimes.size() == 1) facts.push_back(*parts.runtimes.begin());
  if (parts.threads.size() == 1) facts.push_back(ThreadsText(*parts.threads.begin()));
  return facts;
}

std::string Why(const Comparison& comparison, const CellPair& pair) {
  std::string text;
  for (const std::string& part :
       {WhyStatus(comparison, pair), WhySize(pair.figures),
        IsPaired(pair) ? WhyLatency(comparison, pair) : std::string(), WhyAccuracy(pair.figures)}) {
    if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
  }
  return text;
}

AnswerWords Answer(const Comparison& comparison) {
  const std::vector<std::string> names = PairNames(comparison);
  AnswerWords words;
  words.answer = AnswerSentence(comparison);
  for (size_t i = 0; i < names.size(); ++i) {
    const CellPair& pair = comparison.pairs[i];
    const std::string line = names[i] + ": " + Why(comparison, pair);
    switch (pair.figures.judgement) {
      case Judgement::kWorse:
        words.worse.push_back(line);
        break;
      case Judgement::kMaybeWorse:
      case Judgement::kInvalid:
        words.doubts.push_back(line);
        break;
      case Judgement::kNone:
        if (IsPaired(pair)) words.doubts.push_back(line);
        break;
      case Judgement::kBetter:
      case Judgement::kMaybeBetter:
        words.better.push_back(line);
        break;
      default:
        break;
    }
  }
  AddRemarks(comparison, names, &words.remarks);
  return words;
}

std::vector<FlipGroup> FlipGroups(const Comparison& comparison) {
  const std::vector<std::string> names = PairNames(comparison);
  std::vector<FlipGroup> groups;
  const auto same = [](const Flip& a, const Flip& b) {
    return a.image == b.image && a.base_class == b.base_class && a.new_class == b.new_class;
  };
  for (size_t i = 0; i < comparison.pairs.size(); ++i) {
    const CellPair& pair = comparison.pairs[i];
    if (pair.flips.empty()) continue;
    const store::RunData& run = comparison.base->RunOf(*pair.base);
    const store::DatasetSplit& split =
        run.splits.at(comparison.base->CellOf(*pair.base).cell.split_id);
    const auto known = std::ranges::find_if(groups, [&](const FlipGroup& group) {
      return group.split->sha256 == split.sha256 &&
             group.pair->figures.model == pair.figures.model &&
             std::ranges::equal(group.pair->flips, pair.flips, same);
    });
    if (known != groups.end()) {
      known->names += ", " + names[i];
      continue;
    }
    const CellComparison& figures = pair.figures;
    const int64_t flipped = *figures.images_flipped;
    groups.push_back(
        {names[i], &pair, &split,
         FlipSummary(*figures.images, flipped, *figures.images_lost, *figures.images_gained)});
  }
  return groups;
}

std::string FlipText(const FlipGroup& group, const Flip& flip) {
  const store::Image& image = group.split->images[flip.image];
  const auto label = [&](int32_t index) {
    return group.split->labels[static_cast<size_t>(index)] + (index == image.label ? " ✓" : "");
  };
  return fmt::format("{}: {}{}{} ({:.2f})", image.path, label(flip.base_class), kArrow,
                     label(flip.new_class), flip.new_confidence);
}

std::string ComparisonLegend(const Comparison& comparison) {
  const results::Limits& limits = comparison.limits;
  std::string text;
  if (comparison.latency_cells > 0) {
    text = fmt::format(
        "Latency: the ratio is new to base, with the interval that the fresh processes give (exact "
        "rank tests). worse: it lies above {:.2f} as a whole, and the chance that any of the {} "
        "tested would by accident is below {:g}; worse?: it does, but could be chance; unclear: "
        "the processes neither show a difference nor rule one out. ",
        1 + limits.latency_floor,
        comparison.latency_cells == 1 ? "cells" : fmt::format("{} cells", comparison.latency_cells),
        limits.level);
  }
  text += fmt::format(
      "top-1: the change in percentage points over the images that both sides classified, worse "
      "where it falls by {} or more and exact McNemar p < {:g}, or by more than {}.",
      Percent(limits.accuracy_budget), limits.level, Percent(limits.large_drop));
  return text;
}

}  // namespace qbench::reports
