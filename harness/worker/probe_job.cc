#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// A runtime that says that it works is made and initialized too: what it tells about itself then
// is what every row that uses it will have.
Status TryRuntime(host::PluginLibrary& library, const host::PluginHost& host,
                  jobs::ProbeResult::Entry& entry) {
  QB_RETURN_IF_ERROR(library.ProbeRuntime(entry.descriptor.id));
  QB_ASSIGN_OR_RETURN(host::Runtime runtime,
                      library.CreateRuntime(entry.descriptor.id, host.host()));
  QB_RETURN_IF_ERROR(runtime.Init({}, 1));
  QB_ASSIGN_OR_RETURN(entry.facts, runtime.Facts());
  return OkStatus();
}

// Whether the plugin takes the options.
Status TryOptions(host::PluginLibrary& library, const host::PluginHost& host,
                  const jobs::ProbeJob::Try& wanted) {
  if (wanted.kind == host::PluginKind::kQuantizer) {
    QB_ASSIGN_OR_RETURN(host::Quantizer quantizer, library.CreateQuantizer(wanted.id, host.host()));
    return quantizer.Init(wanted.options);
  }
  QB_ASSIGN_OR_RETURN(host::Runtime runtime, library.CreateRuntime(wanted.id, host.host()));
  return runtime.Init(wanted.options, 1);
}

}  // namespace

Result<jobs::ProbeResult> RunProbe(const WorkerContext& context, const jobs::ProbeJob& job) {
  QB_ASSIGN_OR_RETURN(auto library, host::PluginLibrary::Load(job.plugin, &context.observer));
  jobs::ProbeResult result;
  for (const host::PluginDescriptor& descriptor : library->descriptors()) {
    jobs::ProbeResult::Entry entry;
    entry.descriptor = descriptor;
    if (descriptor.kind == host::PluginKind::kRuntime && job.try_runtimes) {
      const host::PluginHost host(descriptor.id, LinkCallbacks(context.link, descriptor.id),
                                  &context.observer);
      const Status status = TryRuntime(*library, host, entry);
      entry.available = status.ok();
      entry.failed = !status.ok() && status.code() != StatusCode::kNotFound;
      entry.reason = status.message();
    }
    result.plugins.push_back(std::move(entry));
  }
  for (const jobs::ProbeJob::Try& wanted : job.tries) {
    const host::PluginHost host(wanted.id, LinkCallbacks(context.link, wanted.id),
                                &context.observer);
    const Status status = TryOptions(*library, host, wanted);
    const bool refused = status.code() == StatusCode::kInvalidArgument;
    result.refusals.push_back(refused ? status.message() : std::string());
  }
  return result;
}

}  // namespace qbench::worker
