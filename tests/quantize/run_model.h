// Runs models with float32 input and output on the reference kernels, for the tests of quantizers.
#pragma once

#include <span>
#include <vector>

#include "graph/ir.h"
#include "quantize/ranges/calibration.h"

namespace qbench::quantize {

// The model's one output for one sample. Failures are test failures, and give nothing.
std::vector<float> RunModel(const graph::Model& model, std::span<const float> sample);
// For several samples, one vector each.
std::vector<std::vector<float>> RunModel(const graph::Model& model,
                                         const std::vector<std::vector<float>>& samples);

// The smallest and largest value of every tensor that needs a range, over the samples.
TensorRanges MeasureRanges(const graph::Model& model,
                           const std::vector<std::vector<float>>& samples);

}  // namespace qbench::quantize
