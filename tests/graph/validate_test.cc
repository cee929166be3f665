#include "graph/validate.h"

#include <functional>
#include <memory>

#include "gmock/gmock.h"
#include "graph/model_summary.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/graph/model_builder.h"

namespace qbench::graph {
namespace {

using testing::HasSubstr;

const Quantization kScale = {.scales = {0.5F}, .zero_points = {3}};

Op* FindOp(Model& model, OpKind kind) {
  for (Op& op : model.graph.ops) {
    if (op.kind == kind) return &op;
  }
  ADD_FAILURE() << "no " << OpKindName(kind);
  return nullptr;
}

Tensor& At(Model& model, TensorId id) { return model.graph.tensors[static_cast<size_t>(id)]; }

// ---- one thing broken at a time ----

struct BrokenCase {
  const char* name;
  std::function<void(Model&)> break_it;
  StatusCode code;
  const char* message;
};

class BrokenModelTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenModelTest, IsRefused) {
  Model model = EveryFloatOperator();
  ASSERT_TRUE(Validate(model).ok());
  GetParam().break_it(model);
  const Status status = Validate(model);
  EXPECT_EQ(status.code(), GetParam().code) << status.message();
  EXPECT_THAT(status.message(), HasSubstr(GetParam().message));
}

const BrokenCase kBrokenCases[] = {
    {"Int4Activation", [](Model& m) { At(m, m.graph.inputs[0]).type = DataType::kInt4; },
     StatusCode::kUnsupported, "int4 that is not a weight"},
    {"Int4OfAnotherSize",
     [](Model& m) {
       Tensor& filter = At(m, FindOp(m, OpKind::kConv2D)->inputs[1]);
       filter.type = DataType::kInt4;
       filter.quantization = Quantization{.scales = {0.5F}, .zero_points = {0}};
     },
     StatusCode::kCorrupt, "bytes of data"},
    {"InputOutOfRange", [](Model& m) { m.graph.ops[3].inputs[0] = 10000; }, StatusCode::kCorrupt,
     "no tensor 10000"},
    {"NegativeInput", [](Model& m) { m.graph.ops[3].inputs[0] = -2; }, StatusCode::kCorrupt,
     "no tensor -2"},
    {"MissingInput", [](Model& m) { FindOp(m, OpKind::kAdd)->inputs[0] = kNoTensor; },
     StatusCode::kCorrupt, "ADD"},
    {"MissingWeights", [](Model& m) { FindOp(m, OpKind::kConv2D)->inputs[1] = kNoTensor; },
     StatusCode::kCorrupt, "CONV_2D"},
    {"TooFewInputs", [](Model& m) { FindOp(m, OpKind::kConv2D)->inputs.pop_back(); },
     StatusCode::kCorrupt, "2 inputs instead of 3"},
    {"NoOutputs", [](Model& m) { m.graph.ops[2].outputs.clear(); }, StatusCode::kCorrupt,
     "0 outputs"},
    {"WrongOrder", [](Model& m) { std::swap(m.graph.ops[4], m.graph.ops[6]); },
     StatusCode::kCorrupt, "not computed before"},
    {"WrittenTwice", [](Model& m) { m.graph.ops[5].outputs = m.graph.ops[4].outputs; },
     StatusCode::kCorrupt, "written twice"},
    {"WritesAConstant", [](Model& m) { m.graph.ops[5].outputs = {m.graph.ops[1].inputs[1]}; },
     StatusCode::kCorrupt, "written twice"},
    {"OutputNeverComputed",
     [](Model& m) { m.graph.outputs.push_back(m.graph.AddTensor({.name = "lost", .shape = {1}})); },
     StatusCode::kCorrupt, "never computed"},
    {"OutputTwice", [](Model& m) { m.graph.outputs.push_back(m.graph.outputs[0]); },
     StatusCode::kCorrupt, "output twice"},
    {"NoInputs", [](Model& m) { m.graph.inputs.clear(); }, StatusCode::kCorrupt, "no inputs"},
    {"ConstantInput", [](Model& m) { m.graph.inputs.push_back(m.graph.ops[1].inputs[1]); },
     StatusCode::kCorrupt, "is a constant"},
    {"ForeignOptions", [](Model& m) { FindOp(m, OpKind::kConv2D)->options = Pool2DOptions{}; },
     StatusCode::kCorrupt, "another operator"},
    {"ZeroStride",
     [](Model& m) { std::get<Conv2DOptions>(FindOp(m, OpKind::kConv2D)->options).stride_h = 0; },
     StatusCode::kCorrupt, "stride 0"},
    {"HugeDilation",
     [](Model& m) {
       std::get<Conv2DOptions>(FindOp(m, OpKind::kConv2D)->options).dilation_h = INT32_MAX;
     },
     StatusCode::kCorrupt, "does not fit"},
    {"WrongOutputShape", [](Model& m) { At(m, m.graph.ops[1].outputs[0]).shape[3] += 1; },
     StatusCode::kCorrupt, "but should be"},
    {"ZeroDimension", [](Model& m) { At(m, m.graph.inputs[0]).shape[1] = 0; }, StatusCode::kCorrupt,
     "a dimension of 0"},
    {"HugeTensor",
     [](Model& m) {
       At(m, m.graph.inputs[0]).shape = {1, 1 << 20, 1 << 20, 1 << 20};
     },
     StatusCode::kUnsupported, "2 GiB"},
    {"SixDimensions",
     [](Model& m) {
       m.graph.AddTensor({.name = "deep", .shape = {1, 1, 1, 1, 1, 1}});
     },
     StatusCode::kUnsupported, "6 dimensions"},
    {"ShortWeights",
     [](Model& m) { At(m, m.graph.ops[1].inputs[1]).constant = MakeConstant<float>({1.0F}); },
     StatusCode::kCorrupt, "4 bytes of data"},
    {"FreeBatchOfTwo", [](Model& m) { At(m, m.graph.inputs[0]).shape[0] = 2; },
     StatusCode::kCorrupt, "free batch"},
    {"GroupedConvolution",
     [](Model& m) {
       Tensor& filter = At(m, FindOp(m, OpKind::kConv2D)->inputs[1]);
       filter.shape = {4, 3, 3, 1};
       filter.constant = MakeConstant(std::vector<float>(36));
     },
     StatusCode::kCorrupt, "they are no groups"},
    {"WrongDepthMultiplier",
     [](Model& m) {
       std::get<DepthwiseConv2DOptions>(FindOp(m, OpKind::kDepthwiseConv2D)->options)
           .depth_multiplier = 3;
     },
     StatusCode::kCorrupt, "depth multiplier 3"},
    {"AxisOutOfRange",
     [](Model& m) {
       std::get<ConcatenationOptions>(FindOp(m, OpKind::kConcatenation)->options).axis = 4;
     },
     StatusCode::kCorrupt, "axis 4"},
    {"FusedConcatenation",
     [](Model& m) {
       std::get<ConcatenationOptions>(FindOp(m, OpKind::kConcatenation)->options).activation =
           Activation::kRelu;
     },
     StatusCode::kUnsupported, "fused activation"},
    {"MeanOverNoDimension",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kMean)->inputs[1]).constant = MakeConstant<int32_t>({1, 4});
     },
     StatusCode::kCorrupt, "axis 4"},
    {"NegativePadding",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kPad)->inputs[1]).constant =
           MakeConstant<int32_t>({0, 0, -1, 1, 0, 1, 0, 0});
     },
     StatusCode::kCorrupt, "paddings of -1"},
    {"ReshapeToAnotherCount",
     [](Model& m) {
       Op& op = *FindOp(m, OpKind::kReshape);
       At(m, op.inputs[1]).constant = MakeConstant<int32_t>({-1, 7});
       op.options = ReshapeOptions{.new_shape = {-1, 7}};
     },
     StatusCode::kCorrupt, "cannot take the shape"},
    {"ReshapeOptionsDisagree",
     [](Model& m) {
       FindOp(m, OpKind::kReshape)->options = ReshapeOptions{.new_shape = {5, -1}};
     },
     StatusCode::kCorrupt, "not the shape input's"},
    {"ComputedNewShape",
     [](Model& m) { At(m, FindOp(m, OpKind::kReshape)->inputs[1]).type = DataType::kFloat32; },
     StatusCode::kUnsupported, "constant of type int32"},
    {"MixedTypes", [](Model& m) { At(m, m.graph.inputs[0]).type = DataType::kInt32; },
     StatusCode::kUnsupported, "int32"},
    {"IntegerWithoutScale",
     [](Model& m) { At(m, FindOp(m, OpKind::kQuantize)->outputs[0]).quantization.reset(); },
     StatusCode::kCorrupt, "without a scale"},
    {"ScaleOfZero",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kQuantize)->outputs[0]).quantization->scales = {0.0F};
     },
     StatusCode::kCorrupt, "a scale of 0"},
    {"ZeroPointOutOfRange",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kQuantize)->outputs[0]).quantization->zero_points = {256};
     },
     StatusCode::kCorrupt, "a zero point of 256"},
    {"ScalesWithoutZeroPoints",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kQuantize)->outputs[0]).quantization->zero_points = {};
     },
     StatusCode::kCorrupt, "1 scales and 0 zero points"},
    {"PerChannelActivation",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kQuantize)->outputs[0]).quantization = {
           .scales = std::vector<float>(6, 1.0F),
           .zero_points = std::vector<int64_t>(6, 0),
           .axis = 1};
     },
     StatusCode::kUnsupported, "per channel"},
    {"TooFewScales",
     [](Model& m) {
       At(m, FindOp(m, OpKind::kQuantize)->outputs[0]).quantization = {
           .scales = {1.0F, 1.0F}, .zero_points = {0, 0}, .axis = 1};
     },
     StatusCode::kCorrupt, "2 scales along dimension 1"},
    {"InfiniteAlpha",
     [](Model& m) { FindOp(m, OpKind::kLeakyRelu)->options = LeakyReluOptions{.alpha = INFINITY}; },
     StatusCode::kUnsupported, "alpha"},
    {"SignatureNamesTooFew",
     [](Model& m) { m.signature = Signature{.input_names = {"x"}, .output_names = {"y"}}; },
     StatusCode::kCorrupt, "a name of its own"},
    {"SignatureNamesOneTwice",
     [](Model& m) {
       m.signature = Signature{.input_names = {"x"}, .output_names = {"y", "y"}};
     },
     StatusCode::kCorrupt, "a name of its own"},
};

