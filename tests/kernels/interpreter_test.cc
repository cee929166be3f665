#include "kernels/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "single_op.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;
using testing::ElementsAre;
using testing::HasSubstr;

// x -> RELU -> y -> ADD a constant -> z
std::shared_ptr<graph::Model> SmallModel() {
  auto model = std::make_shared<graph::Model>();
  graph::Graph& g = model->graph;
  const graph::TensorId x = g.AddTensor({.name = "x", .shape = {1, 2}});
  const graph::TensorId y = g.AddTensor({.name = "y", .shape = {1, 2}});
  const graph::TensorId z = g.AddTensor({.name = "z", .shape = {1, 2}});
  const graph::TensorId ten = g.AddConstant("ten", {1}, std::vector<float>{10.0F});
  g.ops.push_back({OpKind::kRelu, graph::NoOptions{}, {x}, {y}, "relu"});
  g.ops.push_back({OpKind::kAdd, graph::BinaryOptions{}, {y, ten}, {z}, "add"});
  g.inputs = {x};
  g.outputs = {z};
  return model;
}

void Feed(Interpreter& interpreter, graph::TensorId id, const std::vector<float>& values) {
  std::memcpy(interpreter.TensorData(id).data(), values.data(), values.size() * sizeof(float));
}
std::vector<float> Read(Interpreter& interpreter, graph::TensorId id) {
  const auto data = interpreter.TensorData(id);
  std::vector<float> values(data.size() / sizeof(float));
  std::memcpy(values.data(), data.data(), data.size());
  return values;
}

TEST(Interpreter, KeepsEveryIntermediateTensor) {
  auto interpreter = Interpreter::Create(SmallModel());
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
  Feed(*interpreter, 0, {-1.0F, 2.0F});
  ASSERT_TRUE(interpreter->Invoke().ok());
  EXPECT_THAT(Read(*interpreter, 1), ElementsAre(0.0F, 2.0F));
  EXPECT_THAT(Read(*interpreter, 2), ElementsAre(10.0F, 12.0F));
  EXPECT_THAT(Read(*interpreter, 3), ElementsAre(10.0F));
  Feed(*interpreter, 0, {5.0F, -5.0F});
  ASSERT_TRUE(interpreter->Invoke().ok());
  EXPECT_THAT(Read(*interpreter, 2), ElementsAre(15.0F, 10.0F));
}

TEST(Interpreter, TimesEachOperatorAndComputesTheSame) {
  auto interpreter = Interpreter::Create(SmallModel());
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
  Feed(*interpreter, 0, {-1.0F, 2.0F});
  constexpr std::chrono::nanoseconds kUntouched(-1);
  std::vector<std::chrono::nanoseconds> times(2, kUntouched);
  ASSERT_TRUE(interpreter->InvokeTimed(times).ok());
  for (const auto time : times) EXPECT_GE(time.count(), 0);
  EXPECT_THAT(Read(*interpreter, 2), ElementsAre(10.0F, 12.0F));

  times.push_back(kUntouched);
  const Status status = interpreter->InvokeTimed(times);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("3 times for 2 operators"));
}

TEST(Interpreter, SharesAModelAndMoves) {
  const auto model = SmallModel();
  auto first = Interpreter::Create(model);
  auto second = Interpreter::Create(model);
  ASSERT_TRUE(first.ok() && second.ok());
  Feed(*first, 0, {1.0F, 2.0F});
  Feed(*second, 0, {3.0F, 4.0F});
  Interpreter moved = std::move(*first);
  ASSERT_TRUE(moved.Invoke().ok());
  ASSERT_TRUE(second->Invoke().ok());
  EXPECT_THAT(Read(moved, 2), ElementsAre(11.0F, 12.0F));
  EXPECT_THAT(Read(*second, 2), ElementsAre(13.0F, 14.0F));
}

