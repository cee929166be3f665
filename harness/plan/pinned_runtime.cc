#include "harness/plan/pinned_runtime.h"

#include <algorithm>

#include "base/interrupt.h"
#include "harness/jobs/outcome.h"

namespace qbench::plan {
namespace {

std::string FactOf(const std::vector<host::Fact>& facts, std::string_view name) {
  const auto found = std::ranges::find(facts, name, &host::Fact::name);
  return found == facts.end() ? "" : found->value;
}

Status DoesNotWork(const baseline::PinnedRuntime& runtime, const std::string& reason) {
  return Error(StatusCode::kNotFound,
               "its runtime {} ({}) does not work here any more: {}; put back what it needs, or "
               "pin a run that this machine can measure",
               runtime.plugin.name, runtime.file.string(), reason);
}

}  // namespace

Result<InstalledPlugin> TryPinnedRuntime(const baseline::PinnedRuntime& runtime,
                                         const JobRunner& run_job) {
  jobs::JobSettings settings;
  settings.limits.time = kProbeTime;
  settings.limits.memory_bytes = kProbeMemory;
  settings.environment = runtime.Environment();
  const jobs::JobOutcome outcome = run_job(jobs::ProbeJob{runtime.file}, settings, {});
  if (outcome.stopped()) return InterruptStatus("trying the baseline's runtimes");
  if (!outcome.ok()) return DoesNotWork(runtime, ReasonOf(outcome));
  for (const auto& entry : std::get<jobs::ProbeResult>(outcome.result).plugins) {
    if (entry.descriptor.kind != host::PluginKind::kRuntime ||
        entry.descriptor.id != runtime.plugin.name) {
      continue;
    }
    if (!entry.available) return DoesNotWork(runtime, entry.reason);
    const std::string library = FactOf(entry.facts, "library_sha256");
    if (library != runtime.library_sha256 && !library.empty()) {
      return Error(StatusCode::kUnsupported,
                   "its runtime {} opens {} and not the library that was pinned, so that another "
                   "engine would be measured: put that library back, or pin a run of this one",
                   runtime.plugin.name, FactOf(entry.facts, "library_path"));
    }
    return InstalledPlugin{entry.descriptor, runtime.file, runtime.plugin.sha256, true, false, "",
                           entry.facts};
  }
  return DoesNotWork(runtime, "the plugin has no such runtime");
}

}  // namespace qbench::plan
