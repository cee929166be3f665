// A rewrite of a float model for engines whose integer kernels lack HARD_SWISH.
//
// The activation of MobileNetV3 (Howard et al. 2019, arXiv 1905.02244, section 5.2):
//   h-swish(x) = x * ReLU6(x + 3) / 6
// XNNPACK's delegate takes HARD_SWISH for float and not for int8, so that each one cuts an int8
// model in two and runs on the runtime's own kernel, while ADD and MUL it takes. And for int16
// TensorFlow Lite has no HARD_SWISH at all.
#pragma once

#include <cstdint>

#include "graph/ir.h"

namespace qbench::quantize {

// Every float32 HARD_SWISH of a valid model becomes ADD 3 with the activation RELU6, MUL by x and
// MUL by 1/6, in this order; the last one keeps the operator's name and output. The same function
// up to rounding. A learned range of the output gives the tensors between theirs. Returns how many
// there were.
int64_t ExpandHardSwish(graph::Model& model);

}  // namespace qbench::quantize
