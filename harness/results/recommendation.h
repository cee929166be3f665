// Which variant to deploy: of those that fulfil the requirements the fastest, and of those that the
// processes do not tell from it the smallest, then the most accurate. Pure functions over a loaded
// run; any thread. docs/measuring.md explains the rules.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "harness/results/summary.h"
#include "harness/stats/proportions.h"
#include "harness/store/store.h"

namespace qbench::results {

// What is called as accurate as float: the upper bound of the drop of top-1 (95 %, one-sided, image
// by image) is no more than this. `compare` calls accuracies the same within as much.
inline constexpr double kAsAccurate = 0.005;

// What a variant has to fulfil. Fractions, milliseconds, bytes.
struct Requirements {
  // The most that the upper bound of the drop of top-1 may be; none: kAsAccurate.
  std::optional<double> max_accuracy_drop = {};
  std::optional<double> max_latency_ms = {};  // of the median
  std::optional<int64_t> max_bytes = {};

  double AccuracyDrop() const { return max_accuracy_drop.value_or(kAsAccurate); }
  bool operator==(const Requirements&) const = default;
};

// Why a cell was not chosen. In JSON by its name.
enum class Rejection {
  kFailed,       // "failed": unsupported, failed, crashed or timed out
  kNotMeasured,  // "not measured": not reached yet, or without a latency or an accuracy
  kInvalid,      // "invalid": measured, but its latency or accuracy means nothing
  kNoisy,        // "noisy": something disturbed its times
  kInaccurate,   // "inaccurate": it lost more than is allowed
  kNotShown,     // "not shown": the images do not rule out that it lost more than is allowed
  kTooSlow,      // "too slow": beyond max_latency_ms
  kTooLarge,     // "too large": beyond max_bytes
  kNoFloat,      // "no float": there is nothing to hold its accuracy against
  kSlower,       // "slower": it fulfils everything, and is slower than the chosen one
  kTied,         // "tied": the same, and is as fast as far as the processes tell
};
std::string_view Name(Rejection value);

struct Candidate {
  size_t cell = 0;                    // its place in RunData::cells
  std::vector<Rejection> rejections;  // empty: the chosen one
  // Against the float cell, image by image: what it lost, and its upper bound. 0 of that cell
  // itself, and of another with the same file and the same predictions.
  std::optional<double> drop;
  std::optional<double> drop_high;
  // kSlower: how many times as long as the chosen one it takes, with the interval of the processes.
  std::optional<double> ratio;
  stats::Interval ratio_interval = {};
};

// Why one of several that tie was chosen.
enum class TieBreak { kNone, kSmaller, kMoreAccurate, kOther };

// About the cells of one model on one split.
struct Recommendation {
  int64_t model_id = 0;
  int64_t split_id = 0;
  std::vector<Candidate> candidates;  // in the order of the cells
  // What accuracies are held against: the most accurate float cell. Places in RunData::cells, like
  // those below.
  std::optional<size_t> float_cell;
  std::optional<size_t> chosen;
  TieBreak tie_break = TieBreak::kNone;  // kNone: none ties with the chosen one
  // Where none is chosen: the one that misses the requirements by the least, as a share of each; if
  // there is no float cell, the most accurate within the others.
  std::optional<size_t> nearest;

  const Candidate* Find(size_t cell) const;
};

// One for each model and split, in the order in which the cells name them. `summaries` are
// Summarize(run). Rows that only weigh a file (no runtime) are no candidates.
std::vector<Recommendation> Recommend(const store::RunData& run,
                                      std::span<const CellSummary> summaries,
                                      const Requirements& requirements);

}  // namespace qbench::results
