// Rewrites that leave a float model's function as it is (up to rounding) and make it smaller and
// faster, as TensorFlow's converter does before it writes a file. Each takes a valid model and
// leaves a valid one; each is idempotent.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

// TRANSPOSE goes behind the operators that compute with single values, join, pad, reduce or slice,
// until it meets its inverse and both go; one in front of a reshape to a row goes into the weights
// of the fully connected layers that read it. So what a framework computes with channels first is
// computed with channels last. Nothing is done where that leaves as many operators.
Status MoveTransposes(Model& model);

// Multiplications and additions of a constant per channel (what batch normalization is at
// inference) that follow a convolution or fully connected layer with no activation and no other
// user go into its weights and bias (Jacob et al. 2018, arXiv 1712.05877, section 3.2). Computed in
// double and rounded once, however many there are; the layer takes over the statistics of the last
// one. A learned range of the weights is multiplied with them, as quantization-aware training has
// it: their integers stay. What stands before a convolution stays: padding
// makes an addition there inexact.
Status FoldBatchNorm(Model& model);

// Multiplications and additions of a constant per channel in front of a convolution or fully
// connected layer that alone reads them go into its weights and bias (x / 127.5 - 1 before the
// first convolution). An addition only where the layer does not pad, since padding is zeros behind
// it.
Status FoldAffineInput(Model& model);

// A reshape that only adds or drops the dimensions that a reduction left at 1 goes into the
// reduction, which keeps its dimensions or does not.
Status FoldReshapes(Model& model);

// RELU and RELU6 become the activation of the operator before them, where that has one.
Status FuseActivations(Model& model);

// x * relu6(x + 3) / 6, which is written as four operators where a framework has none of its own
// for it, is one HARD_SWISH.
Status FuseHardSwish(Model& model);

// A PAD that adds exactly the zeros that SAME padding would goes into the VALID convolution after
// it. (Keras's MobileNetV2 pads by ((0, 1), (0, 1)) before its convolutions of stride 2.)
Status FoldPads(Model& model);

// Operators that change nothing go: a multiplication by 1, an addition of 0, a reshape to the same
// shape; of two reshapes one after the other, the first; a multiplication by -1 that is subtracted.
Status RemoveIdentities(Model& model);

// Operators whose inputs are all constant are computed now: float32 arithmetic, activations, PAD
// and RESHAPE. Not DEQUANTIZE, which would undo the compression that the file's author chose; other
// operators stay as they are.
Status FoldConstants(Model& model);

// Axes, shapes and paddings that are the same are one tensor.
Status ShareParameters(Model& model);

// Removes operators that no output needs, and tensors that nothing uses.
Status RemoveDeadCode(Model& model);

// What a pass did, in all its rounds.
struct PassEffect {
  std::string_view pass;  // "FoldBatchNorm"
  int64_t operators = 0;  // that there are fewer after it
};

// Validates, runs all of the above in that order until nothing changes, and validates again: what
// an importer runs. `effects` (may be null) gets an entry for each pass, in that order.
Status Optimize(Model& model, std::vector<PassEffect>* effects = nullptr);

}  // namespace qbench::graph
