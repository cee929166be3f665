// Pins a run: copies what it takes to measure its cells again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/baseline/pinned_baseline.h"
#include "harness/store/store.h"

namespace qbench::baseline {

struct Pinned {
  Baseline baseline;
  std::vector<std::string> left_out;  // cells that cannot be pinned, each with the reason
};

// Writes BASELINES/NAME from a run of the database `database`: the cells that worked, each
// artifact with the sidecar of its model, each runtime plugin and the library that it opened. Every
// file is hashed as it is copied, and must be what the run measured. `verify` (may be empty) looks
// at the whole, where it was written, before it gets its name: it should try whether the runtimes
// can be loaded. The folder is there whole or not at all.
// kInvalidArgument: the name, a name that is taken, a run without a cell that worked. kNotFound,
// kCorrupt: a file of the run has gone or is another by now; the message names it and the next
// step. kIo, kNoSpace; kCancelled; the errors of `verify`.
Result<Pinned> PinRun(const store::RunData& run, const std::filesystem::path& database,
                      const std::filesystem::path& baselines, const std::string& name,
                      const std::function<Status(const Baseline&)>& verify);

}  // namespace qbench::baseline
