// What stands between the data set's float tensors and a model's own input and output types.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "harness/host/plugin_library.h"
#include "harness/host/samples_description.h"

namespace qbench::worker {

// kInvalidArgument where the model's input has another shape than `sample` (float32); kUnsupported
// where it is neither float32, int8 nor uint8, or an integer one without a scale.
Status CheckModelInput(const host::TensorInfo& input, const host::TensorInfo& sample);

// Writes `values` as the bytes of `input` (checked above). An integer input is quantized as the
// QUANTIZE operator of XNNPACK and of TensorFlow Lite's optimized kernels does it, in float32:
// rint(x * (1 / scale)) + zero_point, clamped.
void WriteModelInput(const host::TensorInfo& input, std::span<const float> values,
                     std::span<uint8_t> out);

// `input`'s bytes for the first `count` sound images of the split. kInvalidArgument where it has
// none; else what CheckModelInput says.
Result<std::vector<Bytes>> ReadModelInputs(const host::SamplesRef& ref,
                                           const host::TensorInfo& input, size_t count);

// kUnsupported where the output is not one that WriteScores reads: float32, int8, uint8 or int16
// (integers with a scale). kInvalidArgument where it has not one element a label.
Status CheckModelOutput(const host::TensorInfo& output, size_t labels);

// The scores of an output, dequantized: scale * (q - zero_point).
std::vector<float> ReadScores(const host::TensorInfo& output, ByteSpan bytes);

// The index of the highest score; of equal ones the lowest. -1 where one is not a number.
int32_t HighestScore(std::span<const float> scores);

}  // namespace qbench::worker
