// The samples of a split as a model sees them: what is behind qbench.host.samples, and what
// accuracy and latency feed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/tensor_cache.h"
#include "harness/host/plugin_library.h"

namespace qbench::host {

// The images of a split as tensors, and what makes a model's input and the class of an output of
// them. worker::MakeSamplesRef fills it.
struct SamplesRef {
  std::filesystem::path tensor_cache;  // a file of datasets/tensor_cache.h
  std::string tensor_key;              // the key that it must have
  std::vector<float> mean;             // (pixel - mean) / std, one number a channel
  std::vector<float> std;
  std::vector<int32_t> label_outputs;  // the model's output for each label of the data set
  // Calibration and training: the class of the data set of each image, and the order in which they
  // are offered (indices; class after class in turn, so that the first n are a fair choice).
  std::vector<int32_t> labels;
  std::vector<uint64_t> order;
};

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
  datasets::Preprocessing preprocessing_;
  std::vector<int32_t> label_outputs_;
  std::vector<int32_t> labels_;
  std::vector<uint64_t> offered_;
  TensorInfo info_;
};

}  // namespace qbench::host
