// `qbench db export`: some runs of a database as a database of their own.
#pragma once

#include <filesystem>
#include <vector>

#include "base/status.h"
#include "harness/store/store.h"

namespace qbench::store {

// Makes a new database with these runs, in which they have numbers from 1. There it is complete or
// not at all. kInvalidArgument: there is something at `destination` already; the errors of
// Store::Merge.
Result<std::vector<MergedRun>> ExportRuns(Store& from, const std::filesystem::path& destination,
                                          const MergeOptions& options);

}  // namespace qbench::store
