// The verdict of a night: a pinned baseline and a new build, measured in pairs of fresh processes.
// What is worse, judgement.h decides; here is what a night adds to it: which pairs count, a floor
// that the board itself has shown, a repeat that was declared beforehand, memory, and when a night
// says nothing. Pure functions over a loaded run; any thread. docs/gate.md has the rules.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/results/comparison.h"
#include "harness/results/judgement.h"
#include "harness/store/store.h"

namespace qbench::results {

struct NightRules {
  Limits limits;
  // Repetitions 0 to pairs - 1 of both sides are the first look, pairs to 2 pairs - 1 the repeat of
  // the cells that looked worse.
  int pairs = 25;
  // Memory within this counts for nothing, as latency within its floor: two copies of one file on
  // different file systems are mapped in different pieces, which is some per cent already.
  double memory_floor = 0.1;
  // The 90th percentile of a process within this counts for nothing: a tenth of its inferences vary
  // more than the half does.
  double tail_floor = 0.05;
  // A process that waited for a processor for more than this share of its timed region does not
  // count, nor does the other of its pair.
  double max_waiting = 0.1;
  // Of the pairs of a cell, or of the night; where more do not count, its latencies say nothing.
  double max_lost = 0.25;
  // A night that can neither show nor rule out a slowdown by so much beyond the floor says nothing.
  double max_blind = 0.1;
};

// What of a run's settings are rules of its night; the defaults where it does not say.
NightRules RulesOf(const store::Run& run);
// As RulesOf reads them: {"pairs": 25, …}.
Json RulesToJson(const NightRules& rules);

// How far two measurements of one build have been apart on a board: by cell, as a ratio minus one.
struct Floors {
  std::map<CellKey, double> median = {};
  std::map<CellKey, double> p90 = {};
};

// The slow tenth of the inferences: the processes' 90th percentiles.
struct Tail {
  Judgement judgement = Judgement::kNone;  // kNone: a process has too few samples for one
  LatencyFinding first;
  std::optional<LatencyFinding> repeat;  // none: not measured again, or nothing of it counts
  double floor = 0;
};

struct NightCell {
  CellKey key;
  std::string name;  // "net · int8 · litert · 1 thread"
  // Of the first look; its latency_judgement and judgement are the night's.
  CellComparison figures;
  bool compared = true;     // both sides have it
  bool same_file = false;   // the artifact is the baseline's
  bool same_build = false;  // as are the runtime plugin and the library of its engine
  int64_t pairs = 0;        // measured in the first look
  int64_t lost = 0;         // of those, that do not count
  std::string why_lost;     // of the first of them
  double floor = 0;         // of its latency
  Judgement first_look = Judgement::kNone;  // of latency, before the repeat
  std::optional<LatencyFinding> repeat;     // none: not measured again, or nothing of it counts
  Tail tail;
  LatencyFinding memory;  // of the processes' peaks; kNone: not measured
  std::string problem;    // why something is worse or invalid that is no figure
  std::string sentence;   // the verdict with its figures
};

enum class NightAnswer {
  kGood,        // "good"
  kRegression,  // "regression"
  kInvalid,     // "invalid night"
};
std::string_view Name(NightAnswer value);

struct Night {
  std::vector<NightCell> cells;  // in the order of the run's own cells
  // What differs between the two builds (versions, hashes), what could explain a verdict first.
  std::vector<FactDifference> differences;
  NightAnswer answer = NightAnswer::kInvalid;
  std::string sentence;  // "Regression: 1 of 12 cells is worse: …"
  // Ids in the store of the run's own cells whose latency or tail looked worse: those to measure
  // again.
  std::vector<int64_t> suspects;
};

// Judges what `run` measured of its cells and of the baseline's beside them (baseline_cells); cells
// belong together where their keys are equal.
//   a latency is worse      it is in the first look and in the repeat, each by JudgeLatencies: of
//                           all cells as one family, then of those that are repeated
//   worse?                  the first look alone says so
//   a tail is worse         as a latency, of the processes' 90th percentiles, with a floor of
//                           tail_floor or the board's own; kNone where the latency is invalid, or a
//                           process has fewer samples than a 90th percentile needs
//   invalid                 too many pairs do not count (throttled, swapping, paging, waiting for a
//                           processor), of the cell or of the night; the baseline's processes
//                           failed; or the processes vary so much that a large slowdown would not
//                           show
//   memory is worse         JudgeLatencies of the peaks, with a floor of what the baseline's own
//                           peaks differ by, or memory_floor
//   accuracy, size, status  as Compare says
// kRegression: anything is worse. kInvalid: else, where any latency or accuracy is invalid, or
// nothing was compared.
Night JudgeNight(const store::RunData& run, const Floors& floors, const NightRules& rules);

// --- The floor that a board has shown ------------------------------------------------------------

// Collects nights on which a cell of the new build was the baseline's own: how far apart the two
// were then, is how far apart one build can be on this board.
class FloorHistory {
 public:
  // Cells of the night that are the same build and whose latency is valid; others teach nothing.
  void Add(const Night& night);
  // The 99th percentile of max(r, 1 / r) - 1 over the nights, by cell.
  Floors Learned() const;
  size_t nights() const { return nights_; }

 private:
  std::map<CellKey, std::vector<double>> medians_;
  std::map<CellKey, std::vector<double>> p90s_;
  size_t nights_ = 0;
};

// The share of the timed region between the two readings (store::Measurement::conditions) in which
// the process waited for a processor, its own or the machine's: of a thread, of `threads`. None
// where the kernel does not tell, or where the region was shorter than half a second.
std::optional<double> WaitingShare(const Json& conditions, int32_t threads);

}  // namespace qbench::results
