// The verdict: a few sentences in plain words, made from the figures alone. Which variant is the
// fastest, which the smallest, and what that costs in accuracy, as far as processes and images can
// tell: what they cannot separate is a tie, and what was disturbed or invalid never wins.
#pragma once

#include <string>
#include <vector>

#include "reports/variants.h"

namespace qbench::reports {

struct Span {
  std::string text;
  bool strong = false;
};

// About the cells of one model on one data set.
struct Verdict {
  std::string subject;  // "mbv2_035_96 on scenes/test"
  std::vector<std::vector<Span>> paragraphs;
};

std::vector<Verdict> Verdicts(const RunView& run);

}  // namespace qbench::reports
