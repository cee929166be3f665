// The range of a model's input where the model quantizes it itself.
#pragma once

#include <span>

#include "quantize/ranges/calibration.h"

namespace qbench::quantize {

// `range`, or one whose steps are 255/254 wider, where int8 with it makes the smaller squared error
// of `values` (inputs of calibration samples).
//
// Pixels are themselves 8-bit integers. Of images scaled to [-1, 1] the int8 grid of the whole
// range has its points, as zero must be one of them, exactly between the pixels' values: each
// rounds by half a step, and to which side differs between runtimes. With 254 steps the roundings
// spread evenly: a third of the squared error, and the same on every runtime.
ValueRange ChooseInputRange(ValueRange range, std::span<const float> values);

}  // namespace qbench::quantize
