#include "quantize/recipe/recipe.h"

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "tests/quantize/run_model.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

OperatorChoices Nothing(const graph::Model& model) {
  return OperatorChoices(model.graph.ops.size());
}

OperatorChoices Applied(const graph::Model& model, std::string_view text) {
  OperatorChoices choices = Nothing(model);
  const auto recipe = ParseRecipe(text, "test.toml");
  EXPECT_TRUE(recipe.ok()) << recipe.status().message();
  if (!recipe.ok()) return choices;
  const Status status = ApplyRecipe(*recipe, model, {}, choices);
  EXPECT_TRUE(status.ok()) << status.message();
  return choices;
}

// Operators of TinyClassifier: 0 conv, 1 depthwise, 2 max pool, 3 conv, 4 add, 5 average pool,
// 6 reshape, 7 dense, 8 softmax.
std::vector<size_t> FloatOps(std::string_view text) {
  const OperatorChoices choices = Applied(TinyClassifier(), text);
  std::vector<size_t> ops;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].in_float) ops.push_back(i);
  }
  return ops;
}

TEST(Recipe, MatchesByNameKindAndPosition) {
  const graph::Model model = TinyClassifier();
  EXPECT_EQ(model.graph.ops.size(), 9U);
  const std::string name(graph::DisplayName(model.graph, model.graph.ops[3]));
  EXPECT_THAT(FloatOps("[[rule]]\nlayer = \"^" + name + "$\"\ncompute = \"float\""),
              ElementsAre(3));
  EXPECT_THAT(FloatOps("[[rule]]\noperator = \"CONV_2D\"\ncompute = \"float\""), ElementsAre(0, 3));
  EXPECT_THAT(FloatOps("[[rule]]\noperator = [\"DEPTHWISE_CONV_2D\", \"ADD\"]\nposition = [0, 1]\n"
                       "compute = \"float\""),
              ElementsAre(1, 2));  // and the pooling behind it, see below
  EXPECT_THAT(FloatOps("[[rule]]\nposition = \"first\"\ncompute = \"float\""), ElementsAre(0));
  EXPECT_THAT(FloatOps("[[rule]]\nposition = \"last\"\ncompute = \"float\""), ElementsAre(7));
  EXPECT_THAT(FloatOps("[[rule]]\nposition = \"2-4\"\ncompute = \"float\""),
              ElementsAre(2, 3, 4, 5));  // and the pooling behind it
  EXPECT_THAT(FloatOps("[[rule]]\nposition = [0, \"7-8\"]\ncompute = \"float\""),
              ElementsAre(0, 7, 8));
}

TEST(Recipe, TheLaterRuleWins) {
  EXPECT_THAT(FloatOps("[[rule]]\ncompute = \"float\"\n"
                       "[[rule]]\noperator = [\"CONV_2D\", \"ADD\", \"AVERAGE_POOL_2D\", "
                       "\"RESHAPE\"]\ncompute = \"integer\""),
              ElementsAre(1, 2, 7, 8));
}

// Pooling makes a quarter of what it reads: the boundary is behind it, on whichever side it begins.
TEST(Recipe, BoundariesStandWhereTheyCostLeast) {
  EXPECT_THAT(FloatOps("[[rule]]\noperator = \"DEPTHWISE_CONV_2D\"\ncompute = \"float\""),
              ElementsAre(1, 2));  // the max pool goes along
  EXPECT_THAT(FloatOps("[[rule]]\noperator = \"ADD\"\ncompute = \"float\""), ElementsAre(4, 5));
  EXPECT_THAT(FloatOps("[[rule]]\noperator = \"ADD\"\ncompute = \"float\"\n"
                       "[[rule]]\noperator = \"AVERAGE_POOL_2D\"\ncompute = \"integer\""),
              ElementsAre(4));  // unless a rule says where it is
}

