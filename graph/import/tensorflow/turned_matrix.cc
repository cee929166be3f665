#include "graph/import/tensorflow/turned_matrix.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "graph/constant_values.h"

namespace qbench::graph::import {

Constant TurnedMatrix(const Constant& floats, size_t columns) {
  constexpr size_t kTile = 64;  // of both sides: what is read and written stays in the cache
  const ConstantValues<float> values(floats);
  const std::span<const float> from = values.span();
  const size_t rows = from.size() / columns;
  std::vector<float> turned(rows * columns);
  for (size_t row = 0; row < rows; row += kTile) {
    const size_t last_row = std::min(rows, row + kTile);
    for (size_t column = 0; column < columns; column += kTile) {
      const size_t last_column = std::min(columns, column + kTile);
      for (size_t r = row; r < last_row; ++r) {
        for (size_t c = column; c < last_column; ++c) turned[c * rows + r] = from[r * columns + c];
      }
    }
  }
  return TakeConstant(std::move(turned));
}

}  // namespace qbench::graph::import
