#include "harness/host/sample_source.h"

#include <utility>

namespace qbench::host {

SampleSource::SampleSource(datasets::TensorCache cache, const SamplesRef& ref)
    : cache_(std::move(cache)),
      normalization_(ref.mean, ref.std),
      label_outputs_(ref.label_outputs) {
  info_.name = "sample";
  info_.type = QBENCH_FLOAT32;
  info_.dims = {1, cache_.height(), cache_.width(), cache_.channels()};
}

Result<SampleSource> SampleSource::Open(const SamplesRef& ref) {
  QB_ASSIGN_OR_RETURN(datasets::TensorCache cache, datasets::TensorCache::Open(ref.tensor_cache));
  const std::string file = ref.tensor_cache.string();
  if (cache.key() != ref.tensor_key) {
    return Error(StatusCode::kCorrupt,
                 "{} holds tensors of another split or preprocessing: delete "
                 "it and run again",
                 file);
  }
  const auto channels = static_cast<size_t>(cache.channels());
  if (ref.mean.size() != channels || ref.std.size() != channels) {
    return Error(StatusCode::kInvalidArgument,
                 "{} has {} channels, the preprocessing {} means and "
                 "{} deviations: correct the model's sidecar",
                 file, channels, ref.mean.size(), ref.std.size());
  }
  SampleSource source(std::move(cache), ref);
  source.offered_.reserve(ref.order.size());
  for (const uint64_t image : ref.order) {
    if (image >= source.image_count()) {
      return Error(StatusCode::kInvalidArgument, "{} has {} images, the job wants image {}", file,
                   source.image_count(), image);
    }
    if (!source.IsBroken(image)) source.offered_.push_back(image);
  }
  return source;
}

bool SampleSource::IsBroken(size_t image) const {
  return cache_.status(image) != datasets::ImageStatus::kOk;
}

void SampleSource::ReadImage(size_t image, float* out) const {
  cache_.NormalizedInto(image, normalization_, out);
}

int32_t SampleSource::Label(size_t index) const {
  const int label = cache_.label(offered_[index]);
  if (label < 0 || static_cast<size_t>(label) >= label_outputs_.size()) return -1;
  return label_outputs_[static_cast<size_t>(label)];
}

}  // namespace qbench::host
