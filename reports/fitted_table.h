// The main table of a run for a terminal, which has so many columns and no more. Internal to
// reports.
#pragma once

#include <string>

#include "reports/result_table.h"

namespace qbench::reports {

// A title line or two, a line a row, and what is missing below. Where it does not fit `width`, long
// texts are shortened to "int8 [1]", which a legend below explains, then columns are left out
// (Column::leave_out), then texts are shortened further, then columns move together. Numbers are
// never cut: of a table of numbers alone that does not fit, lines are longer.
std::string FittedTable(const ResultTable& table, size_t width);

}  // namespace qbench::reports
