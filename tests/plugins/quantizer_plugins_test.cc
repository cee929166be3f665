// The quantizer plugins as the harness sees them: shared libraries behind the C ABI.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "gmock/gmock.h"
#include "graph/numerics/quantize_math.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "kernels/interpreter.h"
#include "qbench/quantizer.h"
#include "tests/plugins/fake_host.h"
#include "tests/plugins/quantizer_runner.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<int32_t> kSampleShape = {1, 16, 16, 3};

Json EmittedRanges(const FakeHost& host) {
  const Bytes& text = host.emitted.at("ranges").bytes;
  auto json = ParseJson({reinterpret_cast<const char*>(text.data()), text.size()});
  EXPECT_TRUE(json.ok()) << json.status().message();
  return json.ok() ? *json : Json();
}

Bytes TinyFile() {
  auto bytes = graph::WriteTflite(quantize::TinyClassifier());
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return std::move(*bytes);
}

graph::Model Read(const Bytes& bytes) {
  auto model = graph::ReadTflite(std::make_shared<const Bytes>(bytes));
  EXPECT_TRUE(model.ok()) << model.status().message();
  return std::move(*model);
}

const graph::Tensor& TensorOf(const graph::Model& model, graph::TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)];
}

graph::AffineParameters ParametersOf(const graph::Tensor& tensor) {
  return {tensor.quantization->scales[0],
          static_cast<int32_t>(tensor.quantization->zero_points[0])};
}

// The model's answer to a sample, through the parameters of uint8 inputs and outputs.
std::vector<float> Infer(const Bytes& bytes, const std::vector<float>& sample) {
  const auto model = std::make_shared<const graph::Model>(Read(bytes));
  auto interpreter = kernels::Interpreter::Create(model);
  EXPECT_TRUE(interpreter.ok()) << interpreter.status().message();
  const auto input = interpreter->TensorData(model->graph.inputs[0]);
  const graph::Tensor& input_tensor = TensorOf(*model, model->graph.inputs[0]);
  if (input_tensor.type == graph::DataType::kUInt8) {
    EXPECT_EQ(input.size(), sample.size());
    for (size_t i = 0; i < sample.size(); ++i) {
      input[i] = static_cast<uint8_t>(
          graph::QuantizeValue(sample[i], ParametersOf(input_tensor), {0, 255}));
    }
  } else {
    EXPECT_EQ(input.size(), sample.size() * sizeof(float));
    std::memcpy(input.data(), sample.data(), input.size());
  }
  EXPECT_TRUE(interpreter->Invoke().ok());
  const auto output = interpreter->TensorData(model->graph.outputs[0]);
  const graph::Tensor& output_tensor = TensorOf(*model, model->graph.outputs[0]);
  std::vector<float> values;
  if (output_tensor.type == graph::DataType::kUInt8) {
    const graph::AffineParameters q = ParametersOf(output_tensor);
    for (const uint8_t value : output) {
      values.push_back(q.scale * static_cast<float>(value - q.zero_point));
    }
  } else {
    values.resize(output.size() / sizeof(float));
    std::memcpy(values.data(), output.data(), output.size());
  }
  return values;
}

class QuantizerPlugin : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, QuantizerPlugin,
                         ::testing::Values("float", "fp16", "dynamic", "int8", "uint8", "int16x8",
                                           "weight_only", "int4"));

bool Calibrates(const std::string& id) {
  return id == "int8" || id == "uint8" || id == "int16x8" || id == "weight_only" || id == "int4";
}

