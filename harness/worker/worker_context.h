// What every job in the worker process can use. Internal to the worker.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_bytes.h"
#include "base/status.h"
#include "harness/host/plugin_host.h"
#include "harness/host/plugin_library.h"
#include "harness/jobs/jobs.h"
#include "harness/worker/worker_link.h"

namespace qbench::worker {

struct WorkerContext {
  WorkerLink& link;
  WorkerObserver& observer;
};

// Log (with the plugin's id), progress and cancel go over the link.
host::HostCallbacks LinkCallbacks(WorkerLink& link, const std::string& plugin);
// What the host's plugin warned of, with its id: what a measurement says of its runtime.
std::vector<std::string> WarningsOf(const host::PluginHost& host);

// The plugin's file, loaded, with the wanted plugin in it. kInvalidArgument, listing the known
// ones, where an option is not one of the descriptor's: so a typing error is found in every plugin.
Result<std::shared_ptr<host::PluginLibrary>> LoadPlugin(const WorkerContext& context,
                                                        host::PluginKind kind,
                                                        const jobs::PluginUse& use);

// A model file that is about to cross the ABI: read whole, so that nobody can change it meanwhile,
// and once. kCorrupt where it is empty, or has another SHA-256 than `sha256` (empty: any).
Result<AlignedBytes> ReadModelFile(const std::filesystem::path& path,
                                   const std::string& sha256 = {});

// The functions behind the jobs.
Result<jobs::ProbeResult> RunProbe(const WorkerContext& context, const jobs::ProbeJob& job);
Result<jobs::QuantizeResult> RunQuantize(const WorkerContext& context,
                                         const jobs::QuantizeJob& job);
Result<jobs::AccuracyResult> RunAccuracy(const WorkerContext& context,
                                         const jobs::AccuracyJob& job);
Result<jobs::LatencyResult> RunLatency(const WorkerContext& context, const jobs::LatencyJob& job);
Result<jobs::ProfileResult> RunProfile(const WorkerContext& context, const jobs::ProfileJob& job);
Result<jobs::PeakResult> RunPeak(const jobs::PeakJob& job);
Result<jobs::DifferenceResult> RunDifference(const WorkerContext& context,
                                             const jobs::DifferenceJob& job);
Result<jobs::ModelsResult> RunModels(const WorkerContext& context, const jobs::ModelsJob& job);
Result<jobs::CheckResult> RunCheck(const WorkerContext& context, const jobs::CheckJob& job);

}  // namespace qbench::worker
