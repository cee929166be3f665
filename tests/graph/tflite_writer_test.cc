// What the files look like on the wire: read back with the flatbuffer's own accessors, not with
// qbench's reader.
#include "graph/tflite/tflite_writer.h"

#include <memory>
#include <set>

#include "gmock/gmock.h"
#include "graph/tflite/tflite_names.h"
#include "graph/tflite/tflite_reader.h"
#include "gtest/gtest.h"
#include "tests/graph/model_builder.h"
#include "tflite_generated.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;
using testing::Pair;

class TfliteWriterTest : public testing::Test {
 protected:
  const wire::Model& Write(const Model& model) {
    Result<Bytes> bytes = WriteTflite(model);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    bytes_ = std::move(bytes).value();
    flatbuffers::Verifier verifier(bytes_.data(), bytes_.size());
    EXPECT_TRUE(wire::VerifyModelBuffer(verifier));
    return *wire::GetModel(bytes_.data());
  }

  // (code, version) of every operator.
  static std::vector<std::pair<int, int>> Versions(const wire::Model& model) {
    std::vector<std::pair<int, int>> versions;
    for (const wire::Operator* op : *model.subgraphs()->Get(0)->operators()) {
      const wire::OperatorCode* code = model.operator_codes()->Get(op->opcode_index());
      EXPECT_EQ(code->deprecated_builtin_code(), code->builtin_code());
      versions.emplace_back(code->builtin_code(), code->version());
    }
    return versions;
  }

  Bytes bytes_;
};

// Takes the parts, and looks at the constants each time.
class WatchingSink : public TfliteSink {
 public:
  Status Begin(size_t bytes) override {
    bytes_ = bytes;
    return OkStatus();
  }
  Status Append(ByteSpan part) override {
    file.insert(file.end(), part.begin(), part.end());
    left.push_back(std::ranges::count_if(
        constants, [](const std::weak_ptr<const void>& constant) { return !constant.expired(); }));
    if (fail_at != 0 && file.size() >= fail_at) return Error(StatusCode::kNoSpace, "full");
    return OkStatus();
  }
  size_t announced() const { return bytes_; }

  std::vector<std::weak_ptr<const void>> constants;
  std::vector<int64_t> left;  // of them, at each part
  Bytes file;
  size_t fail_at = 0;

 private:
  size_t bytes_ = 0;
};

// Dense layers with weights of their own, whose owners the sink watches.
Model WatchedModel(WatchingSink& sink) {
  ModelBuilder builder;
  TensorId last = builder.Input({1, 8});
  for (int layer = 0; layer < 3; ++layer) {
    const TensorId weights = builder.Weight({8, 8});
    const auto owner =
        std::make_shared<const std::vector<float>>(64, static_cast<float>(layer) + 1.0F);
    builder.tensor(weights).constant = Constant(owner, AsBytes(*owner));
    sink.constants.emplace_back(owner);
    last =
        builder.Add(OpKind::kFullyConnected, FullyConnectedOptions{}, {last, weights, kNoTensor});
  }
  return builder.Finish({last});
}

TEST_F(TfliteWriterTest, ConstantsOfAModelThatIsMovedInGoAsTheyAreWritten) {
  WatchingSink sink;
  Model model = WatchedModel(sink);
  const Result<Bytes> whole = WriteTflite(model);
  ASSERT_TRUE(whole.ok()) << whole.status().message();
  ASSERT_TRUE(WriteTflite(std::move(model), {}, sink).ok());
  EXPECT_EQ(sink.announced(), whole->size());
  EXPECT_TRUE(sink.file == *whole);
  // Tables, the last constant, what is between, …
  EXPECT_THAT(sink.left, ElementsAre(3, 3, 2, 2, 1, 1, 0));
}

TEST_F(TfliteWriterTest, AFailureOfTheSinkEndsTheWriting) {
  WatchingSink sink;
  const Model model = WatchedModel(sink);
  sink.fail_at = 1;
  EXPECT_EQ(WriteTflite(model, {}, sink).code(), StatusCode::kNoSpace);
  EXPECT_EQ(sink.left.size(), 1U);
}

