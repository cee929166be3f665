// Which of two cells of a run is faster, as far as the medians of their processes can tell. Pure
// functions; any thread.
#pragma once

#include "harness/results/summary.h"
#include "harness/store/store.h"

namespace qbench::results {

// A cell against another one.
enum class Pace {
  kUnknown,  // not measured, invalid, or too few processes for an interval worth the name
  kSame,     // the same file on the same runtime, options and threads: no ratio to speak of
  kNoisy,    // one of the two was disturbed
  kTie,      // the interval of the ratio does not lie beyond kPaceFloor
  kFaster,
  kSlower,
};

// The thresholds, and why they are what they are.
//
// Medians of one program in fresh processes differ by up to about 2 % on a machine that nothing
// disturbs, so a ratio counts only where its whole interval lies beyond.
inline constexpr double kPaceFloor = 1.02;
// An interval that covers less than this separates nothing: three processes a side give 90 %.
inline constexpr double kLeastCoverage = 0.9;
// Process medians further apart than this are noise: undisturbed processes on a fixed clock stay
// within about 2 %.
inline constexpr double kMaxSpread = 0.05;
// A few interrupts are normal; one sample in twenty is not.
inline constexpr double kMaxOutlierShare = 0.05;

// (highest - lowest) / median of the process medians; 0 of fewer than two.
double SpreadOfProcesses(const store::CellData& cell);
// More than kMaxOutlierShare of the samples lie far from their process's median.
bool HasManyOutliers(const CellSummary& summary);
// Its processes disagree by more than kMaxSpread, or it has many outliers: something disturbed it,
// so its times are shown and never win.
bool IsNoisy(const store::CellData& cell, const CellSummary& summary);
// Its times may be compared: measured, and not invalid.
bool LatencyIsValid(const CellSummary& summary);

// A cell with its figures.
struct TimedCell {
  const store::CellData* data;
  const CellSummary* summary;
};

// `cell` against `base`, of one run; kFaster: `cell` is.
Pace ComparePace(const TimedCell& base, const TimedCell& cell);

}  // namespace qbench::results
