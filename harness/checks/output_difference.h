// How far one runtime's output is from another's.
#pragma once

#include <string>

#include "base/bytes.h"
#include "graph/ir.h"

namespace qbench::checks {

struct Difference {
  // Integers: steps. Floats: the largest difference as a part of the largest expected value, or of
  // 1 where all are smaller; infinite where only one side is a number.
  double largest = 0.0;
  bool steps = false;
  int64_t different = 0;  // elements that are not the same
  int64_t elements = 0;
};

// Both hold elements of `type`; sizes that differ are an infinite difference.
Difference Compare(graph::DataType type, ByteSpan actual, ByteSpan expected);

// "3 steps", "0.002".
std::string Describe(const Difference& difference);

}  // namespace qbench::checks