TEST_P(QuantizerPlugin, DescribesItself) {
  const qbench_quantizer_factory* factory = Load(GetParam());
  ASSERT_NE(factory, nullptr);
  ASSERT_EQ(factory->count(), 1U);
  EXPECT_EQ(factory->get_descriptor(1), nullptr);
  const qbench_quantizer_descriptor* descriptor = factory->get_descriptor(0);
  EXPECT_EQ(descriptor->base.struct_size, sizeof(qbench_quantizer_descriptor));
  EXPECT_EQ(descriptor->base.id, GetParam());
  EXPECT_STREQ(descriptor->base.version, QBENCH_PLUGIN_VERSION);
  EXPECT_EQ(descriptor->needs_samples != 0, Calibrates(GetParam()));
  EXPECT_EQ(descriptor->flags, GetParam() == "float" ? 1U : 0U);
  EXPECT_EQ(descriptor->only_when_named != nullptr, GetParam() == "int16x8");
  for (uint32_t i = 0; i < descriptor->base.option_count; ++i) {
    EXPECT_EQ(descriptor->base.options[i]->struct_size, sizeof(qbench_option_info));
    EXPECT_STRNE(descriptor->base.options[i]->help, "");
  }
  FakeHost host;
  qbench_quantizer* quantizer = nullptr;
  EXPECT_EQ(factory->create(host.host(), "other", &quantizer), QBENCH_INVALID_ARGUMENT);
  EXPECT_EQ(quantizer, nullptr);
}

TEST_P(QuantizerPlugin, SameInputSameBytesAndOutputsCloseToFloat) {
  const Bytes file = TinyFile();
  FakeHost first;
  FakeHost second;
  first.MakeSamples(11, 20, kSampleShape);
  second.MakeSamples(11, 20, kSampleShape);
  const Outcome outcome = Quantize(GetParam(), first, file);
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_EQ(first.emitted["model"].media_type, QBENCH_MEDIA_TFLITE);
  EXPECT_EQ(Quantize(GetParam(), second, file).model, outcome.model);
  std::vector<float> spread;  // of a class over the samples: what a constant answer would miss
  for (const std::vector<float>& sample : first.samples) {
    const auto expected = Infer(file, sample);
    spread.push_back(expected[0]);
    const auto actual = Infer(outcome.model, sample);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], GetParam() == "float" ? 0.0F : 0.03F);
    }
  }
  EXPECT_GT(*std::max_element(spread.begin(), spread.end()) -
                *std::min_element(spread.begin(), spread.end()),
            0.15F);
}

TEST_P(QuantizerPlugin, BadOptionIsNamed) {
  FakeHost host;
  const Outcome outcome = Quantize(GetParam(), host, TinyFile(), {{"flavour", "mint"}});
  EXPECT_EQ(outcome.status, QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.error, HasSubstr("\"flavour\""));
  EXPECT_TRUE(host.emitted.empty());
}

TEST_P(QuantizerPlugin, BrokenFileIsInvalid) {
  FakeHost host;
  host.MakeSamples(1, 2, kSampleShape);
  Bytes file = TinyFile();
  file.resize(file.size() / 2);
  EXPECT_EQ(Quantize(GetParam(), host, file).status, QBENCH_INVALID_ARGUMENT);
  EXPECT_TRUE(host.emitted.empty());
}

TEST_P(QuantizerPlugin, CallsOutOfOrderAreRefused) {
  FakeHost host;
  host.MakeSamples(1, 2, kSampleShape);
  const Bytes file = TinyFile();
  const QuantizerPointer quantizer = Create(GetParam(), host);
  const auto quantize = [&] {
    return quantizer->quantize(quantizer.get(), file.data(), file.size());
  };
  EXPECT_EQ(quantize(), QBENCH_INVALID_ARGUMENT);
  EXPECT_EQ(quantizer->init(quantizer.get(), nullptr, 0), QBENCH_OK);
  EXPECT_EQ(quantizer->init(quantizer.get(), nullptr, 0), QBENCH_INVALID_ARGUMENT);
  EXPECT_EQ(quantize(), QBENCH_OK);
  EXPECT_EQ(quantize(), QBENCH_INVALID_ARGUMENT);
}

TEST_P(QuantizerPlugin, HostThatDoesNotTakeTheArtifact) {
  FakeHost host;
  host.MakeSamples(1, 2, kSampleShape);
  host.missing = {QBENCH_HOST_EMIT};
  const Outcome outcome = Quantize(GetParam(), host, TinyFile());
  EXPECT_EQ(outcome.status, QBENCH_HOST_ERROR);
  EXPECT_THAT(outcome.error, HasSubstr(QBENCH_HOST_EMIT));
}

