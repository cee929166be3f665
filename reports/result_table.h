// The main table of a run, as text, from which the terminal, the Markdown and the HTML table are
// laid out. Columns that are the same in every row are left out.
#pragma once

#include <string>
#include <vector>

#include "reports/figure_columns.h"
#include "reports/variants.h"

namespace qbench::reports {

struct ResultTable {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // one a variant, in the run's order
};

// How each cell ended is a column where not all are ok.
ResultTable MakeResultTable(const RunView& run);
ColumnSource StatusColumn();

// A sentence on how the latencies are compared, and with what confidence.
std::string ComparisonLegend(const RunView& run);

}  // namespace qbench::reports