INSTANTIATE_TEST_SUITE_P(Validate, BrokenModelTest, testing::ValuesIn(kBrokenCases),
                         [](const auto& case_info) { return case_info.param.name; });

// ---- integer operators ----

TEST(ValidateTest, AcceptsWhatTheQuantizedKernelsTake) {
  ModelBuilder b;
  TensorId x = b.Input({1, 4, 4, 2}, DataType::kInt8);
  b.tensor(x).quantization = kScale;
  const TensorId filter = b.graph().AddTensor(
      {.name = "filter",
       .type = DataType::kInt8,
       .shape = {3, 1, 1, 2},
       .quantization = Quantization{.scales = {1, 2, 3}, .zero_points = {0, 0, 0}},
       .constant = MakeConstant<int8_t>({1, 2, 3, 4, 5, 6})});
  const TensorId bias = b.graph().AddTensor({.name = "bias",
                                             .type = DataType::kInt32,
                                             .shape = {3},
                                             .constant = MakeConstant<int32_t>({1, 2, 3})});
  x = b.Add(OpKind::kConv2D, Conv2DOptions{}, {x, filter, bias}, DataType::kInt8, kScale);
  x = b.Add(OpKind::kMaxPool2D, Pool2DOptions{.filter_h = 2, .filter_w = 2}, {x}, DataType::kInt8,
            kScale);
  const Model model = b.Finish({x});

  Model other = model;
  At(other, filter).quantization->axis = 3;  // three scales, but two input channels
  EXPECT_EQ(Validate(other).code(), StatusCode::kCorrupt);
  other = model;
  At(other, filter).quantization->zero_points[1] = 1;
  EXPECT_THAT(Validate(other).message(), HasSubstr("zero point other than 0"));
  other = model;
  At(other, x).quantization->scales[0] = 0.25F;
  EXPECT_THAT(Validate(other).message(), HasSubstr("differ in scale"));
  other = model;
  At(other, bias).type = DataType::kFloat32;
  EXPECT_THAT(Validate(other).message(), HasSubstr("(int8, int8, float32) to int8"));
}

