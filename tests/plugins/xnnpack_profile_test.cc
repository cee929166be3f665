// The profile of `xnnpack`: what is reported of each operator, but for the times themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <set>

#include "graph/random.h"
#include "graph/tflite/tflite_writer.h"
#include "plugins/runtimes/xnnpack/xnnpack_model.h"
#include "tests/graph/model_builder.h"

namespace qbench::xnnpack {
namespace {

using graph::ModelBuilder;
using graph::OpKind;
using graph::TensorId;
using testing::ElementsAre;

std::unique_ptr<XnnpackModel> Load(const graph::Model& model, XnnpackModel::Profile profile) {
  static std::list<Bytes> files;  // outlive the models
  Result<Bytes> file = graph::WriteTflite(model);
  EXPECT_TRUE(file.ok()) << file.status().message();
  auto loaded = XnnpackModel::Load(files.emplace_back(std::move(*file)), 1, profile);
  EXPECT_TRUE(loaded.ok()) << loaded.status().message();
  return loaded.ok() ? std::move(*loaded) : nullptr;
}

// The outputs' bytes for an input of random floats.
std::vector<Bytes> RunOnce(XnnpackModel& model) {
  const auto input = model.TensorData(model.graph().inputs[0]);
  graph::Random random(6);
  const auto values = random.Reals(static_cast<int64_t>(input.size() / sizeof(float)), -2, 2);
  std::ranges::copy(AsBytes(values), input.begin());
  EXPECT_TRUE(model.Invoke().ok());
  std::vector<Bytes> outputs;
  for (const TensorId id : model.graph().outputs) {
    const auto data = model.TensorData(id);
    outputs.emplace_back(data.begin(), data.end());
  }
  return outputs;
}

const XnnpackModel::Timing* Find(const XnnpackModel& model, size_t op) {
  const XnnpackModel::Timing* found = nullptr;
  for (const XnnpackModel::Timing& timing : model.timings()) {
    if (timing.op != op) continue;
    EXPECT_EQ(found, nullptr) << "operator " << op << " twice";
    found = &timing;
  }
  EXPECT_NE(found, nullptr) << "no operator " << op;
  return found;
}

TEST(XnnpackProfile, HasEveryOperatorOnceAndTheSameOutputs) {
  const graph::Model model = graph::EveryFloatOperator();
  const auto plain = Load(model, XnnpackModel::Profile::kOff);
  const auto profiled = Load(model, XnnpackModel::Profile::kOn);
  ASSERT_NE(plain, nullptr);
  ASSERT_NE(profiled, nullptr);
  EXPECT_EQ(RunOnce(*profiled), RunOnce(*plain));
  EXPECT_TRUE(plain->timings().empty());
  ASSERT_EQ(profiled->timings().size(), model.graph.ops.size());

  std::set<int> partitions;
  size_t on_xnnpack = 0;
  for (size_t i = 0; i < model.graph.ops.size(); ++i) {
    const XnnpackModel::Timing* timing = Find(*profiled, i);
    ASSERT_NE(timing, nullptr);
    EXPECT_THAT(timing->name, testing::EndsWith(graph::OpKindName(model.graph.ops[i].kind)));
    if (timing->partition < 0) continue;
    partitions.insert(timing->partition);
    ++on_xnnpack;
  }
  // As the model runs without a profile.
  EXPECT_EQ(partitions.size(), plain->division().subgraphs);
  EXPECT_EQ(*partitions.rbegin(), static_cast<int>(plain->division().subgraphs) - 1);
  EXPECT_EQ(on_xnnpack, plain->division().xnnpack_operators);
  EXPECT_EQ(profiled->division().subgraphs, plain->division().subgraphs);
  EXPECT_EQ(profiled->division().kernel_operators, plain->division().kernel_operators);
}

TEST(XnnpackProfile, TellsTheKernelsOperators) {
  ModelBuilder b;
  const TensorId relu = b.Add(OpKind::kRelu, {b.Input({1, 64, 64, 8})});
  const graph::Model model = b.Finish({b.Add(OpKind::kRelu6, {b.Add(OpKind::kTanh, {relu})})});
  const auto profiled = Load(model, XnnpackModel::Profile::kOn);
  ASSERT_NE(profiled, nullptr);
  RunOnce(*profiled);
  const int partitions[] = {0, -1, 1};
  for (size_t i = 0; i < 3; ++i) {
    const XnnpackModel::Timing* timing = Find(*profiled, i);
    ASSERT_NE(timing, nullptr);
    EXPECT_EQ(timing->partition, partitions[i]);
    EXPECT_GT(timing->time.count(), 0);
  }
}

TEST(XnnpackProfile, APadStaysWithItsConvolution) {
  ModelBuilder b(4);
  const TensorId x = b.Input({1, 9, 9, 4});
  const TensorId padded = b.Add(OpKind::kPad, {x, b.Ints({4, 2}, {0, 0, 0, 1, 0, 1, 0, 0})});
  graph::Conv2DOptions options;
  options.padding = graph::Padding::kValid;
  options.stride_h = options.stride_w = 2;
  const TensorId y =
      b.Add(OpKind::kConv2D, options, {padded, b.Weight({5, 3, 3, 4}), b.Weight({5})});
  const graph::Model model = b.Finish({y});
  const auto plain = Load(model, XnnpackModel::Profile::kOff);
  const auto profiled = Load(model, XnnpackModel::Profile::kOn);
  ASSERT_NE(profiled, nullptr);
  EXPECT_EQ(RunOnce(*profiled), RunOnce(*plain));
  ASSERT_EQ(profiled->timings().size(), 2U);
  EXPECT_EQ(profiled->timings()[0].name, "PAD");
  EXPECT_EQ(profiled->timings()[0].time.count(), 0);
  EXPECT_EQ(profiled->timings()[1].name, "PAD + CONV_2D");
  EXPECT_GT(profiled->timings()[1].time.count(), 0);
}

TEST(XnnpackProfile, APadThatOthersReadIsOnItsOwn) {
  ModelBuilder b(4);
  const TensorId padded =
      b.Add(OpKind::kPad, {b.Input({1, 9, 9, 4}), b.Ints({4, 2}, {0, 0, 0, 1, 0, 1, 0, 0})});
  const TensorId conv = b.Add(OpKind::kConv2D, {padded, b.Weight({5, 3, 3, 4}), b.Weight({5})});
  const graph::Model model = b.Finish({conv, b.Add(OpKind::kRelu, {padded})});
  const Step all{.on_kernels = false, .ops = {0, 1, 2}, .inputs = {}, .outputs = {}};
  const std::vector<Step> split = SplitStep(model.graph, all);
  ASSERT_EQ(split.size(), 3U);
  for (size_t i = 0; i < 3; ++i) EXPECT_THAT(split[i].ops, ElementsAre(i));
}

TEST(XnnpackProfile, WhatIsUnpackedAtLoadTimeTakesNoTime) {
  ModelBuilder b(9);
  const TensorId x = b.Input({1, 6, 7, 4});
  graph::Tensor half{.name = "half", .type = graph::DataType::kFloat16, .shape = {5, 3, 3, 4}};
  half.constant = graph::MakeConstant(std::vector<uint16_t>(5 * 9 * 4, 0x3c00));  // 1.0
  const TensorId weights = b.Add(OpKind::kDequantize, graph::NoOptions{},
                                 {b.graph().AddTensor(half)}, graph::DataType::kFloat32);
  const graph::Model model = b.Finish({b.Add(OpKind::kConv2D, {x, weights, b.Weight({5})})});
  const auto profiled = Load(model, XnnpackModel::Profile::kOn);
  ASSERT_NE(profiled, nullptr);
  RunOnce(*profiled);
  ASSERT_EQ(profiled->timings().size(), 2U);
  const XnnpackModel::Timing* dequantize = Find(*profiled, 0);
  const XnnpackModel::Timing* convolution = Find(*profiled, 1);
  ASSERT_NE(dequantize, nullptr);
  ASSERT_NE(convolution, nullptr);
  EXPECT_EQ(dequantize->name, "DEQUANTIZE");
  EXPECT_EQ(dequantize->time.count(), 0);
  EXPECT_EQ(dequantize->partition, 0);
  EXPECT_EQ(convolution->name, "CONV_2D");
  EXPECT_GT(convolution->time.count(), 0);
}

}  // namespace
}  // namespace qbench::xnnpack
