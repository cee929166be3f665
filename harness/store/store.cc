#include "harness/store/store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "base/one_line.h"
#include "harness/store/record_rules.h"
#include "harness/store/sql_fields.h"
#include "harness/store/store_errors.h"
#include "harness/store/store_impl.h"

namespace qbench::store {
namespace {

// It grows and changes; which file it is does not.
bool IsSameFile(const FileState& a, const FileState& b) {
  return a.device == b.device && a.inode == b.inode;
}

// Reads the measurements of one cell after the other.
class MeasurementReader {
 public:
  MeasurementReader(SQLite::Database& database, const LoadOptions& options)
      : database_(database),
        options_(options),
        rows_(database, "SELECT " + ColumnNames<Measurement>() + " FROM " + kTable<Measurement> +
                            " WHERE cell_id = ?") {}

  // In the order of kind and repetition.
  std::vector<Measurement> Read(int64_t cell_id) {
    rows_.reset();
    rows_.bind(1, cell_id);
    std::vector<Measurement> measurements;
    while (rows_.executeStep()) ReadRow(&measurements.emplace_back());
    std::ranges::sort(measurements, {}, [](const Measurement& measurement) {
      return std::pair(measurement.kind, measurement.repetition);
    });
    for (Measurement& measurement : measurements) {
      if (measurement.kind != MeasurementKind::kProfile) continue;
      measurement.operators = Select<OperatorProfile>(
          database_, "WHERE measurement_id = ? ORDER BY id", measurement.id);
    }
    return measurements;
  }

 private:
  void ReadRow(Measurement* measurement) {
    int column = 0;
    ForEachField(*measurement, [&]<typename Value>(const char* /*name*/, Value& value) {
      const SQLite::Column field = rows_.getColumn(column++);
      if constexpr (std::is_same_v<Value, Json>) {
        if (options_.conditions_as_text) {
          value = PlainText(field);
          return;
        }
      }
      ReadValue(field, &value);
    });
  }

  // The text, made safe as ReadValue makes it: of printable ASCII without escapes there is nothing
  // to be done.
  static std::string PlainText(const SQLite::Column& column) {
    std::string text = column.getString();
    const bool plain =
        std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
    if (plain) return text;
    Json json = Json::object();
    ReadValue(column, &json);
    return DumpJson(json);
  }

