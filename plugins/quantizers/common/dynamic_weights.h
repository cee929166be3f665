// The `dynamic` scheme (dynamic range quantization): the weights of convolutions, depthwise
// convolutions and fully connected layers are symmetric int8, one scale an output channel;
// activations and biases stay float32, and the runtime quantizes the activations as it goes.
#pragma once

#include <vector>

#include "graph/ir.h"
#include "plugins/quantizers/common/float_model.h"

namespace qbench::quantize {

// Weights with fewer elements stay float32, as TensorFlow's converter leaves them
// (minimum_elements_for_weights, tensorflow/lite/tools/optimize/quantize_weights.cc).
inline constexpr int64_t kMinDynamicElements = 1024;

// Rewrites a float model; fully connected layers quantize their inputs asymmetrically, as the
// converter has them do. Operators of `float_ops` (one place an operator; empty: none) keep float32
// weights.
Status QuantizeWeightsDynamically(graph::Model& model, const std::vector<bool>& float_ops = {});

}  // namespace qbench::quantize
