#include "harness/store/store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/file_state.h"
#include "harness/store/open_database.h"
#include "harness/store/sql_fields.h"
#include "harness/store/store_errors.h"

namespace qbench::store {
namespace {

Status CheckSplit(const DatasetSplit& split) {
  const auto labels = static_cast<int64_t>(split.labels.size());
  for (const Image& image : split.images) {
    if (image.label < 0 || image.label >= labels) {
      return Error(StatusCode::kInvalidArgument,
                   "image '{}' of data set '{}' has label {}, but there are {} labels", image.path,
                   split.name, image.label, labels);
    }
  }
  return OkStatus();
}

// Predictions and confidences: as many as images, each a class index of the split or -1.
Status CheckPredictions(const Measurement& measurement, size_t images, int64_t labels) {
  const size_t count = measurement.predictions.size();
  if (count == 0 && measurement.confidences.empty()) return OkStatus();
  if (count != images || measurement.confidences.size() != images) {
    return Error(StatusCode::kInvalidArgument,
                 "a measurement of cell {} has {} predictions and {} confidences for {} images",
                 measurement.cell_id, count, measurement.confidences.size(), images);
  }
  for (int32_t predicted : measurement.predictions) {
    if (predicted < -1 || predicted >= labels) {
      return Error(StatusCode::kInvalidArgument,
                   "a measurement of cell {} predicts class {}, but there are {} classes",
                   measurement.cell_id, predicted, labels);
    }
  }
  return OkStatus();
}

std::vector<Image> SelectImages(SQLite::Database& database, int64_t split_id) {
  SQLite::Statement statement(
      database, "SELECT path, label FROM images WHERE split_id = ? ORDER BY position");
  statement.bind(1, split_id);
  std::vector<Image> images;
  while (statement.executeStep()) {
    Image& image = images.emplace_back();
    ReadValue(statement.getColumn(0), &image.path);
    ReadValue(statement.getColumn(1), &image.label);
  }
  return images;
}

std::vector<Measurement> SelectMeasurements(SQLite::Database& database, int64_t cell_id) {
  auto measurements = Select<Measurement>(database, "WHERE cell_id = ?", cell_id);
  std::sort(measurements.begin(), measurements.end(), [](const auto& a, const auto& b) {
    return std::pair(a.kind, a.repetition) < std::pair(b.kind, b.repetition);
  });
  for (Measurement& measurement : measurements) {
    if (measurement.kind != MeasurementKind::kProfile) continue;
    measurement.operators =
        Select<OperatorProfile>(database, "WHERE measurement_id = ? ORDER BY id", measurement.id);
  }
  return measurements;
}

// The records that the run's cells name in `column`, by id.
template <typename Record>
std::map<int64_t, Record> SelectNamedByCells(SQLite::Database& database, const char* column,
                                             int64_t run_id) {
  std::map<int64_t, Record> by_id;
  const std::string where =
      std::string("WHERE id IN (SELECT ") + column + " FROM cells WHERE run_id = ?)";
  for (Record& record : Select<Record>(database, where, run_id)) {
    by_id.emplace(record.id, std::move(record));
  }
  return by_id;
}

// A layer reads layers before it.
Status CheckLayers(const LayerComparison& comparison) {
  for (size_t i = 0; i < comparison.layers.size(); ++i) {
    const ComparedLayer& layer = comparison.layers[i];
    const bool sound = std::ranges::all_of(
        layer.inputs, [&](int32_t input) { return input >= 0 && static_cast<size_t>(input) < i; });
    if (!sound) {
      return Error(StatusCode::kInvalidArgument,
                   "layer \"{}\" of a comparison reads a layer that does not run before it",
                   layer.name);
    }
  }
  return OkStatus();
}

// The newest of each artifact.
std::map<int64_t, LayerComparison> SelectComparisons(SQLite::Database& database, int64_t run_id) {
  std::map<int64_t, LayerComparison> newest;
  for (LayerComparison& comparison :
       Select<LayerComparison>(database, "WHERE run_id = ? ORDER BY id", run_id)) {
    newest.insert_or_assign(comparison.artifact_id, std::move(comparison));
  }
  for (auto& [artifact, comparison] : newest) {
    comparison.layers =
        Select<ComparedLayer>(database, "WHERE comparison_id = ? ORDER BY position", comparison.id);
  }
  return newest;
}

// What foreign keys and CHECKs do not say; a file that was edited by hand may break it.
void CheckLoaded(const RunData& run) {
  for (const auto& [id, split] : run.splits) {
    const Status status = CheckSplit(split);
    if (!status.ok()) throw BadRow(status.message());
  }
  const auto check_cell = [&](const CellData& data) {
    const Cell& cell = data.cell;
    if (!run.models.contains(cell.model_id) || !run.splits.contains(cell.split_id) ||
        !run.plugins.contains(cell.quantizer_id) || !run.plugins.contains(cell.runtime_id) ||
        (cell.artifact_id && !run.artifacts.contains(*cell.artifact_id))) {
      throw BadRow("cell " + std::to_string(cell.id) + " refers to a record that is not there");
    }
    const DatasetSplit& split = run.splits.at(cell.split_id);
    for (const Measurement& measurement : data.measurements) {
      const Status status = CheckPredictions(measurement, split.images.size(),
                                             static_cast<int64_t>(split.labels.size()));
      if (!status.ok()) throw BadRow(status.message());
    }
  };
  std::ranges::for_each(run.cells, check_cell);
  std::ranges::for_each(run.baseline_cells, check_cell);
  for (const auto& [id, artifact] : run.artifacts) {
    if (!run.models.contains(artifact.model_id) || !run.plugins.contains(artifact.quantizer_id)) {
      throw BadRow("artifact " + std::to_string(id) + " refers to a record that is not there");
    }
  }
  for (const auto& [artifact, comparison] : run.comparisons) {
    if (!run.artifacts.contains(artifact)) {
      throw BadRow("a comparison refers to an artifact that is not there");
    }
    const Status status = CheckLayers(comparison);
    if (!status.ok()) throw BadRow(status.message());
  }
}

// It grows and changes; which file it is does not.
bool IsSameFile(const FileState& a, const FileState& b) {
  return a.device == b.device && a.inode == b.inode;
}

Status NoSuchCell(const std::filesystem::path& path, int64_t cell_id) {
  return Error(StatusCode::kInvalidArgument, "there is no cell {} in '{}'", cell_id, path.string());
}

// Whether there is such a cell.
bool UpdateOutcome(SQLite::Database& database, int64_t cell_id, const CellOutcome& outcome) {
  const int changed = Execute(database,
                              "UPDATE cells SET status = ?, accuracy_status = ?, "
                              "latency_status = ?, reason = ? WHERE id = ?",
                              outcome.status, outcome.accuracy_status, outcome.latency_status,
                              outcome.reason, cell_id);
  return changed == 1;
}

}  // namespace

struct Store::Impl {
  std::filesystem::path path;
  OpenedDatabase opened;
  FileState identity;
  Status lost = OkStatus();  // why the file is no longer the one that was opened

