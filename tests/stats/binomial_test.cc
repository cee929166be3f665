#include "harness/stats/binomial.h"

#include <gtest/gtest.h>

namespace qbench::stats {
namespace {

// Sums of C(n, k) p^k (1-p)^(n-k) by hand.
TEST(Binomial, TailsAreExact) {
  EXPECT_NEAR(AtLeast(2, 3, 0.5), 0.5, 1e-15);            // (3 + 1) / 8
  EXPECT_NEAR(AtMost(1, 4, 0.25), 189.0 / 256.0, 1e-15);  // (81 + 108) / 256
  EXPECT_NEAR(AtMost(0, 20, 0.5), 1.0 / 1048576.0, 1e-18);
  EXPECT_NEAR(AtLeast(10, 60, 1.0 / 6), 0.5536266, 1e-6);
  EXPECT_NEAR(AtLeast(7, 20, 0.3) + AtMost(6, 20, 0.3), 1, 1e-12);
}

TEST(Binomial, EndsAreCertain) {
  EXPECT_EQ(AtLeast(0, 5, 0.2), 1);
  EXPECT_EQ(AtLeast(6, 5, 0.2), 0);
  EXPECT_EQ(AtMost(5, 5, 0.2), 1);
  EXPECT_EQ(AtMost(-1, 5, 0.2), 0);
  EXPECT_EQ(AtLeast(1, 5, 0), 0);
  EXPECT_EQ(AtLeast(5, 5, 1), 1);
}

TEST(Binomial, WhatIsNoDistributionSaysNothing) {
  EXPECT_EQ(AtLeast(1, -1, 0.5), 1);
  EXPECT_EQ(AtMost(1, 5, 1.5), 1);
}

}  // namespace
}  // namespace qbench::stats
