// The store: one SQLite database that holds every run, and from which every report is made.
//
// Durable: write-ahead log, synchronous=FULL; when a call that writes returns OK, what it wrote
// survives a kill -9 and a power cut. Each such call is one transaction: all of it or nothing.
// One writer: a store opened for writing holds an advisory lock (flock) on "<database>.lock" until
// it is closed; child processes that fork without exec must not outlive it.
// Old databases are migrated forwards when opened; a database of a newer qbench is refused.
//
// Failure: no call throws. kIo (permissions, full disk), kCorrupt (not a database, damaged),
// kInvalidArgument (foreign or newer database, broken rule), kNotFound, kTimeout (locked too long).
// Messages name the file and the next step.
// Threads: one at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/store/layer_records.h"
#include "harness/store/records.h"

namespace qbench::store {

enum class OpenMode {
  kReadOnly,   // the database must exist; works beside a running writer and in read-only folders
  kReadWrite,  // created where it does not exist (its folder must)
};

// What stands in place of a measurement's samples and conditions in a run that was read in short
// (harness/results/reduced_run.h).
struct ShortMeasurement {
  int64_t samples = 0;
  double median_ns = 0;
  int64_t outliers = 0;
  std::vector<double> readings = {};  // of the board
  int64_t sure = 0;                   // of accuracy: results::SureCount
};

// The same of the samples of all latency processes of a cell together.
struct PooledSamples {
  double min_ns = 0;
  double mean_ns = 0;
  double p90_ns = 0;
  double p95_ns = 0;
  double p99_ns = 0;
};

// A cell with everything that was measured of it, in the order of kind and repetition.
struct CellData {
  Cell cell;
  std::vector<Measurement> measurements;
  // One a measurement, or none: the measurements have all of theirs.
  std::vector<ShortMeasurement> in_short = {};
  std::optional<PooledSamples> pooled = std::nullopt;  // with in_short
};

// How a run is read by somebody who does not need all of it: of thousands of cells the samples and
// conditions fill the memory.
struct LoadOptions {
  // Gets each cell when it was read and checked; may drop what nobody will ask for. Its failure is
  // damage.
  std::function<Status(CellData*)> shrink = nullptr;
  // Conditions come as a JSON string of their text, which nobody has looked into.
  bool conditions_as_text = false;
};

// Everything a report needs of one run. The maps hold what the cells refer to, by id.
struct RunData {
  Run run;
  std::vector<Note> notes;
  std::vector<MachinePeak> machine_peaks;  // as they were measured; empty where they were not
  std::map<int64_t, Model> models;
  std::map<int64_t, DatasetSplit> splits;
  std::map<int64_t, Plugin> plugins;
  std::map<int64_t, Artifact> artifacts;
  std::vector<CellData> cells;  // in the order they were added
  // Those of the pinned baseline that was measured beside them (Cell::side); most runs have none.
  std::vector<CellData> baseline_cells;
  // With their layers, the newest of each artifact, by the artifact's id.
  std::map<int64_t, LayerComparison> comparisons;
};

// A run as it stands in a list, without what was measured.
struct RunOverview {
  Run run;
  int64_t cells = 0;
  int64_t reached = 0;                     // of them, those that have a status
  int64_t failed = 0;                      // of these, those whose status is not `ok`
  std::vector<std::string> models = {};    // their stems, by name, each once
  std::vector<std::string> datasets = {};  // "intel/test", the same way
};

// Something that will be written, and where.
struct RoomNeed {
  std::string what;  // "the database"
  std::filesystem::path place;
  uint64_t at_least = 0;  // bytes
  uint64_t at_most = 0;
};
// Whether there is room for all of these; anything but OK ends what was to write them.
using RoomCheck = std::function<Status(const std::vector<RoomNeed>&)>;

struct MergeOptions {
  std::vector<int64_t> runs = {};  // these alone; empty: all
  RoomCheck room = nullptr;        // asked before anything is written; none: not looked at
};

// What became of a run that was to be copied.
struct MergedRun {
  enum class What {
    kCopied,      // as the run `into`
    kKnown,       // the run `into` is the same, and has all that was measured
    kIncomplete,  // the run `into` is the same and lacks some of it: left as it is
  };
  int64_t from = 0;
  int64_t into = 0;
  What what = What::kCopied;
  std::string name = {};       // of the run where it was copied from; may be empty
  bool name_is_taken = false;  // by another run: the copy has none
};

struct Vacuumed {
  uint64_t bytes_before = 0;  // of the file and its log
  uint64_t bytes_after = 0;
  bool is_read = false;  // by somebody else just now: the file gets smaller when that ends
};

// What can still change about a cell.
struct CellOutcome {
  Outcome status = Outcome::kNotMeasured;
  Outcome accuracy_status = Outcome::kNotMeasured;
  Outcome latency_status = Outcome::kNotMeasured;
  std::string reason;
};

// The most bytes of a run's name.
inline constexpr size_t kMaxRunName = 100;

class Store {
 public:
  static Result<Store> Open(const std::filesystem::path& path, OpenMode mode);
  Store(Store&& other) noexcept;
  Store& operator=(Store&& other) noexcept;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  const std::filesystem::path& path() const;

