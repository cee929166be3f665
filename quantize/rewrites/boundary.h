// Where a partly quantized model changes between integers and floats.
//
// A tensor whose maker computes in one type and of whose users some compute in the other is
// converted once, by a QUANTIZE or DEQUANTIZE operator; that costs as many elements as it has.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/ir.h"

namespace qbench::quantize {

// What stands at the model's ends: float32, or integers.
struct BoundaryEnds {
  bool float_input = true;
  bool float_output = true;
};

// The elements converted in all; `float_ops` has one place an operator.
int64_t ConvertedElements(const graph::Graph& graph, const BoundaryEnds& ends,
                          const std::vector<bool>& float_ops);

// Sets float_ops of the operators that are `free` to choose so that the fewest elements are
// converted: a minimum cut between what computes in integers and what computes in floats, by
// augmenting along shortest paths (Edmonds and Karp, Journal of the ACM 19, 1972, section 1.2).
// Of several cheapest choices, the one with the fewest float operators.
void PlaceBoundaries(const graph::Graph& graph, const BoundaryEnds& ends,
                     const std::vector<bool>& free_ops, std::vector<bool>& float_ops);

}  // namespace qbench::quantize
