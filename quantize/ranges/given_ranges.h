// Ranges of activations that are given instead of measured.
#pragma once

#include <string>
#include <string_view>

#include "graph/ir.h"
#include "quantize/ranges/calibration.h"

namespace qbench::quantize {

// Ranges that are made up, so that a model can be timed before there is calibration data; the
// options of TensorFlow 1's converter.
struct DummyRanges {
  float min = 0.0F;  // default_ranges_min, of every activation
  float max = 6.0F;  // default_ranges_max
  // The input is (pixel - mean) / std_dev for pixels 0 to 255.
  float mean = 127.5F;
  float std_dev = 127.5F;
};

// One place a tensor: the input's by mean and standard deviation, all others the same.
// kInvalidArgument where min is not below max.
Result<TensorRanges> MakeDummyRanges(const graph::Model& model, const DummyRanges& dummy);

// What was done to the float model before its ranges were measured: with something else done to it,
// the same tensors have other ranges.
struct FloatModelChanges {
  bool equalization = false;
  bool bias_absorption = false;
};

// Where given ranges come from, for the provenance; empty where the document does not say.
struct RangesOrigin {
  std::string calibration;
  std::string runtime;
  uint64_t samples = 0;
};

struct GivenRanges {
  TensorRanges ranges;
  RangesOrigin origin;
};

// Reads ranges as full integer quantizers emit them ("ranges", see docs/quantizers.md): of the
// tensors whose `measured` is true, by name. kInvalidArgument, naming the tensor and those whose
// names come nearest, where one that the model needs is missing, or the model has no activation of
// a name; naming the tensor or the option where a range makes no sense or `changes` are not those
// that the document states; kCorrupt where `json` is no such document.
Result<GivenRanges> ReadRanges(const graph::Model& model, const FloatModelChanges& changes,
                               std::string_view json);

}  // namespace qbench::quantize
