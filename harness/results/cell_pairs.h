// Which cell of the one side belongs to which of the other. Internal to the comparison.
#pragma once

#include <vector>

#include "harness/results/comparison.h"

namespace qbench::results {

// In the order of the base's cells, then those of the new side alone; each cell once. Equal keys
// belong together (of two models with one name those with the same file first, then in their
// order); of what is left, cells that differ in options alone and have no other such cell beside
// them. What `by` leaves out is not looked at.
std::vector<CellPair> PairCells(const Side& base, const Side& now, PairBy by);

}  // namespace qbench::results
