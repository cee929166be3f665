#include "harness/measure/memory.h"

#include <sys/mman.h>

#include <cstring>

#include "gtest/gtest.h"

namespace qbench::measure {
namespace {

constexpr size_t kBlock = size_t{64} << 20;

// Touches memory and gives it back, past every allocator (a sanitizer's keeps what is freed).
void UseMemory() {
  void* block = mmap(nullptr, kBlock, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  std::memset(block, 1, kBlock);
  munmap(block, kBlock);
}

TEST(MemoryUse, PeakIsSeenAndCanBeReset) {
  UseMemory();
  const auto used = ReadMemoryUse();
  ASSERT_TRUE(used.ok()) << used.status().message();
  EXPECT_GE(used->peak_rss, used->rss);
  EXPECT_GE(used->peak_rss, kBlock);
  EXPECT_GT(used->rss_file, 0U);
  const Status reset = ResetPeakRss();
  if (reset.code() == StatusCode::kUnsupported) GTEST_SKIP() << reset.message();
  const auto after = ReadMemoryUse();
  ASSERT_TRUE(after.ok());
  EXPECT_LT(after->peak_rss, used->peak_rss);
}

TEST(AvailableMemory, IsKnown) {
  const auto available = AvailableMemory();
  ASSERT_TRUE(available.ok()) << available.status().message();
  EXPECT_GT(*available, uint64_t{1} << 20);
}

}  // namespace
}  // namespace qbench::measure
