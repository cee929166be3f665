// Cells as the tests of a JUnit XML file, which build servers show.
#pragma once

#include <map>
#include <string>

#include "harness/results/night.h"
#include "reports/reports.h"

namespace qbench::reports {

// A suite a run and a test a cell. An error: it failed, crashed or took too long; skipped: it was
// not reached, is unsupported, or is invalid. Of a run that `nights` has, by its id, the verdict of
// each cell is its test's: a failure where it is worse, with the sentence of the gate.
std::string JunitReport(const Runs& runs, const std::map<int64_t, results::Night>& nights = {});

}  // namespace qbench::reports
