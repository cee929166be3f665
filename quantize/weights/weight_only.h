// The `weight_only` and `int4` schemes: the weights of convolutions, depthwise convolutions and
// fully connected layers are stored as symmetric integers, one scale an output channel (or a
// tensor), and made float32 again by a DEQUANTIZE operator in front of their user. Runtimes do that
// once, when the model is loaded; the arithmetic stays float32.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/ir.h"
#include "quantize/float_model.h"
#include "quantize/operator_choices.h"
#include "quantize/ranges/layer_inputs.h"

namespace qbench::quantize {

struct WeightStorage {
  // Weights of convolutions and fully connected layers with at least so many elements are int4 in
  // [-7, 7], two a byte; all others int8. Negative: none are int4. An int4 scale is the one of some
  // between max|w| / 7 and half of that (smaller scales cut off large weights and round the others
  // finer) with the smallest squared error: of the layer's output, where its inputs are known and
  // it has a scale for each channel, else of the weights.
  int64_t int4_from = -1;
  // Weights with fewer elements stay float32.
  int64_t float_below = 0;
  // int4 weights without DEQUANTIZE: the runtime quantizes the activations as it goes (dynamic
  // range quantization) and multiplies integers.
  bool dynamic_int4 = false;
  // Weights of operators that stay float32 do too.
  OperatorChoices choices = {};
};

// Rewrites every operator with float32 weights (of a model that is partly integer: those that
// stayed float). Weights for which integers would save less of the file than the scales and the
// DEQUANTIZE operator cost stay float32.
//
// `inputs`, one place an operator or empty, is what is known of the layers' inputs: with moments,
// weights are rounded with feedback (feedback_rounding.h), else to nearest; with means, the (float)
// biases make up for the mean error. Of weights that several operators share, the first one counts.
Status StoreWeights(graph::Model& model, const WeightStorage& storage,
                    std::span<const LayerInputs> inputs = {});

// The same as int8, for one operator, which reads a new tensor afterwards: gives the DEQUANTIZE
// operator that makes it and has to stand before. Nothing where it is not worthwhile.
std::optional<graph::Op> StoreWeightsAsInt8(graph::Graph& graph, graph::Op& op,
                                            const LayerInputs* inputs = nullptr);

}  // namespace qbench::quantize
