#include "harness/plan/run_plan.h"

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "harness/plan/pinned_cells.h"
#include "harness/plan/plan_checks.h"

namespace qbench::plan {
namespace {

Result<std::vector<std::string>> ModelNames(const RunRequest& request,
                                            const datasets::Dataset& dataset) {
  if (!request.models.empty()) return request.models;
  if (dataset.manifest.has_value() && !dataset.manifest->default_models.empty()) {
    return dataset.manifest->default_models;
  }
  return Error(StatusCode::kInvalidArgument,
               "data set {} has no default model; name one: qbench run MODEL --dataset {}",
               dataset.name, request.dataset);
}

using Doing = std::function<void(const std::string& what)>;

void Say(const Doing& doing, const std::string& what) {
  if (doing) doing(what);
}

Status LoadModels(const RunRequest& request, const Folders& folders, const JobRunner& run_job,
                  const Doing& doing, Plan& plan) {
  QB_ASSIGN_OR_RETURN(const std::vector<std::string> names, ModelNames(request, plan.dataset));
  std::set<std::string> stems;
  for (const std::string& name : names) {
    QB_ASSIGN_OR_RETURN(const std::filesystem::path file, FindModel(name, folders.share));
    Say(doing, "reading " + file.filename().string());
    QB_ASSIGN_OR_RETURN(PlannedModel model, LoadModel(file, folders.cache, run_job, request.choice,
                                                      SidecarNeed::kRequired, request.dataset));
    if (!stems.insert(model.stem).second) {
      return Error(
          StatusCode::kInvalidArgument,
          "two models are called \"{}\", so their rows could not be told apart; rename one",
          model.stem);
    }
    QB_ASSIGN_OR_RETURN(model.label_outputs, LabelOutputs(model, plan.dataset));
    plan.models.push_back(std::move(model));
  }
  return OkStatus();
}

void ExpandCells(const std::vector<int>& threads, Plan& plan) {
  for (size_t model = 0; model < plan.models.size(); ++model) {
    for (size_t runtime = 0; runtime < plan.selection.runtimes.size(); ++runtime) {
      for (const int count : threads) {
        for (size_t quantizer = 0; quantizer < plan.selection.quantizers.size(); ++quantizer) {
          plan.cells.push_back({model, quantizer, runtime, count});
        }
      }
    }
  }
}

Json PluginJson(const SelectedPlugin& selected) {
  return {{"name", selected.Name()},
          {"sha256", selected.plugin.sha256},
          {"facts", FactsJson(selected.plugin.facts)},  // of the engine's library, for one
          {"files", selected.FileHashes()}};
}

// Everything on which a row depends, so that a run is continued only with what it was begun with.
std::string PlanHash(const Plan& plan, const std::vector<int>& threads) {
  Json content = {{"qbench", QBENCH_VERSION},
                  {"dataset", plan.dataset.name},
                  {"threads", threads},
                  {"repetitions", plan.measure.repetitions},
                  {"min_samples", plan.measure.latency.min_samples},
                  {"min_seconds", plan.measure.latency.min_seconds},
                  {"warmup_seconds", plan.measure.latency.warmup_seconds},
                  {"host", measure::HostId(plan.host)}};
  if (plan.measure.profile) content["profile"] = true;
  for (const datasets::Split& split : plan.dataset.splits) {
    content["splits"].push_back({split.name, split.sha256});
  }
  for (const PlannedModel& model : plan.models) {
    content["models"].push_back({model.stem, model.sha256, model.sidecar_sha256});
    if (model.choice == jobs::ImportChoice()) continue;
    const jobs::ImportChoice& choice = model.choice;
    content["models"].back().push_back({choice.signature, choice.inputs, choice.outputs});
  }
  for (const SelectedPlugin& plugin : plan.selection.quantizers) {
    content["quantizers"].push_back(PluginJson(plugin));
  }
  for (const SelectedPlugin& plugin : plan.selection.runtimes) {
    content["runtimes"].push_back(PluginJson(plugin));
  }
  if (plan.calibration_runtime) {
    content["calibration_runtime"] = PluginJson(*plan.calibration_runtime);
    content["calibration_seed"] = plan.calibration_seed;
  }
  if (plan.baseline) content["baseline"] = plan.baseline->sha256;
  if (plan.diff_runtime) content["diff_runtime"] = PluginJson(*plan.diff_runtime);
  return Sha256Hex(DumpJson(content));
}

bool NeedsSamples(const Selection& selection) {
  return std::ranges::any_of(selection.quantizers, [](const SelectedPlugin& quantizer) {
    return quantizer.plugin.descriptor.UsesSamples();
  });
}

Status CheckOptions(const Plan& plan, const JobRunner& run_job) {
  std::vector<SelectedPlugin> plugins = plan.selection.quantizers;
  std::ranges::copy(plan.selection.runtimes, std::back_inserter(plugins));
  for (const auto& runtime : {plan.calibration_runtime, plan.diff_runtime}) {
    if (runtime) plugins.push_back(*runtime);
  }
  return CheckOptionValues(plugins, run_job);
}

// The selection, and what calibrates and compares.
Status ChoosePlugins(const RunRequest& request, const JobRunner& run_job, Plan& plan) {
  QB_ASSIGN_OR_RETURN(const Catalogue catalogue, ReadCatalogue(run_job));
  for (const Catalogue::Broken& broken : catalogue.broken) {
    plan.warnings.push_back(
        fmt::format("plugin {} is left out: {}", broken.file.string(), broken.reason));
  }
  QB_ASSIGN_OR_RETURN(plan.selection, SelectPlugins(catalogue, request.plugins));
  std::ranges::copy(plan.selection.warnings, std::back_inserter(plan.warnings));
  if (NeedsSamples(plan.selection)) {
    QB_ASSIGN_OR_RETURN(plan.calibration_runtime,
                        CalibrationRuntime(catalogue, request.calibration_runtime));
  }
  if (request.diff) {
    QB_ASSIGN_OR_RETURN(plan.diff_runtime,
                        CalibrationRuntime(catalogue, request.calibration_runtime));
  }
  return CheckOptions(plan, run_job);
}

}  // namespace

Status CheckTrainSplit(const SelectedPlugin& quantizer, const datasets::Dataset& dataset) {
  if (!quantizer.plugin.descriptor.needs_train) return OkStatus();
  const auto train = std::ranges::find(dataset.splits, "train", &datasets::Split::name);
  if (train != dataset.splits.end() && !train->images.empty()) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "{} trains, and data set {} has no training images: give it a folder train with one "
               "sub-folder a class, or leave {} out",
               quantizer.Name(), dataset.name, quantizer.plugin.descriptor.id);
}

