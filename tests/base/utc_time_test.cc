#include "base/utc_time.h"

#include <gtest/gtest.h>

namespace qbench {
namespace {

TEST(UtcTime, IsReadAsItIsWritten) {
  EXPECT_EQ(UtcText(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcSeconds("2025-11-20T21:04:05Z"), 1763672645);
  for (const int64_t seconds : {int64_t{0}, int64_t{951782399}, int64_t{1763672645}}) {
    EXPECT_EQ(UtcSeconds(UtcText(seconds)), seconds);
  }
  EXPECT_TRUE(UtcSeconds(UtcNow()).has_value());
}

TEST(UtcTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2025-11-20", "2025-11-20T21:04:05", "2025-11-20 21:04:05Z", "2025-02-30T00:00:00Z",
        "2025-13-01T00:00:00Z", "2025-11-20T24:00:00Z", "2025-11-20T21:60:05Z",
        "2025-11-20T21:04:65Z", "2025-1a-20T21:04:05Z", "2025-11-20T21:04:05Z "}) {
    EXPECT_EQ(UtcSeconds(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace qbench