TEST(FloatPlugin, EmitsTheVeryBytes) {
  FakeHost host;
  const Bytes file = TinyFile();
  EXPECT_EQ(Quantize("float", host, file).model, file);
}

TEST(QuantizedInput, OnlyFloatPassesItOn) {
  FakeHost host;
  host.MakeSamples(1, 4, kSampleShape);
  const Outcome outcome = Quantize("int8", host, TinyFile());
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  for (const char* id : {"fp16", "dynamic", "int8", "uint8", "int16x8", "weight_only", "int4"}) {
    FakeHost again;
    again.MakeSamples(1, 4, kSampleShape);
    const Outcome refused = Quantize(id, again, outcome.model);
    EXPECT_EQ(refused.status, QBENCH_UNSUPPORTED) << id;
    EXPECT_THAT(refused.error, HasSubstr("quantized already"));
  }
  FakeHost other;
  EXPECT_EQ(Quantize("float", other, outcome.model).model, outcome.model);
}

TEST(Int4Plugin, NearestNeedsNoSamplesAndGptqDoes) {
  FakeHost host;
  EXPECT_EQ(Quantize("int4", host, TinyFile(), {{"rounding", "nearest"}}).status, QBENCH_OK);
  EXPECT_EQ(host.samples_run, 0U);
  FakeHost none;
  EXPECT_THAT(Quantize("int4", none, TinyFile()).error, HasSubstr("--dataset"));
  FakeHost other;
  EXPECT_THAT(Quantize("int4", other, TinyFile(), {{"rounding", "nearest"}, {"images", "3"}}).error,
              HasSubstr("\"images\" goes with rounding=gptq"));
}

TEST(Int4Plugin, FeedbackBringsOutputsNearerToFloat) {
  const Bytes file = TinyFile();
  FakeHost host;
  host.MakeSamples(11, 20, kSampleShape);
  FakeHost none;
  const Bytes gptq = Quantize("int4", host, file, {{"small_layers", "int4"}}).model;
  const Bytes nearest =
      Quantize("int4", none, file, {{"small_layers", "int4"}, {"rounding", "nearest"}}).model;
  const auto error = [&](const Bytes& model) {
    double sum = 0.0;
    for (const std::vector<float>& sample : host.samples) {
      const auto expected = Infer(file, sample);
      const auto actual = Infer(model, sample);
      for (size_t i = 0; i < expected.size(); ++i) sum += std::abs(actual[i] - expected[i]);
    }
    return sum;
  };
  EXPECT_LT(error(gptq), 0.7 * error(nearest));
}

