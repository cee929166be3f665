#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

#include "base/aligned_bytes.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/measure/memory.h"
#include "harness/worker/classifier_io.h"
#include "harness/worker/operator_times.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kInputs = 8;
constexpr int kWarmupRuns = 5;
constexpr int64_t kMinRuns = 3;

// One set of bytes for each of the model's inputs.
using Inputs = std::vector<Bytes>;

// Numbers from -1 to 1, or any integers: what a layer's time hardly depends on.
Bytes Noise(const host::TensorInfo& input, std::minstd_rand& random) {
  Bytes bytes(input.ByteSize());
  if (input.type == QBENCH_FLOAT32) {
    for (size_t i = 0; i < bytes.size(); i += sizeof(float)) {
      const float value = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
      std::memcpy(&bytes[i], &value, sizeof(value));
    }
  } else if (input.type == QBENCH_INT8 || input.type == QBENCH_UINT8 ||
             input.type == QBENCH_INT16) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() >> 8);
  }
  return bytes;  // of other types zeros: indices and the like
}

Result<std::vector<Inputs>> MakeInputs(const jobs::ProfileJob& job, const host::Runtime& runtime) {
  std::vector<Inputs> inputs;
  if (!job.samples) {
    std::minstd_rand random(1);
    for (size_t i = 0; i < kInputs; ++i) {
      Inputs& one = inputs.emplace_back();
      for (const host::TensorInfo& info : runtime.inputs()) one.push_back(Noise(info, random));
    }
    return inputs;
  }
  if (runtime.inputs().size() != 1) {
    return Error(StatusCode::kUnsupported, "the model has {} inputs, an image classifier has one",
                 runtime.inputs().size());
  }
  QB_ASSIGN_OR_RETURN(std::vector<Bytes> images,
                      ReadModelInputs(*job.samples, runtime.inputs().front(), kInputs));
  for (Bytes& image : images) inputs.push_back({std::move(image)});
  return inputs;
}

Status InvokeOnce(host::Runtime& runtime, const Inputs& inputs, int64_t* ns) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    QB_RETURN_IF_ERROR(runtime.SetInput(static_cast<uint32_t>(i), inputs[i]));
  }
  const auto start = Clock::now();
  QB_RETURN_IF_ERROR(runtime.Invoke());
  *ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  return runtime.CheckAfterInvoke();
}

// Runs the model and adds up where the time goes.
Status Profile(const WorkerContext& context, const jobs::ProfileJob& job, host::Runtime& runtime,
               OperatorTimes& times, jobs::ProfileResult& result) {
  QB_ASSIGN_OR_RETURN(const std::vector<Inputs> inputs, MakeInputs(job, runtime));
  int64_t ns = 0;
  const auto start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  for (int run = 0; run < kWarmupRuns && (run == 0 || seconds() < job.max_seconds / 4); ++run) {
    QB_RETURN_IF_ERROR(InvokeOnce(runtime, inputs[0], &ns));
  }
  for (int64_t run = 0; run < job.runs; ++run) {
    if (run >= kMinRuns && seconds() > job.max_seconds) break;
    if (context.link.Cancelled()) return Error(StatusCode::kCancelled, "stopped by the user");
    QB_RETURN_IF_ERROR(InvokeOnce(runtime, inputs[static_cast<size_t>(run) % inputs.size()], &ns));
    result.invoke_ns.push_back(ns);
    QB_ASSIGN_OR_RETURN(const host::Profile profile, runtime.ReadProfile());
    QB_RETURN_IF_ERROR(times.Add(profile).WithContext(runtime.id()));
    result.delegate = profile.delegate;
    context.link.Progress("profiling", static_cast<uint64_t>(run) + 1,
                          static_cast<uint64_t>(job.runs));
  }
  return OkStatus();
}

}  // namespace

Result<jobs::ProfileResult> RunProfile(const WorkerContext& context, const jobs::ProfileJob& job) {
  jobs::ProfileResult result;
  QB_ASSIGN_OR_RETURN(const AlignedBytes model, ReadModelFile(job.artifact, job.artifact_sha256));
  Result<graph::TfliteInfo> info = graph::InspectTflite(model.span());
  if (!info.ok()) return info.status().WithContext(job.artifact.string());

  const host::PluginHost host(job.runtime.id, LinkCallbacks(context.link, job.runtime.id),
                              &context.observer);
  QB_ASSIGN_OR_RETURN(auto library, LoadPlugin(context, host::PluginKind::kRuntime, job.runtime));
  const auto start = Clock::now();
  QB_ASSIGN_OR_RETURN(host::Runtime runtime, library->CreateRuntime(job.runtime.id, host.host()));
  QB_RETURN_IF_ERROR(
      runtime.Init(job.runtime.options, static_cast<uint32_t>(std::max(1, job.threads))));
  QB_RETURN_IF_ERROR(runtime.EnableProfile());
  QB_RETURN_IF_ERROR(runtime.Load(model.span()));
  result.measured.load_ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();

  OperatorTimes times(std::move(info->operator_names));
  QB_RETURN_IF_ERROR(Profile(context, job, runtime, times, result));
  std::optional<graph::ModelSummary> summary;
  const auto read = graph::ReadTflite(nullptr, model.span());
  if (read.ok()) summary = graph::Summarize(*read);
  result.operators = times.Operators(summary);
  QB_ASSIGN_OR_RETURN(result.facts, runtime.Facts());
  result.warnings = WarningsOf(host);
  if (!read.ok()) {
    result.warnings.push_back("multiplications and bytes of the operators are not known: " +
                              read.status().message());
  }
  if (const auto memory = measure::ReadMemoryUse(); memory.ok()) {
    result.measured.peak_rss_bytes = static_cast<int64_t>(memory->peak_rss);
  }
  return result;
}

}  // namespace qbench::worker
