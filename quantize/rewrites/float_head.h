// The head of a classifier: what turns features into the scores that an application reads.
//
// With 8 bits the scores are where rounding costs most: one step of the logits is often more than
// the distance between the two best classes, and softmax's outputs are multiples of 1/256, where
// close classes become equal. In float the head costs next to nothing, as it is small; and XNNPACK
// runs SOFTMAX for float and not for int8.
#pragma once

#include <vector>

#include "graph/ir.h"

namespace qbench::quantize {

// A fully connected layer below this share of the model's multiply-adds is part of the head. (At
// this share float instead of int8, four times the bytes to read, is some 1 % of the model's time.)
inline constexpr double kLargestHead = 1.0 / 400.0;

// Marks, one place an operator, for each float32 output of the model: the SOFTMAX, LOGISTIC or TANH
// that makes it, and before it a small FULLY_CONNECTED layer; RESHAPE between them is looked
// through. Nothing where the model does not end so, and only what no other operator reads.
std::vector<bool> FindHead(const graph::Model& model);

}  // namespace qbench::quantize