TEST(Int8Plugin, RangesTravelBesideTheArtifact) {
  FakeHost host;
  host.MakeSamples(5, 12, kSampleShape);
  const Outcome outcome = Quantize("int8", host, TinyFile(), {{"images", "8"}});
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_EQ(host.samples_run, 8U);
  EXPECT_THAT(host.progress, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(host.warnings, IsEmpty());
  ASSERT_TRUE(host.emitted.contains("ranges"));
  EXPECT_EQ(host.emitted["ranges"].media_type, QBENCH_MEDIA_JSON);
  const Json ranges = EmittedRanges(host);
  EXPECT_EQ(ranges.at("samples"), 8);
  EXPECT_EQ(ranges.at("runtime"), "fake 1");
  EXPECT_EQ(ranges.at("calibration"), "mse");
  const graph::Model model = Read(outcome.model);
  const Json& input = ranges.at("tensors").at(0);
  EXPECT_EQ(input.at("name"), model.graph.tensors[static_cast<size_t>(model.graph.inputs[0])].name);
  float low = 1.0F;
  float high = 0.0F;
  for (size_t i = 0; i < 8; ++i) {
    low = std::min(low, *std::min_element(host.samples[i].begin(), host.samples[i].end()));
    high = std::max(high, *std::max_element(host.samples[i].begin(), host.samples[i].end()));
  }
  EXPECT_EQ(input.at("min").get<float>(), low);
  EXPECT_EQ(input.at("max").get<float>(), high);
}

TEST(Int8Plugin, FewerSamplesThanAskedForIsAWarning) {
  FakeHost host;
  host.MakeSamples(5, 3, kSampleShape);
  EXPECT_EQ(Quantize("int8", host, TinyFile()).status, QBENCH_OK);
  EXPECT_THAT(host.warnings, ElementsAre(HasSubstr("3 samples instead of 100")));
}

TEST(Int8Plugin, NoSamplesIsAnErrorThatNamesTheNextStep) {
  FakeHost host;
  const Outcome outcome = Quantize("int8", host, TinyFile());
  EXPECT_EQ(outcome.status, QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.error, HasSubstr("--dataset"));
}

TEST(Int8Plugin, SamplesOfAnotherSizeAreRefused) {
  FakeHost host;
  host.MakeSamples(5, 3, {1, 8, 8, 3});
  const Outcome outcome = Quantize("int8", host, TinyFile());
  EXPECT_EQ(outcome.status, QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.error, HasSubstr("[1, 16, 16, 3]"));
  EXPECT_THAT(outcome.error, HasSubstr("[1, 8, 8, 3]"));
}

TEST(Int8Plugin, SampleThatIsNotFiniteIsNamed) {
  FakeHost host;
  host.MakeSamples(5, 3, kSampleShape);
  host.samples[2][7] = std::numeric_limits<float>::quiet_NaN();
  const Outcome outcome = Quantize("int8", host, TinyFile());
  EXPECT_EQ(outcome.status, QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(outcome.error, HasSubstr("calibration sample 2"));
}

TEST(Int8Plugin, RuntimeFailureIsTheHosts) {
  FakeHost host;
  host.MakeSamples(5, 3, kSampleShape);
  host.runtime_failure = "litert crashed";
  const Outcome outcome = Quantize("int8", host, TinyFile());
  EXPECT_EQ(outcome.status, QBENCH_HOST_ERROR);
  EXPECT_EQ(outcome.error, "litert crashed");
}

TEST(Int8Plugin, StopsWhereTheHostAsksFor) {
  FakeHost host;
  host.MakeSamples(5, 10, kSampleShape);
  host.cancel_after = 4;
  EXPECT_EQ(Quantize("int8", host, TinyFile()).status, QBENCH_CANCELLED);
  EXPECT_EQ(host.samples_run, 5U);
  EXPECT_TRUE(host.emitted.empty());
}

TEST(FullIntegerPlugins, EachBoundaryHasItsOwnType) {
  struct Case {
    std::string id;
    std::vector<qbench_option> options;
    graph::DataType input;
    graph::DataType output;
  };
  const std::vector<Case> cases = {
      {"int8", {}, graph::DataType::kFloat32, graph::DataType::kFloat32},
      {"int8", {{"io", "int8"}}, graph::DataType::kInt8, graph::DataType::kInt8},
      {"int8", {{"input", "uint8"}}, graph::DataType::kUInt8, graph::DataType::kFloat32},
      {"int8",
       {{"io", "int8"}, {"output", "float"}},
       graph::DataType::kInt8,
       graph::DataType::kFloat32},
      {"uint8", {}, graph::DataType::kUInt8, graph::DataType::kUInt8},
      {"uint8", {{"output", "int8"}}, graph::DataType::kUInt8, graph::DataType::kInt8},
      {"int16x8", {}, graph::DataType::kFloat32, graph::DataType::kFloat32},
      {"int16x8", {{"io", "int16"}}, graph::DataType::kInt16, graph::DataType::kInt16}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.id);
    FakeHost host;
    host.MakeSamples(3, 20, kSampleShape);
    const Outcome outcome = Quantize(expected.id, host, TinyFile(), expected.options);
    ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    const graph::Model model = Read(outcome.model);
    EXPECT_EQ(TensorOf(model, model.graph.inputs[0]).type, expected.input);
    EXPECT_EQ(TensorOf(model, model.graph.outputs[0]).type, expected.output);
  }
}

TEST(Int8Plugin, EveryCalibrationGivesAWorkingModelAndSaysItsName) {
  const Bytes file = TinyFile();
  FakeHost plain_host;
  plain_host.MakeSamples(11, 20, kSampleShape);
  const Outcome plain = Quantize("int8", plain_host, file, {{"calibration", "minmax"}});
  for (const char* method : {"moving-average", "percentile", "mse", "octav", "entropy"}) {
    SCOPED_TRACE(method);
    FakeHost host;
    host.MakeSamples(11, 20, kSampleShape);
    std::vector<qbench_option> options = {{"calibration", method}};
    if (method == std::string("percentile")) options.push_back({"percentile", "99.0"});
    const Outcome outcome = Quantize("int8", host, file, options);
    ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
    EXPECT_EQ(EmittedRanges(host)["calibration"], method);
    EXPECT_NE(outcome.model, plain.model);
    // The first samples are dim, which the moving average does not forget; entropy is for
    // distributions, and the few values here are none. Both cut much off.
    const std::string name = method;
    const float tolerance = name == "entropy" || name == "moving-average" ? 0.5F : 0.1F;
    for (const std::vector<float>& sample : host.samples) {
      const auto expected = Infer(file, sample);
      const auto actual = Infer(outcome.model, sample);
      for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance);
    }
  }
}

