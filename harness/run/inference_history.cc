#include "harness/run/inference_history.h"

#include "harness/measure/host_facts.h"
#include "harness/run/cell_state.h"

namespace qbench::run {
namespace {

// Older runs would cost time to read, and know of older plugins.
constexpr int kRuns = 3;

bool IsSame(const plan::SelectedPlugin& planned, const store::Plugin& stored,
            const std::string& stored_options) {
  return planned.plugin.descriptor.id == stored.name && planned.StoredOptions() == stored_options;
}

bool IsSame(const plan::Plan& plan, const plan::PlannedCell& planned, const store::RunData& run,
            const store::Cell& stored) {
  return planned.threads == stored.threads &&
         plan.models[planned.model].sha256 == run.models.at(stored.model_id).sha256 &&
         IsSame(plan.selection.quantizers[planned.quantizer], run.plugins.at(stored.quantizer_id),
                stored.quantizer_options) &&
         IsSame(plan.selection.runtimes[planned.runtime], run.plugins.at(stored.runtime_id),
                stored.runtime_options);
}

// The median of the last latency process; 0: there is none.
double InferenceSeconds(const store::CellData& cell) {
  CellState state;
  for (const store::Measurement& measurement : cell.measurements) {
    AddMeasurement(measurement, 1, state);
  }
  return state.inference_seconds;
}

}  // namespace

Result<std::map<size_t, double>> InferenceHistory(const plan::Plan& plan, store::Store& store) {
  std::map<size_t, double> history;
  const std::string host = measure::HostId(plan.host);
  QB_ASSIGN_OR_RETURN(const std::vector<store::Run> runs, store.Runs());
  int looked_at = 0;
  for (const store::Run& run : runs) {
    if (run.host_id != host) continue;
    if (looked_at++ == kRuns || history.size() == plan.cells.size()) break;
    QB_ASSIGN_OR_RETURN(const store::RunData data, store.LoadRun(run.id));
    for (const store::CellData& cell : data.cells) {
      const double seconds = InferenceSeconds(cell);
      if (seconds <= 0) continue;
      for (size_t i = 0; i < plan.cells.size(); ++i) {
        if (IsSame(plan, plan.cells[i], data, cell.cell)) history.emplace(i, seconds);
      }
    }
  }
  return history;
}

}  // namespace qbench::run
