// The table of scale_limits.h against LiteRT itself: just within a limit a model runs, beyond it
// CheckScales refuses it, and LiteRT too where the table says so.
#include "quantize/scale_limits.h"

#include <gmock/gmock.h>

#include "graph/tflite/tflite_writer.h"
#include "tests/graph/model_builder.h"
#include "tests/plugins/litert_child.h"
#include "tests/plugins/runtime_comparison.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::DataType;
using graph::ModelBuilder;
using graph::OpKind;
using graph::Quantization;
using graph::TensorId;
using ::testing::HasSubstr;

// How LiteRT takes what is beyond the limit.
enum class Beyond {
  kNoLoad,         // with XNNPACK
  kReferenceEnds,  // the process, with the reference kernels
  kRuns,           // to a wrong answer
};

struct Limit {
  const char* name;
  OpKind kind;
  DataType type;
  float input;  // scale of each input
  // Of the output, at the limit; where the limit is of the input, the input's own is `input` and
  // this is 0.
  float output;
  Beyond beyond;
  Activation activation = Activation::kNone;
};

constexpr Limit kLimits[] = {
    {"conv", OpKind::kConv2D, DataType::kInt8, 1.0F, 1.0F / 256.0F, Beyond::kNoLoad},
    {"depthwise", OpKind::kDepthwiseConv2D, DataType::kInt8, 1.0F, 1.0F / 256.0F, Beyond::kNoLoad},
    {"dense", OpKind::kFullyConnected, DataType::kInt8, 1.0F, 1.0F / 256.0F, Beyond::kNoLoad},
    {"conv16", OpKind::kConv2D, DataType::kInt16, 1.0F, 1.0F / 128.0F, Beyond::kRuns},
    {"dense16", OpKind::kFullyConnected, DataType::kInt16, 1.0F, 1.0F / 128.0F, Beyond::kRuns},
    {"add", OpKind::kAdd, DataType::kInt8, 1.0F, 1.0F / 256.0F, Beyond::kRuns},
    {"add16", OpKind::kAdd, DataType::kInt16, 1.0F, 0x1p-14F, Beyond::kReferenceEnds},
    {"sub", OpKind::kSub, DataType::kInt8, 1.0F, 1.0F / 256.0F, Beyond::kRuns},
    {"sub16", OpKind::kSub, DataType::kInt16, 1.0F, 0x1p-14F, Beyond::kRuns},
    {"mul", OpKind::kMul, DataType::kInt8, 1.0F, 1.0F / 256.0F, Beyond::kRuns},
    {"mul16", OpKind::kMul, DataType::kInt16, 1.0F, 0.5F, Beyond::kRuns},
    {"relu", OpKind::kRelu, DataType::kInt8, 1.0F, 0x1p-22F, Beyond::kRuns},
    {"leaky_relu16", OpKind::kLeakyRelu, DataType::kInt16, 1.0F, 0x1p-15F, Beyond::kRuns},
    {"hard_swish", OpKind::kHardSwish, DataType::kInt8, 1.0F, 1.0F / 128.0F, Beyond::kNoLoad},
    {"add_relu6", OpKind::kAdd, DataType::kInt8, 6 * 0x1p-31F, 6 * 0x1p-31F, Beyond::kReferenceEnds,
     Activation::kRelu6},
    {"add16_relu_n1_to_1", OpKind::kAdd, DataType::kInt16, 0x1p-31F, 0x1p-31F,
     Beyond::kReferenceEnds, Activation::kReluN1To1},
    {"softmax", OpKind::kSoftmax, DataType::kInt8, 0x1p-26F, 0.0F, Beyond::kReferenceEnds},
};

Quantization Affine(float scale, int64_t zero_point = 0) {
  return {.scales = {scale}, .zero_points = {zero_point}};
}

