// CONV_2D whose channels fall into groups: each group of output channels sees its own group of
// input channels. Group by group a convolution of its own, with that one's kernel.
#pragma once

#include "kernels/kernel.h"

namespace qbench::kernels {

// The operator is a CONV_2D of more than one group.
bool IsGrouped(const OpContext& context);

// `prepare` makes the kernel of a convolution with the same types. kUnsupported where the weights
// alone are integers: activations are quantized over all channels.
Result<Run> PrepareGroupedConv2D(const OpContext& context, Prepare prepare);

}  // namespace qbench::kernels