const datasets::Split* Plan::FindSplit(std::string_view name) const {
  const auto found = std::ranges::find(dataset.splits, name, &datasets::Split::name);
  return found == dataset.splits.end() ? nullptr : &*found;
}

std::string Plan::CellName(const PlannedCell& cell) const {
  return fmt::format("{}{} · {} · {} · {} thread{}", cell.pinned ? baseline->name + ": " : "",
                     models[cell.model].stem, selection.quantizers[cell.quantizer].Name(),
                     selection.runtimes[cell.runtime].Name(), cell.threads,
                     cell.threads == 1 ? "" : "s");
}

size_t Plan::OwnCells() const {
  return static_cast<size_t>(std::ranges::count_if(
      cells, [](const PlannedCell& cell) { return !cell.pinned.has_value(); }));
}

std::optional<size_t> Plan::BaselineOf(size_t cell) const {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].pinned && cells[i].pinned->beside == cell) return i;
  }
  return std::nullopt;
}

std::string ThreadsWarning(const std::vector<int>& threads, const CoreLimit& limit) {
  const int most = threads.empty() ? 0 : *std::ranges::max_element(threads);
  if (most <= limit.cores) return "";
  return fmt::format(
      "--threads {}: qbench may use {} core{} here ({} allows no more), so that more threads wait "
      "for each other: such a latency says nothing about a board with {} cores",
      most, limit.cores, limit.cores == 1 ? "" : "s", limit.by, most);
}

Result<Plan> MakePlan(const RunRequest& request, const Folders& folders, const JobRunner& run_job,
                      const Doing& doing) {
  Plan plan;
  plan.measure = request.measure;
  plan.calibration_seed = request.calibration_seed;
  plan.host = measure::ReadHostFacts();
  if (std::string line = ThreadsWarning(request.threads, LimitOfCores()); !line.empty()) {
    plan.warnings.push_back(std::move(line));
  }
  Say(doing, "looking at the plugins");
  QB_RETURN_IF_ERROR(ChoosePlugins(request, run_job, plan));
  Say(doing, "reading the images of " + request.dataset);
  QB_ASSIGN_OR_RETURN(plan.dataset, datasets::OpenDataset(request.dataset, folders.datasets));
  std::ranges::copy(plan.dataset.warnings, std::back_inserter(plan.warnings));
  QB_RETURN_IF_ERROR(plan.dataset.FindSplit("test").status());
  for (const SelectedPlugin& quantizer : plan.selection.quantizers) {
    QB_RETURN_IF_ERROR(CheckTrainSplit(quantizer, plan.dataset));
  }
  QB_RETURN_IF_ERROR(LoadModels(request, folders, run_job, doing, plan));
  if (plan.calibration_runtime) QB_RETURN_IF_ERROR(CheckCalibration(run_job, plan));
  ExpandCells(request.threads, plan);
  if (request.baseline) {
    Say(doing, "trying the runtimes of " + request.baseline->name);
    QB_RETURN_IF_ERROR(AddBaseline(*request.baseline, folders, run_job, plan));
  }
  plan.hash = PlanHash(plan, request.threads);
  return plan;
}

}  // namespace qbench::plan