  SQLite::Database& database() { return *opened.connection; }

  // That what is written is where the user will look for it. Else all that this process can still
  // read of the database is saved beside it: SQLite has the file open, whatever its name is now.
  Status CheckInPlace() {
    if (!lost.ok()) return lost;
    const FileState there = StateOf(path);
    if (IsSameFile(there, identity)) return OkStatus();
    std::filesystem::path saved = path;
    saved += fmt::format(".saved-{}", getpid());
    std::string where;
    try {
      SQLite::Statement copy(database(), "VACUUM INTO ?");
      copy.bind(1, saved.string());
      copy.exec();
      where = fmt::format("what was measured is in '{}': move it back, and go on with --resume",
                          saved.string());
    } catch (const SQLite::Exception& exception) {
      where = fmt::format("what was measured could not be saved ({})", exception.what());
    }
    lost = Error(StatusCode::kIo, "the database '{}' was {} while qbench wrote to it; {}",
                 path.string(), there.inode != 0 ? "replaced" : "moved or deleted", where);
    return lost;
  }

  // Runs body(database) as one transaction and returns its Result or Status; anything but OK rolls
  // back.
  template <typename Body>
  auto Write(Body&& body) {
    return Guarded(path, [&] {
      using Answer = decltype(body(database()));
      if (const Status before = CheckInPlace(); !before.ok()) return Answer(before);
      SQLite::Transaction transaction(database(), SQLite::TransactionBehavior::IMMEDIATE);
      Answer answer = body(database());
      if (!answer.ok()) return answer;
      transaction.commit();
      if (const Status after = CheckInPlace(); !after.ok()) return Answer(after);
      return answer;
    });
  }

