#include <algorithm>
#include <chrono>
#include <functional>

#include "base/cores.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/host/runtime_pool.h"
#include "harness/host/sample_source.h"
#include "harness/measure/memory.h"
#include "harness/worker/classifier_io.h"
#include "harness/worker/input_fit.h"
#include "harness/worker/mapped_model.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// The data set's class of each of the model's outputs, -1 for none.
std::vector<int32_t> OutputLabels(const std::vector<int32_t>& label_outputs, size_t outputs) {
  std::vector<int32_t> labels(outputs, -1);
  for (size_t label = 0; label < label_outputs.size(); ++label) {
    const int32_t output = label_outputs[label];
    if (output >= 0 && static_cast<size_t>(output) < outputs) {
      labels[static_cast<size_t>(output)] = static_cast<int32_t>(label);
    }
  }
  return labels;
}

Status CheckModel(const host::RuntimePool& pool, const host::SampleSource& samples, size_t labels) {
  if (pool.input_count() != 1 || pool.outputs().size() != 1) {
    return Error(StatusCode::kUnsupported,
                 "the model has {} inputs and {} outputs, an image classifier has one of each",
                 pool.input_count(), pool.outputs().size());
  }
  QB_RETURN_IF_ERROR(CheckModelInput(pool.input(), samples.info()));
  return CheckModelOutput(pool.outputs().front(), labels);
}

std::vector<size_t> SoundImages(const host::SampleSource& samples) {
  std::vector<size_t> images;
  for (size_t i = 0; i < samples.image_count(); ++i) {
    if (!samples.IsBroken(i)) images.push_back(i);
  }
  return images;
}

// The outputs for a few images, from all over the split, of an object with so many threads.
Result<std::vector<Bytes>> FirstOutputs(const host::RuntimePool::Settings& settings, int threads,
                                        ByteSpan model, const host::SampleSource& samples,
                                        const std::function<bool()>& cancelled) {
  constexpr size_t kImages = 4;
  host::RuntimePool::Settings one = settings;
  one.threads = static_cast<uint32_t>(threads);
  one.instances = 1;
  QB_ASSIGN_OR_RETURN(host::RuntimePool pool, host::RuntimePool::LoadInPlace(one, model));
  if (pool.input_count() != 1) return std::vector<Bytes>();
  QB_RETURN_IF_ERROR(CheckModelInput(pool.input(), samples.info()));
  const std::vector<size_t> images = SoundImages(samples);
  const size_t count = std::min(kImages, images.size());
  std::vector<Bytes> outputs;
  const auto fill = [&](uint64_t index, std::span<uint8_t> bytes) {
    std::vector<float> values(samples.info().ElementCount());
    samples.ReadImage(images[index * images.size() / count], values.data());
    WriteModelInput(pool.input(), values, bytes);
    return OkStatus();
  };
  const auto deliver = [&](uint64_t, std::span<const ByteSpan> views) {
    for (const ByteSpan view : views) outputs.emplace_back(view.begin(), view.end());
    return OkStatus();
  };
  QB_RETURN_IF_ERROR(pool.Run(count, fill, deliver, cancelled));
  return outputs;
}

// Threads of each instance. The work is the same however it is divided, but threads of one
// inference wait for each other after every operator, and on a machine that is busy with something
// else for a time slice each time: a hundred times as long. So images are shared out to instances
// of one thread, unless the runtime's outputs depend on the number of threads (a sum in another
// order): then each has the cell's number, whose predictions these are to be.
int ThreadsOfEach(const WorkerContext& context, const jobs::AccuracyJob& job,
                  const host::RuntimePool::Settings& settings, ByteSpan model,
                  const host::SampleSource& samples) {
  if (job.threads <= 1) return 1;
  // What this tells is told again by the objects that are used.
  const host::PluginHost host(job.runtime.id,
                              {.log = [](int, const std::string&) {},
                               .progress = [](const std::string&, uint64_t, uint64_t) {},
                               .cancelled = [&] { return context.link.Cancelled(); }},
                              &context.observer);
  host::RuntimePool::Settings trial = settings;
  trial.host = host.host();
  const auto cancelled = [&] { return context.link.Cancelled(); };
  const auto together = FirstOutputs(trial, job.threads, model, samples, cancelled);
  if (!together.ok()) return job.threads;  // classifying meets the same failure, and tells it
  const auto alone = FirstOutputs(trial, 1, model, samples, cancelled);
  return alone.ok() && *alone == *together ? 1 : job.threads;
}

