#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// A runtime that says that it works is made and initialized too: what it tells about itself then
// is what every row that uses it will have.
Status TryRuntime(host::PluginLibrary& library, const host::PluginHost& host,
                  ProbeResult::Entry& entry) {
  QB_RETURN_IF_ERROR(library.ProbeRuntime(entry.descriptor.id));
  QB_ASSIGN_OR_RETURN(host::Runtime runtime,
                      library.CreateRuntime(entry.descriptor.id, host.host()));
  QB_RETURN_IF_ERROR(runtime.Init({}, 1));
  QB_ASSIGN_OR_RETURN(entry.facts, runtime.Facts());
  return OkStatus();
}

}  // namespace

Result<ProbeResult> RunProbe(const WorkerContext& context, const ProbeJob& job) {
  QB_ASSIGN_OR_RETURN(auto library, host::PluginLibrary::Load(job.plugin, &context.observer));
  ProbeResult result;
  for (const host::PluginDescriptor& descriptor : library->descriptors()) {
    ProbeResult::Entry entry;
    entry.descriptor = descriptor;
    if (descriptor.kind == host::PluginKind::kRuntime && job.try_runtimes) {
      const host::PluginHost host(descriptor.id, LinkCallbacks(context.link), &context.observer);
      const Status status = TryRuntime(*library, host, entry);
      entry.available = status.ok();
      entry.reason = status.message();
    }
    result.plugins.push_back(std::move(entry));
  }
  return result;
}

}  // namespace qbench::worker
