// Weights that a file stores in a smaller type than XNNPACK computes with.
#pragma once

#include <vector>

#include "graph/ir.h"

namespace qbench::xnnpack {

struct UnpackedWeights {
  int tensors = 0;  // that became float32
  // What became of the operators that the graph had, by their index then.
  std::vector<size_t> left;  // one for each operator that the graph has now, in its order
  struct Gone {
    size_t op;
    graph::TensorId output;  // now a constant
  };
  std::vector<Gone> gone;  // each a DEQUANTIZE
};

// Unpacks to float32, once, what the model would unpack in every run: constants behind a DEQUANTIZE
// (float16 and weight-only files), and the int8 or int4 weights of operators with float activations
// (dynamic range: XNNPACK of Debian 12 has no such operators, so these run in float, without the
// rounding of activations that TensorFlow Lite's kernels add).
Result<UnpackedWeights> UnpackFloatWeights(graph::Model& model);

}  // namespace qbench::xnnpack
