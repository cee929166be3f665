// The `int8` scheme (full integer quantization): int8 weights and activations, int32 biases, as
// TensorFlow Lite's 8-bit quantization specification wants them.
#pragma once

#include "graph/ir.h"
#include "plugins/quantizers/common/activation_scales.h"
#include "plugins/quantizers/common/float_model.h"

namespace qbench::quantize {

struct FullIntegerOptions {
  // A scale for each output channel of convolutions and fully connected layers; else one a tensor.
  bool per_channel = true;
  // int8 inputs and outputs; else float32 ones with QUANTIZE and DEQUANTIZE at the border.
  bool integer_io = false;
};

// The integer model. `scales` are those of ChooseActivationScales. kUnsupported, naming the
// operator, where its weights or bias are not constant.
Result<graph::Model> QuantizeFullInteger(const graph::Model& model,
                                         const std::vector<std::optional<ActivationScale>>& scales,
                                         const FullIntegerOptions& options, Warnings& warnings);

}  // namespace qbench::quantize