TEST_F(TfliteWriterTest, TablesMayBeLargerThanExpected) {
  WatchingSink sink;
  Model model = WatchedModel(sink);
  model.description = std::string(3'000'000, 'd');
  Write(model);
  const Result<Model> read = ReadTflite(std::make_shared<const Bytes>(bytes_));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->description, model.description);
  for (size_t i = 0; i < model.graph.tensors.size(); ++i) {
    EXPECT_EQ(read->graph.tensors[i].constant, model.graph.tensors[i].constant) << i;
  }
}

TEST_F(TfliteWriterTest, WritesAlignedBytesToo) {
  const Model model = EveryFloatOperator();
  Write(model);
  const Result<AlignedBytes> aligned = WriteAlignedTflite(model);
  ASSERT_TRUE(aligned.ok()) << aligned.status().message();
  EXPECT_TRUE(std::ranges::equal(aligned->span(), bytes_));
}

TEST_F(TfliteWriterTest, HasTheFormatsFrame) {
  Model model = EveryFloatOperator();
  model.signature = Signature{.input_names = {"image"}, .output_names = {"scores", "features"}};
  const wire::Model& file = Write(model);
  EXPECT_EQ(std::string(bytes_.begin() + 4, bytes_.begin() + 8), "TFL3");
  EXPECT_EQ(file.version(), 3U);
  EXPECT_EQ(file.description()->str(), "test");
  EXPECT_EQ(file.buffers()->Get(0)->data(), nullptr);
  ASSERT_EQ(file.signature_defs()->size(), 1U);
  const wire::SignatureDef& signature = *file.signature_defs()->Get(0);
  EXPECT_EQ(signature.signature_key()->str(), "serving_default");
  EXPECT_EQ(signature.inputs()->Get(0)->name()->str(), "image");
  EXPECT_EQ(signature.outputs()->Get(1)->name()->str(), "features");
  EXPECT_EQ(signature.outputs()->Get(1)->tensor_index(),
            static_cast<uint32_t>(model.graph.outputs[1]));
  const wire::Tensor& input = *file.subgraphs()->Get(0)->tensors()->Get(0);
  EXPECT_THAT(*input.shape(), ElementsAre(1, 9, 8, 3));
  EXPECT_THAT(*input.shape_signature(), ElementsAre(-1, 9, 8, 3));
}

TEST_F(TfliteWriterTest, NamesTheOldestRuntimeThatFits) {
  ModelBuilder b;
  const TensorId x = b.Add(OpKind::kHardSwish, {b.Input({1, 4})});
  const wire::Model& file = Write(b.Finish({x}));
  ASSERT_EQ(file.metadata()->size(), 1U);
  EXPECT_EQ(file.metadata()->Get(0)->name()->str(), "min_runtime_version");
  const auto& data = *file.buffers()->Get(file.metadata()->Get(0)->buffer())->data();
  ASSERT_EQ(data.size(), 16U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(data.data())), "1.15.0");
}

TEST_F(TfliteWriterTest, ConstantsAreAlignedAndShared) {
  ModelBuilder b;
  TensorId x = b.Input({1, 4});
  const std::vector<float> same(16, 0.5F);
  x = b.Add(OpKind::kFullyConnected, {x, b.graph().AddConstant("a", {4, 4}, same), b.Weight({4})});
  x = b.Add(OpKind::kFullyConnected, {x, b.graph().AddConstant("b", {4, 4}, same), b.Weight({4})});
  const wire::Model& file = Write(b.Finish({x}));
  const auto& tensors = *file.subgraphs()->Get(0)->tensors();
  std::set<uint32_t> weight_buffers;
  for (const wire::Tensor* tensor : tensors) {
    if (tensor->name()->str() == "a" || tensor->name()->str() == "b") {
      weight_buffers.insert(tensor->buffer());
    }
  }
  EXPECT_EQ(weight_buffers.size(), 1U);
  EXPECT_EQ(file.buffers()->size(), 5U);  // empty, weights, two biases, metadata
  for (const wire::Buffer* buffer : *file.buffers()) {
    if (buffer->data() == nullptr) continue;
    EXPECT_EQ((buffer->data()->data() - bytes_.data()) % 16, 0);
  }
}

