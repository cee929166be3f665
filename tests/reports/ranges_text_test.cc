#include "reports/ranges_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::reports {
namespace {

using ::testing::HasSubstr;

Json Ranges() {
  return {{"calibration", "octav"},
          {"samples", 100},
          {"runtime", "litert 2.3.0"},
          {"tensors",
           {{{"name", "image"},
             {"measured", true},
             {"min", -1},
             {"max", 1.5},
             {"scale", 0.0098},
             {"zero_point", -26}},
            {{"name", "pool"}, {"measured", false}, {"min", 0}, {"max", 6}}}}};
}

TEST(RangesText, SaysWhereRangesComeFrom) {
  EXPECT_EQ(DescribeRanges(Ranges()), "ranges by octav on 100 images, litert 2.3.0");
  EXPECT_EQ(DescribeRanges({{"calibration", "dummy"}, {"samples", 0}, {"runtime", ""}}),
            "ranges by dummy");
  Json given = {{"calibration", "given"}, {"given", Ranges()}};
  given["given"]["sha256"] = "3f1c";
  EXPECT_EQ(DescribeRanges(given),
            "ranges given (sha256 3f1c), by octav on 100 images, litert 2.3.0");
  EXPECT_EQ(DescribeRanges(Json::array()), "");
}

TEST(RangesText, ShowsEachTensor) {
  EXPECT_EQ(*RangesTable(Ranges()),
            "         min         max       scale  zero point  measured  tensor\n"
            "          -1         1.5      0.0098         -26  yes       image\n"
            "           0           6           –           –  follows   pool\n");
}

TEST(RangesText, TakesWhateverAFileHolds) {
  EXPECT_THAT(RangesTable(Json::array()).status().message(), HasSubstr("not a file of ranges"));
  const Json odd = {{"tensors", {1, Json::array(), {{"name", "a\x1b[2J\n"}, {"min", "low"}}}}};
  EXPECT_EQ(*RangesTable(odd), *RangesTable({{"tensors", Json::array()}}) +
                                   "           –           –           –           –  yes       "
                                   "a\\u001b[2J\\n\n");
}

}  // namespace
}  // namespace qbench::reports
