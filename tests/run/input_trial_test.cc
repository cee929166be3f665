// Other inputs than the sidecar's, tried on a made model that wants another.
#include "harness/run/input_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/jobs/jobs.h"

namespace qbench::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RightImages Right(size_t right, size_t images) {
  RightImages all(images, false);
  for (size_t i = 0; i < right; ++i) all[i] = true;
  return all;
}

TEST(InputTrial, BetterIsAPairedQuestion) {
  EXPECT_EQ(BetterP(Right(10, 20), Right(10, 20)), 1);
  EXPECT_NEAR(BetterP(Right(5, 20), Right(15, 20)), 1.0 / 1024, 1e-12);
  EXPECT_EQ(BetterP(Right(15, 20), Right(5, 20)), 1);
}

TEST(InputTrial, TheBestIsOneThatHasMoreRight) {
  EXPECT_EQ(BestOther(Right(5, 20), {Right(4, 20), Right(9, 20), Right(8, 20)}), 1U);
  EXPECT_EQ(BestOther(Right(9, 20), {Right(4, 20), Right(9, 20)}), std::nullopt);
  EXPECT_EQ(BestOther(Right(9, 20), {}), std::nullopt);
}

TEST(InputTrial, TheTextNamesWhatToLookAt) {
  BetterInput better;
  better.what = "channels = \"RGB\"";
  better.keys = {"channels"};
  better.images = 180;
  better.right = 157;
  better.own_right = 130;
  better.p = 1.25e-5;
  const std::string text = BetterInputText("net", better);
  EXPECT_THAT(text,
              HasSubstr("of 180 images that are not tested on 72.2 % are right as the sidecar "
                        "says, and 87.2 % with channels = \"RGB\""));
  EXPECT_THAT(text, HasSubstr("Look at channels in the model's sidecar"));
}

}  // namespace
}  // namespace qbench::run
