// A matrix with rows and columns exchanged: what TensorFlow Lite's weights are to TensorFlow's.
#pragma once

#include <cstddef>

#include "graph/ir.h"

namespace qbench::graph::import {

// `floats` are rows of `columns` values (at least 1, and the last row is whole).
Constant TurnedMatrix(const Constant& floats, size_t columns);

}  // namespace qbench::graph::import
