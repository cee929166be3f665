#include "harness/host/inference_service.h"

#include <malloc.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "datasets/model_fit.h"

namespace qbench::host {
namespace {

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
    QB_ASSIGN_OR_RETURN(RuntimePool pool, RuntimePool::Load(settings_, model));
    pool_.emplace(std::move(pool));
    QB_ASSIGN_OR_RETURN(const std::vector<Fact> facts, pool_->runtime(0).Facts());
    SetName(facts);
  }
  return CheckModel(*pool_);
}

Status InferenceService::Run(ByteSpan model, const SampleSource& samples, uint64_t first,
                             uint64_t count, const RuntimePool::Deliver& deliver,
                             const std::function<bool()>& cancelled) {
  used_ = true;
  if (first > samples.count() || count > samples.count() - first) {
    return Error(StatusCode::kInvalidArgument, "samples {} to {} of {} were asked for", first,
                 first + count, samples.count());
  }
  QB_RETURN_IF_ERROR(LoadModel(model));
  QB_RETURN_IF_ERROR(CheckSamples(pool_->input(), samples.info()));
  const auto fill = [&](uint64_t index, std::span<uint8_t> input) {
    // The buffer is a vector's, aligned for any number.
    samples.Read(first + index, reinterpret_cast<float*>(input.data()));
    return OkStatus();
  };
  const auto pass_on = [&](uint64_t index, std::span<const ByteSpan> outputs) {
    return deliver(first + index, outputs);
  };
  return pool_->Run(count, fill, pass_on, cancelled);
}

void InferenceService::Release() {
  pool_.reset();
#ifdef __GLIBC__
  malloc_trim(0);  // the threads that ran it are gone, and their heaps are free
#endif
}

Status InferenceService::RunOn(ByteSpan model, uint64_t count, const RuntimePool::Fill& fill,
                               const RuntimePool::Deliver& deliver,
                               const std::function<bool()>& cancelled) {
  used_ = true;
  QB_RETURN_IF_ERROR(LoadModel(model));
  return pool_->Run(count, fill, deliver, cancelled);
}

}  // namespace qbench::host