TEST(Int8Plugin, DummyRangesNeedNoSamplesAndSaySo) {
  FakeHost host;
  const Outcome outcome = Quantize(
      "int8", host, TinyFile(),
      {{"calibration", "dummy"}, {"default_ranges_max", "3"}, {"mean", "0"}, {"std_dev", "255"}});
  ASSERT_EQ(outcome.status, QBENCH_OK) << outcome.error;
  EXPECT_EQ(host.samples_run, 0U);
  EXPECT_TRUE(host.emitted.contains("invalid_accuracy"));
  EXPECT_THAT(host.warnings, ElementsAre(HasSubstr("accuracy means nothing")));
  const graph::Model model = Read(outcome.model);
  const graph::Op& quantize = model.graph.ops.front();
  EXPECT_FLOAT_EQ(TensorOf(model, quantize.outputs[0]).quantization->scales[0], 1.0F / 255.0F);
  FakeHost other;
  EXPECT_THAT(
      Quantize("int8", other, TinyFile(), {{"calibration", "dummy"}, {"rounding", "gptq"}}).error,
      HasSubstr("looks at no images"));
  EXPECT_THAT(
      Quantize("int8", other, TinyFile(), {{"calibration", "dummy"}, {"default_ranges_min", "7"}})
          .error,
      HasSubstr("must be below"));
}

TEST(Int8Plugin, RangesAreUsedAgain) {
  FakeHost host;
  host.MakeSamples(5, 12, kSampleShape);
  const Outcome first =
      Quantize("int8", host, TinyFile(), {{"rounding", "nearest"}, {"bias_correction", "false"}});
  ASSERT_EQ(first.status, QBENCH_OK) << first.error;
  EXPECT_FALSE(host.emitted.contains("invalid_accuracy"));
  const TempDir folder = *TempDir::Create("ranges-test");
  const std::string file = (folder.path() / "ranges.json").string();
  ASSERT_TRUE(WriteFileAtomically(file, host.emitted["ranges"].bytes).ok());
  FakeHost without_samples;
  const Outcome again = Quantize("int8", without_samples, TinyFile(), {{"ranges", file.c_str()}});
  ASSERT_EQ(again.status, QBENCH_OK) << again.error;
  EXPECT_EQ(again.model, first.model);
  const Json said = EmittedRanges(without_samples);
  EXPECT_EQ(said["calibration"], "given");
  EXPECT_EQ(said["given"]["calibration"], "mse");
  EXPECT_EQ(said["given"]["samples"], 12);
  EXPECT_EQ(said["given"]["sha256"], *Sha256HexOfFile(file));
  EXPECT_EQ(said["samples"], 0);
  EXPECT_EQ(said["tensors"], EmittedRanges(host)["tensors"]);
  // With rounding that looks at images the ranges stay as given.
  FakeHost both;
  both.MakeSamples(6, 12, kSampleShape);
  const Outcome rounded =
      Quantize("int8", both, TinyFile(), {{"ranges", file.c_str()}, {"rounding", "gptq"}});
  ASSERT_EQ(rounded.status, QBENCH_OK) << rounded.error;
  EXPECT_EQ(TensorOf(Read(rounded.model), 3).quantization,
            TensorOf(Read(first.model), 3).quantization);
}

