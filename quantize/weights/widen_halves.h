// Files whose weights are float16 (target_spec.supported_types = [tf.float16] of TensorFlow's
// converter, and the `fp16` quantizer): the float model that they stand for.
#pragma once

#include <cstdint>

#include "graph/ir.h"

namespace qbench::quantize {

// Every DEQUANTIZE of a float16 constant becomes a float32 constant of the same values, exactly;
// the halves go. Returns how many there were.
Result<int64_t> WidenHalfWeights(graph::Model& model);

}  // namespace qbench::quantize
