#include "harness/store/interruptible.h"

#include <sqlite3.h>

#include <chrono>
#include <thread>

#include "base/interrupt.h"

namespace qbench::store {
namespace {

constexpr std::chrono::milliseconds kPause{10};
constexpr int kMostPauses = 1000;
constexpr int kInstructionsBetweenLooks = 10'000;  // of SQLite's virtual machine: below 1 ms

// `pauses`: how often it was called for this lock. 0: give up.
int PauseForOthers(void* /*unused*/, int pauses) {
  if (pauses >= kMostPauses || InterruptRequested()) return 0;
  std::this_thread::sleep_for(kPause);
  return 1;
}

int LookForWish(void* /*unused*/) { return InterruptRequested() ? 1 : 0; }

}  // namespace

void WaitForOthers(SQLite::Database& connection) {
  sqlite3_busy_handler(connection.getHandle(), PauseForOthers, nullptr);
}

void StopWhenAsked(SQLite::Database& connection) {
  sqlite3_progress_handler(connection.getHandle(), kInstructionsBetweenLooks, LookForWish, nullptr);
}

void StopNoMore(SQLite::Database& connection) {
  sqlite3_progress_handler(connection.getHandle(), 0, nullptr, nullptr);
}

}  // namespace qbench::store