TEST_F(TfliteWriterTest, EqualVectorsAreShared) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 4});
  const TensorId y = b.Input({1, 4});
  const TensorId z = b.Add(OpKind::kAdd, {x, y});
  Model model = b.Finish({z});
  const auto quantize = [&](TensorId id, float scale, int64_t zero_point) {
    Tensor& tensor = model.graph.tensors[static_cast<size_t>(id)];
    tensor.type = DataType::kInt8;
    tensor.quantization = Quantization{.scales = {scale}, .zero_points = {zero_point}};
  };
  quantize(x, 0.5F, 3);
  quantize(y, 0.25F, 3);
  quantize(z, 0.5F, -1);
  const auto& tensors = *Write(model).subgraphs()->Get(0)->tensors();
  const auto* of_x = tensors.Get(0)->quantization();
  const auto* of_y = tensors.Get(1)->quantization();
  const auto* of_z = tensors.Get(2)->quantization();
  EXPECT_EQ(of_x->zero_point(), of_y->zero_point());
  EXPECT_NE(of_x->zero_point(), of_z->zero_point());
  EXPECT_EQ(of_x->scale(), of_z->scale());
  EXPECT_NE(of_x->scale(), of_y->scale());
  EXPECT_EQ(tensors.Get(0)->shape(), tensors.Get(2)->shape());
  const Result<Model> again = ReadTflite(std::make_shared<const Bytes>(bytes_));
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_TRUE(again->graph == model.graph);
}

TEST_F(TfliteWriterTest, SameModelSameBytes) {
  const Result<Bytes> first = WriteTflite(EveryFloatOperator());
  const Result<Bytes> second = WriteTflite(EveryFloatOperator());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*first, *second);
}

TEST_F(TfliteWriterTest, EveryOperatorComesBack) {
  const Model model = EveryFloatOperator();
  Write(model);
  const Result<Model> again = ReadTflite(std::make_shared<const Bytes>(bytes_));
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_TRUE(again->graph == model.graph);
  // A model without a signature gets one by its tensors' names.
  ASSERT_TRUE(again->signature.has_value());
  EXPECT_THAT(again->signature->input_names, ElementsAre("input0"));
}

TEST_F(TfliteWriterTest, ConvolutionsWithoutBiasGetZeros) {
  ModelBuilder b;
  TensorId x = b.Input({1, 4, 4, 2});
  x = b.Add(OpKind::kConv2D, {x, b.Weight({3, 1, 1, 2}), kNoTensor});
  x = b.Add(OpKind::kDepthwiseConv2D, {x, b.Weight({1, 2, 2, 3}), kNoTensor});
  Write(b.Finish({x}));
  const Result<Model> again = ReadTflite(std::make_shared<const Bytes>(bytes_));
  ASSERT_TRUE(again.ok()) << again.status().message();
  for (const Op& op : again->graph.ops) {
    ASSERT_NE(op.inputs[2], kNoTensor);
    EXPECT_THAT(again->graph.tensors[static_cast<size_t>(op.inputs[2])].constant->Values<float>(),
                ElementsAre(0.0F, 0.0F, 0.0F));
  }
}

// Without a scale LiteRT's XNNPACK delegate would not take the operator.
TEST_F(TfliteWriterTest, TheZerosOfIntegerConvolutionsHaveAScale) {
  Model model;
  Graph& graph = model.graph;
  const TensorId input = graph.AddTensor({.name = "x",
                                          .type = DataType::kInt8,
                                          .shape = {1, 4, 4, 2},
                                          .quantization = Quantization{{0.5F}, {3}}});
  const TensorId weights =
      graph.AddTensor({.name = "w",
                       .type = DataType::kInt8,
                       .shape = {2, 1, 1, 2},
                       .quantization = Quantization{{0.25F, 2.0F}, {0, 0}},
                       .constant = MakeConstant(std::vector<int8_t>{1, 2, 3, 4})});
  const TensorId output = graph.AddTensor({.name = "y",
                                           .type = DataType::kInt8,
                                           .shape = {1, 4, 4, 2},
                                           .quantization = Quantization{{1.0F}, {0}}});
  graph.inputs = {input};
  graph.outputs = {output};
  graph.ops.push_back(
      {OpKind::kConv2D, Conv2DOptions{}, {input, weights, kNoTensor}, {output}, {}});
  Write(model);
  const Result<Model> again = ReadTflite(std::make_shared<const Bytes>(bytes_));
  ASSERT_TRUE(again.ok()) << again.status().message();
  const Tensor& bias = again->graph.tensors[static_cast<size_t>(again->graph.ops[0].inputs[2])];
  EXPECT_EQ(bias.type, DataType::kInt32);
  ASSERT_TRUE(bias.quantization.has_value());
  EXPECT_THAT(bias.quantization->scales, ElementsAre(0.125F, 1.0F));
  EXPECT_THAT(bias.quantization->zero_points, ElementsAre(0, 0));
}

