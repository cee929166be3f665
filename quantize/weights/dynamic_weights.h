// The `dynamic` scheme (dynamic range quantization): the weights of convolutions, depthwise
// convolutions and fully connected layers are symmetric int8, one scale an output channel;
// activations and biases stay float32. A hybrid operator has int8 weights and a float32 input,
// which the runtime quantizes as it goes; the others have theirs behind DEQUANTIZE (weight_only.h)
// and compute in float32.
#pragma once

#include <vector>

#include "graph/ir.h"
#include "quantize/float_model.h"
#include "quantize/operator_choices.h"

namespace qbench::quantize {

// Weights with fewer elements stay float32, as TensorFlow's converter leaves them
// (minimum_elements_for_weights, tensorflow/lite/tools/optimize/quantize_weights.cc). What other
// limits cost and save is in docs/quantizers.md.
inline constexpr int64_t kMinDynamicElements = 1024;

enum class HybridOperators : uint8_t {
  // Those that XNNPACK takes: convolutions and fully connected layers. LiteRT's delegate refuses a
  // hybrid DEPTHWISE_CONV_2D, which cuts a MobileNet into a dozen pieces and makes it slower than
  // float. (Of what has weights it refuses no other; LiteRT 2.3, by qbench profile.)
  kDelegated,
  kAll,  // what TensorFlow's converter makes hybrid: depthwise convolutions too
};

// Rewrites a float model; fully connected layers quantize their inputs asymmetrically, as the
// converter has them do. Operators that stay float32 keep their weights.
Status QuantizeWeightsDynamically(graph::Model& model, const OperatorChoices& choices = {},
                                  HybridOperators hybrid = HybridOperators::kDelegated);

}  // namespace qbench::quantize
