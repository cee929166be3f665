// The exit statuses of every command: an interface, documented in each --help.
#pragma once

#include "base/status.h"

namespace qbench::cli {

enum ExitStatus : int {
  kDone = 0,        // cells may have failed: they are rows
  kRegression = 1,  // qbench compare, qbench run --gate: the new side is worse
  kUsageError = 2,  // or the environment's: nothing was measured, or no more could be
  kCellFailed = 3,  // every cell of a run, or with --strict any; a plugin that does not conform
  kCannotTell = 4,  // qbench compare: nothing valid to compare; qbench run --gate: a night on which
                    // latencies mean nothing
  kInterrupted = 130,
};

inline ExitStatus ExitStatusOf(const Status& status) {
  if (status.ok()) return kDone;
  return status.code() == StatusCode::kCancelled ? kInterrupted : kUsageError;
}

}  // namespace qbench::cli
