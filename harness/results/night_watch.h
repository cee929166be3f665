// Nights seen together: how each cell's ratio to the baseline moves, where its level changed, which
// changes no night's gate has seen (a creep), and which nights did not run. Pure functions; any
// thread. docs/nightly.md has the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/results/night_history.h"

namespace qbench::results {

struct WatchRules {
  int64_t every_seconds = 86400;  // how often a night is expected
  // A change of a cell's level by less than this is none.
  double min_change = 0.005;
};

// A cell on a night.
struct TrendPoint {
  std::optional<double> ratio;  // to the baseline; none: not measured that night
  double low = 0;               // its interval
  double high = 0;
  Judgement judgement = Judgement::kNone;  // of the latency
  bool counts() const { return ratio && judgement != Judgement::kInvalid; }
};

// A cell's level changed: stats::FindSteps of the logarithms of its ratios on the nights that
// count.
struct LevelChange {
  size_t night = 0;   // index of the first night of the new level
  double before = 1;  // ratios
  double after = 1;
  // A night of the new level, of which the gate says that the cell is slower.
  std::optional<size_t> caught;
  double percent() const { return (after / before - 1) * 100; }
};

struct CellTrend {
  CellKey key;
  std::string name;                // as NightCell::name
  std::vector<TrendPoint> points;  // one a night
  std::vector<LevelChange> changes;
};

// Slower without any night's gate having said so: one level change, or several that follow each
// other.
struct Creep {
  size_t trend = 0;   // index of its cell
  size_t first = 0;   // night of the first of the changes
  size_t latest = 0;  // and of the last
  size_t changes = 0;
  double before = 1;
  double after = 1;
  double percent() const { return (after / before - 1) * 100; }
};

// Nights that were expected and are not there.
struct MissingNights {
  size_t before = 0;  // index of the night that follows; as many as there are: none followed yet
  int64_t count = 0;
  int64_t first = 0;  // when the first was expected, seconds since 1970
};

struct Watch {
  NightHistory history;
  WatchRules rules;
  int64_t at = 0;                // the time up to which nights were expected
  std::vector<int64_t> started;  // of each night, seconds since 1970
  std::vector<CellTrend>
      trends;  // in the order of the newest night's cells, then of the older ones'
  std::vector<Creep> creeps;
  std::vector<MissingNights> missing;  // in their order
  // Nights whose baseline is another than the night's before them, under the same name: levels are
  // looked for between them.
  std::vector<size_t> pinned_anew;

  const std::vector<JudgedNight>& nights() const { return history.nights; }
  // The newest night is older than it should be.
  bool overdue() const {
    return !missing.empty() && missing.back().before == history.nights.size();
  }
  // The newest that finished; null where none did.
  const JudgedNight* newest_judged() const;
};

// `at`: seconds since 1970. kCorrupt: a night has no sound time of its start.
Result<Watch> WatchNights(NightHistory history, const WatchRules& rules, int64_t at);

// The index in night.cells of the cell that decides how the night looks: the worst by its
// judgement, of several the one that is slowest against the baseline. None of a night without
// compared cells.
std::optional<size_t> WorstCell(const Night& night);

}  // namespace qbench::results
