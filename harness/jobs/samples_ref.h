// Makes the description of a split's samples that goes into a job.
#pragma once

#include <vector>

#include "datasets/dataset.h"
#include "datasets/preprocessing.h"
#include "datasets/tensor_cache.h"
#include "harness/jobs/jobs.h"

namespace qbench::jobs {

// `tensors` are those of `split` (datasets::EnsureTensors), `label_outputs` what
// datasets::CheckLabels says of model and data set; `seed` as datasets::SampleImages takes it.
SamplesRef MakeSamplesRef(const datasets::Split& split, const datasets::TensorCache& tensors,
                          const datasets::Preprocessing& preprocessing,
                          const std::vector<int>& label_outputs, uint64_t seed = 0);

}  // namespace qbench::jobs
