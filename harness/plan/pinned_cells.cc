#include "harness/plan/pinned_cells.h"

#include <map>

#include "harness/plan/pinned_runtime.h"
#include "harness/plan/plan_checks.h"
#include "harness/store/plugin_name.h"

namespace qbench::plan {
namespace {

using baseline::PinnedCell;
using store::WithOptions;

class BaselineAdder {
 public:
  BaselineAdder(const baseline::Baseline& baseline, const Folders& folders,
                const JobRunner& run_job, Plan& plan)
      : baseline_(baseline), folders_(folders), run_job_(run_job), plan_(plan) {}

  Status Add() {
    QB_RETURN_IF_ERROR(CheckImages());
    const size_t own = plan_.cells.size();
    std::vector<std::string> without;
    for (size_t i = 0; i < baseline_.cells.size(); ++i) {
      size_t beside = 0;
      while (beside < own && !IsSame(baseline_.cells[i], plan_.cells[beside])) ++beside;
      if (beside == own) {
        without.push_back(baseline::NameOf(baseline_, baseline_.cells[i]));
      } else {
        QB_RETURN_IF_ERROR(AddCell(i, beside));
      }
    }
    if (plan_.cells.size() == own) {
      return Error(StatusCode::kInvalidArgument,
                   "the command and the baseline have no cell in common, so that there is nothing "
                   "to judge: the baseline has {}",
                   fmt::join(without, ", "));
    }
    for (const std::string& name : without) {
      plan_.warnings.push_back(
          fmt::format("{} of the baseline {} is not measured: the command has no such cell", name,
                      baseline_.name));
    }
    plan_.baseline = baseline_;
    return OkStatus();
  }

 private:
  Status CheckImages() const {
    const datasets::Split& test = plan_.Test();
    if (baseline_.split_sha256 == test.sha256) return OkStatus();
    return Error(
        StatusCode::kInvalidArgument,
        "it was measured on other images: {} of {} has the hash {}, that of {} is {}; name "
        "the same data set, or pin a run over these images",
        baseline_.split, baseline_.dataset, baseline_.split_sha256, plan_.dataset.name,
        test.sha256);
  }

  bool IsSame(const PinnedCell& pinned, const PlannedCell& own) const {
    const SelectedPlugin& quantizer = plan_.selection.quantizers[own.quantizer];
    const SelectedPlugin& runtime = plan_.selection.runtimes[own.runtime];
    return pinned.model.stem == plan_.models[own.model].stem &&
           pinned.quantizer.name == quantizer.plugin.descriptor.id &&
           pinned.quantizer_options == quantizer.StoredOptions() &&
           baseline_.runtimes[pinned.runtime].plugin.name == runtime.plugin.descriptor.id &&
           pinned.runtime_options == runtime.StoredOptions() && pinned.threads == own.threads;
  }

  // The artifact as a model of its own, with its sidecar; in the store it has the names and hashes
  // of the model that it was made of.
  Result<size_t> AddModel(const PinnedCell& cell) {
    const auto known = models_.find(cell.file);
    if (known != models_.end()) return known->second;
    QB_ASSIGN_OR_RETURN(PlannedModel model, LoadModel(cell.file, folders_.cache, run_job_));
    QB_ASSIGN_OR_RETURN(model.label_outputs, LabelOutputs(model, plan_.dataset));
    model.pinned = true;
    model.stem = cell.model.stem;
    plan_.models.push_back(std::move(model));
    return models_[cell.file] = plan_.models.size() - 1;
  }

  // Its runtime with the options that it had.
  Result<size_t> AddRuntime(const PinnedCell& cell) {
    const auto key = std::pair(cell.runtime, cell.runtime_options);
    const auto known = runtimes_.find(key);
    if (known != runtimes_.end()) return known->second;
    const baseline::PinnedRuntime& pinned = baseline_.runtimes[cell.runtime];
    SelectedPlugin runtime;
    QB_ASSIGN_OR_RETURN(runtime.plugin, TryPinnedRuntime(pinned, run_job_));
    if (!cell.runtime_options.empty()) {
      QB_ASSIGN_OR_RETURN(const std::vector<PluginSpec> specs,
                          ParsePluginList(WithOptions(pinned.plugin.name, cell.runtime_options)));
      runtime.options = specs.front().options;
    }
    runtime.environment = pinned.Environment();
    plan_.selection.runtimes.push_back(std::move(runtime));
    return runtimes_[key] = plan_.selection.runtimes.size() - 1;
  }

  // What stands in the lists for the quantizer, which is not run again.
  Result<size_t> AddQuantizer(const PinnedCell& cell) {
    SelectedPlugin quantizer;
    quantizer.plugin.descriptor.kind = host::PluginKind::kQuantizer;
    quantizer.plugin.descriptor.id = cell.quantizer.name;
    quantizer.plugin.descriptor.version = cell.quantizer.version;
    quantizer.plugin.sha256 = cell.quantizer.sha256;
    if (!cell.quantizer_options.empty()) {
      QB_ASSIGN_OR_RETURN(
          const std::vector<PluginSpec> specs,
          ParsePluginList(WithOptions(cell.quantizer.name, cell.quantizer_options)));
      quantizer.options = specs.front().options;
    }
    plan_.selection.quantizers.push_back(std::move(quantizer));
    return plan_.selection.quantizers.size() - 1;
  }

  Status AddCell(size_t index, size_t beside) {
    const PinnedCell& pinned = baseline_.cells[index];
    PlannedCell cell;
    QB_ASSIGN_OR_RETURN(cell.model, AddModel(pinned));
    QB_ASSIGN_OR_RETURN(cell.runtime, AddRuntime(pinned));
    QB_ASSIGN_OR_RETURN(cell.quantizer, AddQuantizer(pinned));
    cell.threads = pinned.threads;
    cell.pinned = PinnedPlace{index, beside};
    plan_.cells.push_back(cell);
    return OkStatus();
  }

  const baseline::Baseline& baseline_;
  const Folders& folders_;
  const JobRunner& run_job_;
  Plan& plan_;
  std::map<std::filesystem::path, size_t> models_;             // by the artifact's file
  std::map<std::pair<size_t, std::string>, size_t> runtimes_;  // by runtime and options
};

}  // namespace

Status AddBaseline(const baseline::Baseline& baseline, const Folders& folders,
                   const JobRunner& run_job, Plan& plan) {
  return BaselineAdder(baseline, folders, run_job, plan)
      .Add()
      .WithContext("baseline " + baseline.name);
}

}  // namespace qbench::plan
