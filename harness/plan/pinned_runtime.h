// The runtime plugin of a pinned baseline, tried on this machine.
#pragma once

#include "base/status.h"
#include "harness/baseline/pinned_baseline.h"
#include "harness/plan/catalogue.h"

namespace qbench::plan {

// Loads the copy of the plugin, with the copy of its engine's library, in a process of its own, and
// returns it as the runs of this machine have it: files and facts are the copies'. kNotFound: it
// does not load or work here any more; kUnsupported: it opened another library than the one that
// was pinned. Both say what to do. kCancelled.
Result<InstalledPlugin> TryPinnedRuntime(const baseline::PinnedRuntime& runtime,
                                         const JobRunner& run_job);

}  // namespace qbench::plan
