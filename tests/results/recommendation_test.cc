#include "harness/results/recommendation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/made_run.h"

namespace qbench::results {
namespace {

using store::MadeCell;
using store::MadeRun;
using store::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Enough that identical predictions show no loss of half a point.
constexpr int kImages = 900;
const std::vector<double> kSlow = {10.0, 10.05, 9.95, 10.02, 9.98};
const std::vector<double> kFast = {5.0, 5.02, 4.98, 5.01, 4.99};

std::vector<int32_t> WithWrong(std::vector<int32_t> predictions, int wrong) {
  for (size_t i = 0; i < static_cast<size_t>(wrong); ++i) {
    predictions[i] = (predictions[i] + 1) % 3;
  }
  return predictions;
}

class RecommendationTest : public ::testing::Test {
 protected:
  MadeRun& AddCell(const std::string& quantizer, int64_t bytes, const std::vector<double>& ms,
                   int wrong) {
    return run_.Add({.quantizer = quantizer,
                     .file_bytes = bytes,
                     .medians_ms = ms,
                     .predictions = WithWrong(run_.Right(), wrong)});
  }

  Recommendation Only(const Requirements& requirements = {}) const {
    const store::RunData data = run_;
    const auto all = Recommend(data, Summarize(data), requirements);
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  }

  static std::vector<Rejection> Why(const Recommendation& recommendation, size_t cell) {
    return recommendation.candidates.at(cell).rejections;
  }

