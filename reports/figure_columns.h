// The figures of a cell as the columns of a table that people read, from the one table of figures
// (store::kFields<CellSummary>).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/results/summary.h"
#include "reports/variants.h"

namespace qbench::reports {

struct Column {
  std::string title;
  std::string explanation;  // a sentence, for a tooltip or a legend
  bool is_number = true;    // numbers stand right, texts left
  bool is_wide = false;     // left out where there is little room: the closing table
};

// A column, and what stands in it.
struct ColumnSource {
  Column column;
  std::function<std::string(const Variant&)> text;
};

// The figures that this table shows, in the order of their places.
std::vector<ColumnSource> FigureColumns(results::Table table);

}  // namespace qbench::reports
