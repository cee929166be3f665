#include "harness/results/night_history.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "base/interrupt.h"
#include "base/one_line.h"
#include "fmt/ranges.h"
#include "harness/results/reduced_run.h"
#include "harness/stats/descriptive.h"

namespace qbench::results {
namespace {

using store::Run;
using store::RunData;

constexpr const char* kGate = "gate";

std::string GateText(const Run& run, const char* key) {
  if (!IsNight(run)) return {};
  const Result<std::string> text = JsonGetOr<std::string>(run.settings[kGate], key, "");
  return text.ok() ? *text : "";
}

void AddTemperatures(const std::vector<store::CellData>& cells, std::vector<double>* readings) {
  for (const store::CellData& cell : cells) {
    for (const store::Measurement& measurement : cell.measurements) {
      if (measurement.kind != store::MeasurementKind::kLatency) continue;
      for (const char* when : {"before", "after"}) {
        const auto value = ReadingIn(measurement.conditions, when, "temperature_c");
        if (value) readings->push_back(*value);
      }
    }
  }
}

std::optional<Temperatures> TemperaturesOf(const RunData& run) {
  std::vector<double> readings;
  AddTemperatures(run.cells, &readings);
  AddTemperatures(run.baseline_cells, &readings);
  if (readings.empty()) return std::nullopt;
  const auto [low, high] = std::ranges::minmax(readings);
  return Temperatures{low, stats::Median(readings), high};
}

// Of the runs, the newest first: which are nights of which baselines.
std::string Baselines(const std::vector<Run>& runs) {
  std::vector<std::string> names;
  for (const Run& run : runs) {
    const std::string name = SafeName(BaselineOf(run));
    if (IsNight(run) && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// Judges the nights of one board in their order, each with the floors of those before it.
class Judge {
 public:
  explicit Judge(store::Store& store) : store_(store) {}

  // A night that others learn from, and that is not shown.
  Status Learn(const Run& run) {
    QB_ASSIGN_OR_RETURN(const RunData data, Load(run));
    Remember(run, data);
    return OkStatus();
  }

  Result<JudgedNight> Show(const Run& run) {
    JudgedNight shown;
    shown.run = run;
    if (!run.finished_at) return shown;
    QB_ASSIGN_OR_RETURN(RunData data, Load(run));
    FloorHistory history;
    for (const Night& night : earlier_) history.Add(night);
    shown.night = JudgeNight(data, history.Learned(), RulesOf(run));
    shown.temperatures = TemperaturesOf(data);
    Remember(run, data);
    Side side = SideOf(std::move(data), {});
    if (before_ && BaselineHashOf(before_->runs[0].run) == BaselineHashOf(run)) {
      for (FactDifference& difference : CompareEnvironments(*before_, side, {})) {
        const bool made = difference.area == "inputs" || difference.area == "programs";
        if (made) shown.changed.push_back(std::move(difference));
      }
    }
    before_ = std::move(side);
    return shown;
  }

 private:
  Result<RunData> Load(const Run& run) {
    if (InterruptRequested()) return InterruptStatus("reading the nights");
    return store_.LoadRun(run.id);
  }
  void Remember(const Run& run, const RunData& data) {
    earlier_.push_back(JudgeNight(data, {}, RulesOf(run)));
    if (earlier_.size() > kFloorNights) earlier_.pop_front();
  }

  store::Store& store_;
  std::deque<Night> earlier_;  // judged without floors
  std::optional<Side> before_;
};

}  // namespace

bool IsNight(const Run& run) { return run.settings.is_object() && run.settings.contains(kGate); }
std::string BaselineOf(const Run& run) { return GateText(run, "baseline"); }
std::string BaselineHashOf(const Run& run) { return GateText(run, "baseline_sha256"); }

std::vector<const Run*> NightsBefore(const std::vector<Run>& runs, const Run& run) {
  std::vector<const Run*> before;
  for (const Run& other : runs) {
    if (other.id >= run.id || other.host_id != run.host_id || !other.finished_at) continue;
    if (!IsNight(other)) continue;
    before.push_back(&other);
    if (before.size() == kFloorNights) break;
  }
  return before;
}

Result<NightHistory> LoadNights(store::Store& store, const NightChoice& choice) {
  QB_ASSIGN_OR_RETURN(const std::vector<Run> runs, store.Runs());  // newest first
  NightHistory history;
  const auto newest = std::ranges::find_if(runs, [&](const Run& run) {
    return IsNight(run) && (choice.baseline.empty() || BaselineOf(run) == choice.baseline);
  });
  if (newest == runs.end()) {
    if (choice.baseline.empty()) return history;
    const std::string names = Baselines(runs);
    return Error(StatusCode::kNotFound, "no night in {} was measured beside \"{}\"{}",
                 store.path().string(), SafeName(choice.baseline),
                 names.empty() ? "; `qbench run --baseline NAME --gate` measures one"
                               : ": there are those of " + names);
  }
  history.baseline = BaselineOf(*newest);
  std::set<int64_t> shown;
  std::map<int64_t, const Run*> needed;
  for (const Run& run : runs) {
    if (!IsNight(run) || BaselineOf(run) != history.baseline) continue;
    if (run.host_id != newest->host_id) {
      ++history.other_boards;
    } else if (shown.size() == choice.last) {
      ++history.older;
    } else {
      shown.insert(run.id);
      needed[run.id] = &run;
      for (const Run* earlier : NightsBefore(runs, run)) needed[earlier->id] = earlier;
    }
  }
  Judge judge(store);
  for (const auto& [id, run] : needed) {
    if (!shown.contains(id)) {
      QB_RETURN_IF_ERROR(judge.Learn(*run));
      continue;
    }
    QB_ASSIGN_OR_RETURN(JudgedNight night, judge.Show(*run));
    history.nights.push_back(std::move(night));
  }
  return history;
}

}  // namespace qbench::results
