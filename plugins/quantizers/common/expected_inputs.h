// The mean inputs of layers with weights as batch normalization tells them, without images: for
// analytic bias correction (Nagel et al. 2019, arXiv 1906.04721, section 4.2).
#pragma once

#include <vector>

#include "base/status.h"
#include "graph/ir.h"

namespace qbench::quantize {

// The mean of min(max(X, low), high) where X is normal with this mean and deviation (>= 0; 0: X is
// its mean). With a = (low - mean) / deviation, b = (high - mean) / deviation and the normal
// density phi and distribution Phi it is
//   low Phi(a) + high (1 - Phi(b)) + mean (Phi(b) - Phi(a)) + deviation (phi(a) - phi(b))
// (arXiv 1906.04721, appendix C). The bounds may be infinite.
double ClippedNormalMean(double mean, double deviation, double low, double high);

// One place an operator: of those with weights that are not among `float_ops` (empty: none are) the
// mean of each input channel, else nothing. Outputs of a layer with batch normalization are taken
// to be normal before their activation; additions, means, average pooling, padding, reshaping and
// concatenation are followed. Of a layer that reads the model's input, which no normalization
// describes, nothing is known, and its place is empty. kUnsupported, naming the layer, where
// another one's inputs are not known: the model has no batch normalization before it, or its file
// does not say (graph/output_statistics.h).
Result<std::vector<std::vector<float>>> ExpectedInputs(const graph::Model& model,
                                                       const std::vector<bool>& float_ops);

}  // namespace qbench::quantize