  // Runs body(database) on one consistent state of the database.
  template <typename Body>
  auto Read(Body&& body) {
    return Guarded(path, [&] {
      SQLite::Transaction snapshot(database());
      return body(database());
    });
  }

  template <typename Record>
  Result<int64_t> Upsert(const Record& record) {
    return Write([&](SQLite::Database& database) -> Result<int64_t> {
      if (const auto id = FindEqual(database, record)) return *id;
      return Insert(database, record);
    });
  }

  Status Commit(const Measurement& measurement, const CellOutcome* outcome);
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::Store(Store&& other) noexcept = default;
Store& Store::operator=(Store&& other) noexcept = default;
Store::~Store() = default;

Result<Store> Store::Open(const std::filesystem::path& path, OpenMode mode) {
  return Guarded(path, [&]() -> Result<Store> {
    QB_ASSIGN_OR_RETURN(OpenedDatabase opened, OpenDatabase(path, mode));
    const FileState identity = StateOf(path);
    if (identity.inode == 0) return CannotWrite(path, ENOENT);
    return Store(std::make_unique<Impl>(Impl{path, std::move(opened), identity}));
  });
}

const std::filesystem::path& Store::path() const { return impl_->path; }

Result<int64_t> Store::BeginRun(const Run& run) {
  if (run.finished_at.has_value()) {
    return Error(StatusCode::kInvalidArgument, "a run cannot begin with finished_at set");
  }
  return impl_->Write(
      [&](SQLite::Database& database) -> Result<int64_t> { return Insert(database, run); });
}

Result<std::optional<int64_t>> Store::FindUnfinishedRun(const std::string& plan_hash) {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::optional<int64_t>> {
    return SelectNumber(database,
                        "SELECT MAX(id) FROM runs WHERE plan_hash = ? AND finished_at IS NULL",
                        plan_hash);
  });
}

Status Store::FinishRun(int64_t run_id, const std::string& finished_at) {
  return impl_->Write([&](SQLite::Database& database) -> Status {
    const int changed =
        Execute(database,  // A clock that was set back does not make a run end before it began.
                "UPDATE runs SET finished_at = MAX(started_at, ?) WHERE id = ? AND "
                "finished_at IS NULL",
                finished_at, run_id);
    if (changed == 1) return OkStatus();
    return Error(StatusCode::kInvalidArgument, "there is no unfinished run {} in '{}'", run_id,
                 impl_->path.string());
  });
}

Status Store::AddNote(const Note& note) {
  return impl_->Write([&](SQLite::Database& database) -> Status {
    Insert(database, note);
    return OkStatus();
  });
}

Status Store::SetMachinePeaks(int64_t run_id, const std::vector<MachinePeak>& peaks) {
  return impl_->Write([&](SQLite::Database& database) -> Status {
    Execute(database, "DELETE FROM machine_peaks WHERE run_id = ?", run_id);
    for (MachinePeak peak : peaks) {
      peak.run_id = run_id;
      Insert(database, peak);
    }
    return OkStatus();
  });
}

Result<std::vector<MachinePeak>> Store::MachinePeaks(int64_t run_id) {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::vector<MachinePeak>> {
    return Select<MachinePeak>(database, "WHERE run_id = ? ORDER BY id", run_id);
  });
}

Result<std::vector<Run>> Store::Runs() {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::vector<Run>> {
    return Select<Run>(database, "ORDER BY id DESC");
  });
}

