// Small TensorFlow models with TensorFlow's own answers (made by make_tf_models.py), and the peers'
// networks where they are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "graph/import/tensorflow/tf_model.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/graph/peer_files.h"
#include "tests/import/run_model.h"

namespace qbench::graph::import {
namespace {

using testing::HasSubstr;

const std::filesystem::path kData = std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data";

Array Npy(const std::filesystem::path& path) {
  auto array = ReadNpy(path);
  EXPECT_TRUE(array.ok()) << path;
  return array.ok() ? *array : Array();
}

Result<Model> Read(const std::filesystem::path& path, const TfOptions& options = {},
                   std::vector<std::string>* notes = nullptr) {
  return std::filesystem::is_directory(path) ? ReadSavedModel(path, options, notes)
                                             : ReadFrozenGraph(path, options, notes);
}

size_t CountOps(const Model& model, OpKind kind) {
  return static_cast<size_t>(std::ranges::count(model.graph.ops, kind, &Op::kind));
}

struct Small {
  const char* file;
  const char* stem;
  size_t operators;  // after optimizing
};

class SmallTfModels : public testing::TestWithParam<Small> {};

TEST_P(SmallTfModels, AnswerAsTensorFlow) {
  const std::string stem = std::string("tf_") + GetParam().stem;
  auto model = Read(kData / GetParam().file);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Array inputs = Npy(kData / (stem + ".x0.npy"));
  const Array expected = Npy(kData / (stem + ".y0.npy"));
  ASSERT_EQ(model->graph.inputs.size(), 1U);
  ASSERT_EQ(model->graph.outputs.size(), 1U);
  EXPECT_LE(LargestDifference(*model, {inputs}, {expected}), 1e-5);
  const Status optimized = Optimize(*model);
  ASSERT_TRUE(optimized.ok()) << optimized.message();
  EXPECT_LE(LargestDifference(*model, {inputs}, {expected}), 1e-5);
  EXPECT_EQ(model->graph.ops.size(), GetParam().operators);
  const auto bytes = WriteTflite(*model);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_TRUE(ReadTflite(std::make_shared<const Bytes>(*bytes)).ok());
  EXPECT_TRUE(model->graph.tensors[static_cast<size_t>(model->graph.inputs[0])].dynamic_batch);
}

INSTANTIATE_TEST_SUITE_P(TensorFlow, SmallTfModels,
                         testing::Values(Small{"tf_classifier.keras2", "classifier.keras2", 13},
                                         Small{"tf_classifier.keras3", "classifier.keras3", 13},
                                         Small{"tf_tokens.keras2.pb", "tokens.keras2", 19},
                                         Small{"tf_tokens.keras3.pb", "tokens.keras3", 20},
                                         Small{"tf_vision.keras2.pb", "vision.keras2", 87},
                                         Small{"tf_vision.keras3.pb", "vision.keras3", 92},
                                         Small{"tf_module", "module", 6},
                                         Small{"tf_slim.pb", "slim", 8},
                                         Small{"tf_tf1_saved", "tf1_saved", 8},
                                         Small{"tf_fake_quant.pb", "fake_quant", 4}),
                         [](const auto& test) {
                           std::string name = test.param.stem;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(SavedModel, NamesComeFromTheSignature) {
  std::vector<std::string> notes;
  const auto model = Read(kData / "tf_module", {}, &notes);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->signature->key, "serving_default");
  EXPECT_EQ(model->signature->input_names, std::vector<std::string>{"image"});
  EXPECT_EQ(model->signature->output_names, std::vector<std::string>{"scores"});
  ASSERT_EQ(notes.size(), 1U);  // argmax is no output of floats
  EXPECT_THAT(notes[0], HasSubstr("\"label\" is int64 and left out"));
}

TEST(SavedModel, AnotherSignatureIsChosen) {
  const auto model =
      Read(kData / "tf_module", {.signature = "features", .inputs = {}, .outputs = {}});
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->signature->key, "features");
  EXPECT_LE(LargestDifference(*model, {Npy(kData / "tf_module.x0.npy")},
                              {Npy(kData / "tf_module.y1.npy")}),
            1e-5);
}

TEST(SavedModel, SaysWhatThereIsToChooseFrom) {
  const auto refusal = [](const TfOptions& options) {
    const auto model = Read(kData / "tf_module", options);
    EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument);
    return model.status().message();
  };
  EXPECT_THAT(refusal({.signature = "train", .inputs = {}, .outputs = {}}),
              HasSubstr("no signature \"train\"; it has: features, serving_default"));
  EXPECT_THAT(refusal({.signature = {}, .inputs = {}, .outputs = {"logits"}}),
              HasSubstr("has no output \"logits\"; it has: label, scores"));
  EXPECT_THAT(refusal({.signature = {}, .inputs = {"x"}, .outputs = {}}),
              HasSubstr("has no input \"x\"; it has: image"));
}

TEST(FrozenGraph, EndsAreNamed) {
  const std::filesystem::path path = kData / "tf_slim.pb";
  const auto cut = Read(path, {.signature = {}, .inputs = {"input:0"}, .outputs = {"logits"}});
  ASSERT_TRUE(cut.ok()) << cut.status().message();
  EXPECT_EQ(CountOps(*cut, OpKind::kSoftmax), 0U);
  EXPECT_EQ(cut->signature->input_names, std::vector<std::string>{"input"});
  EXPECT_EQ(cut->signature->output_names, std::vector<std::string>{"logits"});
  const auto refusal = [&](const TfOptions& options) {
    const auto model = Read(path, options);
    EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument);
    return model.status().message();
  };
  EXPECT_THAT(refusal({.signature = {}, .inputs = {}, .outputs = {"nowhere"}}),
              HasSubstr("no node \"nowhere\"; it ends in: predictions"));
  EXPECT_THAT(refusal({.signature = {}, .inputs = {"nowhere"}, .outputs = {}}),
              HasSubstr("its placeholders are: input"));
  EXPECT_THAT(refusal({.signature = "serving_default", .inputs = {}, .outputs = {}}),
              HasSubstr("a graph has no signatures"));
}

