#include "cli/file_sides.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "base/sha256.h"
#include "cli/single_job.h"
#include "cli/terminal.h"
#include "harness/plan/plan_checks.h"
#include "harness/run/run_records.h"

namespace qbench::cli {
namespace {

namespace fs = std::filesystem;
using store::MeasurementKind;
using store::Outcome;

// The keys of the records of such a run, which is stored nowhere.
constexpr int64_t kOnly = 1;
constexpr int64_t kQuantizer = 1;
constexpr int64_t kRuntime = 2;

// One file, and what is known of it so far.
struct Trial {
  fs::path file;
  plan::PlannedModel model;
  jobs::SamplesRef samples;
  store::RunData run;

  store::CellData& cell() { return run.cells[0]; }
};

// The run with one cell, of which the artifact is known.
Result<Trial> Weigh(const std::string& name, int threads) {
  Trial trial;
  trial.file = fs::absolute(name);
  std::error_code error;
  const auto bytes = fs::file_size(trial.file, error);
  if (error) return Error(StatusCode::kNotFound, "{}: {}", name, error.message());
  QB_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(trial.file));
  store::RunData& run = trial.run;
  run.run.id = kOnly;
  run.run.qbench_version = QBENCH_VERSION;
  run.models[kOnly] = {kOnly, "", "", "", "", ""};
  run.splits[kOnly] = {kOnly, "", "", "", {}, {}};
  run.plugins[kQuantizer] =
      run::PlaceholderPlugin(store::PluginKind::kQuantizer, trial.file.filename().string());
  run.plugins[kRuntime] = run::PlaceholderPlugin(store::PluginKind::kRuntime, "none");
  store::Artifact artifact;
  artifact.id = artifact.model_id = kOnly;
  artifact.quantizer_id = kQuantizer;
  artifact.sha256 = sha256;
  artifact.file_bytes = static_cast<int64_t>(bytes);
  artifact.path = trial.file.string();
  run.artifacts[kOnly] = artifact;
  store::CellData data;
  data.cell.id = data.cell.run_id = data.cell.model_id = data.cell.split_id = kOnly;
  data.cell.quantizer_id = kQuantizer;
  data.cell.runtime_id = kRuntime;
  data.cell.threads = threads;
  data.cell.artifact_id = kOnly;
  data.cell.status = Outcome::kOk;
  run.cells.push_back(std::move(data));
  return trial;
}

// Model, images and runtime, before anything is run.
Status Prepare(const datasets::Dataset& dataset, const datasets::Split& split,
               const plan::SelectedPlugin& runtime, const FileTrial& wanted,
               const plan::Folders& folders, Trial* trial) {
  QB_ASSIGN_OR_RETURN(trial->model, plan::LoadModel(trial->file, folders.cache, WorkerJobs(), {},
                                                    plan::SidecarNeed::kRequired, wanted.dataset));
  QB_ASSIGN_OR_RETURN(trial->samples,
                      SamplesOf(dataset, split.name, trial->model, folders, wanted.quiet));
  store::RunData& run = trial->run;
  run.models[kOnly].sidecar_sha256 = trial->model.sidecar_sha256;
  run.splits[kOnly] = run::SplitRecord(dataset, split);
  run.splits[kOnly].id = kOnly;
  run.plugins[kRuntime] = run::PluginRecord(runtime);
  run.plugins[kRuntime].id = kRuntime;
  trial->cell().cell.runtime_options = runtime.StoredOptions();
  return OkStatus();
}

Status Classify(const plan::SelectedPlugin& runtime, const FileTrial& wanted, Trial* trial) {
  jobs::AccuracyJob job;
  job.artifact = trial->file;
  job.artifact_sha256 = trial->run.artifacts[kOnly].sha256;
  job.runtime = runtime.Use();
  job.threads = wanted.threads;
  job.samples = trial->samples;
  QB_ASSIGN_OR_RETURN(jobs::JobResult answer, RunWithProgress(job, wanted.quiet));
  store::Measurement measurement;
  measurement.kind = MeasurementKind::kAccuracy;
  run::FillMeasurement(std::get<jobs::AccuracyResult>(std::move(answer)), measurement);
  trial->cell().measurements.push_back(std::move(measurement));
  trial->cell().cell.accuracy_status = Outcome::kOk;
  return OkStatus();
}

Status Time(const plan::SelectedPlugin& runtime, const FileTrial& wanted, int32_t repetition,
            Trial* trial) {
  jobs::LatencyJob job;
  job.artifact = trial->file;
  job.artifact_sha256 = trial->run.artifacts[kOnly].sha256;
  job.runtime = runtime.Use();
  job.threads = wanted.threads;
  job.samples = trial->samples;
  QB_ASSIGN_OR_RETURN(const jobs::JobResult answer, RunWithProgress(job, wanted.quiet));
  store::Measurement measurement;
  measurement.kind = MeasurementKind::kLatency;
  measurement.repetition = repetition;
  run::FillMeasurement(std::get<jobs::LatencyResult>(answer), measurement);
  store::Cell& cell = trial->cell().cell;
  if (cell.latency_status != Outcome::kInvalid) cell.latency_status = measurement.status;
  if (cell.reason.empty()) cell.reason = measurement.reason;
  trial->cell().measurements.push_back(std::move(measurement));
  return OkStatus();
}

Status MeasureBoth(const FileTrial& wanted, const plan::Folders& folders,
                   std::array<Trial, 2>* trials) {
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  QB_ASSIGN_OR_RETURN(const plan::SelectedPlugin runtime,
                      plan::CalibrationRuntime(catalogue, wanted.runtime));
  QB_ASSIGN_OR_RETURN(const datasets::Dataset dataset,
                      datasets::OpenDataset(wanted.dataset, folders.datasets));
  if (!wanted.quiet) PrintWarnings(dataset.warnings);
  QB_ASSIGN_OR_RETURN(const datasets::Split* split, dataset.FindSplit(wanted.split));
  for (Trial& trial : *trials) {
    QB_RETURN_IF_ERROR(Prepare(dataset, *split, runtime, wanted, folders, &trial));
  }
  for (Trial& trial : *trials) QB_RETURN_IF_ERROR(Classify(runtime, wanted, &trial));
  for (int32_t repetition = 0; repetition < wanted.repetitions; ++repetition) {
    const size_t first = static_cast<size_t>(repetition) % 2;
    QB_RETURN_IF_ERROR(Time(runtime, wanted, repetition, &(*trials)[first]));
    QB_RETURN_IF_ERROR(Time(runtime, wanted, repetition, &(*trials)[1 - first]));
  }
  return OkStatus();
}

}  // namespace

bool IsTflite(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return file.extension() == ".tflite";
  if (file.extension() == ".tflite") return true;
  // A flatbuffer has its identifier behind the first offset.
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 8> head{};
  return stream.read(head.data(), head.size()).good() &&
         std::string_view(head.data() + 4, 4) == "TFL3";
}

Result<FileSides> MeasureFiles(const std::string& base, const std::string& now,
                               const FileTrial& wanted, const plan::Folders& folders) {
  std::array<Trial, 2> trials;
  QB_ASSIGN_OR_RETURN(trials[0], Weigh(base, wanted.threads));
  QB_ASSIGN_OR_RETURN(trials[1], Weigh(now, wanted.threads));
  if (!wanted.dataset.empty()) QB_RETURN_IF_ERROR(MeasureBoth(wanted, folders, &trials));
  FileSides sides{results::SideOf(std::move(trials[0].run), base),
                  results::SideOf(std::move(trials[1].run), now)};
  sides.base.series = sides.now.series = "these files";
  return sides;
}

}  // namespace qbench::cli