Result<std::optional<int64_t>> Store::LatestRun() {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::optional<int64_t>> {
    return SelectNumber(database, "SELECT MAX(id) FROM runs");
  });
}

Result<RunData> Store::LoadRun(int64_t run_id) {
  return impl_->Read([&](SQLite::Database& database) -> Result<RunData> {
    auto runs = Select<Run>(database, "WHERE id = ?", run_id);
    if (runs.empty()) {
      const auto newest = SelectNumber(database, "SELECT MAX(id) FROM runs");
      if (!newest) {
        return Error(StatusCode::kNotFound, "'{}' holds no runs yet: make one with 'qbench run'",
                     impl_->path.string());
      }
      return Error(StatusCode::kNotFound, "there is no run {} in '{}': the newest is {}", run_id,
                   impl_->path.string(), *newest);
    }
    RunData data;
    data.run = std::move(runs.front());
    data.notes = Select<Note>(database, "WHERE run_id = ? ORDER BY id", run_id);
    data.machine_peaks = Select<MachinePeak>(database, "WHERE run_id = ? ORDER BY id", run_id);
    data.models = SelectNamedByCells<Model>(database, "model_id", run_id);
    data.splits = SelectNamedByCells<DatasetSplit>(database, "split_id", run_id);
    for (auto& [id, split] : data.splits) split.images = SelectImages(database, id);
    data.plugins = SelectNamedByCells<Plugin>(database, "quantizer_id", run_id);
    data.plugins.merge(SelectNamedByCells<Plugin>(database, "runtime_id", run_id));
    data.artifacts = SelectNamedByCells<Artifact>(database, "artifact_id", run_id);
    for (Cell& cell : Select<Cell>(database, "WHERE run_id = ? ORDER BY id", run_id)) {
      const int64_t id = cell.id;
      auto& side = cell.side == kBaselineSide ? data.baseline_cells : data.cells;
      side.push_back({std::move(cell), SelectMeasurements(database, id)});
    }
    data.comparisons = SelectComparisons(database, run_id);
    CheckLoaded(data);
    return data;
  });
}

Result<int64_t> Store::UpsertModel(const Model& model) { return impl_->Upsert(model); }
Result<int64_t> Store::UpsertPlugin(const Plugin& plugin) { return impl_->Upsert(plugin); }
Result<int64_t> Store::UpsertArtifact(const Artifact& artifact) { return impl_->Upsert(artifact); }

Result<int64_t> Store::UpsertDatasetSplit(const DatasetSplit& split) {
  QB_RETURN_IF_ERROR(CheckSplit(split));
  return impl_->Write([&](SQLite::Database& database) -> Result<int64_t> {
    const auto known = SelectNumber(
        database, "SELECT id FROM dataset_splits WHERE name = ? AND split = ? AND sha256 = ?",
        split.name, split.split, split.sha256);
    if (known) return *known;
    const int64_t id = Insert(database, split);
    SQLite::Statement add(database, "INSERT INTO images VALUES (?, ?, ?, ?)");
    int64_t position = 0;
    for (const Image& image : split.images) {
      add.bind(1, id);
      add.bind(2, position++);
      add.bind(3, image.path);
      add.bind(4, image.label);
      add.exec();
      add.reset();
    }
    return id;
  });
}

Result<int64_t> Store::AddCell(const Cell& cell) {
  return impl_->Write([&](SQLite::Database& database) -> Result<int64_t> {
    const auto known = SelectNumber(
        database,
        "SELECT id FROM cells WHERE run_id = ? AND model_id = ? AND split_id = ? AND "
        "quantizer_id = ? AND quantizer_options = ? AND runtime_id = ? AND "
        "runtime_options = ? AND threads = ? AND side = ?",
        cell.run_id, cell.model_id, cell.split_id, cell.quantizer_id, cell.quantizer_options,
        cell.runtime_id, cell.runtime_options, cell.threads, cell.side);
    if (known) return *known;
    return Insert(database, cell);
  });
}

