// Full integer quantization: int8 weights, and int8 activations with int32 biases, as TensorFlow
// Lite's 8-bit quantization specification wants them, or int16 activations with int64 biases, its
// 16x8 scheme.
#pragma once

#include "graph/ir.h"
#include "quantize/float_model.h"
#include "quantize/ranges/activation_scales.h"
#include "quantize/ranges/layer_inputs.h"

namespace qbench::quantize {

struct FullIntegerOptions {
  graph::DataType activations = graph::DataType::kInt8;  // or kInt16
  // A scale for each output channel of convolutions and fully connected layers; else one a tensor.
  bool per_channel = true;
  // Types of the model's inputs and outputs: that of the activations; float32, with QUANTIZE and
  // DEQUANTIZE at the border; or, of a model with int8 activations, uint8 with QUANTIZE at the
  // border (same scale, zero point 128 higher).
  graph::DataType input = graph::DataType::kFloat32;
  graph::DataType output = graph::DataType::kFloat32;
  // The operators that stay float32, one place an operator; empty: none. A tensor that crosses the
  // border is converted once, by a DEQUANTIZE or QUANTIZE operator.
  std::vector<bool> float_ops = {};
  // Of those that stay float32, the ones whose weights are stored as int8 (weight_only.h).
  std::vector<bool> int8_storage_ops = {};
  // Operators whose weights get one scale for the tensor, one place an operator; empty: as
  // per_channel says.
  std::vector<bool> per_tensor_ops = {};
  // What is known of the inputs of operators with weights, one place an operator; empty: nothing.
  // Means are for bias correction, moments for rounding with feedback.
  std::span<const LayerInputs> layer_inputs = {};
};

// The integer model. `scales` are those of ChooseActivationScales for the same type of activations.
// kUnsupported, naming the operator, where its weights or bias are not constant, or TensorFlow Lite
// has no kernel of these activations for it.
Result<graph::Model> QuantizeFullInteger(const graph::Model& model,
                                         const std::vector<std::optional<ActivationScale>>& scales,
                                         const FullIntegerOptions& options, Warnings& warnings);

}  // namespace qbench::quantize
