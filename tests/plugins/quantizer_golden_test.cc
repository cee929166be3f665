// What each scheme makes of a small model, as text that was read and approved.
#include "base/sha256.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/golden/golden_file.h"
#include "tests/plugins/fake_host.h"
#include "tests/plugins/quantizer_runner.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {
namespace {

// "int8 [24, 3, 3, 3] scales 24: 0.003, 0.004, … zero points 0 constant 1a2b3c"
std::string Describe(const graph::Tensor& tensor) {
  std::string text = fmt::format("{} {} [{}]", tensor.name, graph::DataTypeName(tensor.type),
                                 fmt::join(tensor.shape, ", "));
  if (tensor.quantization) {
    const std::vector<float>& scales = tensor.quantization->scales;
    text += fmt::format(" scales {}: {:.9g}", scales.size(), scales[0]);
    if (scales.size() > 1) text += fmt::format(" to {:.9g}", scales.back());
    text += fmt::format(", zero point {}", tensor.quantization->zero_points[0]);
  }
  if (tensor.is_constant()) {
    text += fmt::format(" constant {}", Sha256Hex(tensor.constant->bytes()).substr(0, 12));
  }
  return text;
}

std::string Dump(const graph::Model& model) {
  std::string text;
  const auto line = [&](const char* role, graph::TensorId id) {
    if (id == graph::kNoTensor) return;
    text += fmt::format("  {} {}\n", role, Describe(model.graph.tensors[static_cast<size_t>(id)]));
  };
  for (const graph::Op& op : model.graph.ops) {
    text += fmt::format("{}\n", graph::OpKindName(op.kind));
    for (const graph::TensorId id : op.inputs) line("in ", id);
    for (const graph::TensorId id : op.outputs) line("out", id);
  }
  return text;
}

struct Case {
  const char* file;
  const char* id;
  std::vector<qbench_option> options = {};
};

class QuantizerGolden : public ::testing::TestWithParam<Case> {};

constexpr const char* kWeightsRecipe =
    QBENCH_SOURCE_DIR "/tests/plugins/golden/weights_recipe.toml";

INSTANTIATE_TEST_SUITE_P(
    Schemes, QuantizerGolden,
    ::testing::Values(
        Case{"fp16", "fp16"}, Case{"dynamic", "dynamic"}, Case{"weight_only", "weight_only"},
        Case{"weight_only_recipe", "weight_only", {{"recipe", kWeightsRecipe}}},
        Case{"int4", "int4", {{"small_layers", "int4"}}},
        Case{"int4_recipe", "int4", {{"recipe", kWeightsRecipe}, {"small_layers", "int4"}}},
        Case{"int4_dynamic", "int4", {{"small_layers", "int4"}, {"arithmetic", "dynamic"}}},
        Case{"int8", "int8"},
        Case{"int8_plain",
             "int8",
             {{"calibration", "minmax"}, {"float_head", "false"}, {"io", "int8"}}},
        Case{"int8_per_tensor", "int8", {{"per_channel", "false"}}},
        Case{"int8_recipe",
             "int8",
             {{"recipe", QBENCH_SOURCE_DIR "/tests/plugins/golden/recipe.toml"}}},
        Case{"uint8", "uint8"}, Case{"int16x8", "int16x8"}),
    [](const auto& golden) { return std::string(golden.param.file); });

TEST_P(QuantizerGolden, IsAsApproved) {
  FakeHost host;
  host.MakeSamples(3, 10, {1, 16, 16, 3});
  const auto file = graph::WriteTflite(quantize::TinyClassifier());
  ASSERT_TRUE(file.ok());
  const Outcome outcome = Quantize(GetParam().id, host, *file, GetParam().options);
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  const auto model = graph::ReadTflite(std::make_shared<const Bytes>(outcome.model));
  ASSERT_TRUE(model.ok()) << model.status().message();
  ExpectGolden(std::string("plugins/golden/") + GetParam().file + ".txt", Dump(*model));
}

}  // namespace
}  // namespace qbench::plugin
