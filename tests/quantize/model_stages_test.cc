#include "quantize/ranges/model_stages.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "kernels/interpreter.h"
#include "quantize/ranges/calibration.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::OpKind;
using graph::TensorId;

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// A chain of random operators, some of them with a detour around them.
graph::Model RandomModel(std::mt19937& random) {
  ModelBuilder builder(random());
  TensorId last = builder.Input({1, 8, 8, 3});
  for (size_t i = 0; i < 2 + random() % 8; ++i) {
    const auto channels = static_cast<int32_t>(1 + random() % 6);
    switch (random() % 5) {
      case 0:
        last = builder.Conv(last, channels, 3);
        break;
      case 1:
        last = builder.Depthwise(last, 3);
        break;
      case 2:
        last = builder.Binary(OpKind::kAdd, last, builder.Depthwise(last, 1));
        break;
      case 3:
        last = builder.Concat({builder.Conv(last, channels, 1), last});
        break;
      default:
        last = builder.Unary(OpKind::kRelu, last);
    }
  }
  return builder.Finish({builder.Unary(OpKind::kSoftmax, builder.Dense(builder.Flatten(last), 4))});
}

std::vector<TensorId> Wanted(const graph::Model& model) {
  std::vector<TensorId> tensors = TensorsToMeasure(model);
  std::erase(tensors, model.graph.inputs.front());
  return tensors;
}

std::vector<std::vector<float>> Outputs(const graph::Model& model,
                                        const std::vector<float>& input) {
  const auto shared = std::make_shared<const graph::Model>(model);
  auto interpreter = kernels::Interpreter::Create(shared);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status().message();
  const auto to = interpreter->TensorData(model.graph.inputs.front());
  EXPECT_EQ(to.size(), input.size() * sizeof(float));
  std::memcpy(to.data(), input.data(), to.size());
  EXPECT_TRUE(interpreter->Invoke().ok());
  std::vector<std::vector<float>> outputs;
  for (const TensorId id : model.graph.outputs) {
    const auto data = interpreter->TensorData(id);
    outputs.emplace_back(data.size() / sizeof(float));
    std::memcpy(outputs.back().data(), data.data(), data.size());
  }
  return outputs;
}

int64_t BytesOf(const Stage& stage) {
  int64_t bytes = graph::StoredBytes(
      stage.model.graph.tensors[static_cast<size_t>(stage.model.graph.inputs.front())]);
  for (const graph::Tensor& tensor : stage.model.graph.tensors) {
    bytes += (tensor.is_constant() ? 2 : 0) * graph::StoredBytes(tensor);
  }
  for (const graph::Op& op : stage.model.graph.ops) {
    for (const TensorId id : op.outputs) {
      bytes += graph::StoredBytes(stage.model.graph.tensors[static_cast<size_t>(id)]);
    }
  }
  return bytes;
}

TEST(ModelStages, ModelThatFitsIsOneStageThatShowsTheTensorsInOrder) {
  const graph::Model model = TinyClassifier();
  const std::vector<TensorId> wanted = Wanted(model);
  const auto stages = CutIntoStages(model, wanted, kNoLimit);
  ASSERT_TRUE(stages.ok()) << stages.status().message();
  ASSERT_EQ(stages->size(), 1U);
  const Stage& stage = stages->front();
  EXPECT_EQ(stage.input, model.graph.inputs.front());
  EXPECT_EQ(stage.outputs, wanted);
  EXPECT_TRUE(graph::Validate(stage.model).ok());
  EXPECT_FALSE(stage.model.signature.has_value());
  ASSERT_EQ(stage.model.graph.outputs.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    const auto shown = static_cast<size_t>(stage.model.graph.outputs[i]);
    EXPECT_EQ(stage.model.graph.tensors[shown].name,
              model.graph.tensors[static_cast<size_t>(wanted[i])].name);
  }
  EXPECT_TRUE(std::none_of(stage.model.graph.ops.begin(), stage.model.graph.ops.end(),
                           [](const graph::Op& op) { return op.kind == OpKind::kSoftmax; }));
}

