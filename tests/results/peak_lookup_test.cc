#include "harness/results/peak_lookup.h"

#include <gtest/gtest.h>

namespace qbench::results {
namespace {

TEST(PeakLookup, TakesTheSameTypeAndThreads) {
  const std::vector<store::MachinePeak> peaks = {
      {0, 0, store::PeakKind::kMultiplyAdd, "int8", 1, 100, ""},
      {0, 0, store::PeakKind::kMultiplyAdd, "int8", 4, 390, ""},
      {0, 0, store::PeakKind::kBandwidth, "read", 1, 10, ""},
      {0, 0, store::PeakKind::kBandwidth, "triad", 1, 12, ""},
      {0, 0, store::PeakKind::kBandwidth, "read", 4, 20, ""}};
  EXPECT_EQ(PeakPerSecond(peaks, store::PeakKind::kMultiplyAdd, "int8", 4), 390);
  EXPECT_EQ(PeakPerSecond(peaks, store::PeakKind::kMultiplyAdd, "int8", 2), std::nullopt);
  EXPECT_EQ(PeakPerSecond(peaks, store::PeakKind::kMultiplyAdd, "read", 1), std::nullopt);
  EXPECT_EQ(BandwidthPeak(peaks, 1), 12);
  EXPECT_EQ(BandwidthPeak(peaks, 4), 20);
  EXPECT_EQ(BandwidthPeak(peaks, 2), std::nullopt);
}

}  // namespace
}  // namespace qbench::results
