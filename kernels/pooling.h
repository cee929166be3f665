// AVERAGE_POOL_2D and MAX_POOL_2D over NHWC images, each channel for itself. Positions outside the
// image do not count: the average divides by the taps that fall inside.
#pragma once

#include <cstdint>

#include "kernels/kernel.h"
#include "kernels/requantize.h"
#include "kernels/window.h"

namespace qbench::kernels {

void AveragePool2DFloat(const Window& w, const float* input, FloatRange range, float* output);

// Quantized values are averaged as they are, since input and output share one scale; the quotient
// is rounded, halves away from zero.
template <typename Element>
void AveragePool2DQuantized(const Window& w, const Element* input, QuantizedRange range,
                            Element* output);

// Range: FloatRange for float, else QuantizedRange.
template <typename Element, typename Range>
void MaxPool2D(const Window& w, const Element* input, Range range, Element* output);

Result<Run> PrepareAveragePool2DFloat(const OpContext& context);
template <typename Element>
Result<Run> PrepareAveragePool2DQuantized(const OpContext& context);
Result<Run> PrepareMaxPool2DFloat(const OpContext& context);
template <typename Element>
Result<Run> PrepareMaxPool2DQuantized(const OpContext& context);

}  // namespace qbench::kernels
