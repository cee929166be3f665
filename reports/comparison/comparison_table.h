// The table of a comparison as text, from which the terminal's, the Markdown's and the page's are
// laid out. Internal to reports.
#pragma once

#include <string>
#include <vector>

#include "harness/results/comparison.h"

namespace qbench::reports {

struct ComparisonTable {
  struct Column {
    std::string title;
    std::string explanation;  // a sentence, for a tooltip
    bool is_number = true;
  };
  std::vector<Column> columns;                 // the first has the names of the pairs
  std::vector<std::vector<std::string>> rows;  // one a pair, in their order
};

// Columns that are empty in every row are left out.
ComparisonTable MakeComparisonTable(const results::Comparison& comparison);

}  // namespace qbench::reports
