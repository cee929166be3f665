#include "harness/host/inference_service.h"

#include <malloc.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "datasets/model_fit.h"

namespace qbench::host {
namespace {

// A copy of a smaller model is not worth loading one twice.
constexpr size_t kLargeModelBytes = size_t{16} << 20;

bool IsAligned(ByteSpan model) {
  return reinterpret_cast<uintptr_t>(model.data()) % AlignedBytes::kAlignment == 0;
}

Status CheckModel(const RuntimePool& pool) {
  if (pool.input_count() != 1 || pool.input().type != QBENCH_FLOAT32) {
    return Error(StatusCode::kInvalidArgument,
                 "the model has {} inputs, the first of them {}: one of float32 can be fed",
                 pool.input_count(), DescribeTensor(pool.input()));
  }
  for (const TensorInfo& output : pool.outputs()) {
    if (output.type != QBENCH_FLOAT32) {
      return Error(StatusCode::kInvalidArgument, "output \"{}\" of the model is {}, not float32",
                   output.name, DescribeTensor(output));
    }
  }
  return OkStatus();
}

Status CheckSamples(const TensorInfo& input, const TensorInfo& sample) {
  if (input.dims == sample.dims) return OkStatus();
  QB_RETURN_IF_ERROR(datasets::CheckInputShape(input.dims, sample.dims));
  return Error(StatusCode::kUnsupported, "the model takes {}, the samples are {}",
               DescribeTensor(input), DescribeTensor(sample));
}

}  // namespace

InferenceService::InferenceService(RuntimePool::Settings settings)
    : settings_(std::move(settings)) {
  SetName({});
}

void InferenceService::SetName(const std::vector<Fact>& facts) {
  const PluginDescriptor* descriptor = settings_.library->Find(PluginKind::kRuntime, settings_.id);
  name_ = settings_.id;
  if (descriptor == nullptr) return;
  // The version of the engine says more than that of the plugin around it.
  const auto version = std::ranges::find(facts, "library_version", &Fact::name);
  name_ += " " + (version != facts.end() ? version->value : descriptor->version);
  for (const OptionInfo& option : descriptor->options) {
    const auto given = std::ranges::find(settings_.options, option.name, &Option::name);
    const std::string& value =
        given != settings_.options.end() ? given->value : option.default_value;
    name_ += " " + option.name + "=" + value;
  }
}

Status InferenceService::LoadModel(ByteSpan model) {
  const bool same = pool_ && std::ranges::equal(pool_->model(), model);
  if (!same) {
    pool_.reset();  // frees its memory before the next one is made
    // One of the same size comes for its second batch: there may be many.
    const bool large = model.size() >= kLargeModelBytes;
    in_place_ = large && IsAligned(model) && model.size() != large_bytes_;
    large_bytes_ = large ? model.size() : 0;
    QB_ASSIGN_OR_RETURN(RuntimePool pool, in_place_ ? RuntimePool::LoadInPlace(settings_, model)
                                                    : RuntimePool::Load(settings_, model));
    pool_.emplace(std::move(pool));
    QB_ASSIGN_OR_RETURN(const std::vector<Fact> facts, pool_->runtime(0).Facts());
    SetName(facts);
  }
  return CheckModel(*pool_);
}

Status InferenceService::WithModel(ByteSpan model,
                                   const std::function<Status(RuntimePool& pool)>& run) {
  used_ = true;
  Status status = LoadModel(model);
  if (status.ok()) status = run(*pool_);
  if (in_place_) pool_.reset();  // the bytes are the caller's
  in_place_ = false;
  return status;
}

Status InferenceService::Run(ByteSpan model, const SampleSource& samples, uint64_t first,
                             uint64_t count, const RuntimePool::Deliver& deliver,
                             const std::function<bool()>& cancelled) {
  used_ = true;
  if (first > samples.count() || count > samples.count() - first) {
    return Error(StatusCode::kInvalidArgument, "samples {} to {} of {} were asked for", first,
                 first + count, samples.count());
  }
  const auto fill = [&](uint64_t index, std::span<uint8_t> input) {
    // The buffer is a vector's, aligned for any number.
    samples.Read(first + index, reinterpret_cast<float*>(input.data()));
    return OkStatus();
  };
  const auto pass_on = [&](uint64_t index, std::span<const ByteSpan> outputs) {
    return deliver(first + index, outputs);
  };
  return WithModel(model, [&](RuntimePool& pool) -> Status {
    QB_RETURN_IF_ERROR(CheckSamples(pool.input(), samples.info()));
    return pool.Run(count, fill, pass_on, cancelled);
  });
}

void InferenceService::Release() {
  pool_.reset();
  large_bytes_ = 0;
#ifdef __GLIBC__
  malloc_trim(0);  // the threads that ran it are gone, and their heaps are free
#endif
}

Status InferenceService::RunOn(ByteSpan model, uint64_t count, const RuntimePool::Fill& fill,
                               const RuntimePool::Deliver& deliver,
                               const std::function<bool()>& cancelled) {
  return WithModel(model,
                   [&](RuntimePool& pool) { return pool.Run(count, fill, deliver, cancelled); });
}

}  // namespace qbench::host