  MadeRun run_{1, kImages};
};

TEST_F(RecommendationTest, TakesTheFastestThatIsAsAccurateAsFloat) {
  AddCell("float", 4000, kSlow, 0);
  AddCell("int8", 1000, kFast, 0);
  AddCell("worse", 900, {3.0, 3.01, 2.99, 3.0, 3.0}, 30);
  const Recommendation made = Only();
  EXPECT_EQ(made.float_cell, 0U);
  EXPECT_EQ(made.chosen, 1U);
  EXPECT_EQ(made.tie_break, TieBreak::kNone);
  EXPECT_THAT(Why(made, 0), ElementsAre(Rejection::kSlower));
  EXPECT_NEAR(*made.candidates[0].ratio, 2, 0.01);
  EXPECT_LT(made.candidates[0].ratio_interval.low, *made.candidates[0].ratio);
  EXPECT_THAT(Why(made, 2), ElementsAre(Rejection::kInaccurate));
}

// Not to show a loss is not to have none.
TEST_F(RecommendationTest, WhatIsNotShownIsNotTaken) {
  AddCell("float", 4000, kSlow, 0);
  AddCell("int8", 1000, kFast, 2);  // 0.2 points lost, perhaps 0.7
  Recommendation made = Only();
  EXPECT_EQ(made.chosen, 0U);
  EXPECT_THAT(Why(made, 1), ElementsAre(Rejection::kNotShown));
  EXPECT_GT(*made.candidates[1].drop_high, kAsAccurate);
  made = Only({.max_accuracy_drop = 0.01});
  EXPECT_EQ(made.chosen, 1U);
}

TEST_F(RecommendationTest, OfATieTheSmallerWinsThenTheMoreAccurate) {
  AddCell("float", 4000, kSlow, 0);
  AddCell("fp16", 2000, kFast, 0);
  AddCell("int8", 1000, {5.05, 5.06, 5.04, 5.05, 5.03}, 0);
  Recommendation made = Only();
  EXPECT_EQ(made.chosen, 2U) << "the smaller, although its median is larger by one per cent";
  EXPECT_EQ(made.tie_break, TieBreak::kSmaller);
  EXPECT_THAT(Why(made, 1), ElementsAre(Rejection::kTied));
  AddCell("int8b", 1000, kFast, 1);
  made = Only({.max_accuracy_drop = 0.02});
  EXPECT_EQ(made.chosen, 2U);
  EXPECT_EQ(made.tie_break, TieBreak::kMoreAccurate);
}

TEST_F(RecommendationTest, NoisyInvalidAndFailedCellsNeverWin) {
  AddCell("float", 4000, kSlow, 0);
  AddCell("noisy", 100, {1.0, 1.2, 0.9, 1.0, 1.0}, 0);
  run_.Add({.quantizer = "hot",
            .file_bytes = 100,
            .medians_ms = kFast,
            .predictions = run_.Right(),
            .latency_status = Outcome::kInvalid});
  run_.Add({.quantizer = "dummy",
            .file_bytes = 100,
            .medians_ms = kFast,
            .predictions = run_.Right(),
            .accuracy_status = Outcome::kInvalid});
  run_.Add({.quantizer = "crashed", .file_bytes = 100, .status = Outcome::kCrashed});
  run_.Add({.quantizer = "later", .file_bytes = 100, .status = Outcome::kNotMeasured});
  const Recommendation made = Only();
  EXPECT_EQ(made.chosen, 0U);
  EXPECT_THAT(Why(made, 1), ElementsAre(Rejection::kNoisy));
  EXPECT_THAT(Why(made, 2), ElementsAre(Rejection::kInvalid));
  EXPECT_THAT(Why(made, 3), ElementsAre(Rejection::kInvalid));
  EXPECT_THAT(Why(made, 4), ElementsAre(Rejection::kFailed));
  EXPECT_THAT(Why(made, 5), ElementsAre(Rejection::kNotMeasured));
}

TEST_F(RecommendationTest, WhereNothingFitsTheNearestIsNamed) {
  AddCell("float", 4000, kSlow, 0);
  AddCell("int8", 1000, kFast, 0);
  const Recommendation made = Only({.max_latency_ms = 4, .max_bytes = 900});
  EXPECT_FALSE(made.chosen.has_value());
  EXPECT_EQ(made.nearest, 1U);
  EXPECT_THAT(Why(made, 1), ElementsAre(Rejection::kTooSlow, Rejection::kTooLarge));
}

TEST_F(RecommendationTest, LimitsAreInclusive) {
  AddCell("float", 4000, {5, 5, 5, 5, 5}, 0);
  EXPECT_EQ(Only({.max_latency_ms = 5, .max_bytes = 4000}).chosen, 0U);
  EXPECT_THAT(Why(Only({.max_bytes = 3999}), 0), ElementsAre(Rejection::kTooLarge));
}

TEST_F(RecommendationTest, WithoutFloatNothingIsCalledAsAccurate) {
  AddCell("int8", 1000, kFast, 9);
  AddCell("fp16", 2000, kSlow, 1);
  Recommendation made = Only();
  EXPECT_FALSE(made.chosen.has_value());
  EXPECT_FALSE(made.float_cell.has_value());
  EXPECT_THAT(Why(made, 0), ElementsAre(Rejection::kNoFloat));
  EXPECT_EQ(made.nearest, 1U) << "the most accurate";
  EXPECT_EQ(Only({.max_bytes = 1500}).nearest, 0U) << "within the rest";
}

// A float cell whose runtime ruins it is not what others are held against, and does not win.
TEST_F(RecommendationTest, TheMostAccurateFloatIsTheReference) {
  run_.Add({.quantizer = "float",
            .runtime = "broken",
            .medians_ms = kFast,
            .predictions = WithWrong(run_.Right(), 90)});
  run_.Add({.quantizer = "float", .medians_ms = kSlow, .predictions = run_.Right()});
  const Recommendation made = Only();
  EXPECT_EQ(made.float_cell, 1U);
  EXPECT_EQ(made.chosen, 1U);
  EXPECT_THAT(Why(made, 0), ElementsAre(Rejection::kInaccurate));
}

// The same file with the same predictions has lost nothing, however few the images are.
TEST(Recommendation, TheSameFileIsAsAccurateAsItself) {
  MadeRun run(1, 9);
  run.Add({.quantizer = "float", .sha256 = "f", .medians_ms = kSlow, .predictions = run.Right()});
  run.Add({.quantizer = "float",
           .threads = 4,
           .sha256 = "f",
           .medians_ms = kFast,
           .predictions = run.Right()});
  run.Add({.quantizer = "int8", .medians_ms = {1, 1, 1, 1, 1}, .predictions = run.Right()});
  const store::RunData data = run;
  const Recommendation made = Recommend(data, Summarize(data), {}).at(0);
  EXPECT_EQ(made.chosen, 1U);
  EXPECT_THAT(made.candidates[2].rejections, ElementsAre(Rejection::kNotShown));
}

TEST(Recommendation, EachModelHasItsOwn) {
  MadeRun run(1, kImages);
  for (const char* model : {"a", "b"}) {
    run.Add(
        {.quantizer = "float", .medians_ms = kSlow, .predictions = run.Right(), .model = model});
  }
  const store::RunData data = run;
  const auto made = Recommend(data, Summarize(data), {});
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].chosen, 0U);
  EXPECT_EQ(made[1].chosen, 1U);
}

// A model's own file is weighed and nothing to deploy.
TEST(Recommendation, ARowWithoutARuntimeIsNoCandidate) {
  MadeRun run(1, 9);
  run.Add({.quantizer = "source", .runtime = "none"});
  store::RunData data = run;
  for (auto& [id, plugin] : data.plugins) plugin.path = plugin.sha256 = "";
  EXPECT_THAT(Recommend(data, Summarize(data), {}), IsEmpty());
}

}  // namespace
}  // namespace qbench::results
