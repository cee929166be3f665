#include "graph/import/transposed_convolution.h"

#include <cstddef>

namespace qbench::graph::import {

// An output channel for each pixel of a block and each filter, and the kernel from its end.
std::vector<float> PhaseFilter(const std::vector<float>& kernel, const TransposedSide& rows,
                               const TransposedSide& columns, int32_t filters, int32_t channels) {
  std::vector<float> filter;
  const auto at = [&](int32_t y, int32_t x, int32_t f, int32_t c) {
    if (y >= rows.kernel || x >= columns.kernel) return 0.0F;
    const int64_t index = ((int64_t{y} * columns.kernel + x) * filters + f) * channels + c;
    return kernel[static_cast<size_t>(index)];
  };
  for (int32_t y = 0; y < rows.stride; ++y) {
    for (int32_t x = 0; x < columns.stride; ++x) {
      for (int32_t f = 0; f < filters; ++f) {
        for (int32_t u = rows.taps() - 1; u >= 0; --u) {
          for (int32_t v = columns.taps() - 1; v >= 0; --v) {
            for (int32_t c = 0; c < channels; ++c) {
              filter.push_back(at(u * rows.stride + y, v * columns.stride + x, f, c));
            }
          }
        }
      }
    }
  }
  return filter;
}

}  // namespace qbench::graph::import