TEST(ValidateTest, SoftmaxHasAFixedScale) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 4}, DataType::kInt8);
  b.tensor(input).quantization = kScale;
  const TensorId x = b.Add(OpKind::kSoftmax, SoftmaxOptions{}, {input}, DataType::kInt8,
                           Quantization{.scales = {1.0F / 256.0F}, .zero_points = {-128}});
  Model model = b.Finish({x});
  At(model, x).quantization = kScale;
  EXPECT_THAT(Validate(model).message(), HasSubstr("must be 0.00390625 and -128"));
}

TEST(InferOutputShapeTest, NeedsNoOutput) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 5, 4, 2});
  Op op{.kind = OpKind::kMaxPool2D,
        .options = Pool2DOptions{.padding = Padding::kSame, .stride_h = 2, .filter_h = 3},
        .inputs = {x},
        .outputs = {}};
  const Result<Shape> shape = InferOutputShape(b.graph(), op);
  ASSERT_TRUE(shape.ok());
  EXPECT_EQ(*shape, (Shape{1, 3, 4, 2}));
  op.inputs = {42};
  EXPECT_EQ(InferOutputShape(b.graph(), op).status().code(), StatusCode::kCorrupt);
  op.inputs = {};
  EXPECT_EQ(InferOutputShape(b.graph(), op).status().code(), StatusCode::kCorrupt);
}

