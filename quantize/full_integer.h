// Full integer quantization: int8 weights, and int8 activations with int32 biases, as TensorFlow
// Lite's 8-bit quantization specification wants them, or int16 activations with int64 biases, its
// 16x8 scheme.
#pragma once

#include "graph/ir.h"
#include "quantize/float_model.h"
#include "quantize/operator_choices.h"
#include "quantize/ranges/activation_scales.h"
#include "quantize/ranges/layer_inputs.h"

namespace qbench::quantize {

struct FullIntegerOptions {
  graph::DataType activations = graph::DataType::kInt8;  // or kInt16
  // Types of the model's inputs and outputs: that of the activations; float32, with QUANTIZE and
  // DEQUANTIZE at the boundary; or, of a model with int8 activations, uint8 with QUANTIZE at the
  // boundary (same scale, zero point 128 higher).
  graph::DataType input = graph::DataType::kFloat32;
  graph::DataType output = graph::DataType::kFloat32;
  // A tensor that crosses the boundary to an operator that stays float32 is converted once, by a
  // DEQUANTIZE or QUANTIZE operator. int8_storage is that of weight_only.h.
  OperatorChoices choices = {};
  // What is known of the inputs of operators with weights, one place an operator; empty: nothing.
  // Means are for bias correction, moments for rounding with feedback.
  std::span<const LayerInputs> layer_inputs = {};
};

// The integer model. Learned ranges of weights give their scales where activations are int8; no
// tensor keeps one. `scales` are those of ChooseActivationScales for the same type of activations.
// kUnsupported, naming the operator, where its weights or bias are not constant, or TensorFlow Lite
// has no kernel of these activations for it.
Result<graph::Model> QuantizeFullInteger(const graph::Model& model,
                                         const std::vector<std::optional<ActivationScale>>& scales,
                                         const FullIntegerOptions& options, Warnings& warnings);

}  // namespace qbench::quantize
