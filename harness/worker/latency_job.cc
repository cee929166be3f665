#include <algorithm>
#include <chrono>
#include <optional>

#include "base/aligned_bytes.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/measure/conditions.h"
#include "harness/measure/latency.h"
#include "harness/measure/memory.h"
#include "harness/worker/classifier_io.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// Real images in turn, so that neither a cache of results nor a branch predictor gets used to one.
constexpr size_t kInputs = 8;

double Milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// Makes the runtime ready and says how long that took.
Result<std::unique_ptr<host::Runtime>> LoadRuntime(host::PluginLibrary& library,
                                                   const jobs::LatencyJob& job,
                                                   const qbench_host* host, ByteSpan model,
                                                   std::optional<double>& load_ms) {
  const auto start = std::chrono::steady_clock::now();
  QB_ASSIGN_OR_RETURN(host::Runtime created, library.CreateRuntime(job.runtime.id, host));
  auto runtime = std::make_unique<host::Runtime>(std::move(created));
  QB_RETURN_IF_ERROR(
      runtime->Init(job.runtime.options, static_cast<uint32_t>(std::max(1, job.threads))));
  QB_RETURN_IF_ERROR(runtime->Load(model));
  load_ms = Milliseconds(std::chrono::steady_clock::now() - start);
  if (runtime->inputs().size() != 1) {
    return Error(StatusCode::kUnsupported, "the model has {} inputs, an image classifier has one",
                 runtime->inputs().size());
  }
  return runtime;
}

Status Measure(host::Runtime& runtime, const std::vector<Bytes>& inputs,
               const measure::LatencySettings& settings, jobs::LatencyResult& result) {
  // A new image, and a look at what the plugin may have broken, every few runs: both leave traces
  // in the processor's caches, which an application that just runs its model has not.
  constexpr size_t kRunsAnImage = 16;
  size_t run = 0;
  measure::LatencySubject subject;
  subject.prepare = [&] {
    const size_t turn = run++;
    if (turn % kRunsAnImage != 0) return OkStatus();
    QB_RETURN_IF_ERROR(runtime.CheckAfterInvoke());  // of the runs before
    return runtime.SetInput(0, inputs[turn / kRunsAnImage % inputs.size()]);
  };
  subject.invoke = [&] { return runtime.Invoke(); };
  QB_ASSIGN_OR_RETURN(result.samples,
                      measure::MeasureLatency(
                          subject, settings, [&] { result.before = measure::ReadConditions(); },
                          [&] { result.after = measure::ReadConditions(); }));
  QB_RETURN_IF_ERROR(runtime.CheckAfterInvoke());
  result.measured.first_ms = static_cast<double>(result.samples.first_ns) / 1e6;
  result.measured.warmup_runs = result.samples.warmup_runs;
  result.measured.warmup_seconds = result.samples.warmup_seconds;
  result.invalid_reason = measure::WhyInvalid(result.before, result.after);
  return OkStatus();
}

// A runtime whose outputs cannot be read has not run the model.
Status CheckOutputs(host::Runtime& runtime) {
  for (size_t i = 0; i < runtime.outputs().size(); ++i) {
    Bytes bytes(runtime.outputs()[i].ByteSize());
    QB_RETURN_IF_ERROR(runtime.GetOutput(static_cast<uint32_t>(i), bytes));
  }
  return OkStatus();
}

}  // namespace

Result<jobs::LatencyResult> RunLatency(const WorkerContext& context, const jobs::LatencyJob& job) {
  jobs::LatencyResult result;
  QB_ASSIGN_OR_RETURN(const AlignedBytes model, ReadModelFile(job.artifact, job.artifact_sha256));
  if (const auto info = graph::InspectTflite(model.span()); !info.ok()) {
    return info.status().WithContext(job.artifact.string());
  }
  const bool peak_reset = measure::ResetPeakRss().ok();
  QB_ASSIGN_OR_RETURN(const measure::MemoryUse baseline, measure::ReadMemoryUse());
  result.baseline_rss_bytes = baseline.rss;

  const host::PluginHost host(job.runtime.id, LinkCallbacks(context.link, job.runtime.id),
                              &context.observer);
  QB_ASSIGN_OR_RETURN(auto library, LoadPlugin(context, host::PluginKind::kRuntime, job.runtime));
  QB_ASSIGN_OR_RETURN(const auto runtime, LoadRuntime(*library, job, host.host(), model.span(),
                                                      result.measured.load_ms));
  QB_ASSIGN_OR_RETURN(const std::vector<Bytes> inputs,
                      ReadModelInputs(job.samples, runtime->inputs().front(), kInputs));
  QB_RETURN_IF_ERROR(Measure(*runtime, inputs, job.settings, result));
  QB_ASSIGN_OR_RETURN(result.memory, measure::ReadMemoryUse());
  result.measured.peak_rss_bytes = static_cast<int64_t>(result.memory.peak_rss);
  QB_RETURN_IF_ERROR(CheckOutputs(*runtime));
  QB_ASSIGN_OR_RETURN(result.facts, runtime->Facts());
  result.warnings = WarningsOf(host);
  if (!peak_reset) {
    result.warnings.emplace_back(
        "the kernel does not let the peak memory be reset: it is that of the whole process");
  }
  if (result.samples.cut_short) {
    result.warnings.push_back(
        fmt::format("only {} samples: {} runs would have taken longer than {} s",
                    result.samples.ns.size(), job.settings.min_samples, job.settings.max_seconds));
  }
  return result;
}

}  // namespace qbench::worker
