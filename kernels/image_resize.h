// RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR of NHWC images.
#pragma once

#include "kernels/kernel.h"

namespace qbench::kernels {

Result<Run> PrepareResizeNearest(const OpContext& context);  // any type: it copies
Result<Run> PrepareResizeBilinearFloat(const OpContext& context);

}  // namespace qbench::kernels
