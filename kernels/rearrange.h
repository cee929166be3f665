// Operators that move values without computing: CONCATENATION, PAD, RESHAPE, TRANSPOSE,
// STRIDED_SLICE and DEPTH_TO_SPACE. They do not care
// for the type, only for the bytes of an element.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernel.h"

namespace qbench::kernels {

// One input of a concatenation: `run` bytes of it go into each of the output's rows in turn.
struct ConcatenationPart {
  const uint8_t* data = nullptr;
  int64_t run = 0;
};
// `rows`: the product of the dimensions before the axis.
void Concatenate(std::span<const ConcatenationPart> parts, int64_t rows, uint8_t* output);

// A PAD, dimension by dimension: `before` and `after` elements of the pad value around the input.
struct PadDimension {
  int64_t before = 0;
  int64_t size = 0;  // of the input
  int64_t after = 0;
};
// `value` is one element's bytes: real 0, which is the zero point where values are quantized.
void Pad(std::span<const PadDimension> dimensions, const uint8_t* input,
         std::span<const uint8_t> value, uint8_t* output);

// Copies elements of `size` bytes from `input`, dimension by dimension of the output: `count` of
// them, `step` bytes apart. Returns the output's next byte.
struct WalkDimension {
  int64_t count = 0;
  int64_t step = 0;
};
uint8_t* Walk(std::span<const WalkDimension> dimensions, const uint8_t* input, size_t size,
              uint8_t* output);

// kUnsupported where CONCATENATION or PAD would have to change the scale.
Result<Run> PrepareConcatenation(const OpContext& context);
Result<Run> PreparePad(const OpContext& context);
Result<Run> PrepareReshape(const OpContext& context);
Result<Run> PrepareTranspose(const OpContext& context);
Result<Run> PrepareStridedSlice(const OpContext& context);
Result<Run> PrepareDepthToSpace(const OpContext& context);

}  // namespace qbench::kernels
