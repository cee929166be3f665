#include "base/utc_time.h"

#include <gtest/gtest.h>

namespace qbench {
namespace {

TEST(UtcTime, ReadsWhatItWrites) {
  EXPECT_EQ(UtcSeconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(UtcSeconds("2000-03-01T00:00:00Z"), 951868800);
  EXPECT_EQ(UtcSeconds("2025-11-20T21:04:05Z"), 1763672645);
  EXPECT_GT(UtcSeconds(UtcNow()), 1763672645);
}

TEST(UtcTime, RefusesAnythingElse) {
  for (const char* text : {"", "yesterday", "2025-11-20 21:04:05Z", "2025-11-20T21:04:05",
                           "2025-02-30T00:00:00Z", "2025-13-01T00:00:00Z", "2025-11-20T24:00:00Z",
                           "2025-11-20T21:60:00Z", "-025-11-20T21:04:05Z"}) {
    EXPECT_FALSE(UtcSeconds(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace qbench
