// Rewrites that leave a float model's function as it is (up to rounding) and make it smaller and
// faster, as TensorFlow's converter does before it writes a file. Each takes a valid model and
// leaves a valid one; each is idempotent.
#pragma once

#include "graph/ir.h"

namespace qbench::graph {

// A multiplication or addition by a constant per channel (what batch normalization is at
// inference) that follows a convolution or fully connected layer with no activation and no other
// user goes into its weights and bias (Jacob et al. 2018, arXiv 1712.05877, section 3.2).
Status FoldBatchNorm(Model& model);

// RELU, RELU6 and the like become the activation of the operator before them.
Status FuseActivations(Model& model);

// A PAD that equals what SAME padding would add goes into the convolution after it.
Status FoldPads(Model& model);

// Operators whose inputs are all constant are computed now.
Status FoldConstants(Model& model);

// Removes operators that no output needs, and tensors that nothing uses.
Status RemoveDeadCode(Model& model);

// All of the above, in that order, until nothing changes: what an importer runs.
Status Optimize(Model& model);

}  // namespace qbench::graph
