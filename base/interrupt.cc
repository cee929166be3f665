#include "base/interrupt.h"

#include <atomic>

namespace qbench {
namespace {

std::atomic<bool> requested = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

}  // namespace

void RequestInterrupt() noexcept { requested = true; }
bool InterruptRequested() noexcept { return requested; }
void WithdrawInterrupt() noexcept { requested = false; }

Status InterruptStatus(std::string_view doing) {
  return Error(StatusCode::kCancelled, "interrupted while {}", doing);
}

}  // namespace qbench
