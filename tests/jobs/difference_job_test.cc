// Two models, layer by layer, on a real runtime: the reference kernels.
#include <random>

#include "gmock/gmock.h"
#include "harness/stats/layer_difference.h"
#include "quantize/full_integer.h"
#include "tests/jobs/worker_fixture.h"
#include "tests/quantize/run_model.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::jobs {
namespace {

using graph::OpKind;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DifferenceJobTest : public WorkerTest {
 protected:
  static graph::Model FloatModel() {
    quantize::ModelBuilder builder(4);
    const auto input = builder.Input({1, kSide, kSide, kChannels});
    const auto a = builder.Conv(input, 8, 3);
    const auto b = builder.Conv(a, 8, 3);
    const auto c = builder.Conv(b, 8, 3);
    const auto sum = builder.Binary(OpKind::kAdd, a, c);
    const auto logits = builder.Dense(builder.Mean(sum), 3);
    return builder.Finish({builder.Unary(OpKind::kSoftmax, logits)});
  }

  static graph::Model Int8Model(const graph::Model& model) {
    std::mt19937 random(1);
    std::vector<std::vector<float>> samples;
    for (int i = 0; i < 20; ++i) {
      samples.push_back(
          quantize::RandomFloats(random, size_t{kSide} * kSide * kChannels, 0.0F, 1.0F));
    }
    quantize::Warnings warnings;
    const auto scales =
        quantize::ChooseActivationScales(model, quantize::MeasureRanges(model, samples), warnings);
    EXPECT_TRUE(scales.ok());
    auto quantized = quantize::QuantizeFullInteger(model, *scales, {}, warnings);
    EXPECT_TRUE(quantized.ok()) << quantized.status().message();
    return std::move(*quantized);
  }

  // The operator's output in steps `factor` times as wide, and the biases of the convolutions that
  // read it in theirs: input scale x weight scale.
  static void CoarsenOutput(graph::Graph& graph, const graph::Op& op, int32_t factor) {
    const auto tensor = [&](graph::TensorId id) -> graph::Tensor& {
      return graph.tensors[static_cast<size_t>(id)];
    };
    graph::Quantization& output = *tensor(op.outputs[0]).quantization;
    output.scales[0] *= static_cast<float>(factor);
    for (const graph::Op& reader : graph.ops) {
      if (reader.kind != OpKind::kConv2D || reader.inputs[0] != op.outputs[0]) continue;
      graph::Tensor& bias = tensor(reader.inputs[2]);
      std::vector<int32_t> values = bias.constant->Values<int32_t>();
      for (int32_t& value : values) value /= factor;
      bias.constant = graph::MakeConstant(values);
      for (float& scale : bias.quantization->scales) scale *= static_cast<float>(factor);
    }
  }

  std::filesystem::path Write(const std::string& name, const graph::Model& model) {
    const auto bytes = graph::WriteTflite(model);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_TRUE(WriteFileAtomically(Path(name), *bytes).ok());
    return Path(name);
  }

  DifferenceJob Job(const graph::Model& a, const graph::Model& b) {
    return {.float_model = Write("a.tflite", a),
            .quantized_model = Write("b.tflite", b),
            .runtime = {kBuild / "lib/qbench/plugins/reference.so", "reference", {}},
            .samples = WriteTestTensors()};
  }

  DifferenceResult Compare(const graph::Model& a, const graph::Model& b) {
    const JobOutcome outcome = Run(Job(a, b));
    EXPECT_TRUE(outcome.ok()) << outcome.reason;
    return outcome.ok() ? std::get<DifferenceResult>(outcome.result) : DifferenceResult();
  }

  static std::vector<stats::LayerNoise> Noise(const DifferenceResult& result) {
    std::vector<stats::LayerNoise> noise;
    for (const auto& layer : result.layers) {
      noise.push_back({.share = stats::NoiseShare(layer.sums), .inputs = layer.inputs});
      if (layer.own) noise.back().own = stats::NoiseShare(*layer.own);
    }
    return noise;
  }
};

// Sixty additions of a tensor to itself, which the other model lacks: 2^60 ways lead through them.
TEST_F(DifferenceJobTest, LooksThroughDiamondsOnce) {
  const auto build = [](int diamonds) {
    quantize::ModelBuilder builder(4);
    auto x = builder.Conv(builder.Input({1, kSide, kSide, kChannels}), 4, 3);
    for (int i = 0; i < diamonds; ++i) x = builder.Binary(OpKind::kAdd, x, x);
    return builder.Finish({builder.Dense(builder.Mean(x), 3)});
  };
  const DifferenceResult result = Compare(build(60), build(0));
  ASSERT_THAT(result.layers, SizeIs(3));
  EXPECT_THAT(result.only_float, SizeIs(60));
  EXPECT_EQ(result.layers[1].inputs, std::vector<size_t>{0});
}

TEST_F(DifferenceJobTest, ASoundModelHasNoJump) {
  const graph::Model model = FloatModel();
  const DifferenceResult result = Compare(model, Int8Model(model));
  ASSERT_THAT(result.layers, SizeIs(model.graph.ops.size()));
  EXPECT_EQ(result.images, 5);  // one of six is broken
  EXPECT_THAT(result.flaws, IsEmpty());
  for (const auto& layer : result.layers) {
    EXPECT_EQ(layer.type, "int8");
    EXPECT_GT(layer.scale, 0.0);
    EXPECT_GT(*stats::SqnrDb(layer.sums), 20.0) << layer.name;
    EXPECT_GT(stats::Cosine(layer.sums), 0.99) << layer.name;
    ASSERT_TRUE(layer.own.has_value()) << result.own_missing;
    EXPECT_EQ(layer.own->count, layer.sums.count);
  }
  EXPECT_TRUE(result.layers[0].same_name);
  // Nothing came in before the first layer but the image; behind it, the error that came in is not
  // the layer's own.
  EXPECT_EQ(result.layers[0].own->dd, result.layers[0].sums.dd);
  EXPECT_NE(result.layers[2].own->dd, result.layers[2].sums.dd);
  EXPECT_TRUE(result.float_is_float);
  EXPECT_TRUE(result.quantized_is_quantized);
  EXPECT_EQ(result.layers[3].inputs, (std::vector<size_t>{0, 2}));  // the addition
  EXPECT_EQ(stats::FindJump(Noise(result)), std::nullopt);
}

TEST_F(DifferenceJobTest, ARuinedLayerIsTheOneThatIsNamed) {
  const graph::Model model = FloatModel();
  for (size_t ruined = 0; ruined < 3; ++ruined) {
    SCOPED_TRACE(ruined);
    graph::Model broken = Int8Model(model);
    const graph::Op& conv = broken.graph.ops[ruined + 1];  // behind QUANTIZE
    ASSERT_EQ(conv.kind, OpKind::kConv2D);
    // The weights as they were, and three bits fewer of them.
    graph::Tensor& weights = broken.graph.tensors[static_cast<size_t>(conv.inputs[1])];
    std::vector<int8_t> values = weights.constant->Values<int8_t>();
    for (int8_t& value : values) value = static_cast<int8_t>(value / 64 * 64);
    weights.constant = graph::MakeConstant(values);
    const DifferenceResult result = Compare(model, broken);
    EXPECT_EQ(stats::FindJump(Noise(result)), ruined);
    EXPECT_EQ(stats::LayersToKeep(Noise(result), 3).front(), ruined);
  }
}

TEST_F(DifferenceJobTest, ATooCoarseScaleIsItsLayersFaultNotItsReaders) {
  const graph::Model model = FloatModel();
  for (size_t ruined = 0; ruined < 2; ++ruined) {
    SCOPED_TRACE(ruined);
    graph::Model broken = Int8Model(model);
    const graph::Op& conv = broken.graph.ops[ruined + 1];  // behind QUANTIZE
    CoarsenOutput(broken.graph, conv, 32);
    const DifferenceResult result = Compare(model, broken);
    EXPECT_EQ(stats::FindJump(Noise(result)), ruined);
    EXPECT_EQ(stats::LayersToKeep(Noise(result), 3), (std::vector<size_t>{ruined}));
  }
}

TEST_F(DifferenceJobTest, ARangeThatIsHardlyUsedIsNamed) {
  const graph::Model model = FloatModel();
  graph::Model broken = Int8Model(model);
  CoarsenOutput(broken.graph, broken.graph.ops[2], 256);
  const DifferenceResult result = Compare(model, broken);
  EXPECT_THAT(result.flaws, ::testing::ElementsAre(::testing::AllOf(
                                HasSubstr('"' + result.layers[1].name + '"'),
                                HasSubstr("the range is degenerate, or far too wide"))));
}

TEST_F(DifferenceJobTest, AModelIsEqualToItself) {
  const graph::Model model = FloatModel();
  const DifferenceResult result = Compare(model, model);
  for (const auto& layer : result.layers) {
    EXPECT_EQ(layer.sums.dd, 0.0);
    EXPECT_EQ(layer.sums.saturated, 0);
    EXPECT_EQ(layer.own->dd, 0.0);
  }
  EXPECT_EQ(result.flips, 0);
  EXPECT_FALSE(result.quantized_is_quantized);
}

TEST_F(DifferenceJobTest, OtherNetworksAreRefused) {
  quantize::ModelBuilder builder(4);
  const auto input = builder.Input({1, kSide, kSide, kChannels});
  const graph::Model other = builder.Finish({builder.Conv(input, 5, 3)});
  const JobOutcome outcome = Run(Job(FloatModel(), other));
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("not the same network"));
}

}  // namespace
}  // namespace qbench::jobs
