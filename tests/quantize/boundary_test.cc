#include "quantize/rewrites/boundary.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::OpKind;
using graph::TensorId;
using ::testing::ElementsAre;

// A random graph of convolutions, additions and operators that only move values.
graph::Model RandomModel(std::mt19937& random, int operators) {
  ModelBuilder builder(random());
  struct Made {
    TensorId id;
    int32_t side;
    int32_t channels;
    bool used = false;
  };
  std::vector<Made> made = {{builder.Input({1, 8, 8, 2}), 8, 2}};
  const auto any = [&](auto fits) -> Made* {
    std::vector<Made*> fitting;
    for (Made& one : made) {
      if (fits(one)) fitting.push_back(&one);
    }
    return fitting.empty() ? nullptr : fitting[random() % fitting.size()];
  };
  while (static_cast<int>(made.size()) <= operators) {
    Made& a = *any([](const Made&) { return true; });
    Made* b = any([&](const Made& one) { return one.side == a.side && one.id != a.id; });
    Made next = a;
    next.used = false;
    const auto kind = random() % 5;
    if (kind == 0) {
      next.channels = 2 + static_cast<int32_t>(random() % 3);
      next.id = builder.Conv(a.id, next.channels, 1);
    } else if (kind == 1 && a.side >= 4) {
      next.side = a.side / 2;
      next.id = builder.Pool(OpKind::kMaxPool2D, a.id);
    } else if (kind == 2 && a.side < 12) {
      next.side = a.side + 2;
      next.id = builder.Pad(a.id);
    } else if (kind == 3 && b != nullptr) {
      next.channels = a.channels + b->channels;
      next.id = builder.Concat({a.id, b->id});
      b->used = true;
    } else if (kind == 4 && b != nullptr && b->channels == a.channels) {
      next.id = builder.Binary(OpKind::kAdd, a.id, b->id);
      b->used = true;
    } else {
      continue;
    }
    a.used = true;
    made.push_back(next);
  }
  std::vector<TensorId> outputs;
  for (const Made& one : made) {
    if (!one.used || (one.id != made[0].id && random() % 4 == 0)) outputs.push_back(one.id);
  }
  return builder.Finish(outputs);
}

std::vector<bool> RandomBits(std::mt19937& random, size_t count) {
  std::vector<bool> bits(count);
  for (size_t i = 0; i < count; ++i) bits[i] = random() % 2 == 0;
  return bits;
}

// What every choice of the free operators costs, tried one after the other: the fewest elements,
// and of the choices that cost so little the one with the fewest float operators.
std::vector<bool> TryAll(const graph::Graph& graph, const BoundaryEnds& ends,
                         const std::vector<bool>& free_ops, const std::vector<bool>& float_ops) {
  std::vector<size_t> places;
  for (size_t i = 0; i < free_ops.size(); ++i) {
    if (free_ops[i]) places.push_back(i);
  }
  std::vector<bool> best;
  std::pair<int64_t, int64_t> best_cost;
  for (uint32_t choice = 0; choice < 1U << places.size(); ++choice) {
    std::vector<bool> tried = float_ops;
    for (size_t i = 0; i < places.size(); ++i) tried[places[i]] = (choice >> i & 1U) != 0;
    const std::pair<int64_t, int64_t> cost = {ConvertedElements(graph, ends, tried),
                                              std::ranges::count(tried, true)};
    if (best.empty() || cost < best_cost) {
      best = tried;
      best_cost = cost;
    }
  }
  return best;
}

TEST(Boundary, IsTheCheapestOfAll) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const graph::Model model = RandomModel(random, 4 + static_cast<int>(random() % 9));
    const size_t count = model.graph.ops.size();
    const BoundaryEnds ends{.float_input = random() % 2 == 0, .float_output = random() % 2 == 0};
    std::vector<bool> free_ops(count);
    for (size_t i = 0; i < count; ++i) {
      free_ops[i] = KeepsScale(model.graph.ops[i].kind) && random() % 4 != 0;
    }
    const std::vector<bool> before = RandomBits(random, count);
    std::vector<bool> placed = before;
    PlaceBoundaries(model.graph, ends, free_ops, placed);
    EXPECT_EQ(placed, TryAll(model.graph, ends, free_ops, before));
  }
}

// The cost is what the rewritten model converts.
TEST(Boundary, ItsCostIsWhatTheConvertingOperatorsMake) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const graph::Model model = RandomModel(random, 8);
    const std::vector<bool> float_ops = RandomBits(random, model.graph.ops.size());
    const BoundaryEnds ends{.float_input = random() % 2 == 0, .float_output = random() % 2 == 0};
    Warnings warnings;
    const TensorRanges ranges(model.graph.tensors.size(), ValueRange{-1.0F, 1.0F});
    const auto scales =
        ChooseActivationScales(model, ranges, warnings, DataType::kInt8, InFloat(float_ops));
    ASSERT_TRUE(scales.ok()) << scales.status().message();
    const auto mixed =
        QuantizeFullInteger(model, *scales,
                            {.input = ends.float_input ? DataType::kFloat32 : DataType::kInt8,
                             .output = ends.float_output ? DataType::kFloat32 : DataType::kInt8,
                             .choices = InFloat(float_ops)},
                            warnings);
    ASSERT_TRUE(mixed.ok()) << mixed.status().message();
    for (size_t i = 0; i < model.graph.outputs.size(); ++i) {  // whatever is converted
      const auto name_of = [&](const graph::Graph& graph) {
        return graph.tensors[static_cast<size_t>(graph.outputs[i])].name;
      };
      EXPECT_EQ(name_of(mixed->graph), name_of(model.graph));
    }
    int64_t converted = 0;
    for (const graph::Op& op : mixed->graph.ops) {
      if (op.kind != OpKind::kQuantize && op.kind != OpKind::kDequantize) continue;
      const auto& output = mixed->graph.tensors[static_cast<size_t>(op.outputs[0])];
      converted += graph::ElementCount(output.shape);
    }
    EXPECT_EQ(converted, ConvertedElements(model.graph, ends, float_ops));
  }
}

// Padding alone would make the boundary larger, with the pooling behind it smaller: both have to
// move at once.
TEST(Boundary, MovesOperatorsTogether) {
  ModelBuilder builder(1);
  const TensorId conv = builder.Conv(builder.Input({1, 8, 8, 2}), 4, 1);
  const TensorId pooled = builder.Pool(OpKind::kMaxPool2D, builder.Pad(conv));
  const graph::Model model = builder.Finish({builder.Conv(pooled, 4, 1)});
  std::vector<bool> float_ops = {true, false, false, false};
  PlaceBoundaries(model.graph, {}, {false, true, true, false}, float_ops);
  EXPECT_THAT(float_ops, ElementsAre(true, true, true, false));
}

}  // namespace
}  // namespace qbench::quantize