  // --- Runs -------------------------------------------------------------------------------------
  // Adds the run (its `id` is ignored) and returns its id. `finished_at` must be empty.
  Result<int64_t> BeginRun(const Run& run);
  // The newest unfinished run with this plan hash, if any.
  Result<std::optional<int64_t>> FindUnfinishedRun(const std::string& plan_hash);
  // kInvalidArgument where the run has finished already.
  Status FinishRun(int64_t run_id, const std::string& finished_at);
  Status AddNote(const Note& note);
  // Whatever the run had of them is replaced.
  Status SetMachinePeaks(int64_t run_id, const std::vector<MachinePeak>& peaks);
  Result<std::vector<MachinePeak>> MachinePeaks(int64_t run_id);
  // Newest first.
  Result<std::vector<Run>> Runs();
  // The newest run, finished or not; none in an empty database.
  Result<std::optional<int64_t>> LatestRun();
  // kNotFound, naming the runs there are.
  Result<RunData> LoadRun(int64_t run_id, const LoadOptions& options = {});
  // Calls visit(cell) for each cell of the run that a RunData has in `cells`, in that order, with
  // all that was measured of it; nobody holds two at once. Ends where `visit` does not return OK.
  Status VisitCells(int64_t run_id, const LoadOptions& options,
                    const std::function<Status(const CellData&)>& visit);
  // Newest first.
  Result<std::vector<RunOverview>> Overviews();
  // Gives the run another name; an empty one takes its name away. kInvalidArgument for a name that
  // is too long (kMaxRunName), no line of UTF-8, that another run has, or that means a run already:
  // a number, "latest", "previous", what has '#' in it. kNotFound: there is no such run.
  Status RenameRun(int64_t run_id, const std::string& name);
  // Removes the run with all that was measured in it, and the models, plugins, data sets and
  // artifacts (their rows, not their files) that no other run names. The file gets no smaller; what
  // is free in it is used again. Its number is never given to another. kNotFound.
  Status DeleteRun(int64_t run_id);

  // --- The file ---------------------------------------------------------------------------------
  // Copies runs of `from`, the oldest first, each with all that belongs to it and under a number of
  // this database: all of them or, where it fails, none. What both databases have of models, data
  // sets, plugins and artifacts is not stored twice. A run is the same as one here where it began
  // in the same second on the same host by the same command of the same qbench, and one has every
  // measurement that the other has. kInvalidArgument: `from` is this database; kNotFound: it has
  // not such a run; kCorrupt, naming the database that is damaged; kCancelled.
  Result<std::vector<MergedRun>> Merge(Store& from, const MergeOptions& options);
  // Writes the file anew, without what is free in it. kCancelled.
  Result<Vacuumed> Vacuum(const RoomCheck& room);

  // --- What cells refer to ----------------------------------------------------------------------
  // Each returns the id of the stored record that equals this one in everything but the id, and
  // adds it where there is none. A data set split is the same where name, split and sha256 are.
  Result<int64_t> UpsertModel(const Model& model);
  Result<int64_t> UpsertDatasetSplit(const DatasetSplit& split);
  Result<int64_t> UpsertPlugin(const Plugin& plugin);
  Result<int64_t> UpsertArtifact(const Artifact& artifact);

  // --- Cells and measurements -------------------------------------------------------------------
  // The id of the run's cell with the same combination (model, split, quantizer, runtime, their
  // options, threads, side), added where there is none: a resumed run may add its whole matrix
  // again.
  Result<int64_t> AddCell(const Cell& cell);
  Status SetCellArtifact(int64_t cell_id, int64_t artifact_id);
  Status SetCellOutcome(int64_t cell_id, const CellOutcome& outcome);
  // The run's cells in the order they were added, those of a baseline beside it included.
  Result<std::vector<Cell>> Cells(int64_t run_id);

  // Stores a finished measurement, whole, in one transaction; with `outcome`, the cell's outcome
  // with it. kInvalidArgument where (cell, kind, repetition) is there already: what is committed is
  // never rewritten (the database itself refuses, too), or where the prediction lists are neither
  // empty nor as long as the split.
  Status CommitMeasurement(const Measurement& measurement);
  Status CommitMeasurement(const Measurement& measurement, const CellOutcome& outcome);
  // The cell's measurements, in the order of kind and repetition.
  Result<std::vector<Measurement>> Measurements(int64_t cell_id);

  // --- Layers -----------------------------------------------------------------------------------
  // Stores a comparison of an artifact of one of the run's cells, with its layers. kInvalidArgument
  // where the run has no such artifact, or where a layer reads one that does not run before it.
  Status AddComparison(const LayerComparison& comparison);
  // The artifacts that the run has a comparison of, by their ids.
  Result<std::set<int64_t>> ComparedArtifacts(int64_t run_id);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qbench::store
