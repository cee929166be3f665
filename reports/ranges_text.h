// The ranges of activations that an artifact's quantizer chose, as text. The document is what full
// integer quantizers emit as "ranges" (docs/quantizers.md), or a stranger's, of any content.
#pragma once

#include <string>

#include "base/json.h"

namespace qbench::reports {

// "ranges by mse on 100 images, litert 2.3.0 kernels=xnnpack"; "ranges given (sha256 …), by …".
// Empty where the document is not an object.
std::string DescribeRanges(const Json& ranges);

// One line a tensor under a line of titles: the range, what it is quantized to, and whether it was
// measured or follows from another tensor's. kCorrupt where the document has no array "tensors".
Result<std::string> RangesTable(const Json& ranges);

}  // namespace qbench::reports
