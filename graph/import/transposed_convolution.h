// A transposed convolution as a convolution and DEPTH_TO_SPACE: TRANSPOSE_CONV of TensorFlow Lite
// has the batch in its output's shape, which is open here. The convolution's channels are those of
// a block of stride x stride output pixels.
#pragma once

#include <cstdint>
#include <vector>

namespace qbench::graph::import {

// One direction. Input pixel i adds kernel[j] to output pixel i * stride + j - before; of these the
// first `size` are kept.
struct TransposedSide {
  int32_t input = 0, kernel = 1, stride = 1;
  int32_t before = 0, size = 0;

  // Input pixels that one output pixel gets something of.
  int32_t taps() const { return (kernel + stride - 1) / stride; }
  // Output pixels that are computed.
  int32_t computed() const { return (input + taps() - 1) * stride; }
};

// The convolution's filter, OHWI with O = stride * stride * filters, from `kernel`, [height, width,
// filters, channels]. The input has to be padded by taps() - 1 zeros on each side; of the output
// after DEPTH_TO_SPACE, `size` pixels from `before` on are kept.
std::vector<float> PhaseFilter(const std::vector<float>& kernel, const TransposedSide& rows,
                               const TransposedSide& columns, int32_t filters, int32_t channels);

}  // namespace qbench::graph::import
