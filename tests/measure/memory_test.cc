#include "harness/measure/memory.h"

#include <vector>

#include "gtest/gtest.h"

namespace qbench::measure {
namespace {

constexpr size_t kBlock = size_t{64} << 20;

// Touches memory and gives it back.
void UseMemory() {
  std::vector<char> block(kBlock, 1);
  volatile char* touch = block.data();
  for (size_t i = 0; i < kBlock; i += 4096) touch[i] = 2;
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
