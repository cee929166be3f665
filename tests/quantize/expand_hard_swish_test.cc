#include "quantize/rewrites/expand_hard_swish.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "quantize/ranges/activation_scales.h"
#include "tests/quantize/run_model.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::OpKind;
using graph::TensorId;
using Samples = std::vector<std::vector<float>>;

// [1, 6, 6, 4] -> HARD_SWISH -> conv 8 -> HARD_SWISH, the second of which is the output.
graph::Model TwoHardSwishes(uint32_t seed) {
  ModelBuilder builder(seed);
  TensorId x = builder.Unary(OpKind::kHardSwish, builder.Input({1, 6, 6, 4}));
  x = builder.Conv(x, 8, 3, graph::Activation::kNone);
  x = builder.Unary(OpKind::kHardSwish, x);
  return builder.Finish({x});
}

// Values on both sides of -3 and 3, where the function bends.
Samples MakeSamples(std::mt19937& random, size_t count) {
  Samples samples;
  for (size_t n = 0; n < count; ++n) {
    samples.push_back(RandomFloats(random, size_t{6} * 6 * 4, -6.0F, 6.0F));
  }
  return samples;
}

double LargestDifference(const Samples& a, const Samples& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0.0;
  for (size_t n = 0; n < a.size(); ++n) {
    EXPECT_EQ(a[n].size(), b[n].size());
    for (size_t i = 0; i < a[n].size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(a[n][i]) - b[n][i]));
    }
  }
  return largest;
}

size_t Count(const graph::Model& model, OpKind kind) {
  return static_cast<size_t>(
      std::ranges::count(model.graph.ops, kind, [](const graph::Op& op) { return op.kind; }));
}

TEST(ExpandHardSwish, ComputesTheSame) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    graph::Model model = TwoHardSwishes(seed);
    const Samples samples = MakeSamples(random, 4);
    const Samples before = RunModel(model, samples);
    const TensorId output = model.graph.outputs[0];

    EXPECT_EQ(ExpandHardSwish(model), 2);
    EXPECT_TRUE(graph::Validate(model).ok()) << graph::Validate(model).message();
    EXPECT_EQ(Count(model, OpKind::kHardSwish), 0U);
    EXPECT_EQ(Count(model, OpKind::kAdd), 2U);
    EXPECT_EQ(Count(model, OpKind::kMul), 4U);
    EXPECT_EQ(model.graph.outputs[0], output);
    EXPECT_LT(LargestDifference(before, RunModel(model, samples)), 1e-5);

    EXPECT_EQ(ExpandHardSwish(model), 0);  // idempotent
  }
}

TEST(ExpandHardSwish, GivesTheThreeOperatorsTheNameOfTheLayer) {
  ModelBuilder builder(1);
  const TensorId x = builder.Unary(OpKind::kHardSwish, builder.Input({1, 6, 6, 4}));
  graph::Model model = builder.Finish({x});
  model.graph.ops[0].name = "activation_7";
  ExpandHardSwish(model);
  ASSERT_EQ(model.graph.ops.size(), 3U);
  for (const graph::Op& op : model.graph.ops) EXPECT_EQ(op.name, "activation_7");
}

// In integers: as near to float as HARD_SWISH of 8 bits is, within a step of rounding for each of
// the operators that it becomes; and int16 becomes possible.
TEST(ExpandHardSwish, IsAsExactInIntegers) {
  for (const DataType type : {DataType::kInt8, DataType::kInt16}) {
    SCOPED_TRACE(graph::DataTypeName(type));
    std::mt19937 random(3);
    graph::Model model = TwoHardSwishes(3);
    const Samples samples = MakeSamples(random, 8);
    const Samples expected = RunModel(model, samples);
    ExpandHardSwish(model);
    Warnings warnings;
    const auto scales =
        ChooseActivationScales(model, MeasureRanges(model, samples), warnings, type);
    ASSERT_TRUE(scales.ok()) << scales.status().message();
    const auto integer = QuantizeFullInteger(model, *scales, {.activations = type}, warnings);
    ASSERT_TRUE(integer.ok()) << integer.status().message();
    float largest = 0.0F;
    for (const std::vector<float>& values : expected) {
      largest = std::max(largest, *std::ranges::max_element(values));
    }
    const double steps = type == DataType::kInt8 ? 255.0 : 32767.0 / 2.0;
    const double bound = type == DataType::kInt8 ? 6.0 * largest / steps : largest / 100.0;
    EXPECT_LT(LargestDifference(expected, RunModel(*integer, samples)), bound);
  }
}

}  // namespace
}  // namespace qbench::quantize
