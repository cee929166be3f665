// bias_correction=analytic of the quantizer plugins: without images, from what batch normalization
// says in the model's file.
#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "quantize/ranges/expected_inputs.h"
#include "quantize/weights/integer_weights.h"
#include "tests/plugins/fake_host.h"
#include "tests/plugins/quantizer_runner.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {
namespace {

using graph::Activation;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Two convolutions, the first normalized.
graph::Model Network() {
  quantize::ModelBuilder builder(5);
  const graph::TensorId hidden =
      builder.Conv(builder.Input({1, 8, 8, 3}), 8, 3, Activation::kRelu6);
  graph::Model model = builder.Finish({builder.Conv(hidden, 4, 1, Activation::kNone)});
  std::mt19937 random(9);
  model.graph.ops[0].statistics = {.mean = quantize::RandomFloats(random, 8, -1.0F, 4.0F),
                                   .deviation = quantize::RandomFloats(random, 8, 0.5F, 2.0F)};
  return model;
}

Bytes FileOf(const graph::Model& model, bool statistics = true) {
  auto bytes = graph::WriteTflite(model, {.statistics = statistics});
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return std::move(*bytes);
}

struct Layer {
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
  std::vector<float> bias_scales;
  std::vector<float> scales;
};

// The second convolution of the artifact.
Layer SecondLayer(const Outcome& outcome) {
  EXPECT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  const auto model = graph::ReadTflite(std::make_shared<const Bytes>(outcome.model));
  EXPECT_TRUE(model.ok()) << model.status().message();
  const graph::Op* last = nullptr;
  for (const graph::Op& op : model->graph.ops) {
    if (op.kind == graph::OpKind::kConv2D) last = &op;
  }
  const auto tensor = [&](size_t input) -> const graph::Tensor& {
    return model->graph.tensors[static_cast<size_t>(last->inputs[input])];
  };
  return {.weights = tensor(1).constant->Values<int8_t>(),
          .bias = tensor(2).constant->Values<int32_t>(),
          .bias_scales = tensor(2).quantization->scales,
          .scales = tensor(1).quantization->scales};
}

Outcome QuantizeAnew(const std::string& id, const Bytes& file,
                     const std::vector<qbench_option>& options, bool samples) {
  FakeHost host;
  if (samples) host.MakeSamples(3, 4, {1, 8, 8, 3});
  return Quantize(id, host, file, options);
}

TEST(AnalyticCorrection, TakesTheExpectedErrorOffTheBiasesWithoutImages) {
  const graph::Model model = Network();
  const std::vector<qbench_option> options = {{"calibration", "dummy"}};
  std::vector<qbench_option> analytic = options;
  analytic.push_back({"bias_correction", "analytic"});
  for (const char* id : {"int8", "uint8"}) {
    SCOPED_TRACE(id);
    const Layer plain = SecondLayer(QuantizeAnew(id, FileOf(model), options, false));
    const Layer corrected = SecondLayer(QuantizeAnew(id, FileOf(model), analytic, false));
    EXPECT_EQ(corrected.weights, plain.weights);
    const auto inputs = quantize::ExpectedInputs(model, {});
    ASSERT_TRUE(inputs.ok());
    const graph::Tensor& weights =
        model.graph.tensors[static_cast<size_t>(model.graph.ops[1].inputs[1])];
    const std::vector<double> errors =
        quantize::MeanRoundingErrors(weights.constant->Values<float>(), weights.shape, 0,
                                     plain.weights, plain.scales, inputs->inputs[1]);
    bool differs = false;
    for (size_t i = 0; i < errors.size(); ++i) {
      const double steps = -errors[i] / plain.bias_scales[i];
      EXPECT_NEAR(corrected.bias[i] - plain.bias[i], steps, 1.01) << i;
      differs |= std::abs(steps) > 3.0;
    }
    EXPECT_TRUE(differs) << "the model's errors are too small to tell";
  }
}

TEST(AnalyticCorrection, AFileThatDoesNotSayIsRefusedByName) {
  const Outcome outcome =
      QuantizeAnew("int8", FileOf(Network(), false), {{"bias_correction", "analytic"}}, true);
  EXPECT_EQ(outcome.status, QBENCH_UNSUPPORTED);
  EXPECT_THAT(outcome.error, HasSubstr("bias_correction=analytic: the model has no batch "
                                       "normalization, or is a .tflite file that does not say"));
}

TEST(AnalyticCorrection, WarnsOfTheLayersThatItLeavesAsTheyAre) {
  quantize::ModelBuilder builder(5);
  const graph::TensorId first = builder.Conv(builder.Input({1, 8, 8, 3}), 8, 3);
  const graph::TensorId second = builder.Conv(first, 8, 1);
  graph::Model model =
      builder.Finish({builder.Conv(builder.Pool(graph::OpKind::kMaxPool2D, second), 4, 1)});
  for (const size_t op : {0U, 1U}) {
    model.graph.ops[op].statistics = {.mean = std::vector<float>(8, 1.0F),
                                      .deviation = std::vector<float>(8, 1.0F)};
  }
  FakeHost host;
  host.MakeSamples(3, 100, {1, 8, 8, 3});
  const Outcome outcome = Quantize("int8", host, FileOf(model), {{"bias_correction", "analytic"}});
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_THAT(host.warnings,
              ElementsAre(HasSubstr("bias_correction=analytic does not correct \"")));
}

TEST(AnalyticCorrection, NoArtifactKeepsTheStatistics) {
  const Bytes file = FileOf(Network());
  const Bytes plain = FileOf(Network(), false);
  EXPECT_EQ(QuantizeAnew("float", file, {}, false).model, plain);
  for (const char* id : {"fp16", "dynamic", "weight_only", "int4", "int8", "int16x8"}) {
    SCOPED_TRACE(id);
    const Outcome with = QuantizeAnew(id, file, {}, true);
    ASSERT_EQ(with.status, QBENCH_OK) << with.error;
    EXPECT_EQ(with.model, QuantizeAnew(id, plain, {}, true).model);
  }
}

}  // namespace
}  // namespace qbench::plugin