TEST(Int8Plugin, RangesOfTheDefaultGiveTheSameArtifactAgain) {
  FakeHost host;
  host.MakeSamples(5, 12, kSampleShape);
  const Outcome first = Quantize("int8", host, TinyFile(), {});
  ASSERT_EQ(first.status, QBENCH_OK) << first.error;
  const TempDir folder = *TempDir::Create("ranges-test");
  const std::string file = (folder.path() / "ranges.json").string();
  ASSERT_TRUE(WriteFileAtomically(file, host.emitted["ranges"].bytes).ok());
  FakeHost again;
  again.MakeSamples(5, 12, kSampleShape);
  const Outcome second =
      Quantize("int8", again, TinyFile(), {{"ranges", file.c_str()}, {"rounding", "gptq"}});
  ASSERT_EQ(second.status, QBENCH_OK) << second.error;
  EXPECT_EQ(second.model, first.model);
  FakeHost equalized;
  EXPECT_THAT(
      Quantize("int8", equalized, TinyFile(), {{"ranges", file.c_str()}, {"equalization", "true"}})
          .error,
      HasSubstr("equalization=false"));
}

TEST(Int8Plugin, OptionsThatWouldDoNothingAreRefused) {
  const auto error_of = [](const std::vector<qbench_option>& options) {
    FakeHost host;
    return Quantize("int8", host, TinyFile(), options).error;
  };
  EXPECT_THAT(error_of({{"default_ranges_max", "3"}}),
              HasSubstr("\"default_ranges_max\" goes with calibration=dummy"));
  EXPECT_THAT(error_of({{"percentile", "99"}}), HasSubstr("goes with calibration=percentile"));
  EXPECT_THAT(error_of({{"ranges", "r.json"}, {"calibration", "octav"}}),
              HasSubstr("\"calibration\" does not go with ranges"));
}

// Without images weights are rounded to nearest; with them the outputs come closer to float's.
TEST(WeightOnlyPlugin, RoundsAsTheImagesAskFor) {
  const Bytes file = TinyFile();
  FakeHost with;
  with.MakeSamples(11, 40, kSampleShape);
  FakeHost without;
  const Outcome feedback = Quantize("weight_only", with, file);
  const Outcome nearest = Quantize("weight_only", without, file);
  ASSERT_EQ(feedback.status, QBENCH_OK) << feedback.error;
  ASSERT_EQ(nearest.status, QBENCH_OK) << nearest.error;
  EXPECT_EQ(with.samples_run, 40U);
  const auto error_of = [&](const Bytes& model) {
    double sum = 0.0;
    for (const std::vector<float>& sample : with.samples) {
      const auto expected = Infer(file, sample);
      const auto actual = Infer(model, sample);
      for (size_t i = 0; i < expected.size(); ++i) sum += std::abs(actual[i] - expected[i]);
    }
    return sum;
  };
  EXPECT_LT(error_of(feedback.model), 0.7 * error_of(nearest.model));
  FakeHost again;
  again.MakeSamples(11, 40, kSampleShape);
  EXPECT_EQ(Quantize("weight_only", again, file, {{"rounding", "nearest"}}).model, nearest.model);
  FakeHost none;
  EXPECT_THAT(Quantize("weight_only", none, file, {{"rounding", "gptq"}}).error,
              HasSubstr("--dataset"));
}

TEST(Int8Plugin, BadValuesAreNamedWithTheValidOnes) {
  FakeHost host;
  EXPECT_EQ(Quantize("int8", host, {}, {{"io", "int16"}}).error,
            "int8:io=int16: the value must be float|int8|uint8");
  EXPECT_EQ(Quantize("int16x8", host, {}, {{"input", "int8"}}).error,
            "int16x8:input=int8: the value must be io|float|int16");
  EXPECT_EQ(Quantize("int8", host, {}, {{"images", "0"}}).error,
            "int8:images=0: the value must be 1..100000");
}

}  // namespace
}  // namespace qbench::plugin