// int4 weights compute what the same integers as int8 do, dequantized or read as they are.
TEST(Interpreter, Int4WeightsAreTheirInt8) {
  for (uint32_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto integers = random.Values<int8_t>(15, -8, 7);
    const auto inputs = random.Reals(5, -1.0F, 1.0F);
    const bool hybrid = random.Coin();
    const auto run = [&](graph::DataType type, graph::Constant constant) {
      auto model = std::make_shared<graph::Model>();
      graph::Graph& g = model->graph;
      const graph::TensorId x = g.AddTensor({.name = "x", .shape = {1, 5}});
      const graph::TensorId stored = g.AddTensor({.name = "w",
                                                  .type = type,
                                                  .shape = {3, 5},
                                                  .quantization = PerChannel({0.1F, 0.2F, 0.3F}, 0),
                                                  .constant = std::move(constant)});
      graph::TensorId weights = stored;
      if (!hybrid) {
        weights = g.AddTensor({.name = "real", .shape = {3, 5}});
        g.ops.push_back({OpKind::kDequantize, graph::NoOptions{}, {stored}, {weights}, ""});
      }
      const graph::TensorId y = g.AddTensor({.name = "y", .shape = {1, 3}});
      g.ops.push_back({OpKind::kFullyConnected,
                       graph::FullyConnectedOptions{},
                       {x, weights, graph::kNoTensor},
                       {y},
                       ""});
      g.inputs = {x};
      g.outputs = {y};
      auto interpreter = Interpreter::Create(model);
      EXPECT_TRUE(interpreter.ok()) << interpreter.status().message();
      Feed(*interpreter, x, inputs);
      EXPECT_TRUE(interpreter->Invoke().ok());
      return Read(*interpreter, g.outputs[0]);
    };
    EXPECT_EQ(run(graph::DataType::kInt4, graph::Constant(graph::PackInt4(integers))),
              run(graph::DataType::kInt8, graph::MakeConstant(integers)));
  }
}

TEST(Interpreter, AlignsTensorsAndUnalignedConstants) {
  auto model = SmallModel();
  Bytes file(64, 0);
  const float ten = 10.0F;
  const size_t odd = 16 - reinterpret_cast<uintptr_t>(file.data()) % 16 + 1;
  std::memcpy(file.data() + odd, &ten, sizeof(ten));
  model->graph.tensors[3].constant =
      graph::Constant(nullptr, ByteSpan(file.data() + odd, sizeof(ten)));
  auto interpreter = Interpreter::Create(model);
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
  for (graph::TensorId id = 0; id < 4; ++id) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(interpreter->TensorData(id).data()) % 16, 0U);
  }
  EXPECT_THAT(Read(*interpreter, 3), ElementsAre(10.0F));
}

TEST(Interpreter, NamesTheOperatorThatHasNoKernel) {
  auto model = SmallModel();
  for (graph::Tensor& tensor : model->graph.tensors) {
    tensor.type = graph::DataType::kInt32;
    if (tensor.is_constant()) tensor.constant = graph::MakeConstant(std::vector<int32_t>{1});
  }
  const auto interpreter = Interpreter::Create(model);
  ASSERT_FALSE(interpreter.ok());
  EXPECT_EQ(interpreter.status().code(), StatusCode::kUnsupported);
  EXPECT_THAT(interpreter.status().message(), HasSubstr("RELU"));
  EXPECT_THAT(interpreter.status().message(), HasSubstr("relu"));
}

TEST(Interpreter, RefusesAModelThatNeedsAbsurdMemory) {
  auto model = SmallModel();
  for (size_t i = 0; i < 3; ++i) model->graph.tensors[i].shape = {1, 500'000'000};
  const auto interpreter = Interpreter::Create(model);
  ASSERT_FALSE(interpreter.ok());
  EXPECT_EQ(interpreter.status().code(), StatusCode::kOutOfMemory);
  EXPECT_THAT(interpreter.status().message(), HasSubstr("2048 MB"));
}

TEST(Interpreter, RefusesABrokenGraph) {
  auto model = SmallModel();
  model->graph.ops[0].inputs = {99};
  const auto interpreter = Interpreter::Create(model);
  ASSERT_FALSE(interpreter.ok());
  EXPECT_EQ(interpreter.status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::kernels