// Runs every sound image and notes class and confidence.
Status Classify(const WorkerContext& context, const jobs::SamplesRef& ref,
                const host::SampleSource& samples, host::RuntimePool& pool,
                jobs::AccuracyResult& result) {
  const std::vector<size_t> images = SoundImages(samples);
  const host::TensorInfo& input = pool.input();
  const host::TensorInfo& output = pool.outputs().front();
  const std::vector<int32_t> output_labels =
      OutputLabels(ref.label_outputs, ref.label_outputs.size());
  result.predicted.assign(samples.image_count(), -1);
  result.confidence.assign(samples.image_count(), 0.0F);
  result.skipped = static_cast<int64_t>(samples.image_count() - images.size());

  const auto fill = [&](uint64_t index, std::span<uint8_t> bytes) {
    std::vector<float> values(samples.info().ElementCount());
    samples.ReadImage(images[index], values.data());
    WriteModelInput(input, values, bytes);
    return OkStatus();
  };
  const auto deliver = [&](uint64_t index, std::span<const ByteSpan> outputs) {
    const std::vector<float> scores = ReadScores(output, outputs.front());
    QB_RETURN_IF_ERROR(CheckScores(scores));
    const Prediction best = Predict(scores);
    if (best.output < 0) {
      return Error(StatusCode::kInternal,
                   "{}: the output for image {} has a value that is not a number (NaN)",
                   pool.runtime(0).id(), images[index]);
    }
    result.predicted[images[index]] = output_labels[static_cast<size_t>(best.output)];
    result.confidence[images[index]] = best.confidence;
    context.link.Progress("classifying", index + 1, images.size());
    return OkStatus();
  };
  return pool.Run(images.size(), fill, deliver, [&] { return context.link.Cancelled(); });
}

// What the model says of its preprocessing. What cannot be read of a file says nothing: the runtime
// has run it.
Json LookAtInput(const jobs::AccuracyJob& job, ByteSpan artifact,
                 const host::SampleSource& samples) {
  if (job.float_model.empty()) return {};
  const PixelScaling own{job.samples.mean, job.samples.std};
  const std::vector<size_t> images = SoundImages(samples);
  const auto read = [&](size_t image, std::span<float> values) {
    samples.ReadImage(image, values.data());
  };
  const auto takes_samples = [&](const graph::Model& model) {
    if (model.graph.inputs.size() != 1) return false;
    const auto input = static_cast<size_t>(model.graph.inputs[0]);
    return std::ranges::equal(model.graph.tensors[input].shape, samples.info().dims);
  };
  std::optional<InputFit> fit;
  std::optional<InputReach> reach;
  if (const auto file = MappedModel::Open(job.float_model); file.ok()) {
    const auto model = graph::ReadTflite(nullptr, file->bytes());
    if (model.ok() && takes_samples(*model)) fit = FitFirstLayer(*model, own, images, read);
  }
  const auto model = graph::ReadTflite(nullptr, artifact);
  if (model.ok() && takes_samples(*model)) reach = ReachOfInput(*model, own, images, read);
  return InputJson(fit, reach);
}

}  // namespace

Result<jobs::AccuracyResult> RunAccuracy(const WorkerContext& context,
                                         const jobs::AccuracyJob& job) {
  QB_ASSIGN_OR_RETURN(MappedModel artifact, MappedModel::Open(job.artifact, job.artifact_sha256));
  const ByteSpan model = artifact.bytes();
  if (const auto info = graph::InspectTflite(model); !info.ok()) {
    return info.status().WithContext(job.artifact.string());
  }
  QB_ASSIGN_OR_RETURN(const host::SampleSource samples, host::SampleSource::Open(job.samples));
  const host::PluginHost host(job.runtime.id, LinkCallbacks(context.link, job.runtime.id),
                              &context.observer);
  QB_ASSIGN_OR_RETURN(auto library, LoadPlugin(context, host::PluginKind::kRuntime, job.runtime));
  const auto start = std::chrono::steady_clock::now();
  host::RuntimePool::Settings settings{.library = library,
                                       .id = job.runtime.id,
                                       .options = job.runtime.options,
                                       .host = host.host()};
  jobs::AccuracyResult result;
  result.instance_threads = ThreadsOfEach(context, job, settings, model, samples);
  result.instances =
      job.instances > 0 ? job.instances : std::max(1, AvailableCores() / result.instance_threads);
  settings.threads = static_cast<uint32_t>(result.instance_threads);
  settings.instances = static_cast<size_t>(result.instances);
  QB_ASSIGN_OR_RETURN(host::RuntimePool pool, host::RuntimePool::LoadInPlace(settings, model));
  artifact.ReleaseAndStop();
  QB_RETURN_IF_ERROR(CheckModel(pool, samples, job.samples.label_outputs.size()));
  QB_RETURN_IF_ERROR(Classify(context, job.samples, samples, pool, result));
  result.measured.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.input = LookAtInput(job, model, samples);
  QB_RETURN_IF_ERROR(artifact.CheckUnchanged());
  QB_ASSIGN_OR_RETURN(result.facts, pool.runtime(0).Facts());
  result.warnings = WarningsOf(host);
  if (const auto memory = measure::ReadMemoryUse(); memory.ok()) {
    result.measured.peak_rss_bytes = static_cast<int64_t>(memory->peak_rss);
  }
  return result;
}

}  // namespace qbench::worker
