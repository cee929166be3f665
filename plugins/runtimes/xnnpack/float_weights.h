// Weights that a file stores in a smaller type than XNNPACK computes with.
#pragma once

#include "graph/ir.h"

namespace qbench::xnnpack {

// Unpacks to float32, once, what the model would unpack in every run: constants behind a DEQUANTIZE
// (float16 and weight-only files), and the int8 or int4 weights of operators with float activations
// (dynamic range: XNNPACK of Debian 12 has no such operators, so these run in float, without the
// rounding of activations that TensorFlow Lite's kernels add). Gives the number of tensors.
Result<int> UnpackFloatWeights(graph::Model& model);

}  // namespace qbench::xnnpack
