// Small ONNX models with ONNX Runtime's own answers (made by make_onnx_models.py).
#include "graph/import/onnx/onnx_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "graph/passes/passes.h"
#include "tests/import/run_model.h"

namespace qbench::graph::import {
namespace {

using testing::HasSubstr;

const std::filesystem::path kOnnx =
    std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data/onnx";

std::vector<Array> Arrays(const std::string& stem, char kind) {
  std::vector<Array> arrays;
  for (int i = 0; i < 64; ++i) {
    auto array = ReadNpy(kOnnx / (stem + "." + kind + std::to_string(i) + ".npy"));
    if (!array.ok()) break;
    arrays.push_back(std::move(*array));
  }
  return arrays;
}

size_t Count(const Model& model, OpKind kind) {
  return static_cast<size_t>(std::ranges::count(model.graph.ops, kind, &Op::kind));
}

class SmallOnnx : public testing::TestWithParam<const char*> {};

TEST_P(SmallOnnx, AnswersAsOnnxRuntime) {
  const std::string stem = GetParam();
  auto model = ReadOnnxModel(kOnnx / (stem + ".onnx"));
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto inputs = Arrays(stem, 'x');
  const auto expected = Arrays(stem, 'y');
  ASSERT_EQ(inputs.size(), model->graph.inputs.size());
  ASSERT_EQ(expected.size(), model->graph.outputs.size());
  for (size_t i = 0; i < expected.size(); ++i) {  // one by one, to say which
    Model one = *model;
    one.signature.reset();
    one.graph.outputs = {model->graph.outputs[i]};
    EXPECT_LE(LargestDifference(one, inputs, {expected[i]}), 1e-5)
        << "output " << model->signature->output_names[i];
  }
  const Status optimized = Optimize(*model);
  ASSERT_TRUE(optimized.ok()) << optimized.message();
  EXPECT_LE(LargestDifference(*model, inputs, expected), 1e-5);
}

TEST_P(SmallOnnx, TensorsAreNamedApart) {
  const auto model = ReadOnnxModel(kOnnx / (std::string(GetParam()) + ".onnx"));
  ASSERT_TRUE(model.ok()) << model.status().message();
  std::vector<std::string> names;
  for (const Tensor& tensor : model->graph.tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

INSTANTIATE_TEST_SUITE_P(Onnx, SmallOnnx,
                         testing::Values("activations", "arithmetic", "attention", "bytes_in",
                                         "channels_last", "convolutions", "dense", "flatten",
                                         "gelu", "merged_heads", "normalization", "operators10",
                                         "operators9", "pooling", "products", "quantized", "resize",
                                         "row", "rows", "shapes", "shuffle", "transposed", "types",
                                         "windows"),
                         [](const auto& test) { return std::string(test.param); });

Model Optimized(const std::string& stem) {
  auto model = ReadOnnxModel(kOnnx / (stem + ".onnx"));
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok()) return {};
  EXPECT_TRUE(Optimize(*model).ok());
  return std::move(*model);
}

// Channels first costs nothing at run time.
TEST(OnnxLayout, FlattenGoesIntoTheWeights) {
  const Model model = Optimized("flatten");
  EXPECT_EQ(Count(model, OpKind::kTranspose), 0U);
  EXPECT_EQ(model.graph.ops.size(), 5U);  // CONV_2D, RESHAPE, two FULLY_CONNECTED, SOFTMAX
}

TEST(OnnxLayout, ChannelShuffleIsOneTranspose) {
  const Model model = Optimized("shuffle");
  EXPECT_EQ(Count(model, OpKind::kTranspose), 1U);
  EXPECT_EQ(Count(model, OpKind::kReshape), 2U);
}

TEST(OnnxLayout, ChannelsLastStayAsTheyAre) {
  const Model model = Optimized("channels_last");
  EXPECT_EQ(Count(model, OpKind::kTranspose), 0U);
  EXPECT_EQ(model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])].shape,
            (Shape{1, 7, 6, 4}));
}

TEST(OnnxLayout, IsSaid) {
  std::vector<std::string> notes;
  ASSERT_TRUE(ReadOnnxModel(kOnnx / "shuffle.onnx", &notes).ok());
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "the input \"x\" is [batch, 4, 7, 6] in the file, and [batch, 7, 6, 4] here",
                       "the output \"t4_0\" is [batch, 3, 7, 6] in the file, and [batch, 7, 6, 3] "
                       "here"}));
}

