// Pairing the layers of a float model and of what quantizers made of it.
#include "graph/pairing/model_pairing.h"

#include <limits>

#include "gmock/gmock.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "tests/quantize/run_model.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Model Quantized(const Model& model, const quantize::FullIntegerOptions& options = {}) {
  std::mt19937 random(1);
  std::vector<std::vector<float>> samples;
  samples.reserve(3);
  for (int i = 0; i < 3; ++i) {
    samples.push_back(quantize::RandomFloats(random, size_t{16} * 16 * 3, -1, 1));
  }
  quantize::Warnings warnings;
  const auto scales =
      quantize::ChooseActivationScales(model, quantize::MeasureRanges(model, samples), warnings);
  EXPECT_TRUE(scales.ok());
  auto quantized = quantize::QuantizeFullInteger(model, *scales, options, warnings);
  EXPECT_TRUE(quantized.ok()) << quantized.status().message();
  return std::move(*quantized);
}

TEST(PairLayers, FindsEveryLayerWhateverItsName) {
  const Model a = quantize::TinyClassifier();
  Model b = Quantized(a);
  int count = 0;
  for (Tensor& tensor : b.graph.tensors) tensor.name = "renamed/" + std::to_string(count++);
  const ModelPairing pairing = PairLayers(a, b);
  ASSERT_THAT(pairing.layers, SizeIs(a.graph.ops.size() - 1));  // all but the reshape
  for (const LayerPair& pair : pairing.layers) {
    EXPECT_EQ(a.graph.ops[pair.op_a].kind, b.graph.ops[pair.op_b].kind);
    EXPECT_EQ(pair.op_b, pair.op_a + 1);  // QUANTIZE comes first
  }
  EXPECT_THAT(pairing.only_a, IsEmpty());
  EXPECT_THAT(pairing.only_b, IsEmpty());
}

TEST(PairLayers, TellsWhatOnlyOneHas) {
  const Model a = quantize::TinyClassifier();
  Model b = a;
  // Without the softmax.
  b.graph.outputs = {b.graph.ops.back().inputs[0]};
  b.graph.ops.pop_back();
  EXPECT_THAT(PairLayers(a, b).only_a, ElementsAre(a.graph.ops.size() - 1));
  EXPECT_THAT(PairLayers(b, a).only_b, ElementsAre(a.graph.ops.size() - 1));
}

TEST(PairLayers, EqualNamesDecideBetweenTwins) {
  quantize::ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId first = builder.Conv(input, 3, 1);
  const Model a = builder.Finish({builder.Conv(first, 3, 1)});
  Model b = a;
  b.graph.ops.erase(b.graph.ops.begin());
  b.graph.ops[0].inputs[0] = b.graph.inputs[0];
  EXPECT_THAT(PairLayers(a, b).layers, ElementsAre(LayerPair{1, 0}));
}

TEST(PairLayers, OtherNetworksShareNothing) {
  quantize::ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 6, 6, 5});
  const Model other = builder.Finish({builder.Conv(input, 7, 3)});
  EXPECT_THAT(PairLayers(quantize::TinyClassifier(), other).layers, IsEmpty());
}

TEST(ShowOps, MakesThemOutputs) {
  const Model model = Quantized(quantize::TinyClassifier());
  const auto shown = ShowOps(model, {1, 3, 5});
  ASSERT_TRUE(shown.ok());
  EXPECT_TRUE(Validate(*shown).ok());
  EXPECT_EQ(shown->graph.outputs.size(), 3U);
  EXPECT_EQ(shown->graph.ops.size(), 6U);
  EXPECT_FALSE(shown->signature.has_value());
}

TEST(CutAtOps, GivesReadersAnInputOfTheirOwn) {
  const Model model = quantize::TinyClassifier();
  const ModelPairing pairing = PairLayers(model, model);
  std::vector<size_t> ops;
  for (const LayerPair& pair : pairing.layers) ops.push_back(pair.op_a);
  const auto cut = CutAtOps(model, ops);
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_TRUE(Validate(cut->model).ok()) << Validate(cut->model).message();
  const Graph& graph = cut->model.graph;
  ASSERT_EQ(graph.outputs.size(), ops.size());
  ASSERT_EQ(cut->new_inputs.size(), ops.size());
  EXPECT_EQ(cut->new_inputs.back(), -1);  // nothing reads the last
  const Uses uses = FindUses(graph);
  for (size_t i = 0; i < ops.size(); ++i) {
    const auto output = static_cast<size_t>(graph.outputs[i]);
    EXPECT_THAT(uses.users[output], IsEmpty());
    if (cut->new_inputs[i] < 0) continue;
    const TensorId input = graph.inputs[static_cast<size_t>(cut->new_inputs[i])];
    EXPECT_EQ(graph.tensors[static_cast<size_t>(input)].shape, graph.tensors[output].shape);
    EXPECT_FALSE(uses.users[static_cast<size_t>(input)].empty());
  }
}

TEST(CheckSameNetwork, CountsLayersWithWeights) {
  const Model model = quantize::TinyClassifier();
  const Model quantized = Quantized(model);
  EXPECT_TRUE(CheckSameNetwork(model, quantized, PairLayers(model, quantized)).ok());
  EXPECT_TRUE(IsQuantized(quantized));
  EXPECT_FALSE(IsQuantized(model));
  quantize::ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 16, 16, 3});
  const Model other = builder.Finish({builder.Conv(input, 24, 3)});
  const Status status = CheckSameNetwork(model, other, PairLayers(model, other));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("have 1 of 4 layers with weights in common"));
}

TEST(FindFlaws, NamesEachOne) {
  Model model = Quantized(quantize::TinyClassifier());
  EXPECT_THAT(FindFlaws(model), IsEmpty());
  const Op conv = model.graph.ops[1];
  auto& weights = model.graph.tensors[static_cast<size_t>(conv.inputs[1])];
  std::vector<int8_t> values = weights.constant->Values<int8_t>();
  std::fill_n(values.begin() + 27, 27, int8_t{0});  // channel 1
  weights.constant = MakeConstant(values);
  auto& bias = model.graph.tensors[static_cast<size_t>(conv.inputs[2])];
  std::vector<int32_t> biases = bias.constant->Values<int32_t>();
  biases[3] = std::numeric_limits<int32_t>::max();
  bias.constant = MakeConstant(biases);
  model.graph.tensors[static_cast<size_t>(conv.outputs[0])].quantization->scales[0] = 1e-12F;
  EXPECT_THAT(FindFlaws(model),
              ElementsAre(HasSubstr("1 of 24 channels are all zero (the first is 1)"),
                          HasSubstr("1 of 24 biases"), HasSubstr("next to nothing")));
}

}  // namespace
}  // namespace qbench::graph