Status Store::SetCellArtifact(int64_t cell_id, int64_t artifact_id) {
  return impl_->Write([&](SQLite::Database& database) -> Status {
    const int changed =
        Execute(database, "UPDATE cells SET artifact_id = ? WHERE id = ?", artifact_id, cell_id);
    return changed == 1 ? OkStatus() : NoSuchCell(impl_->path, cell_id);
  });
}

Status Store::SetCellOutcome(int64_t cell_id, const CellOutcome& outcome) {
  return impl_->Write([&](SQLite::Database& database) -> Status {
    return UpdateOutcome(database, cell_id, outcome) ? OkStatus()
                                                     : NoSuchCell(impl_->path, cell_id);
  });
}

Result<std::vector<Cell>> Store::Cells(int64_t run_id) {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::vector<Cell>> {
    return Select<Cell>(database, "WHERE run_id = ? ORDER BY id", run_id);
  });
}

Status Store::Impl::Commit(const Measurement& measurement, const CellOutcome* outcome) {
  return Write([&](SQLite::Database& database) -> Status {
    const auto known = SelectNumber(
        database, "SELECT id FROM measurements WHERE cell_id = ? AND kind = ? AND repetition = ?",
        measurement.cell_id, measurement.kind, measurement.repetition);
    if (known) {
      return Error(StatusCode::kInvalidArgument,
                   "the {} measurement {} of cell {} is committed already and never rewritten",
                   Name(measurement.kind), measurement.repetition, measurement.cell_id);
    }
    const auto splits = Select<DatasetSplit>(
        database, "WHERE id = (SELECT split_id FROM cells WHERE id = ?)", measurement.cell_id);
    if (splits.empty()) return NoSuchCell(path, measurement.cell_id);
    const auto images =
        SelectNumber(database, "SELECT COUNT(*) FROM images WHERE split_id = ?", splits.front().id);
    QB_RETURN_IF_ERROR(CheckPredictions(measurement, static_cast<size_t>(images.value_or(0)),
                                        static_cast<int64_t>(splits.front().labels.size())));
    const int64_t id = Insert(database, measurement);
    for (OperatorProfile profile : measurement.operators) {
      profile.measurement_id = id;
      Insert(database, profile);
    }
    if (outcome != nullptr) UpdateOutcome(database, measurement.cell_id, *outcome);
    return OkStatus();
  });
}

Status Store::CommitMeasurement(const Measurement& measurement) {
  return impl_->Commit(measurement, nullptr);
}

Status Store::CommitMeasurement(const Measurement& measurement, const CellOutcome& outcome) {
  return impl_->Commit(measurement, &outcome);
}

Result<std::vector<Measurement>> Store::Measurements(int64_t cell_id) {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::vector<Measurement>> {
    return SelectMeasurements(database, cell_id);
  });
}

Status Store::AddComparison(const LayerComparison& comparison) {
  QB_RETURN_IF_ERROR(CheckLayers(comparison));
  return impl_->Write([&](SQLite::Database& database) -> Status {
    const auto cell =
        SelectNumber(database, "SELECT MIN(id) FROM cells WHERE run_id = ? AND artifact_id = ?",
                     comparison.run_id, comparison.artifact_id);
    if (!cell) {
      return Error(StatusCode::kInvalidArgument, "no cell of run {} in '{}' has artifact {}",
                   comparison.run_id, impl_->path.string(), comparison.artifact_id);
    }
    const int64_t id = Insert(database, comparison);
    int32_t position = 0;
    for (ComparedLayer layer : comparison.layers) {
      layer.comparison_id = id;
      layer.position = position++;
      Insert(database, layer);
    }
    return OkStatus();
  });
}

Result<std::set<int64_t>> Store::ComparedArtifacts(int64_t run_id) {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::set<int64_t>> {
    std::set<int64_t> artifacts;
    for (const LayerComparison& comparison :
         Select<LayerComparison>(database, "WHERE run_id = ?", run_id)) {
      artifacts.insert(comparison.artifact_id);
    }
    return artifacts;
  });
}

}  // namespace qbench::store
