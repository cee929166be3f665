// Networks with weights, biases and activations over many orders of magnitude: what a quantizer
// makes of them runs in LiteRT, or the quantizer refuses it and names the layer.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "graph/import/keras/keras_model.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "kernels/interpreter.h"
#include "tests/graph/peer_files.h"
#include "tests/import/run_model.h"
#include "tests/plugins/litert_child.h"
#include "tests/plugins/quantizer_runner.h"
#include "tests/plugins/runtime_comparison.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {
namespace {

using graph::OpKind;
using graph::TensorId;
using quantize::ModelBuilder;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr int32_t kSide = 8;
constexpr int32_t kChannels = 4;
const char* const kModes[] = {"xnnpack", "builtin", "reference"};

struct Scheme {
  const char* quantizer;
  std::vector<qbench_option> options = {};
};

const std::vector<Scheme>& Schemes() {
  static const std::vector<Scheme> schemes = {
      {"int8", {{"io", "int8"}}},
      {"int8", {{"calibration", "minmax"}}},
      {"int8", {{"per_channel", "false"}, {"expand_hard_swish", "false"}}},
      {"uint8"},
      {"int16x8"},
      {"int16x8", {{"per_channel", "false"}, {"calibration", "minmax"}, {"io", "int16"}}},
      {"dynamic"},
      {"weight_only"},
      {"int4"},
      {"int4", {{"arithmetic", "dynamic"}, {"rounding", "nearest"}}},
  };
  return schemes;
}

// A power of ten, evenly from -reach to reach.
float Magnitude(std::mt19937& random, float reach) {
  return std::pow(10.0F, quantize::RandomFloats(random, 1, -reach, reach)[0]);
}

// Every channel of every constant times a magnitude of its own, and all of it times another.
void Stretch(std::mt19937& random, float reach, graph::Model& model) {
  for (graph::Tensor& tensor : model.graph.tensors) {
    if (!tensor.is_constant() || tensor.type != graph::DataType::kFloat32) continue;
    std::vector<float> values = tensor.constant->Values<float>();
    const bool rows = tensor.shape.size() > 1 && tensor.shape[0] > 1;  // output channels first
    const auto channels = static_cast<size_t>(rows ? tensor.shape[0] : tensor.shape.back());
    const float all = Magnitude(random, reach / 2);
    std::vector<float> factors(channels);
    for (float& factor : factors) factor = all * Magnitude(random, reach);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] *= factors[rows ? i / (values.size() / channels) : i % channels];
    }
    tensor.constant = graph::MakeConstant(values);
  }
}

graph::Model ExtremeModel(uint32_t seed) {
  std::mt19937 random(seed);
  ModelBuilder builder(seed);
  const TensorId input = builder.Input({1, kSide, kSide, kChannels});
  std::vector<TensorId> made = {input};
  constexpr OpKind kUnary[] = {OpKind::kRelu,     OpKind::kRelu6, OpKind::kLeakyRelu,
                               OpKind::kLogistic, OpKind::kTanh,  OpKind::kHardSwish};
  constexpr OpKind kBinary[] = {OpKind::kAdd, OpKind::kSub, OpKind::kMul};
  const auto any = [&] { return made[random() % made.size()]; };
  for (uint32_t i = 0, layers = 4 + random() % 4; i < layers; ++i) {
    const TensorId x = made.back();
    switch (random() % 6) {
      case 0:
        made.push_back(builder.Depthwise(x, 3));
        break;
      case 1:
        made.push_back(builder.Unary(kUnary[random() % std::size(kUnary)], x));
        break;
      case 2:
        made.push_back(builder.Binary(kBinary[random() % std::size(kBinary)], x, any()));
        break;
      case 3:
        made.push_back(builder.Binary(kBinary[random() % std::size(kBinary)], x,
                                      builder.Constant({kChannels}, -1.0F, 1.0F)));
        break;
      default:
        made.push_back(
            builder.Conv(x, kChannels, random() % 2 == 0 ? 1 : 3,
                         random() % 2 == 0 ? graph::Activation::kNone : graph::Activation::kRelu6));
        break;
    }
  }
  if (random() % 2 == 0) made.push_back(builder.Pool(OpKind::kMaxPool2D, made.back()));
  TensorId x = builder.Dense(builder.Mean(made.back()), 3);
  if (random() % 2 == 0) x = builder.Unary(OpKind::kSoftmax, x);
  graph::Model model = builder.Finish({x});
  Stretch(random, seed % 3 == 0 ? 6.0F : 2.5F, model);
  return model;
}

