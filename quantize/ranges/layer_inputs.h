// What calibration learns of the inputs of layers with weights, besides their ranges.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/ir.h"
#include "quantize/operator_choices.h"
#include "quantize/ranges/input_moments.h"

namespace qbench::quantize {

struct LayerInputsOptions {
  bool means = false;            // for bias correction
  bool moments = false;          // for rounding with feedback
  bool minima = false;           // for absorbing biases
  OperatorChoices choices = {};  // what stays float32 needs nothing

  bool any() const { return means || moments || minima; }
};

// Of one operator with weights.
struct LayerInputs {
  std::vector<float> means =
      {};  // of each input channel; of a fully connected layer, of each feature
  InputMoments moments = {};
  std::vector<float> minima = {};  // the smallest value of each channel
};

// Looks at activations, sample by sample. Memory does not grow with the samples.
class LayerInputsMeter {
 public:
  LayerInputsMeter(const graph::Graph& graph, const LayerInputsOptions& options);

  // The activations to look at, each once: the layers' inputs, before any RESHAPE, whose output a
  // runtime need not show.
  std::vector<graph::TensorId> sources() const;
  // The values of activation `source` for one sample; of any other tensor nothing is taken.
  // `scratch` is memory that calls may share. Different sources may be added at the same time.
  void Add(graph::TensorId source, std::span<const float> values, std::vector<float>& scratch);
  // One place an operator of the graph. Empties the meter.
  std::vector<LayerInputs> Finish();

 private:
  struct Layer {
    size_t op = 0;
    graph::TensorId source = graph::kNoTensor;
    std::vector<double> sums = {};  // a channel each
    int64_t rows = 0;
    std::vector<float> minima = {};
    std::optional<MomentMeter> moments = std::nullopt;
  };

  size_t ops_;
  std::vector<Layer> layers_;
};

}  // namespace qbench::quantize
