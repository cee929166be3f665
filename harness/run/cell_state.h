// The state of a cell during a run, computed from the measurements that it has so far.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "harness/store/store.h"

namespace qbench::run {

struct CellState {
  int64_t id = 0;  // in the store
  store::CellOutcome outcome;
  std::set<std::pair<store::MeasurementKind, int>> measured = {};  // kind and repetition
  // The kinds of measurement that a reason in the outcome comes from.
  std::set<store::MeasurementKind> explained = {};
  double inference_seconds = 0;  // median of the latest latency process; 0: there was none
  // Set: the cell cannot go on (its artifact, its accuracy or a latency process failed).
  bool stopped = false;
};

// Adds a measurement that has ended to the state of its cell: its status, its reason, and with
// the last of `repetitions` latency processes the end of the cell.
void AddMeasurement(const store::Measurement& measurement, int repetitions, CellState& state);

}  // namespace qbench::run