TEST(Recipe, SetsWeightsAndActivationsLayerByLayer) {
  const graph::Model model = TinyClassifier();
  const OperatorChoices choices =
      Applied(model,
              "[[rule]]\nweights = \"per-tensor\"\nactivations = \"symmetric\"\n"
              "[[rule]]\nposition = \"first\"\nweights = \"per-channel\"\n"
              "activations = \"asymmetric\"");
  std::mt19937 random(1);
  std::vector<std::vector<float>> samples;
  samples.reserve(4);
  for (int i = 0; i < 4; ++i) samples.push_back(RandomFloats(random, 16 * 16 * 3, -1, 1));
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, MeasureRanges(model, samples), warnings,
                                             graph::DataType::kInt8, choices);
  ASSERT_TRUE(scales.ok());
  const auto quantized = QuantizeFullInteger(model, *scales, {.choices = choices}, warnings);
  ASSERT_TRUE(quantized.ok()) << quantized.status().message();
  EXPECT_TRUE(graph::Validate(*quantized).ok());
  int layer = 0;
  for (const graph::Op& op : quantized->graph.ops) {
    if (!FindWeights(op)) continue;
    const auto& weights = quantized->graph.tensors[static_cast<size_t>(op.inputs[1])];
    const auto& output = quantized->graph.tensors[static_cast<size_t>(op.outputs[0])];
    EXPECT_EQ(weights.quantization->per_channel(), layer == 0);
    EXPECT_EQ(output.quantization->zero_points[0] == 0, layer != 0);
    ++layer;
  }
  EXPECT_EQ(layer, 4);
}

// A channel with huge weights leaves no steps to the others where all have one scale. (RELU6 keeps
// the activations' range as it was.)
TEST(Recipe, KeepingABadLayerInFloatRepairsTheModel) {
  graph::Model model = TinyClassifier();
  const graph::Op& bad = model.graph.ops[1];
  auto& weights = model.graph.tensors[static_cast<size_t>(bad.inputs[1])];
  std::vector<float> values = weights.constant->Values<float>();
  for (size_t i = 0; i < values.size(); i += 24) values[i] *= 200.0F;
  weights.constant = graph::MakeConstant(values);
  const std::string name(graph::DisplayName(model.graph, bad));
  std::mt19937 random(1);
  std::vector<std::vector<float>> samples;
  samples.reserve(10);
  for (int i = 0; i < 10; ++i) samples.push_back(RandomFloats(random, 16 * 16 * 3, -1, 1));
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, MeasureRanges(model, samples), warnings);
  ASSERT_TRUE(scales.ok());
  const auto expected = RunModel(model, samples);
  const auto error_of = [&](OperatorChoices choices) {
    for (OperatorChoice& choice : choices) choice.per_tensor = true;
    const auto quantized = QuantizeFullInteger(model, *scales, {.choices = choices}, warnings);
    EXPECT_TRUE(quantized.ok()) << quantized.status().message();
    const auto actual = RunModel(*quantized, samples);
    double sum = 0.0;
    for (size_t n = 0; n < actual.size(); ++n) {
      for (size_t i = 0; i < actual[n].size(); ++i) {
        sum += std::abs(actual[n][i] - expected[n][i]);
      }
    }
    return sum;
  };
  const double all_integer = error_of(Nothing(model));
  const double repaired =
      error_of(Applied(model, "[[rule]]\nlayer = \"^" + name + "$\"\ncompute = \"float\""));
  EXPECT_LT(repaired, 0.2 * all_integer);
}

TEST(Recipe, EachFlawIsNamedWithItsLine) {
  const auto message = [](std::string_view text) {
    return std::string(ParseRecipe(text, "r.toml").status().message());
  };
  EXPECT_THAT(message("[[rule"), HasSubstr("r.toml:1"));
  EXPECT_THAT(message(""), HasSubstr("at least one [[rule]]"));
  EXPECT_THAT(message("[rules]\na = 1"), HasSubstr("made of tables [[rule]]"));
  EXPECT_THAT(message("[[rule]]\nlayer = \"a\""), HasSubstr("changes nothing"));
  EXPECT_THAT(message("[[rule]]\nlayer = \"(\"\ncompute = \"float\""),
              HasSubstr("line 2: layer = \"(\" is no regular expression"));
  EXPECT_THAT(message("[[rule]]\nlayer = 3\ncompute = \"float\""), HasSubstr("in quotes"));
  EXPECT_THAT(message("[[rule]]\n\noperator = \"Conv2D\"\ncompute = \"float\""),
              HasSubstr("line 3: operator must be one of"));
  EXPECT_THAT(message("[[rule]]\nposition = -1\ncompute = \"float\""), HasSubstr("position must"));
  EXPECT_THAT(message("[[rule]]\ncompute = \"fast\""), HasSubstr("\"float\" or \"integer\""));
  EXPECT_THAT(message("[[rule]]\ncolour = \"red\""), HasSubstr("no key \"colour\""));
  for (const char* position : {"\"7-3\"", "\"3-\"", "\"-3\"", "\"3\"", "\"3-7x\"", "[]", "1.5"}) {
    EXPECT_THAT(message(fmt::format("[[rule]]\nposition = {}\ncompute = \"float\"", position)),
                HasSubstr("line 2: position must"));
  }
}

