// Models of the TensorFlow Model Optimization Toolkit (made by make_trained_models.py): what is
// imported, and what int8 makes of it beside TensorFlow's converter.
#include <map>
#include <set>

#include "gmock/gmock.h"
#include "graph/import/keras/keras_model.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "quantize/full_integer.h"
#include "quantize/ranges/activation_scales.h"
#include "quantize/ranges/learned_ranges.h"
#include "quantize/scale_limits.h"
#include "tests/graph/peer_files.h"
#include "tests/import/run_model.h"

namespace qbench::graph::import {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path kData = std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data";

Model Import(const std::string& name, std::vector<std::string>* notes = nullptr) {
  auto model = ReadKerasModel(kData / (name + ".h5"), notes);
  EXPECT_TRUE(model.ok()) << model.status().message();
  EXPECT_TRUE(Optimize(*model).ok());
  return *model;
}

class TrainedModels : public testing::TestWithParam<const char*> {};

TEST_P(TrainedModels, AnswerAsKerasDoes) {
  const std::string name = GetParam();
  const Model model = Import(name);
  const auto x = ReadNpy(kData / (name + ".x0.npy"));
  const auto y = ReadNpy(kData / (name + ".y0.npy"));
  ASSERT_TRUE(x.ok() && y.ok());
  for (int32_t i = 0; i < x->batch; ++i) {
    const auto outputs = import::Run(model, {x->Sample(i)});
    ASSERT_TRUE(outputs.ok()) << outputs.status().message();
    const std::vector<float> expected = y->Sample(i);
    for (size_t k = 0; k < expected.size(); ++k) {
      EXPECT_NEAR((*outputs)[0][k], expected[k], 1e-5) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, TrainedModels, testing::Values("qat", "pruned", "clustered"),
                         [](const auto& test) { return std::string(test.param); });

TEST(TrainedModel, NamesAreTheLayersOwn) {
  std::vector<std::string> notes;
  const Model model = Import("qat", &notes);
  EXPECT_EQ(model.graph.ops.front().name, "conv");
  EXPECT_EQ(model.signature->output_names, std::vector<std::string>{"classes"});
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes[0], HasSubstr("trained with simulated quantization: the ranges of"));
}

// int8 from end to end, as the converter makes it.
Model QuantizeTrained(const Model& model) {
  const quantize::LearnedRanges learned = quantize::FindLearnedRanges(model, {});
  EXPECT_THAT(learned.missing, IsEmpty());
  quantize::Warnings warnings;
  const auto scales = quantize::ChooseActivationScales(model, learned.ranges, warnings,
                                                       DataType::kInt8, {}, /*trained=*/true);
  EXPECT_TRUE(scales.ok()) << scales.status().message();
  auto integer = quantize::QuantizeFullInteger(model, *scales, {}, warnings);
  EXPECT_TRUE(integer.ok()) << integer.status().message();
  EXPECT_THAT(warnings, IsEmpty());
  return *integer;
}

std::map<OpKind, std::vector<const Op*>> ByKind(const Model& model) {
  std::map<OpKind, std::vector<const Op*>> ops;
  for (const Op& op : model.graph.ops) ops[op.kind].push_back(&op);
  return ops;
}

void ExpectSameScales(const Quantization& ours, const Quantization& theirs) {
  ASSERT_EQ(ours.scales.size(), theirs.scales.size());
  for (size_t i = 0; i < ours.scales.size(); ++i) {
    EXPECT_NEAR(ours.scales[i] / theirs.scales[i], 1.0, 1e-5);
  }
  EXPECT_EQ(ours.zero_points, theirs.zero_points);
}

TEST(TrainedModel, WeightsAndScalesAreTheConverters) {
  const Model ours = QuantizeTrained(Import("qat"));
  auto bytes = ReadFile(kData / "qat.converter.tflite");
  ASSERT_TRUE(bytes.ok());
  const auto theirs = ReadTflite(std::make_shared<const Bytes>(*bytes));
  ASSERT_TRUE(theirs.ok()) << theirs.status().message();
  auto our_ops = ByKind(ours);
  auto their_ops = ByKind(*theirs);
  int64_t weights = 0;
  for (const OpKind kind : {OpKind::kConv2D, OpKind::kDepthwiseConv2D, OpKind::kFullyConnected}) {
    ASSERT_EQ(our_ops[kind].size(), their_ops[kind].size());
    for (size_t i = 0; i < our_ops[kind].size(); ++i) {
      SCOPED_TRACE(our_ops[kind][i]->name);
      const auto tensors = [&](size_t input) {
        return std::pair(ours.graph.tensors[our_ops[kind][i]->inputs[input]],
                         theirs->graph.tensors[their_ops[kind][i]->inputs[input]]);
      };
      for (const size_t input : {size_t{0}, kWeightsInput, kBiasInput}) {
        const auto [our_tensor, their_tensor] = tensors(input);
        ExpectSameScales(*our_tensor.quantization, *their_tensor.quantization);
        if (input == 0) continue;
        weights += ElementCount(our_tensor.shape);
        if (input == kWeightsInput) {
          EXPECT_TRUE(*our_tensor.constant == *their_tensor.constant);
          continue;
        }
        // Batch normalization gives a bias in double here, in float there.
        const auto our_bias = our_tensor.constant->Values<int32_t>();
        const auto their_bias = their_tensor.constant->Values<int32_t>();
        ASSERT_EQ(our_bias.size(), their_bias.size());
        for (size_t k = 0; k < our_bias.size(); ++k) EXPECT_NEAR(our_bias[k], their_bias[k], 1);
      }
      ExpectSameScales(*ours.graph.tensors[our_ops[kind][i]->outputs[0]].quantization,
                       *theirs->graph.tensors[their_ops[kind][i]->outputs[0]].quantization);
    }
  }
  EXPECT_GT(weights, 150);
  const auto file = quantize::WriteArtifact(ours);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_LE(file->size(), bytes->size());
}

TEST(TrainedModel, AnswersAreTheConverters) {
  const Model ours = QuantizeTrained(Import("qat"));
  const auto theirs =
      ReadTflite(std::make_shared<const Bytes>(*ReadFile(kData / "qat.converter.tflite")));
  ASSERT_TRUE(theirs.ok()) << theirs.status().message();
  const auto x = ReadNpy(kData / "qat.x0.npy");
  ASSERT_TRUE(x.ok());
  for (int32_t i = 0; i < x->batch; ++i) {
    const auto our_answer = import::Run(ours, {x->Sample(i)});
    const auto their_answer = import::Run(*theirs, {x->Sample(i)});
    ASSERT_TRUE(our_answer.ok()) << our_answer.status().message();
    ASSERT_TRUE(their_answer.ok()) << their_answer.status().message();
    for (size_t k = 0; k < (*our_answer)[0].size(); ++k) {
      EXPECT_NEAR((*our_answer)[0][k], (*their_answer)[0][k], 1.01 / 256) << i;
    }
  }
}

// The same of the larger network beside the source tree.
TEST(TrainedModel, ALargerOneHasTheConvertersClassesToo) {
  const std::filesystem::path cases = SharedDir() / "cases";
  if (!std::filesystem::exists(cases / "qat_cnn.h5")) {
    GTEST_SKIP() << "no qat_cnn.h5: set QBENCH_SHARED to the folder that holds cases/";
  }
  auto model = ReadKerasModel(cases / "qat_cnn.h5");
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Optimize(*model).ok());
  const Model ours = QuantizeTrained(*model);
  const auto bytes = ReadFile(cases / "qat_cnn.tf_int8.tflite");
  ASSERT_TRUE(bytes.ok());
  const auto theirs = ReadTflite(std::make_shared<const Bytes>(*bytes));
  ASSERT_TRUE(theirs.ok()) << theirs.status().message();
  const auto x = ReadNpy(cases / "qat_cnn.check_x.npy");
  ASSERT_TRUE(x.ok());
  for (int32_t i = 0; i < x->batch; ++i) {
    const auto our_answer = import::Run(ours, {x->Sample(i)});
    const auto their_answer = import::Run(*theirs, {x->Sample(i)});
    ASSERT_TRUE(our_answer.ok() && their_answer.ok());
    for (size_t k = 0; k < (*our_answer)[0].size(); ++k) {
      EXPECT_NEAR((*our_answer)[0][k], (*their_answer)[0][k], 3.0 / 256) << i;
    }
  }
  const auto file = quantize::WriteArtifact(ours);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_LE(file->size(), bytes->size());
}

const Tensor& WeightsOf(const Model& model, OpKind kind) {
  for (const Op& op : model.graph.ops) {
    if (op.kind == kind) return model.graph.tensors[op.inputs[kWeightsInput]];
  }
  ADD_FAILURE() << "no " << OpKindName(kind);
  return model.graph.tensors[0];
}

TEST(TrainedModel, PrunedWeightsAreZero) {
  const Model model = Import("pruned");
  const std::vector<float> weights = WeightsOf(model, OpKind::kConv2D).constant->Values<float>();
  const auto zeros = std::ranges::count(weights, 0.0F);
  EXPECT_NEAR(static_cast<double>(zeros) / static_cast<double>(weights.size()), 0.5, 0.02);
}

TEST(TrainedModel, ClusteredWeightsHaveFewValues) {
  const auto model = ReadKerasModel(kData / "clustered.h5");
  ASSERT_TRUE(model.ok()) << model.status().message();
  const std::vector<float> weights = WeightsOf(*model, OpKind::kConv2D).constant->Values<float>();
  EXPECT_LE(std::set<float>(weights.begin(), weights.end()).size(), 8U);
  EXPECT_GT(weights.size(), 100U);
}

}  // namespace
}  // namespace qbench::graph::import