// ---- random ----

// Changes one thing of the graph at random; what it becomes need not make sense.
void BreakSomething(Model& model, ModelBuilder& random) {
  Graph& graph = model.graph;
  static constexpr int32_t kNumbers[] = {-2, -1, 0, 1, 2, 3, 7, 1 << 16, INT32_MAX, INT32_MIN};
  const int32_t number = kNumbers[random.Below(std::size(kNumbers))];
  Tensor& tensor = graph.tensors[random.Below(graph.tensors.size())];
  Op& op = graph.ops[random.Below(graph.ops.size())];
  const auto any_tensor = static_cast<TensorId>(random.Below(graph.tensors.size()));
  switch (random.Below(12)) {
    case 0:
      if (!op.inputs.empty()) op.inputs[random.Below(op.inputs.size())] = number;
      break;
    case 1:
      if (!op.inputs.empty()) op.inputs[random.Below(op.inputs.size())] = any_tensor;
      break;
    case 2:
      if (!op.outputs.empty()) op.outputs[0] = any_tensor;
      break;
    case 3:
      if (!tensor.shape.empty()) tensor.shape[random.Below(tensor.shape.size())] = number;
      break;
    case 4:
      tensor.shape.push_back(number);
      break;
    case 5:
      if (!tensor.shape.empty()) tensor.shape.pop_back();
      break;
    case 6:
      tensor.type = static_cast<DataType>(random.Below(kDataTypeCount));
      break;
    case 7:
      tensor.constant.reset();
      break;
    case 8:
      tensor.quantization =
          Quantization{.scales = std::vector<float>(random.Below(5), random.Value()),
                       .zero_points = std::vector<int64_t>(random.Below(5), number),
                       .axis = number};
      break;
    case 9:
      op.kind = static_cast<OpKind>(random.Below(AllOperators().size()));
      if (random.Below(2) == 0) op.options = DefaultOptions(op.kind);
      break;
    case 10:
      if (auto* conv = std::get_if<Conv2DOptions>(&op.options)) {
        conv->stride_h = number;
      } else if (auto* pool = std::get_if<Pool2DOptions>(&op.options)) {
        pool->filter_w = number;
      } else if (auto* depthwise = std::get_if<DepthwiseConv2DOptions>(&op.options)) {
        depthwise->dilation_w = number;
      }
      break;
    default:
      (random.Below(2) == 0 ? graph.inputs : graph.outputs).push_back(number);
      break;
  }
}

TEST(ValidateTest, RandomBrokenGraphsAreRefusedOrReallySound) {
  const Model original = EveryFloatOperator();
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ModelBuilder random(seed);
    Model model = original;
    for (size_t i = 0; i <= random.Below(3); ++i) BreakSomething(model, random);
    const Status status = Validate(model);
    if (!status.ok()) {
      EXPECT_TRUE(status.code() == StatusCode::kCorrupt ||
                  status.code() == StatusCode::kUnsupported);
      EXPECT_FALSE(status.message().empty());
      continue;
    }
    // What is accepted, everything downstream can work with.
    ++accepted;
    Summarize(model);
    const Result<Bytes> bytes = WriteTflite(model);
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    const Result<Model> again = ReadTflite(std::make_shared<const Bytes>(*bytes));
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_TRUE(LacksABias(model.graph) || again->graph == model.graph);
    const Status optimized = Optimize(model);
    EXPECT_TRUE(optimized.ok()) << optimized.message();
  }
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 2000);
}

}  // namespace
}  // namespace qbench::graph
