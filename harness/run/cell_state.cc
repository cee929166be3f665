#include "harness/run/cell_state.h"

#include <string>

#include "harness/stats/descriptive.h"

namespace qbench::run {
namespace {

using store::Outcome;

bool IsUsable(const store::Measurement& measurement) {
  return measurement.status == Outcome::kOk || measurement.status == Outcome::kInvalid;
}

// Adds the measurement's reason to its cell's: one of each kind, as ten processes on a hot board
// say much the same, and any that ends the cell. Accuracy and latency can be spoilt by different
// causes.
void AddReason(const store::Measurement& measurement, CellState& state) {
  if (measurement.reason.empty()) return;
  if (!state.explained.insert(measurement.kind).second && IsUsable(measurement)) return;
  std::string& reason = state.outcome.reason;
  if (reason.find(measurement.reason) != std::string::npos) return;
  reason += (reason.empty() ? "" : "; ") + measurement.reason;
}

}  // namespace

void AddMeasurement(const store::Measurement& measurement, int repetitions, CellState& state) {
  store::CellOutcome& outcome = state.outcome;
  state.measured.insert({measurement.kind, measurement.repetition});
  // A runtime that cannot be profiled measures as well as any other.
  if (measurement.kind == store::MeasurementKind::kProfile) return;
  const bool usable = IsUsable(measurement);
  AddReason(measurement, state);
  if (!usable) {
    state.stopped = true;
    outcome.status = measurement.status;
  }
  if (measurement.kind == store::MeasurementKind::kAccuracy) {
    outcome.accuracy_status = measurement.status;
  }
  if (measurement.kind == store::MeasurementKind::kLatency) {
    if (!measurement.samples_ns.empty()) {
      state.inference_seconds = stats::Median(measurement.samples_ns) / 1e9;
    }
    // One invalid process spoils the cell's latency, one that failed more so.
    if (!usable || outcome.latency_status != Outcome::kInvalid) {
      outcome.latency_status = measurement.status;
    }
    if (usable && measurement.repetition + 1 == repetitions) outcome.status = Outcome::kOk;
  }
}

}  // namespace qbench::run