  SQLite::Database& database_;
  const LoadOptions& options_;
  SQLite::Statement rows_;
};

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

Status NoSuchCell(const std::filesystem::path& path, int64_t cell_id) {
  return Error(StatusCode::kInvalidArgument, "there is no cell {} in '{}'", cell_id, path.string());
}

Status CheckRunName(const std::string& name) {
  const auto refuse = [&](std::string_view why) {
    return Error(StatusCode::kInvalidArgument, "\"{}\" cannot be the name of a run: {}",
                 SafeName(name), why);
  };
  if (name.size() > kMaxRunName) {
    return refuse(fmt::format("it has {} bytes, and {} are the most", name.size(), kMaxRunName));
  }
  if (SafeLine(name) != name) return refuse("it is not one line of UTF-8");
  if (name == "latest" || name == "previous" ||
      (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos)) {
    return refuse("that means another run already");
  }
  if (name.find('#') != std::string::npos) return refuse("'#' parts a database from its run");
  return OkStatus();
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

int64_t UpsertSplit(SQLite::Database& database, const DatasetSplit& split) {
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
}

Status NoSuchRun(SQLite::Database& database, const std::filesystem::path& path, int64_t run_id) {
  const auto newest = SelectNumber(database, "SELECT MAX(id) FROM runs");
  if (!newest) {
    return Error(StatusCode::kNotFound, "'{}' holds no runs yet: make one with 'qbench run'",
                 path.string());
  }
  return Error(StatusCode::kNotFound, "there is no run {} in '{}': the newest is {}", run_id,
               path.string(), *newest);
}

Status Store::Impl::CheckInPlace() {
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

Result<RunData> Store::LoadRun(int64_t run_id, const LoadOptions& options) {
  return impl_->Read([&](SQLite::Database& database) -> Result<RunData> {
    auto runs = Select<Run>(database, "WHERE id = ?", run_id);
    if (runs.empty()) return NoSuchRun(database, impl_->path, run_id);
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
    // What foreign keys and CHECKs do not say; a file that was edited by hand may break it.
    const auto require = [](const Status& sound) {
      if (!sound.ok()) throw BadRow(sound.message());
    };
    MeasurementReader reader(database, options);
    std::vector<Cell> cells = Select<Cell>(database, "WHERE run_id = ? ORDER BY id", run_id);
    data.cells.reserve(cells.size());
    for (Cell& cell : cells) {
      const int64_t id = cell.id;
      auto& side = cell.side == kBaselineSide ? data.baseline_cells : data.cells;
      CellData& read = side.emplace_back(CellData{std::move(cell), reader.Read(id)});
      require(CheckCell(data, read));
      if (options.shrink) require(options.shrink(&read));
    }
    data.comparisons = SelectComparisons(database, run_id);
    require(CheckRun(data));
    return data;
  });
}

Status Store::VisitCells(int64_t run_id, const LoadOptions& options,
                         const std::function<Status(const CellData&)>& visit) {
  return impl_->Read([&](SQLite::Database& database) -> Status {
    MeasurementReader reader(database, options);
    for (Cell& cell :
         Select<Cell>(database, "WHERE run_id = ? AND side = '' ORDER BY id", run_id)) {
      const int64_t id = cell.id;
      QB_RETURN_IF_ERROR(visit(CellData{std::move(cell), reader.Read(id)}));
    }
    return OkStatus();
  });
}

Result<std::vector<RunOverview>> Store::Overviews() {
  return impl_->Read([&](SQLite::Database& database) -> Result<std::vector<RunOverview>> {
    std::vector<RunOverview> overviews;
    std::map<int64_t, size_t> places;
    for (Run& run : Select<Run>(database, "ORDER BY id DESC")) {
      places[run.id] = overviews.size();
      overviews.push_back({.run = std::move(run)});
    }
    SQLite::Statement counts(
        database,
        "SELECT run_id, COUNT(*), SUM(status <> ''), "
        "SUM(status NOT IN ('', 'ok')) FROM cells WHERE side = '' GROUP BY run_id");
    // None for a cell of no run, which only an edited file has.
    const auto overview_of = [&](const SQLite::Statement& row) -> RunOverview* {
      const auto place = places.find(row.getColumn(0).getInt64());
      return place == places.end() ? nullptr : &overviews[place->second];
    };
    while (counts.executeStep()) {
      RunOverview* overview = overview_of(counts);
      if (overview == nullptr) continue;
      overview->cells = counts.getColumn(1).getInt64();
      overview->reached = counts.getColumn(2).getInt64();
      overview->failed = counts.getColumn(3).getInt64();
    }
    const auto add_names = [&](const char* sql, std::vector<std::string> RunOverview::*names) {
      SQLite::Statement statement(database, sql);
      while (statement.executeStep()) {
        RunOverview* overview = overview_of(statement);
        if (overview == nullptr) continue;
        ReadValue(statement.getColumn(1), &(overview->*names).emplace_back());
      }
    };
    add_names(
        "SELECT DISTINCT run_id, stem FROM cells JOIN models ON models.id = model_id "
        "ORDER BY run_id, stem",
        &RunOverview::models);
    add_names(
        "SELECT DISTINCT run_id, name || '/' || split FROM cells "
        "JOIN dataset_splits ON dataset_splits.id = split_id ORDER BY 1, 2",
        &RunOverview::datasets);
    return overviews;
  });
}

Status Store::RenameRun(int64_t run_id, const std::string& name) {
  QB_RETURN_IF_ERROR(CheckRunName(name));
  return impl_->Write([&](SQLite::Database& database) -> Status {
    const auto other = SelectNumber(
        database, "SELECT id FROM runs WHERE name = ? AND name <> '' AND id <> ?", name, run_id);
    if (other) {
      return Error(StatusCode::kInvalidArgument,
                   "run {} is called \"{}\" already: choose another name, or rename that one first",
                   *other, name);
    }
    const int changed = Execute(database, "UPDATE runs SET name = ? WHERE id = ?", name, run_id);
    return changed == 1 ? OkStatus() : NoSuchRun(database, impl_->path, run_id);
  });
}

Status Store::DeleteRun(int64_t run_id) {
  return impl_->Write([&](SQLite::Database& database) -> Status {
    if (Execute(database, "DELETE FROM runs WHERE id = ?", run_id) != 1) {
      return NoSuchRun(database, impl_->path, run_id);
    }
    // What belongs to the run goes with it (ON DELETE CASCADE); what it shared goes with the last.
    for (const char* orphans :
         {"DELETE FROM artifacts WHERE id NOT IN (SELECT artifact_id FROM cells WHERE artifact_id "
          "IS NOT NULL UNION SELECT artifact_id FROM layer_comparisons)",
          "DELETE FROM models WHERE id NOT IN (SELECT model_id FROM cells UNION SELECT model_id "
          "FROM artifacts)",
          "DELETE FROM plugins WHERE id NOT IN (SELECT quantizer_id FROM cells UNION SELECT "
          "runtime_id FROM cells UNION SELECT quantizer_id FROM artifacts)",
          "DELETE FROM dataset_splits WHERE id NOT IN (SELECT split_id FROM cells)"}) {
      Execute(database, orphans);
    }
    return OkStatus();
  });
}

Result<int64_t> Store::UpsertModel(const Model& model) { return impl_->Upsert(model); }
Result<int64_t> Store::UpsertPlugin(const Plugin& plugin) { return impl_->Upsert(plugin); }
Result<int64_t> Store::UpsertArtifact(const Artifact& artifact) { return impl_->Upsert(artifact); }

Result<int64_t> Store::UpsertDatasetSplit(const DatasetSplit& split) {
  QB_RETURN_IF_ERROR(CheckSplit(split));
  return impl_->Write(
      [&](SQLite::Database& database) -> Result<int64_t> { return UpsertSplit(database, split); });
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
    const LoadOptions all;
    return MeasurementReader(database, all).Read(cell_id);
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
