#include "harness/jobs/samples_ref.h"

namespace qbench::jobs {

SamplesRef MakeSamplesRef(const datasets::Split& split, const datasets::TensorCache& tensors,
                          const datasets::Preprocessing& preprocessing,
                          const std::vector<int>& label_outputs, uint64_t seed) {
  SamplesRef ref;
  ref.tensor_cache = tensors.file();
  ref.tensor_key = tensors.key();
  ref.mean = preprocessing.mean;
  ref.std = preprocessing.std;
  ref.label_outputs.assign(label_outputs.begin(), label_outputs.end());
  for (const size_t image : datasets::SampleImages(split, split.images.size(), seed)) {
    ref.order.push_back(image);
  }
  return ref;
}

}  // namespace qbench::jobs
