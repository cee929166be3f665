// The option `recipe` of the quantizer plugins, as the harness gives it: a file.
#include "base/files.h"
#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/plugins/fake_host.h"
#include "tests/plugins/quantizer_runner.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const std::vector<int32_t> kSampleShape = {1, 16, 16, 3};

Bytes TinyFile() {
  auto bytes = graph::WriteTflite(quantize::TinyClassifier());
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return std::move(*bytes);
}

// A recipe with this text, given to a quantizer of the tiny model.
Outcome QuantizeByRecipe(const std::string& id, const std::string& text,
                         std::vector<qbench_option> options = {}) {
  const TempDir folder = *TempDir::Create("recipe-test");
  const std::string file = (folder.path() / "recipe.toml").string();
  EXPECT_TRUE(WriteFileAtomically(file, text).ok());
  options.push_back({"recipe", file.c_str()});
  FakeHost host;
  host.MakeSamples(5, 12, kSampleShape);
  return Quantize(id, host, TinyFile(), options);
}

constexpr const char* kNothingNew = "[[rule]]\nactivations = \"asymmetric\"";

TEST(RecipeOption, AllIntegerIsThePlainArtifactAndAllFloatTheFloatModel) {
  for (const char* id : {"int8", "uint8", "int16x8"}) {
    SCOPED_TRACE(id);
    std::vector<qbench_option> options = {{"io", "float"}};
    if (std::string_view(id) != "int16x8") options.push_back({"float_head", "false"});
    FakeHost host;
    host.MakeSamples(5, 12, kSampleShape);
    const Outcome plain = Quantize(id, host, TinyFile(), options);
    ASSERT_EQ(plain.status, QBENCH_OK) << plain.error;
    const Outcome integer = QuantizeByRecipe(id, "[[rule]]\ncompute = \"integer\"", options);
    ASSERT_EQ(integer.status, QBENCH_OK) << integer.error;
    EXPECT_EQ(integer.model, plain.model);
    const Outcome floats = QuantizeByRecipe(id, "[[rule]]\ncompute = \"float\"", options);
    ASSERT_EQ(floats.status, QBENCH_OK) << floats.error;
    EXPECT_EQ(floats.model, TinyFile());
    EXPECT_NE(floats.model, plain.model);
  }
}

// The types of the weights that operators of this kind read, after DEQUANTIZE.
std::vector<graph::DataType> WeightTypes(const Outcome& outcome, std::string_view kind) {
  const auto model = graph::ReadTflite(std::make_shared<const Bytes>(outcome.model));
  EXPECT_TRUE(model.ok()) << model.status().message();
  std::vector<graph::DataType> types;
  for (const graph::Op& op : model->graph.ops) {
    if (graph::OpKindName(op.kind) == kind)
      types.push_back(model->graph.tensors[static_cast<size_t>(op.inputs[1])].type);
  }
  return types;
}

TEST(RecipeOption, KeepsSingleWeightsInFloat) {
  const Outcome dynamic =
      QuantizeByRecipe("dynamic", "[[rule]]\nposition = 3\ncompute = \"float\"");
  ASSERT_EQ(dynamic.status, QBENCH_OK) << dynamic.error;
  EXPECT_THAT(WeightTypes(dynamic, "CONV_2D"),
              ElementsAre(graph::DataType::kFloat32, graph::DataType::kFloat32));
  EXPECT_THAT(WeightTypes(dynamic, "FULLY_CONNECTED"), ElementsAre(graph::DataType::kInt8));
  for (const char* id : {"dynamic", "fp16", "weight_only", "int4"}) {
    SCOPED_TRACE(id);
    FakeHost host;
    host.MakeSamples(5, 12, kSampleShape);
    const Outcome plain = Quantize(id, host, TinyFile());
    ASSERT_EQ(plain.status, QBENCH_OK) << plain.error;
    EXPECT_NE(plain.model, TinyFile());
    EXPECT_EQ(QuantizeByRecipe(id, "[[rule]]\ncompute = \"integer\"").model, plain.model);
    EXPECT_EQ(QuantizeByRecipe(id, "[[rule]]\ncompute = \"float\"").model, TinyFile());
    const bool rounds_scales =
        std::string_view(id) == "weight_only" || std::string_view(id) == "int4";
    EXPECT_THAT(QuantizeByRecipe(id, "[[rule]]\nactivations = \"symmetric\"").error,
                HasSubstr(rounds_scales ? "line 1: this quantizer takes compute and weights"
                                        : "line 1: this quantizer takes compute alone"));
    if (rounds_scales) continue;
    EXPECT_THAT(QuantizeByRecipe(id, "[[rule]]\nweights = \"per-tensor\"").error,
                HasSubstr("line 1: this quantizer takes compute alone"));
  }
}

// The integer weights of the model, by how many scales they have.
std::vector<size_t> ScaleCounts(const Outcome& outcome, graph::DataType type) {
  const auto model = graph::ReadTflite(std::make_shared<const Bytes>(outcome.model));
  EXPECT_TRUE(model.ok()) << model.status().message();
  std::vector<size_t> counts;
  for (const graph::Tensor& tensor : model->graph.tensors) {
    if (tensor.is_constant() && tensor.type == type) {
      counts.push_back(tensor.quantization->scales.size());
    }
  }
  return counts;
}

TEST(RecipeOption, StoredWeightsHaveOneScaleWhereARuleSaysSo) {
  // Layers with enough weights to be stored: a convolution of 24 channels, a fully connected of 6.
  constexpr const char* kDense =
      "[[rule]]\noperator = \"FULLY_CONNECTED\"\nweights = \"per-tensor\"";
  EXPECT_THAT(ScaleCounts(QuantizeByRecipe("weight_only", kDense, {{"small_layers", "int8"}}),
                          graph::DataType::kInt8),
              UnorderedElementsAre(24, 24, 1));
  EXPECT_THAT(ScaleCounts(QuantizeByRecipe("int4", kDense, {{"small_layers", "int4"}}),
                          graph::DataType::kInt4),
              UnorderedElementsAre(24, 24, 1));
  EXPECT_THAT(ScaleCounts(QuantizeByRecipe("int4", "[[rule]]\nweights = \"per-tensor\"",
                                           {{"small_layers", "int4"}, {"rounding", "nearest"}}),
                          graph::DataType::kInt4),
              UnorderedElementsAre(1, 1, 1));
}

TEST(RecipeOption, WinsOverTheOptionsForAllLayers) {
  EXPECT_EQ(QuantizeByRecipe("int8", "[[rule]]\nweights = \"per-tensor\"").model,
            QuantizeByRecipe("int8", kNothingNew, {{"per_channel", "false"}}).model);
  EXPECT_EQ(
      QuantizeByRecipe("int8", "[[rule]]\nweights = \"per-channel\"", {{"per_channel", "false"}})
          .model,
      QuantizeByRecipe("int8", kNothingNew).model);
}

TEST(RecipeOption, AFlawIsTheUsersAndNamesFileAndLine) {
  const Outcome outcome =
      QuantizeByRecipe("int16x8", "[[rule]]\n\nposition = 9\ncompute = \"float\"");
  EXPECT_EQ(outcome.status, QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.error, HasSubstr("recipe.toml: the rule in line 1: position 9 is beyond"));
  EXPECT_THAT(QuantizeByRecipe("int16x8", "[[rule]]\nactivations = \"asymmetric\"").error,
              HasSubstr("the rule in line 1: int16 activations are always symmetric"));
}

}  // namespace
}  // namespace qbench::plugin
