// Models of one operator with random shapes, options and scales, odd zero points and saturation
// among them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "graph/ir.h"
#include "tests/kernels/single_op.h"

namespace qbench {

// `type`: of the activations; float32 for QUANTIZE and the integer for DEQUANTIZE. Float
// convolutions and fully connected layers have int8 weights (dynamic range). `to`: of a QUANTIZE's
// output. The input is the model's input, weights are constants.
graph::Model RandomOperator(graph::OpKind kind, graph::DataType type, kernels::Random& random,
                            graph::DataType to = graph::DataType::kInt8);

}  // namespace qbench
