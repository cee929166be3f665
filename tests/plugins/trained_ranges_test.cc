// `int8` and `uint8` on models that quantization-aware training left ranges in.
#include <cmath>

#include "base/json.h"
#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/plugins/fake_host.h"
#include "tests/plugins/quantizer_runner.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The tiny classifier with a range on every activation and on the first layer's weights.
graph::Model Trained() {
  graph::Model model = quantize::TinyClassifier();
  const auto learn = [&](graph::TensorId id, float min, float max) {
    model.graph.tensors[static_cast<size_t>(id)].learned_range =
        graph::LearnedRange{.min = {min}, .max = {max}};
  };
  learn(model.graph.inputs[0], -1.0F, 1.0F);
  for (const graph::Op& op : model.graph.ops) learn(op.outputs[0], -2.0F, 4.0F);
  learn(model.graph.ops[0].inputs[1], -0.635F, 0.635F);
  return model;
}

Bytes FileOf(const graph::Model& model) {
  auto bytes = graph::WriteTflite(model);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return std::move(*bytes);
}

graph::Model ModelOf(const Outcome& outcome) {
  auto model = graph::ReadTflite(std::make_shared<const Bytes>(outcome.model));
  EXPECT_TRUE(model.ok()) << model.status().message();
  return std::move(*model);
}

Json Emitted(const FakeHost& host, const std::string& name) {
  const Bytes& bytes = host.emitted.at(name).bytes;
  return *ParseJson(std::string(bytes.begin(), bytes.end()));
}

TEST(TrainedRanges, NeedNoSamplesAndGiveTheScales) {
  for (const char* id : {"int8", "uint8"}) {
    SCOPED_TRACE(id);
    FakeHost host;  // of no samples
    const Outcome outcome = Quantize(id, host, FileOf(Trained()), {{"io", "int8"}});
    ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    EXPECT_THAT(host.warnings, IsEmpty());
    EXPECT_EQ(host.models_run, 0U);
    const graph::Model model = ModelOf(outcome);
    const graph::Tensor& input = model.graph.tensors[model.graph.inputs[0]];
    EXPECT_NEAR(input.quantization->scales[0], 2.0F / 255, 1e-7);
    const graph::Op& conv = model.graph.ops[0];
    EXPECT_THAT(model.graph.tensors[conv.inputs[1]].quantization->scales,
                ElementsAre(0.635F / 127));
    EXPECT_NEAR(model.graph.tensors[conv.outputs[0]].quantization->scales[0], 6.0F / 255, 1e-7);
    for (const graph::Tensor& tensor : model.graph.tensors) EXPECT_FALSE(tensor.learned_range);
    const Json ranges = Emitted(host, "ranges");
    EXPECT_EQ(ranges.at("calibration"), "learned");
    EXPECT_EQ(ranges.at("learned_weights"), 1);
    EXPECT_FALSE(host.emitted.contains("invalid_accuracy"));
  }
}

TEST(TrainedRanges, RewritesThatWouldInvalidateThemAreLeftOutAndNamed) {
  FakeHost host;
  const std::vector<qbench_option> options = {{"equalization", "true"},
                                              {"bias_absorption", "true"},
                                              {"rounding", "gptq"},
                                              {"bias_correction", "true"},
                                              {"calibration", "mse"}};
  const Outcome outcome = Quantize("int8", host, FileOf(Trained()), options);
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_THAT(host.warnings,
              ElementsAre(AllOf(HasSubstr("equalization=true, bias_absorption=true, rounding=gptq, "
                                          "bias_correction=true, calibration=mse left out"),
                                HasSubstr("learned_ranges=false"))));
  FakeHost plain;
  EXPECT_EQ(Quantize("int8", plain, FileOf(Trained())).model, outcome.model);
}

TEST(TrainedRanges, AreNotTakenWhereTheUserSaysSo) {
  FakeHost trained;
  FakeHost untrained;
  for (FakeHost* host : {&trained, &untrained}) host->MakeSamples(5, 12, {1, 16, 16, 3});
  const Outcome outcome =
      Quantize("int8", trained, FileOf(Trained()), {{"learned_ranges", "false"}});
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_EQ(outcome.model, Quantize("int8", untrained, FileOf(quantize::TinyClassifier())).model);
}

