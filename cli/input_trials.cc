#include "cli/input_trials.h"

#include <algorithm>

#include "base/utc_time.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "fmt/format.h"
#include "harness/results/summary.h"
#include "harness/run/input_trial.h"

namespace qbench::cli {
namespace {

// The runtime on which the model's accuracy was measured; null where it was not.
const plan::SelectedPlugin* RuntimeOf(const plan::Plan& plan, const store::RunData& run,
                                      const plan::PlannedModel& model, double* seconds_per_image) {
  for (const store::CellData& data : run.cells) {
    const store::Measurement* accuracy = results::AccuracyOf(data);
    const store::Model& measured = run.models.at(data.cell.model_id);
    if (accuracy == nullptr || measured.float_sha256 != model.tflite_sha256 ||
        measured.sidecar_sha256 != model.sidecar_sha256) {
      continue;
    }
    const std::string& name = run.plugins.at(data.cell.runtime_id).name;
    const auto runtime =
        std::ranges::find_if(plan.selection.runtimes, [&](const plan::SelectedPlugin& selected) {
          return selected.plugin.descriptor.id == name &&
                 selected.StoredOptions() == data.cell.runtime_options;
        });
    if (runtime == plan.selection.runtimes.end()) continue;
    *seconds_per_image = accuracy->wall_seconds.value_or(0) /
                         static_cast<double>(std::max<size_t>(accuracy->predictions.size(), 1));
    return &*runtime;
  }
  return nullptr;
}

}  // namespace

Status TryOtherInputs(const plan::Plan& plan, const plan::Folders& folders,
                      ProgressDisplay& display, store::Store& store, store::RunData* run) {
  for (const plan::PlannedModel& model : plan.models) {
    if (Interrupted()) break;
    run::TrialSetup setup{.dataset = &plan.dataset, .model = &model, .cache = folders.cache};
    setup.runtime = RuntimeOf(plan, *run, model, &setup.seconds_per_image);
    if (model.pinned || setup.runtime == nullptr) continue;
    display.Update(1, fmt::format("trying other inputs of {}", model.stem), -1);
    const auto better = run::FindBetterInput(setup, WorkerJobs());
    if (Interrupted() || (better.ok() && !better->has_value())) continue;
    store::Note note{0, run->run.id, UtcNow(), store::NoteSeverity::kInfo, {}};
    if (better.ok()) {
      note.severity = store::NoteSeverity::kWarning;
      note.text = run::BetterInputText(model.stem, **better);
    } else {
      note.text = fmt::format("other inputs of {} were not tried: {}", model.stem,
                              better.status().message());
    }
    QB_RETURN_IF_ERROR(store.AddNote(note));
    run->notes.push_back(std::move(note));
  }
  display.Clear();
  return OkStatus();
}

}  // namespace qbench::cli
