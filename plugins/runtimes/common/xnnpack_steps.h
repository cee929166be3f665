// Which operator of a model each step of an XNNPACK runtime belongs to. XNNPACK profiles its own
// operators ("Fully Connected (NC, QS8, QC8W) GEMM" for a 1x1 CONV_2D) in the order in which they
// were defined; it folds some operators into others (a PAD into a convolution) and adds some (a
// conversion of the input). So both lists are aligned, as two spellings of one text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace qbench::plugin {

// An operator of the delegated partition.
struct DelegatedOp {
  std::string kind;  // "CONV_2D"
  // How many steps it may be: 0 for one of constants alone, which is computed when the model is
  // loaded; for a CONCATENATION as many as it joins.
  size_t most_steps = 1;
  bool flattens =
      false;  // a FULLY_CONNECTED that flattens its input, which may be a step before it
};

// For each step its operator's place in `ops`, or -1: the alignment with the most matching kinds
// that keeps the order of both. A step is assigned only where every best alignment agrees on it: of
// two ADDs and one "Add (ND)" step neither gets it. A conversion before an operator with
// dynamically quantized input ("QD8") belongs to that operator.
std::vector<int32_t> AlignXnnpackSteps(std::span<const DelegatedOp> ops,
                                       std::span<const std::string> steps);

}  // namespace qbench::plugin