TEST(TrainedRanges, AMissingOneIsAnErrorAndDummyTimesItAllTheSame) {
  graph::Model model = Trained();
  const graph::TensorId first = model.graph.ops[0].outputs[0];
  auto& range = model.graph.tensors[static_cast<size_t>(first)].learned_range;
  range.reset();
  // Its activation bounds it.
  FakeHost derived;
  ASSERT_EQ(Quantize("int8", derived, FileOf(model)).status, QBENCH_OK);
  EXPECT_EQ(Emitted(derived, "ranges").at("derived"), 1);
  std::get<graph::Conv2DOptions>(model.graph.ops[0].options).activation = graph::Activation::kRelu;
  FakeHost host;
  const Outcome outcome = Quantize("int8", host, FileOf(model));
  EXPECT_EQ(outcome.status, QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.error, AllOf(HasSubstr("no learned range of tensor \""),
                                   HasSubstr("made by CONV_2D"), HasSubstr("calibration=dummy")));
  FakeHost timing;
  const Outcome made_up = Quantize("int8", timing, FileOf(model), {{"calibration", "dummy"}});
  ASSERT_EQ(made_up.status, QBENCH_OK) << made_up.error;
  EXPECT_THAT(timing.warnings, ElementsAre(HasSubstr("the accuracy means nothing")));
  EXPECT_TRUE(timing.emitted.contains("invalid_accuracy"));
}

TEST(TrainedRanges, TheInputsMayFollowFromMeanAndDeviation) {
  graph::Model model = Trained();
  model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])].learned_range.reset();
  FakeHost host;
  const Outcome outcome = Quantize("int8", host, FileOf(model));
  EXPECT_THAT(outcome.error, AllOf(HasSubstr("the model's input"), HasSubstr("mean and std_dev")));
  FakeHost given;
  const Outcome bytes =
      Quantize("uint8", given, FileOf(model), {{"mean", "128"}, {"std_dev", "64"}, {"io", "int8"}});
  ASSERT_EQ(bytes.status, QBENCH_OK) << bytes.error;
  const graph::Model integer = ModelOf(bytes);
  EXPECT_NEAR(integer.graph.tensors[integer.graph.inputs[0]].quantization->scales[0], 1.0F / 64,
              1e-6);
  FakeHost untrained;
  EXPECT_THAT(
      Quantize("int8", untrained, FileOf(quantize::TinyClassifier()), {{"mean", "1"}}).error,
      HasSubstr("go with calibration=dummy"));
}

TEST(TrainedRanges, OtherQuantizersTakeTheModelAsAnyOther) {
  for (const char* id : {"dynamic", "fp16", "weight_only", "int4", "int16x8"}) {
    SCOPED_TRACE(id);
    FakeHost trained;
    FakeHost untrained;
    for (FakeHost* host : {&trained, &untrained}) host->MakeSamples(5, 12, {1, 16, 16, 3});
    const Outcome outcome = Quantize(id, trained, FileOf(Trained()));
    ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    EXPECT_EQ(outcome.model, Quantize(id, untrained, FileOf(quantize::TinyClassifier())).model);
  }
}

TEST(Float16Files, AreQuantizedAsTheFloatModelTheyStandFor) {
  FakeHost halver;
  const Outcome halves = Quantize("fp16", halver, FileOf(quantize::TinyClassifier()));
  ASSERT_EQ(halves.status, QBENCH_OK) << halves.error;
  for (const char* id : {"int8", "dynamic", "weight_only"}) {
    SCOPED_TRACE(id);
    FakeHost host;
    host.MakeSamples(5, 12, {1, 16, 16, 3});
    const Outcome outcome = Quantize(id, host, halves.model);
    EXPECT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    EXPECT_LT(outcome.model.size(), halves.model.size());
  }
}

}  // namespace
}  // namespace qbench::plugin
