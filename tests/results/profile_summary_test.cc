#include "harness/results/profile_summary.h"

#include <gtest/gtest.h>

namespace qbench::results {
namespace {

store::Measurement PlantedProfile() {
  store::Measurement profile;
  profile.kind = store::MeasurementKind::kProfile;
  profile.conditions = {{"delegate", "XNNPACK"}};
  profile.operators = {
      {.op = 0, .kind = "CONV_2D", .partition = 0, .median_us = 60, .macs = 600},
      {.op = 1, .kind = "DEPTHWISE_CONV_2D", .partition = -1, .median_us = 20, .macs = 100},
      {.op = -1, .name = "Convert (NC)", .partition = 1, .median_us = 5},
      {.op = 2, .kind = "CONV_2D", .partition = 1, .median_us = 10, .macs = 200},
      {.op = 4, .kind = "DEPTHWISE_CONV_2D", .partition = -1, .median_us = 4, .macs = 100},
      {.op = 3, .kind = "SOFTMAX", .partition = -1, .median_us = 1},
  };
  return profile;
}

TEST(DelegationOf, CountsWhatTheDelegateLeft) {
  const store::Measurement profile = PlantedProfile();
  EXPECT_DOUBLE_EQ(ProfiledMicroseconds(profile), 100);
  const auto delegation = DelegationOf(profile);
  ASSERT_TRUE(delegation.has_value());
  EXPECT_EQ(delegation->delegate, "XNNPACK");
  EXPECT_EQ(delegation->operators, 5);
  EXPECT_EQ(delegation->undelegated, 3);
  EXPECT_EQ(delegation->undelegated_kinds, "DEPTHWISE_CONV_2D x2; SOFTMAX");
  EXPECT_EQ(delegation->partitions, 2);
  EXPECT_DOUBLE_EQ(*delegation->undelegated_macs_share, 0.2);
  EXPECT_DOUBLE_EQ(*delegation->undelegated_time_share, 0.25);
}

TEST(DelegationOf, SaysNothingWhereThereIsNone) {
  store::Measurement profile = PlantedProfile();
  profile.conditions = {{"delegate", nullptr}};
  EXPECT_FALSE(DelegationOf(profile).has_value());
  profile.conditions = Json::object();
  EXPECT_FALSE(DelegationOf(profile).has_value());
  profile.conditions = {{"delegate", "XNNPACK"}};
  profile.operators = {{.op = 0, .kind = "RESHAPE"}};
  EXPECT_FALSE(DelegationOf(profile)->undelegated_macs_share.has_value());
  EXPECT_FALSE(DelegationOf(profile)->undelegated_time_share.has_value());
}

TEST(ProfileOf, FindsTheOneThatSucceeded) {
  store::CellData cell;
  EXPECT_EQ(ProfileOf(cell), nullptr);
  cell.measurements.emplace_back();
  store::Measurement failed = PlantedProfile();
  failed.status = store::Outcome::kUnsupported;
  cell.measurements.push_back(failed);
  EXPECT_EQ(ProfileOf(cell), nullptr);
  EXPECT_FALSE(DelegationOf(cell).has_value());
  cell.measurements.back().status = store::Outcome::kOk;
  EXPECT_EQ(ProfileOf(cell), nullptr);  // without times
  EXPECT_EQ(DelegationOf(cell)->partitions, 2);
  cell.measurements.back().samples_ns = {1e5};
  EXPECT_EQ(ProfileOf(cell), &cell.measurements.back());
}

}  // namespace
}  // namespace qbench::results
