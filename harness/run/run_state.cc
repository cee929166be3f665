#include "harness/run/run_state.h"

#include <algorithm>

#include "base/utc_time.h"
#include "harness/jobs/outcome.h"
#include "harness/run/run_records.h"
#include "harness/run/run_steps.h"

namespace qbench::run {

const MadeArtifact* RunState::FindArtifact(const plan::PlannedCell& cell) const {
  const auto found = made.find({cell.model, cell.quantizer});
  return found == made.end() ? nullptr : &found->second;
}

bool RunState::IsArtifactNeeded(const plan::PlannedCell& cell) const {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (SameArtifact(plan.cells[i], cell) && !cells[i].stopped) return true;
  }
  return false;
}

bool RunState::IsMeasured(size_t cell, store::MeasurementKind kind, int repetition) const {
  return cells[cell].measured.contains({kind, repetition});
}

void RunState::Warn(const std::string& line) const {
  if (warning) warning(line);
}

Status RunState::WarnAndNote(const std::string& line) {
  Warn(line);
  return store.AddNote({0, run_id, UtcNow(), store::NoteSeverity::kWarning, line});
}

Status RunState::Commit(size_t cell, store::Measurement measurement,
                        const jobs::JobOutcome& outcome) {
  if (IsMeasured(cell, measurement.kind, measurement.repetition)) return OkStatus();
  measurement.log = outcome.log;
  if (!outcome.ok()) {
    measurement.status = outcome.status;
    measurement.reason = ReasonOf(outcome);
    measurement.warnings = outcome.warnings;
    // Nobody asked for the profile of a runtime that has none.
    const bool expected = measurement.kind == store::MeasurementKind::kProfile &&
                          measurement.status == store::Outcome::kUnsupported &&
                          !plan.measure.profile;
    if (!expected) Warn(plan.CellName(plan.cells[cell]) + ": " + measurement.reason);
  }
  measurement.cell_id = cells[cell].id;
  measurement.finished_at = std::max(measurement.started_at, UtcNow());  // the clock may step
  if (!measurement.wall_seconds.has_value()) measurement.wall_seconds = outcome.wall_seconds;
  AddMeasurement(measurement, plan.measure.repetitions, cells[cell]);
  return store.CommitMeasurement(measurement, cells[cell].outcome);
}

}  // namespace qbench::run
