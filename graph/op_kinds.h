// Every operator and every type of the IR, for whatever goes through them all. ir.cc does not
// compile where one is appended to its enumeration and not counted here.
#pragma once

#include <array>
#include <cstddef>

#include "graph/ir.h"

namespace qbench::graph {

inline constexpr size_t kDataTypeCount = static_cast<size_t>(DataType::kInt4) + 1;
inline constexpr size_t kOpKindCount = static_cast<size_t>(OpKind::kDequantize) + 1;

// In the order of the enumeration.
inline constexpr std::array<OpKind, kOpKindCount> kAllOpKinds = [] {
  std::array<OpKind, kOpKindCount> kinds{};
  for (size_t i = 0; i < kinds.size(); ++i) kinds[i] = static_cast<OpKind>(i);
  return kinds;
}();

}  // namespace qbench::graph