TEST(FrozenGraph, DilatedConvolutionsAreWhole) {
  auto model = Read(kData / "tf_slim.pb");
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Optimize(*model).ok());
  size_t dilated = 0;
  for (const Op& op : model->graph.ops) {
    const auto* options = std::get_if<Conv2DOptions>(&op.options);
    if (options == nullptr || options->dilation_h != 2) continue;
    ++dilated;
    EXPECT_EQ(options->padding, Padding::kSame);
    EXPECT_EQ(options->activation, Activation::kRelu);
  }
  EXPECT_EQ(dilated, 1U);
}

// TensorFlow's own kernels said what it makes of the ranges.
TEST(FrozenGraph, LearnedRangesAreWhatTensorFlowUses) {
  const auto model = Read(kData / "tf_fake_quant.pb");
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Array expected = Npy(kData / "tf_fake_quant.r0.npy");  // [2, 7]
  ASSERT_EQ(expected.values.size(), 14U);
  std::vector<float> low;
  std::vector<float> high;
  const auto add = [&](const Tensor& tensor) {
    ASSERT_TRUE(tensor.learned_range) << tensor.name;
    const LearnedRange& range = *tensor.learned_range;
    low.insert(low.end(), range.min.begin(), range.min.end());
    high.insert(high.end(), range.max.begin(), range.max.end());
  };
  const Graph& graph = model->graph;
  const auto find = [&](OpKind kind) -> const Op& {
    return *std::ranges::find(graph.ops, kind, &Op::kind);
  };
  const auto at = [&](TensorId id) -> const Tensor& {
    return graph.tensors[static_cast<size_t>(id)];
  };
  add(at(graph.inputs[0]));
  add(at(find(OpKind::kConv2D).inputs[1]));
  add(at(find(OpKind::kRelu6).outputs[0]));
  add(at(find(OpKind::kFullyConnected).inputs[1]));
  EXPECT_EQ(at(find(OpKind::kConv2D).inputs[1]).learned_range->axis, 0);
  low.insert(low.end(), high.begin(), high.end());
  ASSERT_EQ(low.size(), expected.values.size());
  for (size_t i = 0; i < low.size(); ++i) EXPECT_FLOAT_EQ(low[i], expected.values[i]) << i;
}

// One network in both forms of TensorFlow, with Keras's answers.
TEST(Peers, MobileNetV2) {
  const std::filesystem::path peers = SharedDir() / "peers";
  if (!std::filesystem::exists(peers)) GTEST_SKIP() << kNoPeers;
  for (const char* name : {"mbv2_035_96.frozen.pb", "mbv2_035_96.savedmodel"}) {
    SCOPED_TRACE(name);
    auto model = Read(peers / name);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_TRUE(Optimize(*model).ok());
    EXPECT_LE(LargestDifference(*model, {Npy(peers / "mbv2_035_96.check_x.npy")},
                                {Npy(peers / "mbv2_035_96.check_y.npy")}),
              1e-5);
    const auto converted = ReadFile(peers / "mbv2_035_96.tf_float.tflite");
    ASSERT_TRUE(converted.ok());
    const auto theirs = ReadTflite(std::make_shared<const Bytes>(*converted));
    ASSERT_TRUE(theirs.ok());
    EXPECT_LE(model->graph.ops.size(), theirs->graph.ops.size());
  }
}

// The same ranges in the graph and in the folder, on every tensor that training simulated.
TEST(Peers, QuantizationAwareTraining) {
  const std::filesystem::path cases = SharedDir() / "cases";
  if (!std::filesystem::exists(cases)) GTEST_SKIP() << kNoPeers;
  std::vector<std::vector<LearnedRange>> found;
  for (const char* name : {"qat_cnn.frozen.pb", "qat_cnn.savedmodel"}) {
    SCOPED_TRACE(name);
    const auto model = Read(cases / name);
    ASSERT_TRUE(model.ok()) << model.status().message();
    std::vector<LearnedRange>& ranges = found.emplace_back();
    for (const Tensor& tensor : model->graph.tensors) {
      if (tensor.learned_range) ranges.push_back(*tensor.learned_range);
    }
    EXPECT_EQ(ranges.size(), 13U);  // nodes of simulated quantization
  }
  const auto by_value = [](const LearnedRange& a, const LearnedRange& b) {
    return std::tie(a.min, a.max) < std::tie(b.min, b.max);
  };
  for (auto& ranges : found) std::ranges::sort(ranges, by_value);
  EXPECT_EQ(found[0], found[1]);
}

}  // namespace
}  // namespace qbench::graph::import
