#include "quantize/full_integer.h"

#include <algorithm>
#include <cmath>

#include "gmock/gmock.h"
#include "graph/validate.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Tensor& At(const graph::Model& model, TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)];
}

const FullIntegerOptions kInt8Boundary = {.input = DataType::kInt8, .output = DataType::kInt8};

TensorRanges RangesFor(const graph::Model& model) {
  TensorRanges ranges(model.graph.tensors.size());
  for (const TensorId id : TensorsToMeasure(model)) {
    ranges[static_cast<size_t>(id)] = ValueRange{-1.0F, 1.0F + 0.25F * static_cast<float>(id)};
  }
  return ranges;
}

graph::Model Quantized(const graph::Model& model, const FullIntegerOptions& options = {}) {
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, RangesFor(model), warnings);
  EXPECT_TRUE(scales.ok()) << scales.status().message();
  auto quantized = QuantizeFullInteger(model, *scales, options, warnings);
  EXPECT_TRUE(quantized.ok()) << quantized.status().message();
  EXPECT_THAT(warnings, IsEmpty());
  const Status valid = graph::Validate(*quantized);
  EXPECT_TRUE(valid.ok()) << valid.message();
  return std::move(*quantized);
}

void CheckWeights(const graph::Model& model, const Op& op, bool per_channel) {
  const WeightInputs inputs = *FindWeights(op);
  const Tensor& weights = At(model, inputs.weights);
  const Tensor& bias = At(model, inputs.bias);
  const auto channels =
      static_cast<size_t>(weights.shape[static_cast<size_t>(inputs.channel_axis)]);
  EXPECT_EQ(weights.type, DataType::kInt8);
  EXPECT_EQ(bias.type, DataType::kInt32);
  ASSERT_EQ(weights.quantization->scales.size(), per_channel ? channels : 1U);
  ASSERT_EQ(bias.quantization->scales.size(), weights.quantization->scales.size());
  const float input_scale = At(model, op.inputs[0]).quantization->scales[0];
  for (size_t i = 0; i < weights.quantization->scales.size(); ++i) {
    EXPECT_EQ(weights.quantization->zero_points[i], 0);
    EXPECT_EQ(bias.quantization->zero_points[i], 0);
    EXPECT_EQ(bias.quantization->scales[i], input_scale * weights.quantization->scales[i]);
  }
  if (per_channel) {
    EXPECT_EQ(weights.quantization->axis, inputs.channel_axis);
  }
}

// What TensorFlow Lite's quantization specification asks of every operator.
void CheckConstraints(const graph::Model& model, bool per_channel = true) {
  for (const Op& op : model.graph.ops) {
    SCOPED_TRACE(graph::DisplayName(model.graph, op));
    const Tensor& input = At(model, op.inputs[0]);
    const Tensor& output = At(model, op.outputs[0]);
    if (op.kind != OpKind::kQuantize) {
      EXPECT_EQ(input.type, DataType::kInt8);
    }
    if (op.kind != OpKind::kDequantize) {
      ASSERT_EQ(output.type, DataType::kInt8);
      ASSERT_EQ(output.quantization->scales.size(), 1U);
    }
    if (FindWeights(op)) CheckWeights(model, op, per_channel);
    if (KeepsScale(op.kind)) {
      for (const TensorId id : op.inputs) {
        if (At(model, id).type != DataType::kInt8) continue;  // a shape, paddings
        EXPECT_EQ(At(model, id).quantization, output.quantization);
      }
    }
    if (const auto fixed = FixedOutput(op.kind)) {
      EXPECT_EQ(output.quantization->scales[0], fixed->scale);
      EXPECT_EQ(output.quantization->zero_points[0], fixed->zero_point);
    }
  }
}

TEST(FullInteger, ConstraintsHoldOnEveryOperator) {
  for (const bool per_channel : {true, false}) {
    for (const DataType boundary : {DataType::kInt8, DataType::kFloat32}) {
      const graph::Model before = TinyClassifier();
      const OperatorChoices choices(before.graph.ops.size(), {.per_tensor = !per_channel});
      const graph::Model model =
          Quantized(before, {.input = boundary, .output = boundary, .choices = choices});
      CheckConstraints(model, per_channel);
      for (const Tensor& tensor : model.graph.tensors) {
        EXPECT_FALSE(tensor.is_constant() && tensor.type == DataType::kFloat32) << tensor.name;
      }
    }
  }
}

