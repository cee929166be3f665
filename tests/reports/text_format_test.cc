#include "reports/text_format.h"

#include <gtest/gtest.h>

namespace qbench::reports {
namespace {

TEST(TextFormat, KeepsThreeSignificantDigits) {
  EXPECT_EQ(Significant(0.3125), "0.312");
  EXPECT_EQ(Significant(3.126), "3.13");
  EXPECT_EQ(Significant(31.25), "31.2");
  EXPECT_EQ(Significant(312.5), "312");
  EXPECT_EQ(Significant(3125), "3120");
  EXPECT_EQ(Significant(9.996), "10.0");
  EXPECT_EQ(Significant(0.0001234), "0.000123");
  EXPECT_EQ(Significant(0), "0");
}

TEST(TextFormat, ShowsADashForWhatWasNotMeasured) {
  EXPECT_EQ(Milliseconds(std::nullopt), "–");
  EXPECT_EQ(Percent(std::nullopt), "–");
  EXPECT_EQ(PercentRange(0.1, std::nullopt), "–");
  EXPECT_EQ(Points(std::nullopt), "–");
  EXPECT_EQ(Ratio(std::nullopt), "–");
  EXPECT_EQ(Count(std::nullopt), "–");
}

TEST(TextFormat, Percentages) {
  EXPECT_EQ(Percent(0.89177), "89.2");
  EXPECT_EQ(PercentRange(0.8641, 0.9139), "86.4–91.4");
  EXPECT_EQ(Points(-0.0117), "−1.2");
  EXPECT_EQ(Points(0.003), "+0.3");
  EXPECT_EQ(Points(0.0), "0.0");
  EXPECT_EQ(Points(-0.0001), "±0.0");
}

TEST(TextFormat, CountsAndRatios) {
  EXPECT_EQ(Count(0), "0");
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1234567), "1,234,567");
  EXPECT_EQ(Count(-1234), "-1,234");
  EXPECT_EQ(Counted(1, "image"), "1 image");
  EXPECT_EQ(Counted(1200, "image"), "1,200 images");
  EXPECT_EQ(Ratio(0.4567), "0.46×");
  EXPECT_EQ(Ratio(28.04), "28.0×");
  EXPECT_EQ(Megabytes(1'634'567), "1.63");
}

TEST(TextFormat, DatesAndWidths) {
  EXPECT_EQ(DateAndTime("2025-11-20T21:04:05Z"), "2025-11-20 21:04 UTC");
  EXPECT_EQ(DateAndTime("yesterday"), "yesterday");
  EXPECT_EQ(DisplayWidth("−1.2×"), 5U);
}

TEST(TextFormat, WrapsAtSpaces) {
  EXPECT_EQ(Wrapped("one two three", 9, "  "), "  one two\n  three\n");
  EXPECT_EQ(Wrapped("1.4× as fast", 9, ""), "1.4× as\nfast\n");
  EXPECT_EQ(Wrapped("averylongword x", 4, "> "), "> averylongword\n> x\n");
  EXPECT_EQ(Wrapped("", 9, "  "), "");
}

TEST(TextFormat, WholePercents) {
  EXPECT_EQ(WholePercent(std::nullopt), "");
  EXPECT_EQ(WholePercent(0.0), "0");
  EXPECT_EQ(WholePercent(0.004), "<1");
  EXPECT_EQ(WholePercent(1.249), "125");
}

}  // namespace
}  // namespace qbench::reports
