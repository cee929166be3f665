#include "graph/import/transposed_convolution.h"

#include <cstddef>

namespace qbench::graph::import {

void TransposedSide::ChooseBlocks() {
  const int32_t fewest = (kernel + stride - 1) / stride;
  skip = 0;
  if (taps() > fewest) skip = before % stride;
}

// An output channel for each pixel of a block and each filter; the input pixel that is furthest
// back comes first.
std::vector<float> PhaseFilter(const std::vector<float>& kernel, const TransposedSide& rows,
                               const TransposedSide& columns, int32_t filters, int32_t channels) {
  std::vector<float> filter;
  const auto place = [](const TransposedSide& d, int32_t phase, int32_t tap) {
    return phase + d.before - d.skip + (d.last() - tap) * d.stride;
  };
  const auto at = [&](int32_t y, int32_t x, int32_t f, int32_t c) {
    if (y < 0 || x < 0 || y >= rows.kernel || x >= columns.kernel) return 0.0F;
    const int64_t index = ((int64_t{y} * columns.kernel + x) * filters + f) * channels + c;
    return kernel[static_cast<size_t>(index)];
  };
  for (int32_t y = 0; y < rows.stride; ++y) {
    for (int32_t x = 0; x < columns.stride; ++x) {
      for (int32_t f = 0; f < filters; ++f) {
        for (int32_t u = 0; u < rows.taps(); ++u) {
          for (int32_t v = 0; v < columns.taps(); ++v) {
            for (int32_t c = 0; c < channels; ++c) {
              filter.push_back(at(place(rows, y, u), place(columns, x, v), f, c));
            }
          }
        }
      }
    }
  }
  return filter;
}

std::vector<float> PhaseBias(const std::vector<float>& bias, int64_t phases) {
  std::vector<float> all;
  for (int64_t i = 0; i < phases; ++i) all.insert(all.end(), bias.begin(), bias.end());
  return all;
}

}  // namespace qbench::graph::import