TEST(OnnxLayout, NamesAreTheFiles) {
  const Model model = Optimized("flatten");
  ASSERT_TRUE(model.signature.has_value());
  EXPECT_EQ(model.signature->input_names, std::vector<std::string>{"x"});
  EXPECT_EQ(model.signature->output_names, std::vector<std::string>{"t7_0"});
  EXPECT_EQ(model.graph.tensors[static_cast<size_t>(model.graph.outputs[0])].name, "t7_0");
}

// A class token is padding and a sum, in which the positions are, too: no sample's size is asked
// for.
TEST(OnnxTokens, ClassTokenAndPositionsAreOneSum) {
  const Model model = Optimized("attention");
  EXPECT_EQ(Count(model, OpKind::kPad), 1U);
  EXPECT_EQ(Count(model, OpKind::kConcatenation), 0U);
  EXPECT_EQ(Count(model, OpKind::kBatchMatMul), 2U);
  EXPECT_EQ(Count(model, OpKind::kAdd),
            3U);  // with the residual one, and LayerNormalization's bias
}

// Also where ONNX has it as a part of heads, places or windows.
TEST(OnnxTokens, BatchStaysOpen) {
  for (const char* stem : {"attention", "merged_heads", "windows", "products", "rows"}) {
    const Model model = Optimized(stem);
    for (const Op& op : model.graph.ops) {
      const Tensor& output = model.graph.tensors[static_cast<size_t>(op.outputs[0])];
      EXPECT_TRUE(output.dynamic_batch) << stem << " " << output.name;
      EXPECT_EQ(output.shape.at(0), 1) << stem << " " << output.name;
      if (op.kind != OpKind::kReshape) continue;
      EXPECT_EQ(std::get<ReshapeOptions>(op.options).new_shape.at(0), -1) << output.name;
    }
  }
}

TEST(OnnxRows, KeepTheirDimensionsInMemory) {
  const Model model = Optimized("rows");
  EXPECT_EQ(model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])].shape,
            (Shape{1, 4, 9}));
}

// min = (qmin - zero point) * scale: of the input, of the convolution with the RELU that its range
// stands for, of weights channel by channel.
TEST(OnnxQuantized, RangesAreLearned) {
  std::vector<std::string> notes;
  auto read = ReadOnnxModel(kOnnx / "quantized.onnx", &notes);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_THAT(notes.back(), HasSubstr("3 pairs of QuantizeLinear and DequantizeLinear"));
  ASSERT_TRUE(Optimize(*read).ok());
  EXPECT_EQ(Count(*read, OpKind::kRelu), 0U);  // the mean of what is not below 0 needs none
  const Graph& graph = read->graph;
  const auto range = [&graph](TensorId id) {
    return graph.tensors[static_cast<size_t>(id)].learned_range;
  };
  const auto input = range(graph.inputs[0]);
  ASSERT_TRUE(input.has_value());
  EXPECT_FLOAT_EQ(input->min[0], (-128.0F - 10.0F) * 0.05F);
  EXPECT_FLOAT_EQ(input->max[0], (127.0F - 10.0F) * 0.05F);
  const auto conv = std::ranges::find(graph.ops, OpKind::kConv2D, &Op::kind);
  ASSERT_NE(conv, graph.ops.end());
  EXPECT_EQ(std::get<Conv2DOptions>(conv->options).activation, Activation::kRelu);
  const auto output = range(conv->outputs[0]);
  ASSERT_TRUE(output.has_value());
  EXPECT_EQ(output->min[0], 0.0F);
  EXPECT_FLOAT_EQ(output->max[0], 255.0F * 0.08F);
  const auto weights = range(conv->inputs[1]);
  ASSERT_TRUE(weights.has_value());
  EXPECT_EQ(weights->axis, 0);
  ASSERT_EQ(weights->min.size(), 3U);
  EXPECT_FLOAT_EQ(weights->min[1], -128.0F * 0.02F);
  EXPECT_FLOAT_EQ(weights->max[2], 127.0F * 0.015F);
}

}  // namespace
}  // namespace qbench::graph::import
