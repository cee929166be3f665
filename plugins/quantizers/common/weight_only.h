// The `weight_only` scheme: the weights of convolutions, depthwise convolutions and fully connected
// layers are stored as symmetric int8, one scale an output channel, and made float32 again by a
// DEQUANTIZE operator in front of their user. Runtimes do that once, when the model is loaded; the
// arithmetic stays float32.
#pragma once

#include <optional>
#include <span>

#include "graph/ir.h"
#include "plugins/quantizers/common/float_model.h"
#include "plugins/quantizers/common/layer_inputs.h"

namespace qbench::quantize {

// Rewrites every operator with float32 weights (of a model that is partly integer: those that
// stayed float). Weights for which int8 would save less of the file than the scales and the
// DEQUANTIZE operator cost stay float32.
//
// `inputs`, one place an operator or empty, is what is known of the layers' inputs: with moments,
// weights are rounded with feedback (feedback_rounding.h), else to nearest; with means, the (float)
// biases make up for the mean error. Of weights that several operators share, the first one counts.
Status StoreWeightsAsInt8(graph::Model& model, std::span<const LayerInputs> inputs = {});

// The same for one operator, which reads a new tensor afterwards: gives the DEQUANTIZE operator
// that makes it and has to stand before. Nothing where it is not worthwhile.
std::optional<graph::Op> StoreWeightsAsInt8(graph::Graph& graph, graph::Op& op,
                                            const LayerInputs* inputs = nullptr);

}  // namespace qbench::quantize