// The layers and tensors that a message may name.
std::set<std::string> NamesIn(const graph::Model& model) {
  std::set<std::string> names;
  for (const graph::Op& op : model.graph.ops) names.emplace(graph::DisplayName(model.graph, op));
  return names;
}

bool NamesALayer(const std::string& message, const graph::Model& model) {
  return std::ranges::any_of(NamesIn(model), [&](const std::string& name) {
    return message.find("\"" + name) != std::string::npos ||
           message.find(name + ":") != std::string::npos;
  });
}

class ExtremeRanges : public ::testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    if (const std::string why = WhyNoLitert(); !why.empty()) GTEST_SKIP() << why;
  }
};
INSTANTIATE_TEST_SUITE_P(Schemes, ExtremeRanges, ::testing::Range(size_t{0}, Schemes().size()),
                         [](const auto& index) {
                           return fmt::format("{}_{}", index.param,
                                              Schemes()[index.param].quantizer);
                         });

TEST_P(ExtremeRanges, ArtifactsRunOrAreRefusedByName) {
  const Scheme& scheme = Schemes()[GetParam()];
  int ran = 0;
  int refused = 0;
  // More models search longer: QBENCH_EXTREME_MODELS=1000.
  const char* models = std::getenv("QBENCH_EXTREME_MODELS");
  const auto last = static_cast<uint32_t>(models != nullptr ? std::atoi(models) : 40);
  for (uint32_t seed = 1; seed <= last; ++seed) {
    SCOPED_TRACE(seed);
    const graph::Model model = ExtremeModel(seed);
    const auto file = graph::WriteTflite(model);
    ASSERT_TRUE(file.ok()) << file.status().message();
    FakeHost host;
    host.MakeSamples(seed, 10, {1, kSide, kSide, kChannels});
    const Outcome outcome = Quantize(scheme.quantizer, host, *file, scheme.options);
    if (outcome.status != QBENCH_OK) {
      EXPECT_TRUE(NamesALayer(outcome.error, model)) << outcome.error;
      if (models != nullptr) std::printf("%s\n", outcome.error.c_str());
      ++refused;
      continue;
    }
    for (const char* mode : kModes) {
      std::string reason;
      EXPECT_EQ(TryInLitert(outcome.model, mode, &reason), LitertTrial::kRan)
          << mode << ": " << reason;
    }
    ++ran;
  }
  if (models != nullptr) std::printf("%d ran, %d were refused\n", ran, refused);
  EXPECT_GT(ran, refused) << "hardly anything was made";
}

// Without a bias of int64 LiteRT would add up in 32 bits: 1,000 products of 32767 and 127 are
// 4.2e9.
TEST(Int16x8, SumsWithoutABiasHave64Bits) {
  if (const std::string why = WhyNoLitert(); !why.empty()) GTEST_SKIP() << why;
  constexpr int32_t kFeatures = 1000;
  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, kFeatures});
  graph::Model model = builder.Finish({builder.Dense(input, 3)});
  graph::Op& dense = model.graph.ops[0];
  model.graph.tensors[static_cast<size_t>(dense.inputs[1])].constant =
      graph::MakeConstant(std::vector<float>(size_t{3} * kFeatures, 1.0F));
  dense.inputs[2] = graph::kNoTensor;
  ASSERT_TRUE(graph::RemoveDeadCode(model).ok());
  const auto file = graph::WriteTflite(model);
  ASSERT_TRUE(file.ok()) << file.status().message();
  FakeHost host;
  host.MakeSamples(1, 1, {1, kFeatures});
  host.samples[0].assign(kFeatures, 1.0F);
  const Outcome outcome = Quantize("int16x8", host, *file);
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  for (const char* mode : kModes) {
    SCOPED_TRACE(mode);
    const auto outputs = AnswerOfLitert(outcome.model, mode, host.samples[0], 3);
    ASSERT_TRUE(outputs.ok()) << outputs.status().message();
    for (const float value : *outputs) EXPECT_NEAR(value, 1000.0F, 1.0F);
  }
}

