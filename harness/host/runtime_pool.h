// Several objects of one runtime plugin with the same model, fed from several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/aligned_bytes.h"
#include "base/status.h"
#include "harness/host/plugin_library.h"

namespace qbench::host {

class RuntimePool {
 public:
  struct Settings {
    std::shared_ptr<PluginLibrary> library;
    std::string id;
    std::vector<Option> options;
    uint32_t threads = 1;  // of each object
    size_t instances = 1;
    // There are fewer objects, but one, where the outputs of all would take more; 0: no limit.
    uint64_t most_output_bytes = 0;
    // The same of their models: a runtime packs the weights for each object anew.
    uint64_t most_model_bytes = 0;
    const qbench_host* host = nullptr;  // outlives the pool
  };
  // Writes the model's input for sample `index`; called on any thread.
  using Fill = std::function<Status(uint64_t index, std::span<uint8_t> input)>;
  // Gets the outputs of sample `index`, which live until it returns; called on the thread that
  // called Run, in the order of the samples.
  using Deliver = std::function<Status(uint64_t index, std::span<const ByteSpan> outputs)>;

  // Creates, initializes and loads every object. `model` is copied. Run is for models with one
  // input: see input_count().
  static Result<RuntimePool> Load(const Settings& settings, ByteSpan model);
  // The same without a copy: `model` is aligned as AlignedBytes are, and outlives the pool.
  static Result<RuntimePool> LoadInPlace(const Settings& settings, ByteSpan model);
  RuntimePool(RuntimePool&&) = default;
  // Objects go before the model that they point into.
  RuntimePool& operator=(RuntimePool&&) = delete;

  size_t instances() const { return runtimes_.size(); }
  Runtime& runtime(size_t instance) { return *runtimes_[instance]; }
  size_t input_count() const { return runtimes_.front()->inputs().size(); }
  const TensorInfo& input() const { return runtimes_.front()->inputs().front(); }
  const std::vector<TensorInfo>& outputs() const { return runtimes_.front()->outputs(); }
  ByteSpan model() const { return model_; }

  // Runs `count` samples. Memory: one input an object, and one set of outputs where the plugin does
  // not show its own. Ends with the first
  // failure in the order of the samples, or kCancelled when `cancelled` (may be empty; asked on the
  // calling thread after each sample) says so.
  Status Run(uint64_t count, const Fill& fill, const Deliver& deliver,
             const std::function<bool()>& cancelled);

 private:
  RuntimePool() = default;
  AlignedBytes copy_;  // before the objects that point into it
  ByteSpan model_;
  std::vector<std::unique_ptr<Runtime>> runtimes_;
};

}  // namespace qbench::host