TEST_F(TfliteWriterTest, TensorsWithoutNamesGetNumbersInTheSignature) {
  ModelBuilder b;
  const TensorId x = b.Add(OpKind::kRelu, {b.Input({1, 4})});
  Model model = b.Finish({x});
  for (Tensor& tensor : model.graph.tensors) tensor.name.clear();
  const wire::Model& file = Write(model);
  EXPECT_EQ(file.signature_defs()->Get(0)->inputs()->Get(0)->name()->str(), "input_0");
}

// The float versions, and one operator code for each.
TEST_F(TfliteWriterTest, FloatVersions) {
  const wire::Model& file = Write(EveryFloatOperator());
  for (const auto& [code, version] : Versions(file)) {
    int expected = 1;
    if (code == BuiltinOperatorCode("DEPTHWISE_CONV_2D")) expected = 2;  // it is dilated
    if (code == BuiltinOperatorCode("FULLY_CONNECTED")) continue;        // see below
    EXPECT_EQ(version, expected) << "operator " << code;
  }
  std::set<std::pair<int, int>> codes;
  for (const wire::OperatorCode* code : *file.operator_codes()) {
    EXPECT_TRUE(codes.emplace(code->builtin_code(), code->version()).second);
  }
}

TEST_F(TfliteWriterTest, FullyConnectedVersions) {
  ModelBuilder b;
  TensorId x = b.Input({1, 4});
  x = b.Add(OpKind::kFullyConnected, {x, b.Weight({4, 4}), b.Weight({4})});
  x = b.Add(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true},
            {x, b.Weight({4, 4}), b.Weight({4})});
  x = b.Add(OpKind::kFullyConnected, {x, b.Weight({4, 4}), kNoTensor});
  const auto hybrid = [&b](size_t scales) {
    return b.graph().AddTensor(
        {.name = "w" + std::to_string(b.graph().tensors.size()),
         .type = DataType::kInt8,
         .shape = {4, 4},
         .quantization = Quantization{.scales = std::vector<float>(scales, 0.5F),
                                      .zero_points = std::vector<int64_t>(scales, 0)},
         .constant = MakeConstant(std::vector<int8_t>(16, 1))});
  };
  x = b.Add(OpKind::kFullyConnected, {x, hybrid(1), b.Weight({4})});
  x = b.Add(OpKind::kFullyConnected, FullyConnectedOptions{.asymmetric_quantize_inputs = true},
            {x, hybrid(1), b.Weight({4})});
  x = b.Add(OpKind::kFullyConnected, FullyConnectedOptions{.asymmetric_quantize_inputs = true},
            {x, hybrid(4), b.Weight({4})});
  const int code = BuiltinOperatorCode("FULLY_CONNECTED");
  EXPECT_THAT(Versions(Write(b.Finish({x}))),
              ElementsAre(Pair(code, 1), Pair(code, 5), Pair(code, 6), Pair(code, 3), Pair(code, 9),
                          Pair(code, 12)));
}

