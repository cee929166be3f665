#include "harness/store/copy_run.h"

#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "harness/store/record_rules.h"
#include "harness/store/sql_fields.h"
#include "harness/store/store_impl.h"

namespace qbench::store {

int64_t RunCopier::Copy(const Run& run) {
  const int64_t id = Insert(into_, run);
  for (Note& note : ReadAll<Note>("WHERE run_id = ? ORDER BY id", run.id)) {
    note.run_id = id;
    Insert(into_, note);
  }
  for (MachinePeak& peak : ReadAll<MachinePeak>("WHERE run_id = ? ORDER BY id", run.id)) {
    peak.run_id = id;
    Insert(into_, peak);
  }
  std::set<int64_t> artifacts;
  for (Cell& cell : ReadAll<Cell>("WHERE run_id = ? ORDER BY id", run.id)) {
    if (InterruptRequested()) throw SourceFailure{InterruptStatus("copying runs")};
    if (cell.artifact_id) artifacts.insert(*cell.artifact_id);
    CopyCell(std::move(cell), id);
  }
  CopyComparisons(run.id, id, artifacts);
  return id;
}

void RunCopier::CopyCell(Cell cell, int64_t run_id) {
  const int64_t old_id = cell.id;
  const Split& split = CopySplit(cell.split_id);
  cell.run_id = run_id;
  cell.model_id = CopyShared<Model>(cell.model_id, &models_);
  cell.split_id = split.id;
  cell.quantizer_id = CopyShared<Plugin>(cell.quantizer_id, &plugins_);
  cell.runtime_id = CopyShared<Plugin>(cell.runtime_id, &plugins_);
  if (cell.artifact_id) cell.artifact_id = CopyArtifact(*cell.artifact_id);
  CopyMeasurements(old_id, Insert(into_, cell), split);
}

void RunCopier::CopyMeasurements(int64_t old_cell, int64_t new_cell, const Split& split) {
  for (Measurement& measurement : ReadAll<Measurement>("WHERE cell_id = ? ORDER BY id", old_cell)) {
    Require(CheckPredictions(measurement, split.images, split.labels));
    measurement.cell_id = new_cell;
    const int64_t id = Insert(into_, measurement);
    if (measurement.kind != MeasurementKind::kProfile) continue;
    for (OperatorProfile& profile :
         ReadAll<OperatorProfile>("WHERE measurement_id = ? ORDER BY id", measurement.id)) {
      profile.measurement_id = id;
      Insert(into_, profile);
    }
  }
}

void RunCopier::CopyComparisons(int64_t old_run, int64_t new_run,
                                const std::set<int64_t>& artifacts) {
  for (LayerComparison& comparison :
       ReadAll<LayerComparison>("WHERE run_id = ? ORDER BY id", old_run)) {
    comparison.layers =
        ReadAll<ComparedLayer>("WHERE comparison_id = ? ORDER BY position", comparison.id);
    Require(CheckLayers(comparison));
    if (!artifacts.contains(comparison.artifact_id)) {
      Require(Error(StatusCode::kCorrupt, "comparison {} is of an artifact that its run has not",
                    comparison.id));
    }
    comparison.run_id = new_run;
    comparison.artifact_id = CopyArtifact(comparison.artifact_id);
    const int64_t id = Insert(into_, comparison);
    for (ComparedLayer& layer : comparison.layers) {
      layer.comparison_id = id;
      Insert(into_, layer);
    }
  }
}

const RunCopier::Split& RunCopier::CopySplit(int64_t id) {
  const auto known = splits_.find(id);
  if (known != splits_.end()) return known->second;
  DatasetSplit split = Read<DatasetSplit>(id);
  split.images = Reading([&] { return SelectImages(from_, id); });
  Require(CheckSplit(split));
  const int64_t copy = UpsertSplit(into_, split);
  // The same by its hash: predictions must fit to what is there.
  const auto images =
      SelectNumber(into_, "SELECT COUNT(*) FROM images WHERE split_id = ?", copy).value_or(0);
  const Split made{copy, static_cast<size_t>(images), static_cast<int64_t>(split.labels.size())};
  return splits_.emplace(id, made).first->second;
}

int64_t RunCopier::CopyArtifact(int64_t id) {
  const auto known = artifacts_.find(id);
  if (known != artifacts_.end()) return known->second;
  auto artifact = Read<Artifact>(id);
  artifact.model_id = CopyShared<Model>(artifact.model_id, &models_);
  artifact.quantizer_id = CopyShared<Plugin>(artifact.quantizer_id, &plugins_);
  const auto there = FindEqual(into_, artifact);
  return artifacts_.emplace(id, there ? *there : Insert(into_, artifact)).first->second;
}

template <typename Record>
int64_t RunCopier::CopyShared(int64_t id, std::map<int64_t, int64_t>* copies) {
  const auto known = copies->find(id);
  if (known != copies->end()) return known->second;
  const auto record = Read<Record>(id);
  const auto there = FindEqual(into_, record);
  return copies->emplace(id, there ? *there : Insert(into_, record)).first->second;
}

template <typename Record>
Record RunCopier::Read(int64_t id) const {
  std::vector<Record> found = ReadAll<Record>("WHERE id = ?", id);
  if (found.empty()) {
    Require(Error(StatusCode::kCorrupt, "{} has no row {}, which another refers to", kTable<Record>,
                  id));
  }
  return std::move(found.front());
}

template <typename Record, typename... Args>
std::vector<Record> RunCopier::ReadAll(const std::string& rest, const Args&... args) const {
  return Reading([&] { return Select<Record>(from_, rest, args...); });
}

void RunCopier::Require(const Status& sound) const {
  if (!sound.ok()) throw SourceFailure{Damaged(from_path_, sound.message())};
}

}  // namespace qbench::store
