// What TensorFlow's slicing operators take of each dimension.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/import/tensorflow/tf_node.h"

namespace qbench::graph::import {

struct TfSlice {
  int64_t begin = 0;
  int64_t stride = 1;  // may be negative
  int64_t count = 0;
  bool shrinks = false;  // an index: the dimension goes
  bool is_new = false;   // no dimension of the input; the output has 1 there
};

// Of a StridedSlice node, from its masks and inputs 1 to 3, in the order of the output, with a
// slice for each dimension of `dims`. kUnsupported where its bounds are not known.
Result<std::vector<TfSlice>> ReadStridedSlice(const TfNode& node, const Dims& dims);

}  // namespace qbench::graph::import
