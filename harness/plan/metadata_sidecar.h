// A sidecar made of what a .tflite file's own metadata say, for a model that has none beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "datasets/sidecar.h"

namespace qbench::plan {

// `metadata` as harness/worker/file_metadata.h describes it; `input_shape` is that of the model's
// only input, [1, height, width, channels]. Images are resized as TensorFlow does (tf-bilinear), as
// metadata do not say how. kNotFound where the metadata lack the normalization, kInvalidArgument
// where they do not fit the input.
Result<datasets::Sidecar> SidecarOfMetadata(const Json& metadata,
                                            const std::vector<int32_t>& input_shape);

}  // namespace qbench::plan