TEST(FullInteger, FloatBoundaryKeepsNamesAndSignature) {
  const graph::Model before = TinyClassifier();
  const graph::Model model = Quantized(before);
  const Tensor& input = At(model, model.graph.inputs[0]);
  const Tensor& output = At(model, model.graph.outputs[0]);
  EXPECT_EQ(input.type, DataType::kFloat32);
  EXPECT_EQ(output.type, DataType::kFloat32);
  EXPECT_EQ(input.name, At(before, before.graph.inputs[0]).name);
  EXPECT_EQ(output.name, At(before, before.graph.outputs[0]).name);
  EXPECT_EQ(model.signature->input_names, before.signature->input_names);
  EXPECT_EQ(model.graph.ops.front().kind, OpKind::kQuantize);
  EXPECT_EQ(model.graph.ops.back().kind, OpKind::kDequantize);
  EXPECT_EQ(model.graph.ops.size(), before.graph.ops.size() + 2);
}

TEST(FullInteger, IntegerBoundaryAddsNoOperator) {
  const graph::Model before = TinyClassifier();
  const graph::Model model = Quantized(before, kInt8Boundary);
  EXPECT_EQ(model.graph.ops.size(), before.graph.ops.size());
  EXPECT_EQ(At(model, model.graph.inputs[0]).type, DataType::kInt8);
  EXPECT_EQ(At(model, model.graph.outputs[0]).type, DataType::kInt8);
  EXPECT_TRUE(At(model, model.graph.inputs[0]).quantization.has_value());
}

// uint8 is int8 with every value 128 higher, so QUANTIZE at the boundary changes none.
TEST(FullInteger, Uint8BoundaryKeepsTheScale) {
  const graph::Model before = TinyClassifier();
  const graph::Model model =
      Quantized(before, {.input = DataType::kUInt8, .output = DataType::kUInt8});
  ASSERT_EQ(model.graph.ops.size(), before.graph.ops.size() + 2);
  for (const Op& op : {model.graph.ops.front(), model.graph.ops.back()}) {
    ASSERT_EQ(op.kind, OpKind::kQuantize);
    const bool input = At(model, op.inputs[0]).type == DataType::kUInt8;
    const Tensor& outer = At(model, input ? op.inputs[0] : op.outputs[0]);
    const Tensor& inner = At(model, input ? op.outputs[0] : op.inputs[0]);
    EXPECT_EQ(outer.type, DataType::kUInt8);
    EXPECT_EQ(inner.type, DataType::kInt8);
    EXPECT_EQ(outer.quantization->scales, inner.quantization->scales);
    EXPECT_EQ(outer.quantization->zero_points[0], inner.quantization->zero_points[0] + 128);
  }
}

// TensorFlow Lite's 16x8 scheme: symmetric activations, int64 biases of scale input x weight.
TEST(FullInteger, Int16ActivationsAreSymmetricAndBiasesInt64) {
  const graph::Model before = TinyClassifier();
  Warnings warnings;
  const auto scales = ChooseActivationScales(before, RangesFor(before), warnings, DataType::kInt16);
  ASSERT_TRUE(scales.ok()) << scales.status().message();
  const auto model = QuantizeFullInteger(
      before, *scales,
      {.activations = DataType::kInt16, .input = DataType::kInt16, .output = DataType::kInt16},
      warnings);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(graph::Validate(*model).ok());
  for (const Op& op : model->graph.ops) {
    const Tensor& output = At(*model, op.outputs[0]);
    EXPECT_EQ(output.type, DataType::kInt16) << output.name;
    EXPECT_EQ(output.quantization->zero_points[0], 0) << output.name;
    const auto weights = FindWeights(op);
    if (!weights) continue;
    EXPECT_EQ(At(*model, weights->weights).type, DataType::kInt8);
    const Tensor& bias = At(*model, weights->bias);
    EXPECT_EQ(bias.type, DataType::kInt64);
    EXPECT_EQ(bias.quantization->scales[0],
              At(*model, op.inputs[0]).quantization->scales[0] *
                  At(*model, weights->weights).quantization->scales[0]);
  }
  const auto fixed = FixedOutput(OpKind::kSoftmax, DataType::kInt16);
  EXPECT_EQ(At(*model, model->graph.outputs[0]).quantization->scales[0], fixed->scale);
}

