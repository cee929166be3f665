// The matrix of a run: what is measured, in which order, and the hash by which an interrupted run
// is found again.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/cores.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/baseline/pinned_baseline.h"
#include "harness/measure/host_facts.h"
#include "harness/measure/latency.h"
#include "harness/plan/catalogue.h"
#include "harness/plan/model_source.h"

namespace qbench::plan {

// The folders that a command works with.
struct Folders {
  std::filesystem::path cache;
  std::filesystem::path share;
  datasets::SearchPath datasets;
};

struct MeasureSettings {
  measure::LatencySettings latency;
  int repetitions = 3;   // fresh processes a cell
  bool profile = false;  // keep where the time goes, operator by operator
  jobs::JobLimits limits;
};

// What `qbench run` was asked for.
struct RunRequest {
  std::vector<std::string> models;  // empty: the data set's default models
  jobs::ImportChoice choice;        // of what they leave open
  std::vector<PluginSpec> plugins;
  std::string dataset;
  // With options, as after --plugins; empty: as CalibrationRuntime chooses.
  std::string calibration_runtime;
  uint64_t calibration_seed = 0;  // of the choice of images, datasets::SampleImages
  std::vector<int> threads = {1};
  MeasureSettings measure;
  bool diff = false;  // compare the layers of every artifact with the float model's
  // Measured beside the cells that it has too, in pairs of fresh processes; its files are checked.
  std::optional<baseline::Baseline> baseline = {};
};

// Where a cell of the pinned baseline comes from, and what it is measured beside.
struct PinnedPlace {
  size_t cell = 0;    // of Plan::baseline
  size_t beside = 0;  // of Plan::cells
};

// One combination, as indices into the plan's lists.
struct PlannedCell {
  size_t model = 0;
  size_t quantizer = 0;
  size_t runtime = 0;
  int threads = 1;
  std::optional<PinnedPlace> pinned = {};  // none: a cell of the run's own
};

struct Plan {
  datasets::Dataset dataset;
  std::vector<PlannedModel> models;
  Selection selection;
  std::optional<SelectedPlugin> calibration_runtime;  // where a quantizer needs samples
  uint64_t calibration_seed = 0;
  std::optional<SelectedPlugin> diff_runtime;  // set: it compares the layers of every artifact
  // Models, then runtimes, threads, quantizers; then those of the baseline, whose models, runtimes
  // and quantizers stand behind the run's own in the lists above.
  std::vector<PlannedCell> cells;
  std::optional<baseline::Baseline> baseline;
  MeasureSettings measure;
  std::vector<measure::HostFact> host;
  std::string hash;
  std::vector<std::string> warnings;

  const datasets::Split& Test() const { return Find("test"); }
  // Null where the data set has no such split.
  const datasets::Split* FindSplit(std::string_view name) const;
  // "intel-cnn · int8 · litert · 1 thread", for people; of a cell of the baseline with its name.
  std::string CellName(const PlannedCell& cell) const;
  // How many cells are the run's own: the first of `cells`.
  size_t OwnCells() const;
  // The place of the baseline's cell that is measured beside this one of the run's own.
  std::optional<size_t> BaselineOf(size_t cell) const;

 private:
  const datasets::Split& Find(std::string_view name) const { return *FindSplit(name); }
};

// A line for the user where a count of threads is larger than the cores that this process may use;
// empty where none is.
std::string ThreadsWarning(const std::vector<int>& threads, const CoreLimit& limit);

// kInvalidArgument, saying what to do, where the quantizer trains and the data set has nothing to
// train on.
Status CheckTrainSplit(const SelectedPlugin& quantizer, const datasets::Dataset& dataset);

// Opens the data set, loads every model, chooses the plugins, and checks that all of it fits
// together: labels, splits, options, the models' inputs and outputs. Nothing is measured and
// nothing is stored. Fails with the first thing that the user has to mend. `doing` (may be empty)
// hears what is going on: "importing net.h5".
Result<Plan> MakePlan(const RunRequest& request, const Folders& folders, const JobRunner& run_job,
                      const std::function<void(const std::string& what)>& doing = {});

}  // namespace qbench::plan
