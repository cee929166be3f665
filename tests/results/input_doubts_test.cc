// Accuracies that look like a wrong sidecar, made up image by image.
#include "harness/results/input_doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace qbench::results {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A run of one model on a split of so many images of each of `classes` classes.
class MadeRun {
 public:
  MadeRun(int32_t classes, int images) {
    store::DatasetSplit split;
    split.id = 1;
    for (int32_t label = 0; label < classes; ++label) {
      split.labels.push_back("class" + std::to_string(label));
      for (int i = 0; i < images; ++i) split.images.push_back({"x.jpg", label});
    }
    run_.splits[1] = split;
    run_.models[1].stem = "net";
    run_.plugins[1].name = "float";
    run_.plugins[2].name = "int8";
  }

  // Predictions that predict(label) makes, with these scores.
  template <typename Predict>
  MadeRun& Add(Predict predict, float score = 0.8F, int64_t quantizer = 1) {
    store::CellData cell;
    cell.cell.model_id = 1;
    cell.cell.split_id = 1;
    cell.cell.quantizer_id = quantizer;
    store::Measurement accuracy;
    accuracy.kind = store::MeasurementKind::kAccuracy;
    for (const store::Image& image : run_.splits[1].images) {
      accuracy.predictions.push_back(predict(image.label));
      accuracy.confidences.push_back(score);
    }
    cell.measurements = {accuracy};
    run_.cells.push_back(cell);
    return *this;
  }

  MadeRun& Know(const char* part, const Json& what) {
    run_.cells.back().measurements[0].conditions["input"][part] = what;
    return *this;
  }

  store::RunData& run() { return run_; }
  std::vector<DoubtKind> Kinds() const {
    std::vector<DoubtKind> kinds;
    for (const InputDoubt& doubt : FindInputDoubts(run_)) kinds.push_back(doubt.kind);
    return kinds;
  }

 private:
  store::RunData run_;
};

// Right on this share, else any class.
auto RightOn(double share, int32_t classes, uint32_t seed = 1) {
  return [=, random = std::mt19937(seed)](int32_t label) mutable {
    const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
    const bool right = uniform() < share;
    const auto other = static_cast<int32_t>(uniform() * classes);
    return right ? label : other;
  };
}

TEST(InputDoubts, AGoodModelHasNone) {
  for (const int images : {1, 10, 100}) {
    for (const double share : {1.0, 0.85, 0.5}) {
      for (uint32_t seed = 0; seed < 20; ++seed) {
        EXPECT_THAT(MadeRun(6, images).Add(RightOn(share, 6, seed)).Kinds(), IsEmpty())
            << images << " " << share << " " << seed;
      }
    }
  }
}

TEST(InputDoubts, LuckIsTold) {
  auto random = RightOn(0, 6);
  const auto doubts = FindInputDoubts(MadeRun(6, 20).Add(random).run());
  ASSERT_THAT(doubts, SizeIs(1));
  EXPECT_EQ(doubts[0].kind, DoubtKind::kChance);
  EXPECT_EQ(doubts[0].images, 120);
  EXPECT_GT(doubts[0].p, 0.05);
  EXPECT_NEAR(doubts[0].chance, 1.0 / 6, 0.01);
}

TEST(InputDoubts, FiveImagesAccuseNobody) {
  EXPECT_THAT(MadeRun(5, 1).Add([](int32_t label) { return (label + 1) % 5; }).Kinds(), IsEmpty());
  EXPECT_THAT(MadeRun(5, 1).Add([](int32_t) { return 2; }).Kinds(), IsEmpty());
  EXPECT_THAT(MadeRun(2, 3).Add([](int32_t) { return 0; }).Kinds(), IsEmpty());
}

// Of a thousand classes 10 % right is far from luck; of two classes 55 % is hard to tell from it,
// and neither is an accusation.
TEST(InputDoubts, AHardDataSetIsNoDoubt) {
  EXPECT_THAT(MadeRun(1000, 1).Add(RightOn(0.1, 1000)).Kinds(), IsEmpty());
  EXPECT_THAT(MadeRun(2, 100).Add(RightOn(0.3, 2)).Kinds(), IsEmpty());
}

TEST(InputDoubts, TheOrderOfLabelsIsTheOnlyThingSaidOfIt) {
  const auto doubts =
      FindInputDoubts(MadeRun(6, 20).Add([](int32_t label) { return 5 - label; }).run());
  ASSERT_THAT(doubts, SizeIs(1));
  EXPECT_EQ(doubts[0].kind, DoubtKind::kLabelOrder);
  EXPECT_EQ(doubts[0].right, 0);
  EXPECT_THAT(doubts[0].cycles, SizeIs(3));
}

TEST(InputDoubts, AClassThatIsNeverPredictedIsTold) {
  const auto doubts = FindInputDoubts(
      MadeRun(6, 20).Add([](int32_t label) { return label == 4 ? 2 : label; }).run());
  ASSERT_THAT(doubts, SizeIs(1));
  EXPECT_EQ(doubts[0].kind, DoubtKind::kNeverPredicted);
  EXPECT_THAT(doubts[0].classes, ElementsAre(4));
  EXPECT_EQ(doubts[0].of_classes, 20);
  EXPECT_NEAR(doubts[0].p, 6.0 / 1048576.0, 1e-9);
}

