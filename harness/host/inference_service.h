// Runs float models on samples with a runtime plugin: behind qbench.host.inference.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/status.h"
#include "harness/host/runtime_pool.h"
#include "harness/host/sample_source.h"

namespace qbench::host {

// One thread at a time.
class InferenceService {
 public:
  // `settings.threads` and `settings.instances`: how the cores are shared out.
  explicit InferenceService(RuntimePool::Settings settings);

  // Runs `model` on samples [first, first + count) of `samples`; `deliver` gets the position in the
  // split. The objects of the last model are kept, so that a model that is run on one batch of
  // samples after another is loaded once; those of a large one from its second batch on, as its
  // bytes, which are the caller's, have to be copied for that.
  // kInvalidArgument: no such samples, or a model that is not float or does not fit them.
  // kCancelled. What `deliver` returned. Anything else is a failure of the runtime, which the
  // message names.
  Status Run(ByteSpan model, const SampleSource& samples, uint64_t first, uint64_t count,
             const RuntimePool::Deliver& deliver, const std::function<bool()>& cancelled);

  // The same on the inputs 0 to count - 1 that `fill` writes.
  Status RunOn(ByteSpan model, uint64_t count, const RuntimePool::Fill& fill,
               const RuntimePool::Deliver& deliver, const std::function<bool()>& cancelled);
  // Frees the objects of the last model.
  void Release();

  // The outputs of the model that was run last.
  const std::vector<TensorInfo>& outputs() const { return pool_->outputs(); }
  // "litert 2.3.0 kernels=xnnpack": the plugin, the version of its engine where the plugin tells it
  // (its fact "library_version"; once a model ran), else its own, and its options.
  const std::string& runtime() const { return name_; }
  bool used() const { return used_; }
  // Whether objects are kept.
  bool holds_model() const { return pool_.has_value(); }

 private:
  // Runs the model with `run`, its objects loaded.
  Status WithModel(ByteSpan model, const std::function<Status(RuntimePool& pool)>& run);
  Status LoadModel(ByteSpan model);
  void SetName(const std::vector<Fact>& facts);

  RuntimePool::Settings settings_;
  std::string name_;
  bool used_ = false;
  std::optional<RuntimePool> pool_;
  bool in_place_ = false;   // pool_ points into the caller's bytes
  size_t large_bytes_ = 0;  // of the large model that was run last; 0: none, or it was released
};

}  // namespace qbench::host