// One operator of integers, whose scales are the limit's times `factor` (of the output, or else of
// the input).
graph::Model ModelAt(const Limit& limit, float factor) {
  ModelBuilder b;
  const bool of_output = limit.output > 0.0F;
  const auto input = [&] {
    const TensorId id = b.Input({1, 4, 4, 4}, limit.type);
    b.tensor(id).quantization = Affine(limit.input * (of_output ? 1.0F : factor));
    return id;
  };
  const auto constant = [&](graph::Shape shape, auto example, Quantization quantization) {
    const std::vector<decltype(example)> values(static_cast<size_t>(graph::ElementCount(shape)), 1);
    return b.graph().AddTensor({.name = "c" + std::to_string(b.graph().tensors.size()),
                                .type = sizeof(example) == 1   ? DataType::kInt8
                                        : sizeof(example) == 4 ? DataType::kInt32
                                                               : DataType::kInt64,
                                .shape = std::move(shape),
                                .quantization = std::move(quantization),
                                .constant = graph::MakeConstant(values)});
  };
  std::vector<TensorId> inputs = {input()};
  graph::OpOptions options = graph::DefaultOptions(limit.kind);
  const bool depthwise = limit.kind == OpKind::kDepthwiseConv2D;
  if (depthwise || limit.kind == OpKind::kConv2D || limit.kind == OpKind::kFullyConnected) {
    const graph::Shape shape = limit.kind == OpKind::kFullyConnected ? graph::Shape{4, 64}
                               : depthwise                           ? graph::Shape{1, 3, 3, 4}
                                                                     : graph::Shape{4, 3, 3, 4};
    Quantization channels{.scales = {0.5F, 1.0F, 0.25F, 0.5F},
                          .zero_points = {0, 0, 0, 0},
                          .axis = depthwise ? 3 : 0};
    inputs.push_back(constant(shape, int8_t{}, channels));
    channels.axis = 0;
    inputs.push_back(limit.type == DataType::kInt16 ? constant({4}, int64_t{}, channels)
                                                    : constant({4}, int32_t{}, channels));
  }
  if (auto* binary = std::get_if<graph::BinaryOptions>(&options)) {
    binary->activation = limit.activation;
    inputs.push_back(input());
  }
  if (auto* leaky = std::get_if<graph::LeakyReluOptions>(&options)) leaky->alpha = 0.5F;
  const TensorId output =
      b.Add(limit.kind, options, inputs, std::nullopt,
            of_output ? Affine(limit.output * factor) : Affine(1.0F / 256.0F, -128));
  graph::Model model = b.Finish({output});
  model.graph.ops[0].name = "the_layer";
  return model;
}

class ScaleLimits : public ::testing::TestWithParam<Limit> {};
INSTANTIATE_TEST_SUITE_P(All, ScaleLimits, ::testing::ValuesIn(kLimits),
                         [](const auto& limit) { return std::string(limit.param.name); });

TEST_P(ScaleLimits, BeyondThemNothingIsWritten) {
  const auto within = WriteArtifact(ModelAt(GetParam(), 1.02F));
  EXPECT_TRUE(within.ok()) << within.status().message();
  const Status beyond = WriteArtifact(ModelAt(GetParam(), 1.0F / 1.02F)).status();
  EXPECT_EQ(beyond.code(), StatusCode::kUnsupported);
  EXPECT_THAT(beyond.message(), HasSubstr("\"the_layer\""));
  EXPECT_THAT(beyond.message(), HasSubstr("compute = \"float\""));
}

TEST_P(ScaleLimits, AreLiterts) {
  if (const std::string why = WhyNoLitert(); !why.empty()) GTEST_SKIP() << why;
  const auto within = graph::WriteTflite(ModelAt(GetParam(), 1.02F));
  const auto beyond = graph::WriteTflite(ModelAt(GetParam(), 1.0F / 1.02F));
  ASSERT_TRUE(within.ok() && beyond.ok());
  for (const char* mode : {"xnnpack", "builtin", "reference"}) {
    SCOPED_TRACE(mode);
    EXPECT_EQ(TryInLitert(*within, mode), LitertTrial::kRan);
  }
  if (GetParam().beyond == Beyond::kNoLoad) {
    EXPECT_EQ(TryInLitert(*beyond, "xnnpack"), LitertTrial::kRefused);
  } else if (GetParam().beyond == Beyond::kReferenceEnds) {
    EXPECT_NE(TryInLitert(*beyond, "reference"), LitertTrial::kRan);
  }
}

TEST(ScaleLimits, EveryScaleIsANormalNumber) {
  for (const float scale : {0.0F, 1e-40F, -1.0F, HUGE_VALF, std::nanf("")}) {
    Limit limit = kLimits[0];
    graph::Model model = ModelAt(limit, 1.5F);
    model.graph.tensors[static_cast<size_t>(model.graph.ops[0].inputs[1])].quantization->scales[2] =
        scale;
    EXPECT_THAT(CheckScales(model).message(), HasSubstr("is not a normal number")) << scale;
  }
}

}  // namespace
}  // namespace qbench::quantize
