// Is the new side worse than the base? The rules by which two measurements of the same thing are
// judged: pure arithmetic over figures, with no store and no run, so that whatever has figures of
// two sides (two runs of a database, two files, a night and its baseline) is judged alike.
// docs/comparing.md explains the rules and names their sources. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "harness/stats/proportions.h"

namespace qbench::results {

// What is said of one figure of one pair of cells, or of the pair as a whole. In every format by
// its name.
enum class Judgement {
  kNone,         // "": not measured on both sides
  kSame,         // "same": equal, or what lies between is shown to be less than what counts
  kBetter,       // "better"
  kMaybeBetter,  // "better?": it looks so, but could be chance
  kUnclear,      // "unclear": the measurements neither show a difference nor rule one out
  kMaybeWorse,   // "worse?"
  kWorse,        // "worse": a regression
  kInvalid,      // "invalid": measured, but on one side it means nothing
  kNotJudged,    // "not judged": both are given, but are not to be compared
};
std::string_view Name(Judgement value);

// What counts, and how sure one has to be.
struct Limits {
  // Ratios of latencies within 1 / (1 + floor) to 1 + floor are never called a difference.
  double latency_floor = 0.02;
  // The probability with which any cell at all may be called slower where none is (Holm over the
  // cells); faster has the same once more.
  double level = 0.01;
  // What the interval of a ratio is asked to cover.
  double confidence = 0.99;
  // A drop of top-1 of less than this is never a regression; one of more than `large_drop` always
  // is, however few the images are.
  double accuracy_budget = 0.005;
  double large_drop = 0.02;
  // How much a file may grow, as a fraction of the base's size.
  double size_growth = 0;
};

// Whether every limit is a number in its range: fractions from 0 below 1, `level`
// and `confidence` strictly between.
bool AreUsable(const Limits& limits);

// --- Latency ------------------------------------------------------------------------------------

// The medians of the fresh processes of both sides of one cell, in any one unit.
struct LatencyEvidence {
  std::vector<double> base;
  std::vector<double> now;
  // base[i] and now[i] were measured one right after the other.
  bool paired = false;
  // A floor of this cell, where it has one of its own (how far two measurements of one build have
  // been known to lie apart): used where it is above Limits::latency_floor.
  double floor = 0;
};

struct LatencyFinding {
  Judgement judgement = Judgement::kNone;
  double ratio = 1;          // of now to base
  stats::Interval interval;  // two-sided
  double coverage = 0;       // of that interval; below Limits::confidence of few processes
  bool by_pairs = false;     // the pairing was used (paired_ratio.h), else not (sample_ratio.h)
  // One-sided: how likely so much is by chance, were both as fast. (That it is more than the floor
  // is what the interval says.)
  double slower_p = 1;
  double faster_p = 1;
  double slower_p_adjusted = 1;  // by Holm, over all the cells given
  double faster_p_adjusted = 1;
  // What the interval has to lie beyond to be called worse or better: the floor, or how far a
  // typical process lies from the middle of its side (or of the pairs' ratios), where that is more.
  // What differs so much within one measurement may differ as much between two.
  double floor = 0;
  // So few processes cannot show anything at this level, however large it is, with so many cells.
  bool too_few = false;
};

// One finding for each, in their order; they are one family of tests. A side without values gives
// kNone. What is paired is judged by its pairs where these are enough (kMinPairs99, and so many
// that the least p of the signed-rank test is below the level for all cells together), else as two
// samples: of twelve cells ten pairs cannot show anything as pairs, and as samples can.
//   worse    the interval lies above 1 + LatencyFinding::floor, and slower_p_adjusted < level
//   worse?   it lies above 1 + latency_floor (or the cell's own) as a whole, but not both hold
//   better, better?  the same downwards
//   same     the interval lies within that floor as a whole, and covers at least 90 %
//   unclear  else
std::vector<LatencyFinding> JudgeLatencies(std::span<const LatencyEvidence> cells,
                                           const Limits& limits);

// How many processes a side can show a difference of `cells` cells at this level: the least n with
// cells / C(2 n, n) < level.
int64_t ProcessesNeeded(size_t cells, double level);

// --- Accuracy -----------------------------------------------------------------------------------

// Of the images that both sides could use.
struct AccuracyEvidence {
  int64_t images = 0;
  int64_t lost = 0;    // base right, now wrong
  int64_t gained = 0;  // base wrong, now right
};

struct AccuracyFinding {
  Judgement judgement = Judgement::kNone;
  double drop = 0;       // (lost - gained) / images
  double loss_p = 1;     // one-sided exact McNemar test of a loss
  double gain_p = 1;     // of a gain
  double drop_high = 1;  // upper bound of the drop, 95 %, one-sided (Tango)
};

// kNone of no images.
//   worse    loss_p < level and drop >= budget; or drop > large_drop
//   worse?   loss_p < 0.05 and drop >= budget
//   better, better?  the same upwards
//   same     no image is right on one side alone; or the bounds of the drop and of the gain are
//   both
//            below the budget
//   unclear  else
AccuracyFinding JudgeAccuracy(const AccuracyEvidence& evidence, const Limits& limits);

// --- Size ---------------------------------------------------------------------------------------

// worse: larger by more than size_growth; better: smaller; else same.
Judgement JudgeSize(int64_t base_bytes, int64_t now_bytes, const Limits& limits);

// --- All of it ----------------------------------------------------------------------------------

// The worst of what is said of a pair's figures, for the pair: worse, then worse?, invalid,
// unclear, not judged, better?, better, same.
Judgement Worst(std::span<const Judgement> judgements);

}  // namespace qbench::results
