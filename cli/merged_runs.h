// What `qbench merge` and `qbench db export` have in common.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "harness/store/store.h"

namespace qbench::cli {

// Looks at the disks; `remedy` says where else the database could be written ("name another with
// --into"). Prints a warning where there may be too little room.
store::RoomCheck RoomOnDisk(std::string remedy);

// "  run 3 is run 14 now", a line a run; `from` is the database that they are copied from.
std::string MergedText(const std::string& from, const std::vector<store::MergedRun>& merged);
Json MergedJson(const std::vector<store::MergedRun>& merged);
// How many were copied.
size_t CountCopied(const std::vector<store::MergedRun>& merged);
// "3 runs"
std::string RunsText(size_t count);

}  // namespace qbench::cli
