// The mean inputs of layers with weights as batch normalization tells them, without images: for
// analytic bias correction (Nagel et al. 2019, arXiv 1906.04721, section 4.2).
#pragma once

#include <vector>

#include "base/status.h"
#include "graph/ir.h"
#include "quantize/operator_choices.h"

namespace qbench::quantize {

// The mean of min(max(X, low), high) where X is normal with this mean and deviation (>= 0; 0: X is
// its mean). With a = (low - mean) / deviation, b = (high - mean) / deviation and the normal
// density phi and distribution Phi it is
//   low Phi(a) + high (1 - Phi(b)) + mean (Phi(b) - Phi(a)) + deviation (phi(a) - phi(b))
// (arXiv 1906.04721, appendix C). The bounds may be infinite.
double ClippedNormalMean(double mean, double deviation, double low, double high);

struct ExpectedMeans {
  // One place an operator: of those with weights the mean of each input channel, where it is known.
  std::vector<std::vector<float>> inputs;
  // Operators with weights of whose input nothing is known, though it is not the model's.
  std::vector<size_t> unknown;
};

// Of the operators with weights that do not stay float32. Outputs of a layer with batch
// normalization are taken to be normal before their activation, and sums too, of independent terms;
// activations, means, average pooling, padding, reshaping and concatenation are followed. The
// picture, the model's input, is described by no normalization: a layer that reads it has an empty
// place. kUnsupported, naming the first layer, where no layer's input is known: the model has no
// batch normalization, or its file does not say (graph/output_statistics.h).
Result<ExpectedMeans> ExpectedInputs(const graph::Model& model, const OperatorChoices& choices);

}  // namespace qbench::quantize
