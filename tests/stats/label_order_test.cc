// Orders of labels, told from made predictions: exchanged ones are found, and a model that is
// right, weak or broken in another way is never accused.
#include "harness/stats/label_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace qbench::stats {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Images {
  std::vector<int32_t> labels;
  std::vector<int32_t> predicted;
};

// So many images of each class; those that the model has right are predicted as names[label].
Images Make(const std::vector<int32_t>& names, int images, double right, uint32_t seed) {
  std::mt19937 random(seed);
  const auto uniform = [&] { return static_cast<double>(random()) / 4294967296.0; };
  const auto classes = static_cast<int32_t>(names.size());
  Images made;
  for (int32_t label = 0; label < classes; ++label) {
    for (int i = 0; i < images; ++i) {
      const auto other = static_cast<size_t>(uniform() * classes);
      const auto known = static_cast<size_t>(label);
      made.labels.push_back(label);
      made.predicted.push_back(names[uniform() < right ? known : other]);
    }
  }
  return made;
}

std::vector<LabelCycle> Find(const Images& made, int32_t classes) {
  return FindLabelCycles(made.labels, made.predicted, classes);
}

std::vector<int32_t> InOrder(int32_t classes) {
  std::vector<int32_t> names(static_cast<size_t>(classes));
  std::iota(names.begin(), names.end(), 0);
  return names;
}

TEST(LabelOrder, TwoExchangedLabelsAreFound) {
  const auto cycles = Find(Make({0, 1, 3, 2, 4, 5}, 20, 0.85, 1), 6);
  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_THAT(cycles[0].classes, ElementsAre(2, 3));
  EXPECT_EQ(cycles[0].images, 40);
  EXPECT_GT(cycles[0].right_moved, 30);
  EXPECT_LT(cycles[0].right, 5);
  EXPECT_LT(cycles[0].p, 1e-4);
}

TEST(LabelOrder, ReversedLabelsAreThreeExchanges) {
  EXPECT_THAT(Find(Make({5, 4, 3, 2, 1, 0}, 10, 0.9, 2), 6), SizeIs(3));
}

TEST(LabelOrder, ShiftedLabelsAreOneCircle) {
  const auto cycles = Find(Make({1, 2, 3, 4, 5, 0}, 10, 0.8, 3), 6);
  ASSERT_THAT(cycles, SizeIs(1));
  EXPECT_THAT(cycles[0].classes, ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(LabelOrder, TwoClassesAreFoundToo) {
  EXPECT_THAT(Find(Make({1, 0}, 30, 0.7, 4), 2), SizeIs(1));
}

// More orders than any number of images can rule out one by one.
TEST(LabelOrder, AThousandShiftedClassesAreFound) {
  std::vector<int32_t> names = InOrder(1000);
  std::ranges::rotate(names, names.begin() + 1);
  const auto cycles = Find(Make(names, 6, 0.95, 5), 1000);
  ASSERT_FALSE(cycles.empty());
  EXPECT_GT(cycles[0].images, 2000);
}

TEST(LabelOrder, ARightOrderIsNeverAccused) {
  for (const double right : {1.0, 0.9, 0.6, 0.3, 0.1, 0.0}) {
    for (const int images : {1, 5, 20, 100}) {
      for (uint32_t seed = 0; seed < 25; ++seed) {
        EXPECT_THAT(Find(Make(InOrder(6), images, right, seed), 6), IsEmpty())
            << right << " " << images << " " << seed;
      }
    }
  }
}

// Everything is put into one class, or one class is taken for another but not the other way round.
TEST(LabelOrder, ACollapseIsNoOrder) {
  EXPECT_THAT(Find(Make({3, 3, 3, 3, 3, 3}, 50, 0.9, 6), 6), IsEmpty());
  EXPECT_THAT(Find(Make({1, 1, 2, 3, 4, 5}, 50, 0.9, 7), 6), IsEmpty());
}

TEST(LabelOrder, AFewImagesAccuseNobody) {
  EXPECT_THAT(
      FindLabelCycles(std::vector<int32_t>{0, 1, 2, 3, 4}, std::vector<int32_t>{1, 0, 2, 3, 4}, 6),
      IsEmpty());
}

TEST(LabelOrder, ImagesWithoutAClassAreLeftOut) {
  EXPECT_THAT(FindLabelCycles(std::vector<int32_t>{0, 7, -1}, std::vector<int32_t>{-1, 0, 9}, 3),
              IsEmpty());
  EXPECT_THAT(FindLabelCycles(std::vector<int32_t>{}, std::vector<int32_t>{}, 0), IsEmpty());
}

}  // namespace
}  // namespace qbench::stats
