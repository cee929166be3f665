// A transposed convolution as a convolution and DEPTH_TO_SPACE: TRANSPOSE_CONV of TensorFlow Lite
// has the batch in its output's shape, which is open here. The convolution's channels are those of
// a block of stride x stride output pixels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace qbench::graph::import {

// One direction. Input pixel i adds kernel[j] to output pixel i * stride + j - before; of these the
// first `size` are kept. Output pixels are computed in blocks of `stride`, of which the first
// begins at output pixel -skip.
struct TransposedSide {
  int32_t input = 0, kernel = 1, stride = 1;
  int32_t before = 0, size = 0;
  int32_t skip = 0;

  // A pixel of block q gets something of input pixels q - last … q - first, by kernel[j] with j =
  // (place in the block) + before - skip + (how far back) * stride.
  int32_t first() const { return -((stride - 1 + before - skip) / stride); }
  int32_t last() const { return (kernel - 1 - before + skip) / stride; }
  int32_t taps() const { return last() - first() + 1; }
  int32_t blocks() const { return (size + skip + stride - 1) / stride; }
  // Zeros around the convolution's input.
  int32_t pad_before() const { return last(); }
  int32_t pad_after() const { return std::max(blocks() - first() - input, 0); }
  // Else its padding leaves output pixels without input.
  bool IsSound() const { return size >= 1 && size <= (1 << 24) && first() <= 0 && last() >= 0; }

  // Chooses `skip`: blocks begin at the first output pixel, so that none is computed to be cut off,
  // unless the filter would have to be larger for it.
  void ChooseBlocks();
};

// The convolution's filter, OHWI with O = stride * stride * filters, from `kernel`, [height, width,
// filters, channels]. Of the output after DEPTH_TO_SPACE, `size` pixels from `skip` on are kept.
std::vector<float> PhaseFilter(const std::vector<float>& kernel, const TransposedSide& rows,
                               const TransposedSide& columns, int32_t filters, int32_t channels);

// The bias of each filter, once for each of the `phases` pixels of a block.
std::vector<float> PhaseBias(const std::vector<float>& bias, int64_t phases);

}  // namespace qbench::graph::import
