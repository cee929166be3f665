// The range of a model's input by its preprocessing, where quantization-aware training left ranges
// in the model and none for the input: what TensorFlow 1's converter has `mean_values` and
// `std_dev_values` for.
#pragma once

#include <optional>
#include <span>

#include "base/aligned_bytes.h"
#include "base/status.h"

namespace qbench::worker {

// A copy of the float .tflite file in which the input has the learned range of (pixel - mean) / std
// for pixels 0 to 255, over all channels; `mean` and `std` have one number each a channel. Nothing
// where the model needs none: no activation has a learned range, or the input has one, or there are
// several inputs, or qbench cannot read the file.
Result<std::optional<AlignedBytes>> WithInputRange(ByteSpan model, std::span<const float> mean,
                                                   std::span<const float> std);

}  // namespace qbench::worker