TEST(ModelStages, StagesGiveTheValuesOfTheWholeModel) {
  size_t cuts = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const graph::Model model = RandomModel(random);
    const std::vector<TensorId> wanted = Wanted(model);
    const std::vector<float> image = RandomFloats(random, 8 * 8 * 3, -1.0F, 1.0F);
    const auto whole = CutIntoStages(model, wanted, kNoLimit);
    ASSERT_TRUE(whole.ok());
    ASSERT_EQ(whole->size(), 1U);
    const auto expected = Outputs(whole->front().model, image);
    const auto stages = CutIntoStages(model, wanted, static_cast<int64_t>(random() % 20000));
    ASSERT_TRUE(stages.ok()) << stages.status().message();
    cuts += stages->size() - 1;

    std::vector<std::vector<float>> values(model.graph.tensors.size());
    values[static_cast<size_t>(model.graph.inputs.front())] = image;
    std::vector<TensorId> seen;
    for (const Stage& stage : *stages) {
      ASSERT_TRUE(graph::Validate(stage.model).ok());
      const auto& input = values[static_cast<size_t>(stage.input)];
      ASSERT_FALSE(input.empty()) << "no stage gives the input of the next";
      auto outputs = Outputs(stage.model, input);
      ASSERT_EQ(outputs.size(), stage.outputs.size());
      for (size_t i = 0; i < outputs.size(); ++i) {
        values[static_cast<size_t>(stage.outputs[i])] = std::move(outputs[i]);
        if (std::ranges::count(wanted, stage.outputs[i]) > 0) seen.push_back(stage.outputs[i]);
      }
    }
    EXPECT_EQ(seen, wanted);
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(values[static_cast<size_t>(wanted[i])], expected[i]);
    }
  }
  EXPECT_GT(cuts, 150U) << "the test cuts hardly anything";
}

TEST(ModelStages, SmallerLimitsGiveSmallerStages) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const graph::Model model = RandomModel(random);
    const std::vector<TensorId> wanted = Wanted(model);
    const auto finest = CutIntoStages(model, wanted, 0);
    ASSERT_TRUE(finest.ok());
    int64_t largest_indivisible = 0;
    for (const Stage& stage : *finest) {
      largest_indivisible = std::max(largest_indivisible, BytesOf(stage));
    }
    // What the finest cut can keep to, every limit above it can.
    for (const int64_t limit : {largest_indivisible, largest_indivisible * 2}) {
      const auto stages = CutIntoStages(model, wanted, limit);
      ASSERT_TRUE(stages.ok());
      EXPECT_LE(stages->size(), finest->size());
      for (const Stage& stage : *stages) EXPECT_LE(BytesOf(stage), limit);
    }
  }
}

TEST(ModelStages, CutsWhereLeastIsCarried) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId wide = builder.Conv(input, 12, 1);
  const TensorId narrow = builder.Conv(wide, 2, 1);
  const TensorId wide_again = builder.Conv(narrow, 12, 1);
  const graph::Model model = builder.Finish({wide_again});
  const auto stages = CutIntoStages(model, std::vector<TensorId>{wide, narrow, wide_again}, 5500);
  ASSERT_TRUE(stages.ok());
  ASSERT_EQ(stages->size(), 2U);
  EXPECT_EQ((*stages)[1].input, narrow);
  EXPECT_EQ((*stages)[0].outputs, (std::vector<TensorId>{wide, narrow}));
  EXPECT_EQ((*stages)[1].outputs, (std::vector<TensorId>{wide_again}));
}

TEST(ModelStages, NothingIsCutAcrossADetour) {
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId a = builder.Depthwise(input, 3);
  const TensorId sum = builder.Binary(OpKind::kAdd, input, a);
  const graph::Model model = builder.Finish({sum});
  const auto stages = CutIntoStages(model, std::vector<TensorId>{a, sum}, 0);
  ASSERT_TRUE(stages.ok());
  EXPECT_EQ(stages->size(), 1U);
}

}  // namespace
}  // namespace qbench::quantize
