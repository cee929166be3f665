#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>

#include "base/cores.h"
#include "base/files.h"
#include "base/sha256.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/host/inference_service.h"
#include "harness/host/plugin_calls.h"
#include "harness/measure/memory.h"
#include "harness/worker/mapped_model.h"
#include "harness/worker/pixel_range.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// The samples that a job names; null where it names none.
Result<std::unique_ptr<host::SampleSource>> OpenSamples(
    const std::optional<jobs::SamplesRef>& ref) {
  if (!ref) return std::unique_ptr<host::SampleSource>();
  QB_ASSIGN_OR_RETURN(host::SampleSource source, host::SampleSource::Open(*ref));
  return std::make_unique<host::SampleSource>(std::move(source));
}

// Large blocks (weights, activations) go back to the system when they are freed. By default the C
// library comes to keep freed ones of up to 32 MiB, for good where a smaller one lies behind.
void GiveFreedMemoryBack() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 256 << 10);
  mallopt(M_ARENA_MAX, 1);  // what one thread frees, another uses
#endif
}

Result<MappedModel> OpenModel(const std::filesystem::path& path, const std::string& sha256) {
  QB_ASSIGN_OR_RETURN(MappedModel model, MappedModel::Open(path, sha256));
  if (const auto info = graph::InspectTflite(model.bytes()); !info.ok()) {
    return info.status().WithContext(path.string());
  }
  return model;
}

// The calibration runtime; null where the job names none. Opened only here, but made when the
// quantizer asks for it.
Result<std::unique_ptr<host::InferenceService>> OpenInference(const WorkerContext& context,
                                                              const jobs::QuantizeJob& job,
                                                              const qbench_host* host) {
  if (!job.calibration_runtime) return std::unique_ptr<host::InferenceService>();
  const jobs::PluginUse& use = *job.calibration_runtime;
  Result<std::shared_ptr<host::PluginLibrary>> library =
      LoadPlugin(context, host::PluginKind::kRuntime, use);
  if (!library.ok()) return library.status().WithContext("the calibration runtime");
  // Two keep the quantizer busy, which looks at every activation; each has memory for all of them.
  constexpr int kMostInstances = 2;
  // Where a quantizer looks at more at a time than this, one has to do.
  constexpr uint64_t kMostOutputBytes = uint64_t{64} << 20;
  // Quantizers that run a large model in stages stay far below; one layer alone may be above.
  // Reading its weights then takes all that the memory gives, and a second object is no faster.
  constexpr uint64_t kMostModelBytes = uint64_t{64} << 20;
  const int instances =
      job.instances > 0 ? job.instances : std::min(AvailableCores(), kMostInstances);
  return std::make_unique<host::InferenceService>(
      host::RuntimePool::Settings{.library = *library,
                                  .id = use.id,
                                  .options = use.options,
                                  .threads = 1,
                                  .instances = static_cast<size_t>(instances),
                                  .most_output_bytes = job.instances > 0 ? 0 : kMostOutputBytes,
                                  .most_model_bytes = job.instances > 0 ? 0 : kMostModelBytes,
                                  .host = host});
}

// Names the service that failed, where the plugin only says that one did, or says that none did.
Status Explain(host::Phase phase, const Status& status, const host::PluginHost& host) {
  if (!host.service_failed()) return host::FailedService(host.plugin(), phase, status);
  const std::string service = host.last_service_error();
  if (status.ok() || service.empty() || status.message().find(service) != std::string::npos) {
    return status;
  }
  return {status.code(), fmt::format("{} ({})", status.message(), service)};
}

// The emitted artifact must be what every runtime can rely on.
Status CheckArtifact(const std::string& quantizer, const host::ArtifactFolder& folder,
                     jobs::QuantizeResult& result) {
  if (!folder.has_artifact()) {
    return Error(StatusCode::kInternal, "{}'s quantize said that all is well and emitted no model",
                 quantizer);
  }
  result.artifact = folder.artifact();
  QB_ASSIGN_OR_RETURN(const MappedModel artifact, MappedModel::Open(result.artifact));
  if (const auto info = graph::InspectTflite(artifact.bytes()); !info.ok()) {
    return info.status().WithContext(fmt::format("{} emitted a broken model", quantizer));
  }
  result.file_bytes = artifact.bytes().size();
  result.sha256 = Sha256Hex(artifact.bytes());
  return artifact.CheckUnchanged();
}

}  // namespace

Result<jobs::QuantizeResult> RunQuantize(const WorkerContext& context,
                                         const jobs::QuantizeJob& job) {
  GiveFreedMemoryBack();
  const std::string& id = job.quantizer.id;
  QB_ASSIGN_OR_RETURN(const MappedModel model, OpenModel(job.model, job.model_sha256));
  QB_ASSIGN_OR_RETURN(const auto calibration, OpenSamples(job.calibration));
  QB_ASSIGN_OR_RETURN(const auto train, OpenSamples(job.train));

  const std::string runtime_id = job.calibration_runtime ? job.calibration_runtime->id : "";
  const host::PluginHost runtime_host(runtime_id, LinkCallbacks(context.link, runtime_id),
                                      &context.observer);
  QB_ASSIGN_OR_RETURN(const auto inference, OpenInference(context, job, runtime_host.host()));
  host::ArtifactFolder folder(job.output);
  host::PluginHost host(id, LinkCallbacks(context.link, id), &context.observer);
  host.OfferSamples(calibration.get(), train.get());
  host.OfferInference(inference.get());
  host.OfferEmit(&folder);

  QB_ASSIGN_OR_RETURN(auto library,
                      LoadPlugin(context, host::PluginKind::kQuantizer, job.quantizer));
  QB_ASSIGN_OR_RETURN(host::Quantizer quantizer, library->CreateQuantizer(id, host.host()));
  QB_RETURN_IF_ERROR(Explain(host::Phase::kInit, quantizer.Init(job.quantizer.options), host));
  const auto start = std::chrono::steady_clock::now();
  std::optional<AlignedBytes> with_input;
  if (job.calibration) {
    QB_ASSIGN_OR_RETURN(with_input,
                        WithInputRange(model.bytes(), job.calibration->mean, job.calibration->std));
  }
  const ByteSpan bytes = with_input ? with_input->span() : model.bytes();
  QB_RETURN_IF_ERROR(Explain(host::Phase::kQuantize, quantizer.Quantize(bytes), host));
  jobs::QuantizeResult result;
  result.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  QB_RETURN_IF_ERROR(model.CheckUnchanged());
  QB_RETURN_IF_ERROR(CheckArtifact(id, folder, result));
  QB_ASSIGN_OR_RETURN(result.facts, quantizer.Facts());
  for (const host::ArtifactFolder::Entry& entry : folder.entries()) {
    result.entries.push_back(
        {entry.name, entry.media_type, entry.file, entry.sha256, entry.file_bytes});
  }
  result.warnings = host.warnings();
  std::ranges::copy(WarningsOf(runtime_host), std::back_inserter(result.warnings));
  if (inference && inference->used()) result.calibration_runtime = inference->runtime();
  if (const auto memory = measure::ReadMemoryUse(); memory.ok()) {
    result.peak_rss_bytes = memory->peak_rss;
  }
  return result;
}

}  // namespace qbench::worker