TEST_F(TfliteWriterTest, IntegerVersions) {
  for (const DataType type : {DataType::kInt8, DataType::kInt16}) {
    const bool is_int8 = type == DataType::kInt8;
    const Quantization scale = {.scales = {0.5F}, .zero_points = {0}};
    ModelBuilder b;
    TensorId x = b.Input({1, 4, 4, 1});
    x = b.Add(OpKind::kQuantize, NoOptions{}, {x}, type, scale);
    const TensorId filter = b.graph().AddTensor({.name = "filter",
                                                 .type = DataType::kInt8,
                                                 .shape = {1, 1, 1, 1},
                                                 .quantization = scale,
                                                 .constant = MakeConstant<int8_t>({1})});
    x = b.Add(OpKind::kConv2D, Conv2DOptions{}, {x, filter, kNoTensor}, type, scale);
    x = b.Add(OpKind::kDepthwiseConv2D, DepthwiseConv2DOptions{}, {x, filter, kNoTensor}, type,
              scale);
    x = b.Add(OpKind::kAdd, BinaryOptions{}, {x, x}, type, scale);
    x = b.Add(OpKind::kMaxPool2D, Pool2DOptions{}, {x}, type, scale);
    x = b.Add(OpKind::kMean, MeanOptions{}, {x, b.Ints({1}, {1})}, type, scale);
    x = b.Add(OpKind::kRelu, NoOptions{}, {x}, type, scale);
    x = b.Add(OpKind::kDequantize, NoOptions{}, {x}, DataType::kFloat32);
    EXPECT_THAT(Versions(Write(b.Finish({x}))),
                ElementsAre(Pair(BuiltinOperatorCode("QUANTIZE"), is_int8 ? 1 : 2),
                            Pair(BuiltinOperatorCode("CONV_2D"), is_int8 ? 3 : 4),
                            Pair(BuiltinOperatorCode("DEPTHWISE_CONV_2D"), is_int8 ? 3 : 5),
                            Pair(BuiltinOperatorCode("ADD"), is_int8 ? 2 : 3),
                            Pair(BuiltinOperatorCode("MAX_POOL_2D"), is_int8 ? 2 : 3),
                            Pair(BuiltinOperatorCode("MEAN"), is_int8 ? 2 : 3),
                            Pair(BuiltinOperatorCode("RELU"), is_int8 ? 2 : 3),
                            Pair(BuiltinOperatorCode("DEQUANTIZE"), is_int8 ? 2 : 3)));
  }
}

TEST_F(TfliteWriterTest, Int4WeightsArePackedAndComeBack) {
  ModelBuilder b;
  const TensorId x = b.Input({1, 4, 4, 1});
  const TensorId packed = b.graph().AddTensor(
      {.name = "packed",
       .type = DataType::kInt4,
       .shape = {3, 1, 1, 1},
       .quantization = Quantization{.scales = {0.5F, 1.0F, 2.0F}, .zero_points = {0, 0, 0}},
       .constant = Constant(PackInt4(std::vector<int8_t>{7, -7, 1}))});
  const TensorId weights = b.Add(OpKind::kDequantize, NoOptions{}, {packed}, DataType::kFloat32);
  TensorId y = b.Add(OpKind::kConv2D, Conv2DOptions{}, {x, weights, kNoTensor}, DataType::kFloat32);
  const TensorId hybrid =
      b.Add(OpKind::kConv2D, Conv2DOptions{}, {x, packed, kNoTensor}, DataType::kFloat32);
  const Model model = b.Finish({y, hybrid});
  const wire::Model& file = Write(model);
  EXPECT_THAT(Versions(file), ElementsAre(Pair(BuiltinOperatorCode("DEQUANTIZE"), 6),
                                          Pair(BuiltinOperatorCode("CONV_2D"), 1),
                                          Pair(BuiltinOperatorCode("CONV_2D"), 5)));
  const wire::Tensor& tensor =
      *file.subgraphs()->Get(0)->tensors()->Get(static_cast<uint32_t>(packed));
  EXPECT_EQ(static_cast<int>(tensor.type()), 17);  // of TensorFlow Lite's schema
  EXPECT_THAT(*file.buffers()->Get(tensor.buffer())->data(), ElementsAre(0x97, 0x01));
  const auto again = ReadTflite(std::make_shared<const Bytes>(bytes_));
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->graph.tensors[static_cast<size_t>(packed)],
            model.graph.tensors[static_cast<size_t>(packed)]);
}

TEST_F(TfliteWriterTest, RefusesABrokenModel) {
  Model model = EveryFloatOperator();
  model.graph.outputs = {12345};
  EXPECT_EQ(WriteTflite(model).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph
