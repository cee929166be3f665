#include "harness/run/run_cells.h"

#include "harness/run/run_records.h"

namespace qbench::run {
namespace {

Result<CellState> AddCell(const plan::Plan& plan, const plan::PlannedCell& planned,
                          store::Cell cell, store::Store& store) {
  const plan::SelectedPlugin& quantizer = plan.selection.quantizers[planned.quantizer];
  const plan::SelectedPlugin& runtime = plan.selection.runtimes[planned.runtime];
  // Of a baseline, model and quantizer are what they were when the artifact was made.
  const baseline::PinnedCell* pinned =
      planned.pinned ? &plan.baseline->cells[planned.pinned->cell] : nullptr;
  if (pinned != nullptr) cell.side = store::kBaselineSide;
  QB_ASSIGN_OR_RETURN(
      cell.model_id,
      store.UpsertModel(pinned ? pinned->model : ModelRecord(plan.models[planned.model])));
  QB_ASSIGN_OR_RETURN(cell.quantizer_id,
                      store.UpsertPlugin(pinned ? pinned->quantizer : PluginRecord(quantizer)));
  QB_ASSIGN_OR_RETURN(cell.runtime_id, store.UpsertPlugin(PluginRecord(runtime)));
  cell.quantizer_options = quantizer.StoredOptions();
  cell.runtime_options = runtime.StoredOptions();
  cell.threads = planned.threads;
  CellState state;
  QB_ASSIGN_OR_RETURN(state.id, store.AddCell(cell));
  QB_ASSIGN_OR_RETURN(const std::vector<store::Measurement> measurements,
                      store.Measurements(state.id));
  for (const store::Measurement& measurement : measurements) {
    AddMeasurement(measurement, plan.measure.repetitions, state);
  }
  return state;
}

// A row of a model's own file: its size, and nothing else.
Status AddSourceRow(const plan::PlannedModel& model, store::Cell cell, store::Store& store) {
  QB_ASSIGN_OR_RETURN(store::Artifact file, SourceRecord(model));
  QB_ASSIGN_OR_RETURN(cell.model_id, store.UpsertModel(ModelRecord(model)));
  QB_ASSIGN_OR_RETURN(cell.quantizer_id, store.UpsertPlugin(PlaceholderPlugin(
                                             store::PluginKind::kQuantizer, "source")));
  QB_ASSIGN_OR_RETURN(cell.runtime_id,
                      store.UpsertPlugin(PlaceholderPlugin(store::PluginKind::kRuntime, "none")));
  file.model_id = cell.model_id;
  file.quantizer_id = cell.quantizer_id;
  QB_ASSIGN_OR_RETURN(const int64_t cell_id, store.AddCell(cell));
  QB_ASSIGN_OR_RETURN(const int64_t artifact_id, store.UpsertArtifact(file));
  QB_RETURN_IF_ERROR(store.SetCellArtifact(cell_id, artifact_id));
  store::CellOutcome outcome;
  outcome.status = store::Outcome::kOk;
  return store.SetCellOutcome(cell_id, outcome);
}

}  // namespace

Result<std::vector<CellState>> AddCells(const plan::Plan& plan, int64_t run_id,
                                        store::Store& store) {
  store::Cell cell;
  cell.run_id = run_id;
  QB_ASSIGN_OR_RETURN(cell.split_id,
                      store.UpsertDatasetSplit(SplitRecord(plan.dataset, plan.Test())));
  std::vector<CellState> states;
  for (const plan::PlannedCell& planned : plan.cells) {
    QB_ASSIGN_OR_RETURN(CellState state, AddCell(plan, planned, cell, store));
    states.push_back(std::move(state));
  }
  if (!plan.selection.source_rows) return states;
  for (const plan::PlannedModel& model : plan.models) {
    if (model.pinned) continue;
    QB_RETURN_IF_ERROR(AddSourceRow(model, cell, store));
  }
  return states;
}

Status AddPinnedArtifacts(RunState& state) {
  for (size_t i = 0; i < state.plan.cells.size(); ++i) {
    const plan::PlannedCell& planned = state.plan.cells[i];
    if (!planned.pinned) continue;
    const baseline::PinnedCell& pinned = state.plan.baseline->cells[planned.pinned->cell];
    MadeArtifact made{pinned.file, pinned.artifact.sha256, 0,
                      InvalidAccuracy(pinned.artifact, state.plan.models[planned.model].sidecar)};
    store::Artifact artifact = pinned.artifact;
    artifact.path = pinned.file.string();
    QB_ASSIGN_OR_RETURN(artifact.model_id, state.store.UpsertModel(pinned.model));
    QB_ASSIGN_OR_RETURN(artifact.quantizer_id, state.store.UpsertPlugin(pinned.quantizer));
    QB_ASSIGN_OR_RETURN(made.id, state.store.UpsertArtifact(artifact));
    QB_RETURN_IF_ERROR(state.store.SetCellArtifact(state.cells[i].id, made.id));
    state.made[{planned.model, planned.quantizer}] = std::move(made);
  }
  return OkStatus();
}

}  // namespace qbench::run
