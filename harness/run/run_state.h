// What a run works with and what it has found out so far: what its steps share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "harness/jobs/run_job.h"
#include "harness/plan/run_plan.h"
#include "harness/run/artifact_cache.h"
#include "harness/run/artifact_key.h"
#include "harness/run/cell_state.h"
#include "harness/run/run_clock.h"
#include "harness/store/store.h"

namespace qbench::run {

// An artifact that this invocation made, or took from the cache.
struct MadeArtifact {
  std::filesystem::path file;
  std::string sha256;
  int64_t id = 0;                // in the store
  std::string invalid_accuracy;  // why its accuracy means nothing; empty: it means something
};

// One thread. Plan, store and clock outlive it.
struct RunState {
  const plan::Plan& plan;
  store::Store& store;
  RunClock& clock;
  std::function<void(const std::string& line)> warning;  // for the user; may be empty
  ArtifactCache artifacts;
  int64_t run_id = 0;
  std::vector<CellState> cells = {};                            // one a cell of the plan
  std::vector<ModelSamples> samples = {};                       // one a model of the plan
  std::map<std::pair<size_t, size_t>, MadeArtifact> made = {};  // by model and quantizer
  std::set<size_t> repeated = {};  // cells of either side whose latency is measured once more

  // The artifact that a cell runs; null where there is none (yet).
  const MadeArtifact* FindArtifact(const plan::PlannedCell& cell) const;
  // Is there a cell with the same artifact that has not stopped?
  bool IsArtifactNeeded(const plan::PlannedCell& cell) const;
  bool IsMeasured(size_t cell, store::MeasurementKind kind, int repetition) const;

  void Warn(const std::string& line) const;
  // Warns, and keeps the line among the run's notes.
  Status WarnAndNote(const std::string& line);

  // Ends a measurement of the cell with how its job ended, and stores it with the cell's outcome.
  // One that is in the store is left as it is: an artifact that a resumed run took from the cache.
  Status Commit(size_t cell, store::Measurement measurement, const jobs::JobOutcome& outcome);
};

}  // namespace qbench::run
