// A page of so many cells that nobody reads a row of each: groups of them. Internal to reports.
#pragma once

#include "reports/html_sections.h"

namespace qbench::reports {

// What stands in place of the main table: {columns, rows}, a row a group of cells with the same
// quantizer and runtime, over all models, data sets and numbers of threads.
Data GroupTable(const RunView& run);

// That the page shows groups, by what, and what has all cells.
std::string GroupRemark(const RunView& run);

// At most so many of the texts, and how many more there are.
std::vector<std::string> Capped(std::vector<std::string> texts);

}  // namespace qbench::reports