TEST(FullInteger, EveryOperatorOfTheIr) {
  ModelBuilder builder(4);
  const TensorId input = builder.Input({1, 8, 8, 4});
  const TensorId conv = builder.Conv(input, 4, 3, graph::Activation::kRelu);
  const TensorId constant = builder.Constant({4}, -2.0F, 2.0F);
  TensorId x = builder.Binary(OpKind::kMul, conv, constant);
  x = builder.Binary(OpKind::kSub, x, conv);
  for (const OpKind kind : {OpKind::kRelu, OpKind::kRelu6, OpKind::kLeakyRelu, OpKind::kHardSwish,
                            OpKind::kLogistic, OpKind::kTanh}) {
    x = builder.Unary(kind, x);
  }
  x = builder.Concat({x, conv, builder.Constant({1, 8, 8, 1}, 0.0F, 3.0F)});
  x = builder.Pool(OpKind::kAveragePool2D, builder.Pool(OpKind::kMaxPool2D, builder.Pad(x)));
  x = builder.Binary(OpKind::kAdd, builder.Depthwise(x, 3), x);
  x = builder.Dense(builder.Mean(x), 3);
  const graph::Model model = Quantized(builder.Finish({builder.Unary(OpKind::kSoftmax, x)}));
  CheckConstraints(model);
  // Boundary, and tanh's fixed output in front of the concatenation.
  EXPECT_EQ(std::count_if(model.graph.ops.begin(), model.graph.ops.end(),
                          [](const Op& op) { return op.kind == OpKind::kQuantize; }),
            2);
}

TEST(FullInteger, ConstantOperandIsExactToHalfAStep) {
  ModelBuilder builder(4);
  const TensorId input = builder.Input({1, 8, 8, 4});
  const TensorId constant = builder.Constant({4}, 1.0F, 2.0F);
  const graph::Model before = builder.Finish({builder.Binary(OpKind::kAdd, input, constant)});
  const graph::Model model = Quantized(before, kInt8Boundary);
  const Tensor& integers = At(model, model.graph.ops[0].inputs[1]);
  ASSERT_EQ(integers.type, DataType::kInt8);
  const auto floats = At(before, constant).constant->Values<float>();
  const auto values = integers.constant->Values<int8_t>();
  const float scale = integers.quantization->scales[0];
  for (size_t i = 0; i < floats.size(); ++i) {
    const float real =
        scale * static_cast<float>(values[i] - integers.quantization->zero_points[0]);
    EXPECT_NEAR(real, floats[i], scale * 0.5001F);
  }
}

TEST(FullInteger, ComputedWeightsAreRefusedByName) {
  ModelBuilder builder(4);
  const TensorId input = builder.Input({1, 8});
  const TensorId weights = builder.Input({4, 8});
  const TensorId output = builder.Dense(input, 4);
  graph::Model model = builder.Finish({output});
  model.graph.ops[0].inputs[1] = weights;
  model.graph.ops[0].name = "head";
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, RangesFor(model), warnings);
  ASSERT_TRUE(scales.ok());
  const Status status = QuantizeFullInteger(model, *scales, {}, warnings).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("FULLY_CONNECTED \"head\""));
}

TEST(FullInteger, WideningNamesTheLayer) {
  ModelBuilder builder(4);
  const TensorId input = builder.Input({1, 8});
  graph::Model model = builder.Finish({builder.Dense(input, 4)});
  model.graph.ops[0].name = "head";
  TensorRanges ranges = RangesFor(model);
  ranges[static_cast<size_t>(input)] = ValueRange{0.0F, 1e-5F};
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings);
  ASSERT_TRUE(scales.ok());
  Tensor& bias = model.graph.tensors[static_cast<size_t>(model.graph.ops[0].inputs[2])];
  bias.constant = graph::MakeConstant(std::vector<float>{0.0F, 0.0F, 1e4F, 0.0F});
  const auto quantized = QuantizeFullInteger(model, *scales, {}, warnings);
  ASSERT_TRUE(quantized.ok());
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], HasSubstr("\"head\""));
  EXPECT_THAT(warnings[0], HasSubstr("1 channels (the first is 2)"));
}

TEST(FullInteger, QuantizedModelIsNotAFloatModel) {
  const graph::Model model = Quantized(TinyClassifier(), kInt8Boundary);
  const Status status = CheckFloatModel(model, "int8");
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("quantized already"));
  EXPECT_THAT(status.message(), HasSubstr("give it the one that this was made from"));
}

}  // namespace
}  // namespace qbench::quantize
