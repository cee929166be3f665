#include "cli/single_job.h"

#include <malloc.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "harness/jobs/run_job.h"
#include "harness/plan/model_source.h"
#include "harness/plan/plan_checks.h"
#include "harness/plan/plugin_spec.h"

namespace qbench::cli {

Result<plan::SelectedPlugin> OneQuantizer(const std::string& text,
                                          const plan::Catalogue& catalogue) {
  QB_ASSIGN_OR_RETURN(const std::vector<plan::PluginSpec> specs, plan::ParsePluginList(text));
  const std::vector<const plan::InstalledPlugin*> named = catalogue.Find(specs[0].name);
  const bool runtime = std::ranges::any_of(named, [](const plan::InstalledPlugin* plugin) {
    return plugin->descriptor.kind != host::PluginKind::kQuantizer;
  });
  if (specs.size() != 1 || runtime) {
    return Error(StatusCode::kInvalidArgument,
                 "\"{}\": one quantizer is taken here; to compare several, use qbench run", text);
  }
  QB_ASSIGN_OR_RETURN(const plan::Selection selection, plan::SelectPlugins(catalogue, specs));
  if (selection.quantizers.size() != 1) {
    return Error(StatusCode::kInvalidArgument,
                 "{} stands for {} quantizers; name one of them (qbench plugin list)",
                 specs[0].name, selection.quantizers.size());
  }
  QB_RETURN_IF_ERROR(plan::CheckOptionValues(selection.quantizers, WorkerJobs()));
  return selection.quantizers[0];
}

namespace {

// Lists of images and models were read to get here; the job may need the memory.
void GiveFreedMemoryBack() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace

Result<jobs::JobResult> RunWithProgress(const jobs::Job& job, bool quiet) {
  ProgressDisplay display(quiet               ? ProgressDisplay::Style::kQuiet
                          : ErrorIsTerminal() ? ProgressDisplay::Style::kBar
                                              : ProgressDisplay::Style::kLines);
  jobs::JobCallbacks callbacks;
  callbacks.progress = [&](const std::string& doing, uint64_t done, uint64_t total) {
    display.Update(total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total), doing,
                   -1, total == 0 ? std::string() : fmt::format("{} of {}", done, total));
  };
  callbacks.cancelled = Interrupted;
  GiveFreedMemoryBack();
  jobs::JobOutcome outcome = jobs::RunJob(job, {}, callbacks);
  display.Clear();
  if (!outcome.ok()) {
    for (const std::string& line : outcome.log) PrintError("log: " + line + "\n");
    return outcome.ToStatus();
  }
  return std::move(outcome.result);
}

}  // namespace qbench::cli
