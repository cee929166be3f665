#include "harness/results/night_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "harness/store/plugin_name.h"

namespace qbench::results {
namespace {

using store::WithOptions;

std::string Percent(double ratio) { return fmt::format("{:.1f} %", std::abs(ratio - 1) * 100); }

// "by 5.1 % (1.042 to 1.063, p 0.0004)"
std::string Figures(double ratio, double low, double high, double p) {
  return fmt::format("by {} (ratio {:.3f} to {:.3f}, p {:.2g})", Percent(ratio), low, high, p);
}

std::string PairsText(const NightCell& cell) {
  std::string text =
      fmt::format("{} pair{}", cell.pairs - cell.lost, cell.pairs - cell.lost == 1 ? "" : "s");
  if (cell.lost > 0) {
    text += fmt::format(", {} left out as {}", cell.lost, cell.why_lost);
  }
  return text;
}

std::string LatencyText(const NightCell& cell) {
  const CellComparison& figures = cell.figures;
  const Judgement judgement = figures.latency_judgement;
  if (judgement == Judgement::kInvalid) {
    if (!cell.problem.empty()) return "latency says nothing: " + cell.problem;
    return fmt::format("latency says nothing: {} of {} pairs do not count: {}", cell.lost,
                       cell.pairs, cell.why_lost);
  }
  if (judgement == Judgement::kNone || !figures.latency_ratio) {
    return cell.problem.empty() ? "no latency" : cell.problem;
  }
  const double ratio = *figures.latency_ratio;
  const double low = figures.latency_ratio_low.value_or(ratio);
  const double high = figures.latency_ratio_high.value_or(ratio);
  const std::string floor = fmt::format("floor {:.1f} %", cell.floor * 100);
  const std::string pairs = PairsText(cell);
  switch (judgement) {
    case Judgement::kWorse:
      return fmt::format("slower {}, {}; again {}; {}",
                         Figures(ratio, low, high, figures.slower_p_adjusted.value_or(1)), pairs,
                         Figures(cell.repeat->ratio, cell.repeat->interval.low,
                                 cell.repeat->interval.high, cell.repeat->slower_p_adjusted),
                         floor);
    case Judgement::kMaybeWorse:
      return fmt::format("perhaps slower {}, {}; {}; {}",
                         Figures(ratio, low, high, figures.slower_p_adjusted.value_or(1)), pairs,
                         cell.repeat
                             ? fmt::format("not confirmed by the repeat ({:.3f} to {:.3f})",
                                           cell.repeat->interval.low, cell.repeat->interval.high)
                             : "not repeated",
                         floor);
    case Judgement::kBetter:
    case Judgement::kMaybeBetter:
      return fmt::format("faster {}, {}",
                         Figures(ratio, low, high, figures.faster_p_adjusted.value_or(1)), pairs);
    default:
      return fmt::format("{} (ratio {:.3f}, {:.3f} to {:.3f}, {}; {})",
                         judgement == Judgement::kSame ? "as fast" : "no slowdown shown", ratio,
                         low, high, pairs, floor);
  }
}

std::string AccuracyText(const NightCell& cell) {
  const CellComparison& figures = cell.figures;
  if (figures.accuracy_judgement == Judgement::kInvalid) return "accuracy says nothing";
  if (figures.accuracy_judgement == Judgement::kNotJudged) return "accuracy of other images";
  if (!figures.images) return "no accuracy";
  const int64_t lost = figures.images_lost.value_or(0);
  const int64_t gained = figures.images_gained.value_or(0);
  const int64_t flips = figures.images_flipped.value_or(0);
  std::string text;
  if (figures.accuracy_judgement == Judgement::kWorse) {
    text = fmt::format("less accurate by {:.2f} points ({} lost and {} won of {} images, p {:.2g})",
                       figures.top1_drop.value_or(0) * 100, lost, gained, *figures.images,
                       figures.loss_p.value_or(1));
  } else if (lost + gained == 0) {
    text = fmt::format("as accurate ({} images)", *figures.images);
  } else {
    text = fmt::format("{} of {} images lost, {} won", lost, *figures.images, gained);
  }
  if (cell.same_file && flips > 0) {
    text += fmt::format(", and {} image{} changed class although the file is the same", flips,
                        flips == 1 ? "" : "s");
  }
  return text;
}

// Silent where there is nothing to say: medians are the figure that people read.
std::string TailText(const NightCell& cell) {
  const Tail& tail = cell.tail;
  if (tail.judgement != Judgement::kWorse && tail.judgement != Judgement::kMaybeWorse) return {};
  const auto figures = [](const LatencyFinding& found) {
    return Figures(found.ratio, found.interval.low, found.interval.high, found.slower_p_adjusted);
  };
  if (tail.judgement == Judgement::kWorse) {
    return fmt::format("; its slow tenth (p90) slower {}; again {}", figures(tail.first),
                       figures(*tail.repeat));
  }
  return fmt::format("; its slow tenth (p90) perhaps slower {}, {}", figures(tail.first),
                     tail.repeat ? "not confirmed by the repeat" : "not repeated");
}

std::string SizeText(const CellComparison& figures) {
  if (!figures.grown_bytes) return "no size";
  const int64_t grown = *figures.grown_bytes;
  if (grown == 0) return "same size";
  return fmt::format("{} byte{} {}", std::abs(grown), std::abs(grown) == 1 ? "" : "s",
                     grown > 0 ? "larger" : "smaller");
}

std::string MemoryText(const NightCell& cell) {
  const Judgement judgement = cell.memory.judgement;
  if (judgement == Judgement::kNone) return {};
  const double percent = (cell.memory.ratio - 1) * 100;
  if (judgement == Judgement::kWorse || judgement == Judgement::kMaybeWorse) {
    return fmt::format("; {:.1f} % more memory ({:.3f} to {:.3f}){}", percent,
                       cell.memory.interval.low, cell.memory.interval.high,
                       judgement == Judgement::kWorse ? "" : ", perhaps");
  }
  return fmt::format("; memory {:+.1f} %", percent);
}

std::string Ending(const CellComparison& figures) {
  switch (figures.judgement) {
    case Judgement::kWorse:
      return "regression";
    case Judgement::kMaybeWorse:
      return "warning";
    case Judgement::kInvalid:
      return "invalid";
    default:
      return "good";
  }
}

std::string Count(size_t count, size_t of) {
  return fmt::format("{} of {} cell{}", count, of, of == 1 ? "" : "s");
}

}  // namespace

std::string NameOf(const CellKey& key) {
  return fmt::format(
      "{} · {} · {} · {} thread{}", key.model, WithOptions(key.quantizer, key.quantizer_options),
      WithOptions(key.runtime, key.runtime_options), key.threads, key.threads == 1 ? "" : "s");
}

std::string CellSentence(const NightCell& cell) {
  if (!cell.compared) return cell.name + ": not in the baseline, not judged";
  const CellComparison& figures = cell.figures;
  return fmt::format("{}: {}: {}{}; {}; {}{}", cell.name, Ending(figures), LatencyText(cell),
                     TailText(cell), AccuracyText(cell), SizeText(figures), MemoryText(cell));
}

std::string NightSentence(const Night& night) {
  std::vector<std::string> worse;
  std::vector<std::string> invalid;
  size_t compared = 0;
  size_t warnings = 0;
  for (const NightCell& cell : night.cells) {
    if (!cell.compared) continue;
    ++compared;
    const CellComparison& figures = cell.figures;
    if (figures.judgement == Judgement::kWorse) worse.push_back(cell.name);
    if (figures.judgement == Judgement::kMaybeWorse ||
        (cell.same_file && figures.images_flipped.value_or(0) > 0)) {
      ++warnings;
    }
    if (figures.latency_judgement == Judgement::kInvalid ||
        figures.accuracy_judgement == Judgement::kInvalid) {
      invalid.push_back(cell.name);
    }
  }
  switch (night.answer) {
    case NightAnswer::kRegression:
      return fmt::format("Regression: {} worse than the baseline: {}.",
                         Count(worse.size(), compared) + (worse.size() == 1 ? " is" : " are"),
                         fmt::join(worse, ", "));
    case NightAnswer::kInvalid:
      if (compared == 0) return "Invalid night: no cell was compared with the baseline.";
      return fmt::format(
          "Invalid night: of {} nothing can be said; measure again on a quiet board.",
          Count(invalid.empty() ? compared : invalid.size(), compared));
    case NightAnswer::kGood:
      return fmt::format(
          "Good: none of {} cell{} is worse than the baseline{}.", compared,
          compared == 1 ? "" : "s",
          warnings == 0 ? "" : fmt::format("; {} warning{}", warnings, warnings == 1 ? "" : "s"));
  }
  return {};
}

}  // namespace qbench::results
