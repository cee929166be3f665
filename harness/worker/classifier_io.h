// Converts between the data set's float tensors and the types of a model's input and output.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "harness/host/plugin_library.h"
#include "harness/host/samples_description.h"

namespace qbench::worker {

// Where the model's input has another shape than `sample` (float32): what
// datasets::CheckInputShape says. kUnsupported where it is neither float32, int8 nor uint8, or an
// integer one without a scale.
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

// kUnsupported where the output is not one that ReadScores reads: float32, int8, uint8 or int16
// (integers with a scale), or not one score a class (datasets::CheckClassCounts).
Status CheckModelOutput(const host::TensorInfo& output, size_t classes);

// The scores of an output, dequantized: scale * (q - zero_point).
std::vector<float> ReadScores(const host::TensorInfo& output, ByteSpan bytes);

// The index of the highest score; of equal ones the lowest. -1 where one is not a number.
int32_t HighestScore(std::span<const float> scores);

// The class that a model's scores mean, and its score. One score alone is the probability of the
// second of two classes: class 1 above 0.5, else class 0 with 1 - p. -1 where a score is not a
// number.
struct Prediction {
  int32_t output = -1;  // the place among the model's labels
  float confidence = 0;
};
Prediction Predict(std::span<const float> scores);

// kInvalidArgument where one score alone is no probability (by more than a step of int8), as of a
// model without a sigmoid at its end.
Status CheckScores(std::span<const float> scores);

}  // namespace qbench::worker
