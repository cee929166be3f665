// The user's wish that this process ends (Ctrl-C, SIGTERM). A signal is the whole process's, and so
// is this flag: whatever may take long asks it, without being handed anything.
#pragma once

#include <string_view>

#include "base/status.h"

namespace qbench {

// May be called by a signal handler. Any thread, like the others.
void RequestInterrupt() noexcept;
// Everything that may take longer than some 100 ms asks this in between, and then returns
// InterruptStatus(). Child processes are not told: their parent ends them.
bool InterruptRequested() noexcept;
// kCancelled, "interrupted while <doing>".
Status InterruptStatus(std::string_view doing);
// For tests: as if nobody had wished anything.
void WithdrawInterrupt() noexcept;

}  // namespace qbench
