// The samples of a split as a model sees them: what is behind qbench.host.samples, and what
// accuracy and latency feed.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "datasets/tensor_cache.h"
#include "harness/host/plugin_library.h"
#include "harness/host/samples_description.h"

namespace qbench::host {

// Reading it from several threads is safe.
class SampleSource {
 public:
  // kCorrupt or kInvalidArgument where the cache is damaged, has another key, or does not fit the
  // lists of `ref`.
  static Result<SampleSource> Open(const SamplesRef& ref);

  // float32 [1, height, width, channels].
  const TensorInfo& info() const { return info_; }

  // By position in the split: every image, the broken ones too.
  size_t image_count() const { return cache_.size(); }
  bool IsBroken(size_t image) const;
  // Writes info().ElementCount() values.
  void ReadImage(size_t image, float* out) const;

  // By position in the order in which they are offered to quantizers: only sound images.
  size_t count() const { return offered_.size(); }
  void Read(size_t index, float* out) const { ReadImage(offered_[index], out); }
  // The index of the model's output for the sample's class; -1 where there is none.
  int32_t Label(size_t index) const;

 private:
  SampleSource(datasets::TensorCache cache, const SamplesRef& ref);

  datasets::TensorCache cache_;
  datasets::NormalizationTable normalization_;
  std::vector<int32_t> label_outputs_;
  std::vector<uint64_t> offered_;
  TensorInfo info_;
};

}  // namespace qbench::host
