#include "harness/results/night_watch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/utc_time.h"
#include "harness/stats/descriptive.h"
#include "harness/stats/step_detector.h"

namespace qbench::results {
namespace {

// Half of a normal distribution's interval of 99 %, in standard deviations.
constexpr double kHalf99 = 2.5758;

// How many nights are missing within so much time from one to the next: half a period late is the
// same night.
int64_t MissingWithin(int64_t seconds, int64_t every) {
  const double nights = static_cast<double>(seconds) / static_cast<double>(every);
  return std::max<int64_t>(0, static_cast<int64_t>(std::ceil(nights - 0.5)) - 1);
}

class Watcher {
 public:
  Watcher(NightHistory history, const WatchRules& rules, int64_t at) {
    watch_.history = std::move(history);
    watch_.rules = rules;
    watch_.at = at;
  }

  Result<Watch> Make() && {
    QB_RETURN_IF_ERROR(ReadTimes());
    FindMissing();
    FindBaselines();
    for (size_t i = Nights().size(); i-- > 0;) TakeCells(i);
    for (CellTrend& trend : watch_.trends) FindChanges(&trend);
    for (size_t i = 0; i < watch_.trends.size(); ++i) FindCreep(i);
    return std::move(watch_);
  }

 private:
  const std::vector<JudgedNight>& Nights() const { return watch_.history.nights; }

  Status ReadTimes() {
    for (const JudgedNight& night : Nights()) {
      const std::optional<int64_t> seconds = UtcSeconds(night.run.started_at);
      if (!seconds) {
        return Error(StatusCode::kCorrupt, "run {}: its start is no time; see qbench db check",
                     night.run.id);
      }
      watch_.started.push_back(*seconds);
    }
    return OkStatus();
  }

  void FindMissing() {
    const int64_t every = watch_.rules.every_seconds;
    const std::vector<int64_t>& started = watch_.started;
    for (size_t i = 1; i <= started.size(); ++i) {
      const int64_t until = i < started.size() ? started[i] : watch_.at;
      const int64_t count = MissingWithin(until - started[i - 1], every);
      if (count > 0) watch_.missing.push_back({i, count, started[i - 1] + every});
    }
  }

  void FindBaselines() {
    for (size_t i = 1; i < Nights().size(); ++i) {
      if (BaselineHashOf(Nights()[i].run) == BaselineHashOf(Nights()[i - 1].run)) continue;
      watch_.pinned_anew.push_back(i);
    }
  }

  CellTrend& TrendOf(const NightCell& cell) {
    const auto found = std::ranges::find(watch_.trends, cell.key, &CellTrend::key);
    if (found != watch_.trends.end()) return *found;
    CellTrend& trend = watch_.trends.emplace_back();
    trend.key = cell.key;
    trend.name = cell.name;
    trend.points.resize(Nights().size());
    return trend;
  }

  void TakeCells(size_t index) {
    if (!Nights()[index].night) return;
    for (const NightCell& cell : Nights()[index].night->cells) {
      if (!cell.compared) continue;
      const CellComparison& figures = cell.figures;
      TrendPoint& point = TrendOf(cell).points[index];
      point.judgement = figures.latency_judgement;
      point.ratio = figures.latency_ratio;
      point.low = figures.latency_ratio_low.value_or(figures.latency_ratio.value_or(0));
      point.high = figures.latency_ratio_high.value_or(figures.latency_ratio.value_or(0));
    }
  }

  // The nights between two baselines that were pinned, from `begin` to before `end`.
  void FindChanges(size_t begin, size_t end, CellTrend* trend) const {
    std::vector<std::optional<double>> logs;
    std::vector<double> widths;  // standard deviations, as the nights' own intervals tell
    for (size_t i = begin; i < end; ++i) {
      const TrendPoint& point = trend->points[i];
      logs.emplace_back();
      if (!point.counts() || *point.ratio <= 0) continue;
      logs.back() = std::log(*point.ratio);
      if (point.low > 0 && point.high > point.low) {
        widths.push_back(std::log(point.high / point.low) / (2 * kHalf99));
      }
    }
    stats::StepRules rules;
    rules.min_size = std::log1p(watch_.rules.min_change);
    if (!widths.empty()) rules.noise = stats::Median(widths);
    for (const stats::Step& step : stats::FindSteps(logs, rules).steps) {
      trend->changes.push_back(
          {begin + step.at, std::exp(step.before), std::exp(step.after), std::nullopt});
    }
  }

  void FindChanges(CellTrend* trend) const {
    size_t begin = 0;
    for (const size_t pinned : watch_.pinned_anew) {
      FindChanges(begin, pinned, trend);
      begin = pinned;
    }
    FindChanges(begin, Nights().size(), trend);
    for (size_t i = 0; i < trend->changes.size(); ++i) {
      LevelChange& change = trend->changes[i];
      const size_t end =
          i + 1 < trend->changes.size() ? trend->changes[i + 1].night : trend->points.size();
      for (size_t night = change.night; night < end && !change.caught; ++night) {
        if (trend->points[night].judgement == Judgement::kWorse) change.caught = night;
      }
    }
  }

  // The changes for the worse that the newest level came of: none, where the last was for the
  // better or the baseline was pinned anew since.
  void FindCreep(size_t index) {
    const CellTrend& trend = watch_.trends[index];
    const size_t stretch = watch_.pinned_anew.empty() ? 0 : watch_.pinned_anew.back();
    Creep creep;
    creep.trend = index;
    for (auto change = trend.changes.rbegin(); change != trend.changes.rend(); ++change) {
      if (change->after < change->before || change->night < stretch) break;
      if (change->caught) return;
      if (creep.changes == 0) {
        creep.after = change->after;
        creep.latest = change->night;
      }
      creep.before = change->before;
      creep.first = change->night;
      ++creep.changes;
    }
    if (creep.changes > 0) watch_.creeps.push_back(creep);
  }

  Watch watch_;
};

}  // namespace

const JudgedNight* Watch::newest_judged() const {
  const auto found = std::find_if(nights().rbegin(), nights().rend(),
                                  [](const JudgedNight& night) { return night.night.has_value(); });
  return found == nights().rend() ? nullptr : &*found;
}

Result<Watch> WatchNights(NightHistory history, const WatchRules& rules, int64_t at) {
  return Watcher(std::move(history), rules, at).Make();
}

std::optional<size_t> WorstCell(const Night& night) {
  std::optional<size_t> worst;
  for (size_t i = 0; i < night.cells.size(); ++i) {
    const NightCell& cell = night.cells[i];
    if (!cell.compared) continue;
    if (!worst) {
      worst = i;
      continue;
    }
    const CellComparison& one = night.cells[*worst].figures;
    const CellComparison& other = cell.figures;
    const bool worse = one.judgement == other.judgement
                           ? other.latency_ratio.value_or(0) > one.latency_ratio.value_or(0)
                           : Worst(std::array{one.judgement, other.judgement}) == other.judgement;
    if (worse) worst = i;
  }
  return worst;
}

}  // namespace qbench::results