TEST(Recipe, ARuleThatMatchesNothingIsNamedWithWhatComesNear) {
  const graph::Model model = TinyClassifier();
  const auto message = [&](std::string_view rule) {
    OperatorChoices choices = Nothing(model);
    const auto recipe = ParseRecipe(
        fmt::format("[[rule]]\ncompute = \"float\"\n[[rule]]\n{}\ncompute = \"float\"", rule),
        "r.toml");
    EXPECT_TRUE(recipe.ok()) << recipe.status().message();
    return std::string(ApplyRecipe(*recipe, model, {}, choices).message());
  };
  const std::string name(graph::DisplayName(model.graph, model.graph.ops[1]));
  std::string misspelt = name;
  misspelt[1] = '#';
  EXPECT_THAT(message("layer = \"^" + misspelt + "$\""),
              AllOf(HasSubstr("r.toml: the rule in line 3 matches no operator"),
                    HasSubstr("near: \"" + name + "\"")));
  EXPECT_THAT(message("operator = \"TANH\""),
              HasSubstr("the model has ADD, AVERAGE_POOL_2D, CONV_2D, DEPTHWISE_CONV_2D"));
  EXPECT_THAT(message("operator = \"ADD\"\nposition = 0"),
              HasSubstr("no operator matches all of its keys"));
  EXPECT_THAT(message("position = [0, \"7-9\"]"),
              HasSubstr("line 3: position 9 is beyond the model's last operator, 8"));
}

// What a float operator reads and makes ties no scales: the concatenation is in float here, and the
// convolutions before it and the pooling behind it keep ranges of their own.
TEST(Recipe, ScalesAreTiedWithinTheIntegerPartsAlone) {
  ModelBuilder builder(1);
  const auto input = builder.Input({1, 8, 8, 3});
  const auto a = builder.Conv(input, 4, 1);
  const auto b = builder.Conv(input, 4, 1);
  const auto both = builder.Concat({a, b});
  const graph::Model model = builder.Finish({builder.Conv(both, 4, 1)});
  TensorRanges ranges(model.graph.tensors.size(), ValueRange{0.0F, 1.0F});
  ranges[static_cast<size_t>(b)] = ValueRange{0.0F, 8.0F};
  ranges[static_cast<size_t>(both)].reset();
  Warnings warnings;
  const auto scale_of = [&](const std::vector<bool>& float_ops, graph::TensorId id) {
    const auto scales =
        ChooseActivationScales(model, ranges, warnings, graph::DataType::kInt8, InFloat(float_ops));
    EXPECT_TRUE(scales.ok()) << scales.status().message();
    return (*scales)[static_cast<size_t>(id)]->parameters.scale;
  };
  const std::vector<bool> concat_in_float = {false, false, true, false};
  EXPECT_FLOAT_EQ(scale_of({}, a), 8.0F / 255.0F);
  EXPECT_FLOAT_EQ(scale_of(concat_in_float, a), 1.0F / 255.0F);
  EXPECT_FLOAT_EQ(scale_of(concat_in_float, b), 8.0F / 255.0F);
  EXPECT_FLOAT_EQ(scale_of(concat_in_float, both), 8.0F / 255.0F);
}

}  // namespace
}  // namespace qbench::quantize
