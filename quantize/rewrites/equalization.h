// Rewrites of a float model that leave its function as it is and make it easier to quantize.
//
// Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
// Correction" (arXiv 1906.04721), sections 4.1 and 4.1.3 ("absorbing high biases").
#pragma once

#include <cstdint>
#include <vector>

#include "graph/ir.h"
#include "quantize/ranges/layer_inputs.h"

namespace qbench::quantize {

// Cross-layer equalization. Where the output of one layer with weights goes to another such layer
// and nowhere else, channel i of the first is divided by
//   s[i] = sqrt(r1[i] * r2[i]) / r2[i]
// (equation 11: r1 and r2 are the largest magnitudes of the weights that make and that read the
// channel) and the second layer's weights for it are multiplied by s[i]: then both use their range
// alike in every channel. Repeated until nothing moves, as a layer is in two pairs.
//
// Exact, up to rounding, as what lies between must be positively homogeneous: no activation, RELU,
// pooling, zero padding, mean over the image, reshape to a matrix. RELU6 is not: scaled, it would
// clip elsewhere. (The paper replaces it by RELU, which is another function.) Such pairs stay.
// Returns the number of pairs.
Result<int64_t> EqualizeCrossLayer(graph::Model& model);

// Absorbs high biases: where every value that a layer's channel i takes behind its RELU is at least
// c[i] > 0, its bias is lowered by c[i] and the next layer's biases are raised by its weights times
// c[i]. That narrows the activation's range. `minima`: LayerInputs of the model measured with
// LayerInputsOptions::minima, so c[i] is what the calibration images show: the function is the same
// on them. Only layers without padding take part, as zeros of padding would not be lowered.
// Returns the number of channels.
Result<int64_t> AbsorbHighBiases(graph::Model& model, const std::vector<LayerInputs>& minima);

}  // namespace qbench::quantize