// ---- models on which artifacts were wrong ----

class ScaleCases : public ::testing::Test {
 protected:
  static constexpr char kNoCases[] = "no cases: set QBENCH_SHARED to the folder that holds cases/";

  // The model, and what Keras answers to four inputs.
  void Read(const std::string& name) {
    const std::filesystem::path stem = graph::SharedDir() / "cases" / name;
    if (!std::filesystem::exists(stem.string() + ".h5")) GTEST_SKIP() << kNoCases;
    auto model = graph::import::ReadKerasModel(stem.string() + ".h5");
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_TRUE(graph::Optimize(*model).ok());
    model_ = std::move(*model);
    auto inputs = graph::import::ReadNpy(stem.string() + ".check_x.npy");
    auto answers = graph::import::ReadNpy(stem.string() + ".check_y.npy");
    ASSERT_TRUE(inputs.ok() && answers.ok());
    inputs_ = std::move(*inputs);
    answers_ = std::move(*answers);
    const graph::Tensor& input =
        model_.graph.tensors[static_cast<size_t>(model_.graph.inputs.front())];
    host_.MakeSamples(1, static_cast<size_t>(inputs_.batch), input.shape);
    for (int32_t i = 0; i < inputs_.batch; ++i) {
      host_.samples[static_cast<size_t>(i)] = inputs_.Sample(i);
    }
  }

  Outcome Make(const std::string& quantizer, const std::vector<qbench_option>& options = {}) {
    const auto file = graph::WriteTflite(model_);
    EXPECT_TRUE(file.ok()) << file.status().message();
    return Quantize(quantizer, host_, *file, options);
  }

  double LargestDifferenceOf(const Outcome& outcome) const {
    const auto model = graph::ReadTflite(std::make_shared<const Bytes>(outcome.model));
    EXPECT_TRUE(model.ok()) << model.status().message();
    return model.ok() ? graph::import::LargestDifference(*model, {inputs_}, {answers_}) : HUGE_VAL;
  }

  void ExpectRuns(const Outcome& outcome) const {
    if (!WhyNoLitert().empty()) return;  // ExtremeRanges says so
    for (const char* mode : kModes) {
      std::string reason;
      EXPECT_EQ(TryInLitert(outcome.model, mode, &reason), LitertTrial::kRan) << reason;
    }
  }

  graph::Model model_;
  FakeHost host_;
  graph::import::Array inputs_, answers_;
};

TEST_F(ScaleCases, Int16x8KeepsBiasesBesideTinyWeights) {
  Read("int16x8_bias");
  if (IsSkipped()) return;
  const Outcome outcome = Make("int16x8");
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_LT(LargestDifferenceOf(outcome), 0.01);
  EXPECT_THAT(host_.warnings, Contains(HasSubstr("does not fit 48 bits")));
  ExpectRuns(outcome);
}

TEST_F(ScaleCases, Int16x8BearsDeadChannels) {
  Read("mbv2_dead_channel");
  if (IsSkipped()) return;
  const Outcome outcome = Make("int16x8");
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_LT(LargestDifferenceOf(outcome), 0.05);
  ExpectRuns(outcome);
}

TEST_F(ScaleCases, DepthwiseChannelsOfAllSizesLoad) {
  Read("dw_ranges");
  if (IsSkipped()) return;
  for (const char* quantizer : {"int8", "uint8", "int16x8"}) {
    SCOPED_TRACE(quantizer);
    host_.emitted.clear();
    const Outcome outcome = Make(quantizer);
    ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    ExpectRuns(outcome);
  }
}

}  // namespace
}  // namespace qbench::plugin
