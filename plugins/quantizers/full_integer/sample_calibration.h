// Measures the ranges of a model's activations on the host's calibration samples.
#pragma once

#include <cstdint>

#include "graph/ir.h"
#include "plugins/support/host_services.h"
#include "quantize/ranges/layer_inputs.h"
#include "quantize/ranges/range_estimator.h"

namespace qbench::quantize {

// What a measurement came from, for the provenance of its ranges.
struct CalibratedRanges {
  TensorRanges ranges;
  // One place an operator, with what LayerInputsOptions asks for; empty where that is nothing.
  std::vector<LayerInputs> layer_inputs;
  uint64_t samples = 0;  // the first so many of the calibration split
};

// Ranges by `options` over the first options.images calibration samples, or over all where there
// are fewer (with a warning). The host runs the model with the measured tensors as its outputs, a
// large one in stages, where the host can feed them; memory does not grow with the number of
// samples. The model's inputs get their smallest and largest value whatever the method: pixels have
// no outliers. kInvalidArgument: no samples, or a model that does not take them; the host's errors
// as they are.
Result<CalibratedRanges> Calibrate(const graph::Model& model, const CalibrationOptions& options,
                                   const LayerInputsOptions& layers,
                                   const plugin::HostServices& host);

}  // namespace qbench::quantize