TEST(InputDoubts, AClassOfFewImagesMayBeMissed) {
  EXPECT_THAT(MadeRun(6, 8).Add([](int32_t label) { return label == 4 ? 2 : label; }).Kinds(),
              IsEmpty());
}

TEST(InputDoubts, AFavouriteIsTold) {
  const auto doubts =
      FindInputDoubts(MadeRun(6, 20).Add([](int32_t label) { return label == 0 ? 0 : 3; }).run());
  ASSERT_THAT(doubts, SizeIs(1));
  EXPECT_EQ(doubts[0].kind, DoubtKind::kAlwaysPredicted);
  EXPECT_THAT(doubts[0].classes, ElementsAre(3));
  EXPECT_EQ(doubts[0].of_classes, 100);
  EXPECT_EQ(doubts[0].predicted, 80);
}

TEST(InputDoubts, SureAndWrongIsTold) {
  EXPECT_THAT(MadeRun(6, 20).Add(RightOn(0.75, 6), 0.9999F).Kinds(),
              ElementsAre(DoubtKind::kSureAndWrong));
  EXPECT_THAT(MadeRun(6, 20).Add(RightOn(0.75, 6), 0.99F).Kinds(), IsEmpty());
  EXPECT_THAT(MadeRun(6, 20).Add(RightOn(0.98, 6), 0.9999F).Kinds(), IsEmpty());
}

// The float cell tells; what quantizing did is no matter of the input.
TEST(InputDoubts, QuantizedCellsDoNotAccuseTheInput) {
  MadeRun run(6, 20);
  run.Add([](int32_t) { return 0; }, 0.8F, 2).Add(RightOn(0.9, 6));
  EXPECT_THAT(run.Kinds(), IsEmpty());
  MadeRun alone(6, 20);
  alone.Add([](int32_t) { return 0; }, 0.8F, 2);
  EXPECT_THAT(alone.Kinds(), ElementsAre(DoubtKind::kChance, DoubtKind::kAlwaysPredicted));
}

Json Fit(double divergence, double other) {
  return {
      {"layer", "conv"},
      {"images", 100},
      {"divergence", divergence},
      {"others",
       {{{"mean", {0, 0, 0}}, {"std", {1, 1, 1}}, {"divergence", 900}},
        {{"mean", {127.5, 127.5, 127.5}}, {"std", {127.5, 127.5, 127.5}}, {"divergence", other}}}}};
}

TEST(InputDoubts, AnotherScalingThatFitsIsNamed) {
  MadeRun run(6, 20);
  run.Add(RightOn(0.9, 6)).Know("fit", Fit(0.4, 0.03));
  const auto doubts = FindInputDoubts(run.run());
  ASSERT_THAT(doubts, SizeIs(1));
  EXPECT_EQ(doubts[0].kind, DoubtKind::kScaling);
  EXPECT_EQ(doubts[0].layer, "conv");
  ASSERT_TRUE(doubts[0].better.has_value());
  EXPECT_THAT(doubts[0].better->std, ElementsAre(127.5, 127.5, 127.5));
  EXPECT_EQ(doubts[0].better_divergence, 0.03);
}

TEST(InputDoubts, OddImagesAloneAreNoWrongScaling) {
  const auto kinds = [](const Json& fit) {
    return MadeRun(6, 20).Add(RightOn(0.9, 6)).Know("fit", fit).Kinds();
  };
  EXPECT_THAT(kinds(Fit(0.12, 0.001)), IsEmpty());  // what is usual
  EXPECT_THAT(kinds(Fit(0.4, 0.2)), IsEmpty());     // no other is clearly better
  EXPECT_THAT(kinds(Fit(6, 4)), ElementsAre(DoubtKind::kScaling));
  Json few = Fit(0.4, 0.03);
  few["images"] = 5;
  EXPECT_THAT(kinds(few), IsEmpty());
}

TEST(InputDoubts, PixelsThatAreCutOffAreTold) {
  const auto kinds = [](double outside) {
    return MadeRun(6, 20)
        .Add(RightOn(0.9, 6))
        .Know("reach", {{"low", -1},
                        {"high", 1},
                        {"pixels_low", 0},
                        {"pixels_high", 255},
                        {"outside", outside}})
        .Kinds();
  };
  EXPECT_THAT(kinds(0.97), ElementsAre(DoubtKind::kRange));
  EXPECT_THAT(kinds(0.01), IsEmpty());
}

TEST(InputDoubts, DamagedConditionsSayNothing) {
  for (const Json& odd : {Json("x"), Json(3), Json::array({1}), Json::object(),
                          Json{{"images", "many"}, {"divergence", 9}},
                          Json{{"images", 100}, {"divergence", 0.5}, {"others", {1, "a", {}}}}}) {
    MadeRun run(6, 20);
    run.Add(RightOn(0.9, 6)).Know("fit", odd).Know("reach", odd);
    EXPECT_THAT(run.Kinds(), IsEmpty()) << odd.dump();
    run.run().cells[0].measurements[0].conditions = odd;
    EXPECT_THAT(run.Kinds(), IsEmpty()) << odd.dump();
  }
}

}  // namespace
}  // namespace qbench::results
