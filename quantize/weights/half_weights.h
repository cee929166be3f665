// The `fp16` scheme: constants are stored as float16 and made float32 again by a DEQUANTIZE
// operator in front of their users. Runtimes do that once, when the model is loaded; the arithmetic
// stays float32.
#pragma once

#include <vector>

#include "graph/ir.h"
#include "quantize/float_model.h"
#include "quantize/operator_choices.h"

namespace qbench::quantize {

// A constant with fewer elements stays float32: the tensor and the operator that DEQUANTIZE needs
// take more of the file than half of its bytes.
inline constexpr int64_t kMinHalfElements = 64;

// Rewrites a float model. A constant that several operators use is stored and dequantized once.
// Values beyond the largest float16, 65504, are clipped to it, with a warning that names the
// tensor. What an operator reads that stays float32 does too.
Status StoreConstantsAsHalf(graph::Model& model, Warnings& warnings,
                            const OperatorChoices& choices = {});

}  // namespace qbench::quantize
