#include "quantize/ranges/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::OpKind;
using graph::TensorId;

TEST(Calibration, MeasuresEachTensorOnceAndNothingThatFollows) {
  const graph::Model model = TinyClassifier();
  const std::vector<TensorId> tensors = TensorsToMeasure(model);
  EXPECT_EQ(std::set<TensorId>(tensors.begin(), tensors.end()).size(), tensors.size());
  EXPECT_EQ(tensors.front(), model.graph.inputs.front());
  // Input, two convolutions, the depthwise one, the sum, the dense layer.
  EXPECT_EQ(tensors.size(), 6U);
  const graph::Uses uses = graph::FindUses(model.graph);
  for (const TensorId id : tensors) {
    EXPECT_FALSE(model.graph.tensors[static_cast<size_t>(id)].is_constant());
    const int32_t producer = uses.producer[static_cast<size_t>(id)];
    if (producer < 0) continue;
    const OpKind kind = model.graph.ops[static_cast<size_t>(producer)].kind;
    EXPECT_NE(kind, OpKind::kReshape);
    EXPECT_NE(kind, OpKind::kMaxPool2D);
    EXPECT_NE(kind, OpKind::kSoftmax);
  }
}

TEST(Calibration, RangeEqualsAPlainLoopForEveryLength) {
  std::mt19937 random(7);
  for (size_t size = 1; size < 70; ++size) {
    const auto values = RandomFloats(random, size, -4.0F, 9.0F);
    std::optional<ValueRange> range;
    ASSERT_TRUE(WidenRange(values, range).ok());
    const ValueRange expected = {*std::min_element(values.begin(), values.end()),
                                 *std::max_element(values.begin(), values.end())};
    EXPECT_EQ(range, expected) << size;
  }
}

TEST(Calibration, RangesOnlyWiden) {
  std::optional<ValueRange> range;
  ASSERT_TRUE(WidenRange({}, range).ok());
  EXPECT_FALSE(range.has_value());
  ASSERT_TRUE(WidenRange(std::vector<float>{2.0F, 3.0F}, range).ok());
  EXPECT_EQ(range, (ValueRange{2.0F, 3.0F}));
  ASSERT_TRUE(WidenRange(std::vector<float>{-1.0F}, range).ok());
  ASSERT_TRUE(WidenRange(std::vector<float>{0.0F, 2.5F}, range).ok());
  EXPECT_EQ(range, (ValueRange{-1.0F, 3.0F}));
}

TEST(Calibration, ValuesThatAreNotFiniteAreFoundEverywhere) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (size_t place = 0; place < 37; ++place) {
      std::vector<float> values(37, 1.0F);
      values[place] = bad;
      std::optional<ValueRange> range;
      EXPECT_EQ(WidenRange(values, range).code(), StatusCode::kInvalidArgument) << place;
    }
  }
  std::optional<ValueRange> range;
  EXPECT_TRUE(WidenRange(std::vector<float>(37, -3e38F), range).ok());
}

}  // namespace
}  // namespace qbench::quantize
