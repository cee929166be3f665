// Whole models on `xnnpack`: operators here and there, weights of every kind, several at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "graph/numerics/quantize_math.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/checks/random_operator.h"
#include "kernels/interpreter.h"
#include "plugins/runtimes/xnnpack/xnnpack_model.h"
#include "tests/graph/model_builder.h"
#include "tests/graph/peer_files.h"
#include "tests/kernels/peer_images.h"

namespace qbench::xnnpack {
namespace {

using graph::DataType;
using graph::ModelBuilder;
using graph::OpKind;
using graph::TensorId;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes FileOf(const graph::Model& model) {
  const Result<Bytes> file = graph::WriteTflite(model);
  EXPECT_TRUE(file.ok()) << file.status().message();
  return file.ok() ? *file : Bytes();
}

// `file` outlives the model.
std::unique_ptr<XnnpackModel> LoadOrNull(const Bytes& file, uint32_t threads = 1) {
  auto loaded = XnnpackModel::Load(file, threads);
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? std::move(*loaded) : nullptr;
}

// A model's outputs as float32, for one input.
std::vector<std::vector<float>> Outputs(XnnpackModel& model, const std::vector<float>& input) {
  const ByteSpan bytes = AsBytes(input);
  std::ranges::copy(bytes, model.TensorData(model.graph().inputs[0]).begin());
  EXPECT_TRUE(model.Invoke().ok());
  std::vector<std::vector<float>> outputs;
  for (const TensorId id : model.graph().outputs) {
    const auto data = model.TensorData(id);
    outputs.emplace_back(data.size() / sizeof(float));
    std::memcpy(outputs.back().data(), data.data(), data.size());
  }
  return outputs;
}
std::vector<std::vector<float>> Expected(const graph::Model& model,
                                         const std::vector<float>& input) {
  auto interpreter = kernels::Interpreter::Create(std::make_shared<const graph::Model>(model));
  EXPECT_TRUE(interpreter.ok()) << interpreter.status().message();
  std::ranges::copy(AsBytes(input), interpreter->TensorData(model.graph.inputs[0]).begin());
  EXPECT_TRUE(interpreter->Invoke().ok());
  std::vector<std::vector<float>> outputs;
  for (const TensorId id : model.graph.outputs) {
    const auto data = interpreter->TensorData(id);
    outputs.emplace_back(data.size() / sizeof(float));
    std::memcpy(outputs.back().data(), data.data(), data.size());
  }
  return outputs;
}

void ExpectNear(const std::vector<std::vector<float>>& actual,
                const std::vector<std::vector<float>>& expected, float tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_THAT(actual[i], testing::Pointwise(testing::FloatNear(tolerance), expected[i]));
  }
}

TEST(XnnpackModel, RunsWhatTheLibraryLacksOnTheKernels) {
  // Ends in uint8, whose steps of 1/255 a float's last bit can move by one.
  const graph::Model model = graph::EveryFloatOperator();
  const Bytes file = FileOf(model);
  const auto xnnpack = LoadOrNull(file);
  ASSERT_NE(xnnpack, nullptr);
  EXPECT_EQ(xnnpack->division().invocations, 0U);
  graph::Random random(1);
  for (int pass = 0; pass < 3; ++pass) {
    const auto input = random.Reals(9 * 8 * 3, -2, 2);
    ExpectNear(Outputs(*xnnpack, input), Expected(model, input), 1.01F / 255);
  }
  const XnnpackModel::Division division = xnnpack->division();
  EXPECT_THAT(division.kernel_operators, HasSubstr("CONCATENATION x1"));
  EXPECT_THAT(division.kernel_operators, HasSubstr("TANH x1"));
  EXPECT_EQ(division.invocations, 3U);
  EXPECT_GT(division.kernel_share, 0.0);
  EXPECT_LT(division.kernel_share, 1.0);
  EXPECT_GT(division.xnnpack_operators, 15U);
}

// conv with these weights, which a DEQUANTIZE may unpack; and what it is in plain float.
struct TwoModels {
  graph::Model packed, plain;
};

graph::Tensor PackedWeights(DataType type, const graph::Shape& shape,
                            const std::vector<float>& values) {
  graph::Tensor tensor{.name = "packed", .type = type, .shape = shape};
  if (type == DataType::kFloat16) {
    std::vector<uint16_t> halves;
    for (const float value : values) halves.push_back(graph::FloatToHalf(value));
    tensor.constant = graph::MakeConstant(halves);
  } else {
    auto quantized = graph::QuantizeWeightsPerChannel(values, shape, 0);
    tensor.constant = graph::MakeConstant(quantized.values);
    tensor.quantization = quantized.quantization;
  }
  return tensor;
}

std::vector<float> Unpacked(const graph::Tensor& tensor) {
  std::vector<float> values;
  if (tensor.type == DataType::kFloat16) {
    for (const uint16_t half : tensor.constant->Values<uint16_t>()) {
      values.push_back(graph::HalfToFloat(half));
    }
    return values;
  }
  const auto integers = tensor.constant->Values<int8_t>();
  const size_t each = integers.size() / tensor.quantization->scales.size();
  for (size_t i = 0; i < integers.size(); ++i) {
    values.push_back(tensor.quantization->scales[i / each] * static_cast<float>(integers[i]));
  }
  return values;
}

TwoModels ConvolutionWith(DataType type, bool through_dequantize) {
  const graph::Shape shape = {5, 3, 3, 4};
  graph::Random random(3);
  const graph::Tensor packed = PackedWeights(type, shape, random.Reals(5 * 9 * 4, -1, 1));
  const auto finish = [&](ModelBuilder& b, TensorId x, TensorId weights) {
    return b.Finish({b.Add(OpKind::kConv2D, {x, weights, b.Weight({5})})});
  };
  TwoModels models;
  {
    ModelBuilder b(9);
    const TensorId x = b.Input({1, 6, 7, 4});
    TensorId weights = b.graph().AddTensor(packed);
    if (through_dequantize) {
      weights = b.Add(OpKind::kDequantize, graph::NoOptions{}, {weights}, DataType::kFloat32);
    }
    models.packed = finish(b, x, weights);
  }
  ModelBuilder b(9);
  const TensorId x = b.Input({1, 6, 7, 4});
  models.plain = finish(b, x, b.graph().AddConstant("plain", shape, Unpacked(packed)));
  return models;
}

void ExpectUnpacksOnce(DataType type, bool through_dequantize) {
  const TwoModels models = ConvolutionWith(type, through_dequantize);
  const Bytes packed_file = FileOf(models.packed);
  const Bytes plain_file = FileOf(models.plain);
  const auto packed = LoadOrNull(packed_file);
  const auto plain = LoadOrNull(plain_file);
  ASSERT_NE(packed, nullptr);
  ASSERT_NE(plain, nullptr);
  graph::Random random(5);
  const auto input = random.Reals(6 * 7 * 4, -2, 2);
  EXPECT_EQ(Outputs(*packed, input), Outputs(*plain, input));
  ExpectNear(Outputs(*packed, input), Expected(models.plain, input), 1e-4F);
  EXPECT_EQ(packed->division().unpacked_weights, 1);
  EXPECT_EQ(packed->division().kernel_operators, "");
  EXPECT_EQ(plain->division().unpacked_weights, 0);
}

TEST(XnnpackModel, UnpacksFloat16Weights) { ExpectUnpacksOnce(DataType::kFloat16, true); }
TEST(XnnpackModel, UnpacksWeightOnlyInt8) { ExpectUnpacksOnce(DataType::kInt8, true); }
TEST(XnnpackModel, UnpacksDynamicRangeWeights) { ExpectUnpacksOnce(DataType::kInt8, false); }

TEST(XnnpackModel, EightInstancesAtOnceGiveTheSameBytesAsOne) {
  const Bytes file = FileOf(graph::EveryFloatOperator());
  graph::Random random(8);
  std::vector<std::vector<float>> inputs;
  for (int i = 0; i < 20; ++i) inputs.push_back(random.Reals(9 * 8 * 3, -2, 2));
  std::vector<std::vector<std::vector<float>>> expected;
  const auto alone = LoadOrNull(file);
  ASSERT_NE(alone, nullptr);
  for (const auto& input : inputs) expected.push_back(Outputs(*alone, input));
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto model = LoadOrNull(file, 1 + t % 2);
      ASSERT_NE(model, nullptr);
      for (size_t i = 0; i < inputs.size(); ++i) {
        const size_t at = (i + t) % inputs.size();
        EXPECT_EQ(Outputs(*model, inputs[at]), expected[at]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(XnnpackModel, NamesAnOperatorThatNobodyHas) {
  graph::Random random(1);
  const graph::Model model = graph::RandomOperator(OpKind::kHardSwish, DataType::kInt16, random);
  const Bytes file = FileOf(model);
  const auto loaded = XnnpackModel::Load(file, 1);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(loaded.status().message(), HasSubstr("HARD_SWISH"));
}

TEST(XnnpackModel, RefusesATruncatedFile) {
  Bytes file = FileOf(graph::EveryFloatOperator());
  file.resize(file.size() / 2);
  const auto loaded = XnnpackModel::Load(file, 1);
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.status().code(), StatusCode::kCorrupt);
}

TEST(XnnpackSteps, JoinWhatCanRunTogether) {
  // Two branches with a TANH each: XNNPACK's part of both runs before the first of them.
  ModelBuilder b;
  const TensorId x = b.Input({1, 4, 4, 2});
  const TensorId left = b.Add(OpKind::kTanh, {b.Add(OpKind::kRelu, {x})});
  const TensorId right = b.Add(OpKind::kTanh, {b.Add(OpKind::kRelu6, {x})});
  const graph::Model model = b.Finish({b.Add(OpKind::kAdd, {left, right})});
  const auto steps = MakeSteps(model.graph, {false, true, false, true, false});
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_THAT(steps[0].ops, ElementsAre(0, 2));
  EXPECT_THAT(steps[0].inputs, ElementsAre(x));
  EXPECT_EQ(steps[0].outputs.size(), 2U);
  EXPECT_THAT(steps[1].ops, ElementsAre(1));
  EXPECT_TRUE(steps[1].on_kernels);
  EXPECT_THAT(steps[2].ops, ElementsAre(3));
  EXPECT_THAT(steps[3].ops, ElementsAre(4));
  EXPECT_THAT(steps[3].outputs, ElementsAre(model.graph.outputs[0]));
}

// How far a score of a real model may be from the reference kernels'. Dynamic range: the kernels
// round activations, XNNPACK does not.
double ToleranceOf(const std::string& file) {
  return file.find(".tf_float") != std::string::npos ? 1e-5 : 0.05;
}

void CheckAgainstKernels(const std::filesystem::path& path) {
  SCOPED_TRACE(path.filename().string());
  const Bytes file = kernels::ReadBytes(path);
  auto read = graph::ReadTflite(std::make_shared<Bytes>(file));
  ASSERT_TRUE(read.ok()) << read.status().message();
  const auto model = std::make_shared<graph::Model>(std::move(*read));
  auto interpreter = kernels::Interpreter::Create(model);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
  const auto xnnpack = LoadOrNull(file);
  ASSERT_NE(xnnpack, nullptr);
  const TensorId in = model->graph.inputs[0];
  const TensorId out = model->graph.outputs[0];
  const graph::Tensor& output = model->graph.tensors[static_cast<size_t>(out)];
  const graph::Tensor& input = model->graph.tensors[static_cast<size_t>(in)];
  const auto images =
      kernels::ReadCheckImages(path, static_cast<size_t>(graph::ElementCount(input.shape)),
                               static_cast<size_t>(graph::ElementCount(output.shape)));
  ASSERT_GE(images.count, 1U);
  for (size_t image = 0; image < images.count; ++image) {
    const auto from = interpreter->TensorData(in);
    kernels::Fill(input, from, images.Input(image));
    std::ranges::copy(from, xnnpack->TensorData(xnnpack->graph().inputs[0]).begin());
    ASSERT_TRUE(interpreter->Invoke().ok());
    ASSERT_TRUE(xnnpack->Invoke().ok());
    const auto actual = xnnpack->TensorData(xnnpack->graph().outputs[0]);
    for (size_t c = 0; c < images.classes; ++c) {
      ASSERT_NEAR(kernels::Value(output, actual, c),
                  kernels::Value(output, interpreter->TensorData(out), c),
                  ToleranceOf(path.filename().string()))
          << "image " << image << ", class " << c;
    }
  }
}

TEST(XnnpackModel, AgreesWithTheKernelsOnRealModels) {
  const auto files = graph::PeerTfliteFiles();
  if (files.empty()) GTEST_SKIP() << graph::kNoPeers;
  for (const auto& path : files) CheckAgainstKernels(path);
}

}  // namespace
}  // namespace qbench::xnnpack
