// The figures of a cell as the columns of a table that people read, from the one table of figures
// (store::kFields<CellSummary>).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/results/summary.h"
#include "reports/variants.h"

namespace qbench::reports {

struct Column {
  std::string title;
  std::string explanation;  // a sentence, for a tooltip or a legend
  bool is_number = true;    // numbers stand right, texts left
  int leave_out = 0;        // where there is little room: the highest first; 0: never
};

// A column, and what stands in it.
struct ColumnSource {
  Column column;
  std::function<std::string(const Variant&)> text;
  // What rows are sorted by where the text is no number ("tie"); may be empty.
  std::function<std::optional<double>(const Variant&)> value = {};
};

// The figures that this table shows, in the order of their places.
std::vector<ColumnSource> FigureColumns(results::Table table);

}  // namespace qbench::reports
