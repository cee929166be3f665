// What the importer makes of model_config: connections, and errors that name the layer.
#include "graph/import/keras/keras_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "fmt/format.h"
#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

using testing::HasSubstr;

// A weight of ones.
struct OnesFile {
  KerasFile file;
  std::shared_ptr<std::vector<float>> ones = std::make_shared<std::vector<float>>(1000, 1.0F);

  explicit OnesFile(std::string config) { file.model_config = std::move(config); }
  OnesFile& Add(const std::string& group, const std::string& name, std::vector<int64_t> dims) {
    size_t count = 1;
    for (const int64_t dim : dims) count *= static_cast<size_t>(dim);
    if (file.groups.empty() || file.groups.back().layer != group) {
      file.groups.push_back({group, {}, {}});
    }
    const ByteSpan data = AsBytes(*ones).first(count * sizeof(float));
    file.groups.back().weights.push_back({name, std::move(dims), true, data});
    return *this;
  }
};

std::string Input(const char* shape = "[null, 8, 8, 3]") {
  return fmt::format(
      R"({{"class_name": "InputLayer", "config": {{"name": "image", "batch_shape": {}}}}})", shape);
}

// A Sequential model of an input and one layer called "it".
std::string OneLayer(const std::string& class_name, const std::string& options,
                     const std::string& input = Input()) {
  return fmt::format(
      R"({{"class_name": "Sequential", "config": {{"name": "m", "layers": [{},
          {{"class_name": "{}", "config": {{"name": "it"{}{}}}}}]}}}})",
      input, class_name, options.empty() ? "" : ", ", options);
}

Status ImportStatus(std::string config) {
  return ImportKeras(OnesFile(std::move(config)).file).status();
}

struct Refusal {
  const char* class_name;
  const char* options;
  const char* message;
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, NamesTheLayerAndWhatIsMissing) {
  const Refusal& refusal = GetParam();
  const Status status = ImportStatus(OneLayer(refusal.class_name, refusal.options));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr(fmt::format("layer \"it\" ({})", refusal.class_name)));
  EXPECT_THAT(status.message(), HasSubstr(refusal.message));
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
}

constexpr char kConv[] = R"("filters": 2, "kernel_size": [1, 1])";

INSTANTIATE_TEST_SUITE_P(
    Options, Refused,
    testing::Values(
        Refusal{"Lambda", "", "layers of this class cannot be read"},
        Refusal{"Custom>Mine", "", "layers of this class cannot be read"},
        Refusal{"Conv2D", R"("filters": 2, "kernel_size": 1, "groups": 3)",
                "do not fall into groups"},
        Refusal{"Conv2D", R"("filters": 2, "kernel_size": 1, "data_format": "NCHW")",
                "channels_last"},
        Refusal{"Embedding", "", "layers of this class cannot be read"},
        Refusal{"Attention", "", "layers of this class cannot be read"},
        Refusal{"TimeDistributed", R"("layer": {"class_name": "LSTM", "config": {}})", "LSTM"},
        Refusal{"TimeDistributed", "", "it has no layer"},
        Refusal{"MultiHeadAttention", R"("num_heads": 2, "key_dim": 3)", "no value"},
        Refusal{"Conv2D", R"("filters": 2, "kernel_size": 1, "padding": "causal")", "padding"},
        Refusal{"Conv2D", R"("filters": 2)", "no kernel_size"},
        Refusal{"Conv2D", R"("filters": -2, "kernel_size": 1)", "filters"},
        Refusal{"Conv2D", R"("filters": 2, "kernel_size": [1, 2, 3])", "kernel_size"},
        Refusal{"Conv2D", R"("filters": 2, "kernel_size": 1.5)", "kernel_size"},
        Refusal{"Conv2D", R"("filters": 2, "kernel_size": 99999999999999999999)", "kernel_size"},
        Refusal{"Conv2D", kConv, "the file has no weights \"kernel\" for it"},
        Refusal{"Dropout", R"("dtype": "int8")", "its dtype is int8"},
        Refusal{"Dropout",
                R"("dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}})",
                "its dtype is {\"mode\":\"int8\"}"},
        Refusal{"BatchNormalization", R"("scale": "yes")", "scale is not true or false"},
        Refusal{"ReLU", R"("max_value": -1.0)", "max_value is below 0"},
        Refusal{"ReLU", R"("negative_slope": -1.0)", "negative_slope is below 0"},
        Refusal{"ReLU", R"("max_value": "six")", "max_value is not a number"},
        Refusal{"Activation", R"("activation": "mish")", "mish"},
        Refusal{"Activation", R"("activation": {"class_name": "PReLU", "config": {}})",
                "its activation is a layer"},
        Refusal{"Activation", "", "no activation"}, Refusal{"Softmax", R"("axis": 0)", "axis"},
        Refusal{"BatchNormalization", R"("axis": [1, 2])", "axis"},
        Refusal{"Concatenate", R"("axis": 0)", "batch"},
        Refusal{"Reshape", R"("target_shape": [5, -1])", "target_shape"},
        Refusal{"Reshape", R"("target_shape": [2147483647, 2147483647, 0])", "target_shape"},
        Refusal{"RandomCrop", R"("height": 4, "width": 8)", "from 8x8 to 4x8"},
        Refusal{"Rescaling", R"("scale": [1, 2])", "2 values for 3 channels"},
        Refusal{"ZeroPadding2D", R"("padding": [[-1, 0], [0, 0]])", "padding"},
        Refusal{"MaxPooling2D", R"("pool_size": [9, 1], "padding": "valid")", "does not fit"}));

TEST(KerasImport, RefusesInputsWithoutAFixedSize) {
  for (const char* shape : {"[null, null, null, 3]", "[null, 8, 0, 3]", "[null, 8, -8, 3]",
                            "[null, 1000000, 1000000, 3]", "null", "[null]", "\"8x8\""}) {
    const Status status = ImportStatus(OneLayer("Flatten", "", Input(shape)));
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << shape;
    EXPECT_THAT(status.message(), HasSubstr("\"image\""));
  }
}

TEST(KerasImport, FindsWeightsByNameAndChecksTheirShape) {
  const std::string config = OneLayer("Conv2D", kConv);
  EXPECT_TRUE(
      ImportKeras(
          OnesFile(config).Add("it", "it/bias:0", {2}).Add("it", "it/kernel:0", {1, 1, 3, 2}).file)
          .ok());
  // A layer that was renamed after it was made.
  EXPECT_TRUE(ImportKeras(OnesFile(config)
                              .Add("it", "m/old/kernel", {1, 1, 3, 2})
                              .Add("it", "m/old/bias", {2})
                              .file)
                  .ok());
  const Status shape =
      ImportKeras(OnesFile(config).Add("it", "it/kernel", {1, 1, 2, 3}).file).status();
  EXPECT_THAT(shape.message(), HasSubstr("has shape [1, 1, 2, 3], not [1, 1, 3, 2]"));
  const Status twice = ImportKeras(OnesFile(config)
                                       .Add("it", "a/it/kernel", {1, 1, 3, 2})
                                       .Add("it", "b/it/kernel", {1, 1, 3, 2})
                                       .file)
                           .status();
  EXPECT_THAT(twice.message(), HasSubstr("the file has 2 weights \"kernel\""));
}

TEST(KerasImport, KeepsWhatBatchNormalizationSaysOfItsOutputs) {
  // All weights are one: with this epsilon the variance is a quarter of what it is divided by.
  const std::string config = OneLayer("BatchNormalization", R"("epsilon": 3.0)");
  const auto model = ImportKeras(OnesFile(config)
                                     .Add("it", "it/gamma", {3})
                                     .Add("it", "it/beta", {3})
                                     .Add("it", "it/moving_mean", {3})
                                     .Add("it", "it/moving_variance", {3})
                                     .file);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto& statistics = model->graph.ops.back().statistics;
  ASSERT_TRUE(statistics.has_value());
  EXPECT_THAT(statistics->mean, testing::Each(1.0F));
  EXPECT_THAT(statistics->deviation, testing::Each(0.5F));
  EXPECT_EQ(statistics->deviation.size(), 3U);
}

// A Functional model of two identity layers, connected as the arguments say.
std::string TwoLayers(const std::string& calls_of_a, const std::string& calls_of_b,
                      const std::string& outputs = R"([["b", 0, 0]])",
                      const std::string& options_of_b = "",
                      const std::string& class_of_b = "Softmax") {
  return fmt::format(R"({{"class_name": "Functional", "config": {{"name": "m", "layers": [
      {{"class_name": "InputLayer", "name": "image", "inbound_nodes": [],
        "config": {{"name": "image", "batch_input_shape": [null, 4]}}}},
      {{"class_name": "ReLU", "name": "a", "inbound_nodes": {}, "config": {{"name": "a"}}}},
      {{"class_name": "{}", "name": "b", "inbound_nodes": {}, "config": {{{}"name": "b"}}}}],
      "input_layers": [["image", 0, 0]], "output_layers": {}}}}})",
                     calls_of_a, class_of_b, calls_of_b, options_of_b, outputs);
}

TEST(KerasImport, RunsLayersInTheOrderOfTheirConnections) {
  const auto model = ImportKeras(
      OnesFile(TwoLayers(R"([[["b", 0, 0, {}]]])", R"([[["image", 0, 0, {"training": false}]]])",
                         R"(["a", 0, 0])"))
          .file);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->graph.ops[0].name, "b");
  EXPECT_EQ(model->graph.ops[1].name, "a");
  EXPECT_EQ(model->signature->output_names, std::vector<std::string>{"a"});
}

TEST(KerasImport, RefusesWhatIsNotConnectedAsAGraph) {
  const std::string from_image = R"([[["image", 0, 0, {}]]])";
  const auto message = [](const std::string& config) { return ImportStatus(config).message(); };
  EXPECT_THAT(message(TwoLayers(R"([[["b", 0, 0, {}]]])", R"([[["a", 0, 0, {}]]])")),
              HasSubstr("circle"));
  EXPECT_THAT(message(TwoLayers(from_image, R"([[["none", 0, 0, {}]]])")),
              HasSubstr("not in the model"));
  EXPECT_THAT(message(TwoLayers(from_image, R"([[["a", 1, 0, {}]]])")), HasSubstr("call 1"));
  EXPECT_THAT(message(TwoLayers(from_image, R"([[["a", 0, 5, {}]]])")), HasSubstr("no output 5"));
  EXPECT_THAT(message(TwoLayers(from_image, R"([[["a", 0, 0, {"training": true}]]])")),
              HasSubstr("training"));
  EXPECT_THAT(message(TwoLayers(from_image, R"([{"args": [2.5], "kwargs": {}}])",
                                R"([["b", 0, 0]])", R"("trainable": true, )")),
              HasSubstr("constant 2.5"));
  EXPECT_THAT(message(TwoLayers(from_image, from_image, R"([["b", 0, 0], ["b", 0, 0]])")),
              HasSubstr("same tensor"));
  EXPECT_THAT(message(TwoLayers(from_image, from_image, "[]")), HasSubstr("output_layers"));
  EXPECT_THAT(message(TwoLayers("[[]]", from_image)), HasSubstr("it takes one input, not 0"));
}

constexpr char kFromImage[] = R"([[["image", 0, 0, {}]]])";

// Python's operators on a layer's output, as Keras 2 and Keras 3 write them down.
std::string Keras2Operator(const std::string& function, const std::string& call) {
  return TwoLayers(kFromImage, call, R"([["b", 0, 0]])",
                   fmt::format(R"("function": "{}", )", function), "TFOpLambda");
}

std::string Keras3Operator(const std::string& class_name, const std::string& arguments,
                           const std::string& options = "") {
  const std::string tensor =
      R"({"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}})";
  return TwoLayers(kFromImage,
                   fmt::format(R"([{{"args": [{}{}], "kwargs": {{}}}}])", tensor, arguments),
                   R"([["b", 0, 0]])", options, class_name);
}

TEST(KerasImport, OperatorsAreRead) {
  const std::string divide2 = Keras2Operator("math.truediv", R"([["a", 0, 0, {"y": 127.5}]])");
  const std::string divide3 = Keras3Operator("TrueDivide", ", 127.5");
  for (const std::string& config : {divide2, divide3}) {
    const auto model = ImportKeras(OnesFile(config).file);
    ASSERT_TRUE(model.ok()) << model.status().message();
    const Op& last = model->graph.ops.back();
    EXPECT_EQ(last.kind, OpKind::kMul);
    EXPECT_EQ(model->graph.tensors[last.inputs[1]].constant->Values<float>()[0], 1.0F / 127.5F);
  }
  // Of a constant and a tensor, in this order.
  const auto difference =
      ImportKeras(OnesFile(Keras2Operator("math.subtract",
                                          R"([["_CONSTANT_VALUE", -1, 1.0, {"y": ["a", 0, 0]}]])"))
                      .file);
  ASSERT_TRUE(difference.ok()) << difference.status().message();
  EXPECT_TRUE(difference->graph.tensors[difference->graph.ops.back().inputs[0]].is_constant());
  EXPECT_TRUE(ImportStatus(Keras3Operator("Reshape", "", R"("newshape": [-1, 2, 2], )")).ok());
  EXPECT_TRUE(ImportStatus(Keras3Operator("Mean", "", R"("axis": -1, "keepdims": true, )")).ok());
}

TEST(KerasImport, TheDocumentationNamesAllThatCanBeRead) {
  const auto text = ReadTextFile(std::filesystem::path(QBENCH_SOURCE_DIR) / "docs/models.md");
  ASSERT_TRUE(text.ok());
  for (const auto& names : {KnownLayers(), KnownOperators()}) {
    EXPECT_GT(names.size(), 40U);
    for (const std::string_view name : names) {
      EXPECT_THAT(*text, HasSubstr(fmt::format("`{}`", name)));
    }
  }
}

TEST(KerasImport, OperatorsThatAreNotKnownAreNamed) {
  const Status keras2 = ImportStatus(Keras2Operator("math.lgamma", R"([["a", 0, 0, {}]])"));
  EXPECT_EQ(keras2.code(), StatusCode::kUnsupported);
  EXPECT_THAT(keras2.message(),
              HasSubstr("layer \"b\" (TFOpLambda): the operator math.lgamma cannot be read"));
  EXPECT_THAT(ImportStatus(Keras3Operator("Lgamma", "")).message(),
              HasSubstr("layer \"b\" (Lgamma): the operator Lgamma cannot be read"));
  EXPECT_THAT(ImportStatus(Keras3Operator("TrueDivide", ", 0")).message(),
              HasSubstr("layer \"b\" (TrueDivide): it divides by 0"));
  EXPECT_THAT(ImportStatus(Keras3Operator("Add", ", \"one\"")).message(),
              HasSubstr("neither tensor nor number"));
  EXPECT_THAT(ImportStatus(Keras3Operator("Add", R"(, {"tensor": 7})")).message(),
              HasSubstr("neither tensor nor number"));
  EXPECT_THAT(ImportStatus(Keras3Operator("Mean", "", R"("axis": 0, )")).message(),
              HasSubstr("over the batch"));
  EXPECT_THAT(ImportStatus(Keras3Operator("Reshape", "", R"("newshape": [3, -1], )")).message(),
              HasSubstr("changes the batch"));
}

TEST(KerasImport, NamesEveryLayerThatCannotBeRead) {
  const Status status =
      ImportStatus(R"({"class_name": "Sequential", "config": {"name": "m", "layers": [)" + Input() +
                   R"(, {"class_name": "Lambda", "config": {"name": "first"}},
          {"class_name": "Sequential", "config": {"name": "inner", "layers": [
            {"class_name": "LSTM", "config": {"name": "second"}}]}},
          {"class_name": "Lambda", "config": {"name": "third"}},
          {"class_name": "ReLU", "config": {"name": "known"}}]}})");
  EXPECT_THAT(status.message(),
              HasSubstr("layer \"first\" (Lambda) and 1 more: layers of this class cannot be "
                        "read; layer \"inner/second\" (LSTM): "));
  EXPECT_THAT(status.message(), testing::Not(HasSubstr("known\"")));
  EXPECT_THAT(status.message(), HasSubstr("tf.lite.TFLiteConverter"));
}

// Keras 3 writes down the default of augmentation layers, and overrides it in inference.
TEST(KerasImport, TrainingDoesNothingInKeras3) {
  const std::string call =
      R"([{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}}],
           "kwargs": {"training": true}}])";
  const auto model = ImportKeras(OnesFile(TwoLayers(kFromImage, call, R"([["b", 0, 0]])",
                                                    R"("trainable": true, )", "RandomFlip"))
                                     .file);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->graph.ops.size(), 1U);
  const Status keras2 = ImportStatus(TwoLayers(kFromImage, R"([[["a", 0, 0, {"training": true}]]])",
                                               R"([["b", 0, 0]])", "", "Dropout"));
  EXPECT_THAT(keras2.message(), HasSubstr("it trains at inference too"));
}

std::string WholeNumbers(const std::string& layer) {
  return R"({"class_name": "Sequential", "config": {"name": "m", "layers": [
      {"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [null, 4, 4, 3],
                                              "dtype": "uint8"}},
      {"class_name": "RandomFlip", "config": {"name": "flip"}},
      {"class_name": ")" +
         layer + R"(", "config": {"name": "it"}},
      {"class_name": "ReLU", "config": {"name": "relu"}}]}})";
}

TEST(KerasImport, WholeNumbersAreTakenUntilALayerComputesWithThem) {
  EXPECT_TRUE(ImportStatus(WholeNumbers("Rescaling")).ok());
  EXPECT_THAT(ImportStatus(WholeNumbers("Activation")).message(),
              HasSubstr("layer \"it\" (Activation): it computes with whole numbers, as the model's "
                        "input is; put a layer Rescaling(1.0) behind the input"));
}

TEST(KerasImport, TakesTheNamesOfOtherVersions) {
  for (const char* name : {"BatchNormalizationV1", "SyncBatchNormalization"}) {
    const Status status = ImportStatus(OneLayer(name, R"("scale": 0, "center": false)"));
    EXPECT_THAT(status.message(), HasSubstr("no weights \"moving_mean\""));
  }
  const auto softmax =
      ImportKeras(OnesFile(OneLayer("Activation", R"("activation": "softmax_v2")")).file);
  ASSERT_TRUE(softmax.ok()) << softmax.status().message();
  EXPECT_EQ(softmax->graph.ops[0].kind, OpKind::kSoftmax);
  const auto leaky =
      ImportKeras(OnesFile(OneLayer("Activation", R"("activation": "leaky_relu")")).file);
  ASSERT_TRUE(leaky.ok()) << leaky.status().message();
  EXPECT_EQ(std::get<LeakyReluOptions>(leaky->graph.ops[0].options).alpha, 0.2F);
  const auto ndarray = ImportKeras(
      OnesFile(OneLayer("LeakyReLU", R"("alpha": {"type": "ndarray", "value": 0.5})")).file);
  ASSERT_TRUE(ndarray.ok()) << ndarray.status().message();
  EXPECT_EQ(std::get<LeakyReluOptions>(ndarray->graph.ops[0].options).alpha, 0.5F);
  const auto layer = ImportKeras(
      OnesFile(OneLayer("Activation",
                        R"("activation": {"class_name": "ReLU", "config": {"max_value": 6}})"))
          .file);
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  EXPECT_EQ(layer->graph.ops[0].kind, OpKind::kRelu6);
}

// Keras 2 says the shape of a Sequential model that was built by its first input beside its layers.
TEST(KerasImport, FindsTheInputShapeOfADeferredModel) {
  const auto model = ImportKeras(
      OnesFile(R"({"class_name": "Sequential", "config": {"name": "m", "build_input_shape":
          [null, 4, 4, 3], "layers": [{"class_name": "ReLU", "config": {"name": "relu"}}]}})")
          .file);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->graph.tensors[model->graph.inputs[0]].shape, (Shape{1, 4, 4, 3}));
}

// Thirty models, each calling the next one twice: a billion calls from 5 KB.
TEST(KerasImport, StopsWhereNestedModelsMultiply) {
  std::string model = R"({"class_name": "ReLU", "name": "x", "config": {"name": "x"})";
  for (int i = 0; i < 30; ++i) {
    model += R"(, "inbound_nodes": [[["in", 0, 0, {}]], [["x", 0, 0, {}]]]})";
    const int calls_before = i == 0 ? 0 : 1;
    model = fmt::format(
        R"({{"class_name": "Functional", "name": "x", "config": {{"name": "x", "layers": [
            {{"class_name": "InputLayer", "name": "in", "inbound_nodes": [],
              "config": {{"name": "in", "batch_shape": [null, 4]}}}}, {}],
            "input_layers": [["in", 0, 0]], "output_layers": [["x", {}, 0]]}})",
        model, 1 + calls_before);
  }
  const Status status = ImportStatus(model + "}");
  EXPECT_EQ(status.code(), StatusCode::kUnsupported) << status.message();
  EXPECT_THAT(status.message(), HasSubstr("more than 20000"));
}

TEST(KerasImport, RefusesWhatIsNotAModel) {
  EXPECT_EQ(ImportStatus("").code(), StatusCode::kCorrupt);
  EXPECT_EQ(ImportStatus("[]").code(), StatusCode::kCorrupt);
  EXPECT_EQ(ImportStatus(R"({"class_name": "Functional", "config": 3})").code(),
            StatusCode::kCorrupt);
  EXPECT_EQ(ImportStatus(std::string(100000, '[')).code(), StatusCode::kCorrupt);
  const Status subclass = ImportStatus(R"({"class_name": "MyNet", "config": {}})");
  EXPECT_EQ(subclass.code(), StatusCode::kUnsupported);
  EXPECT_THAT(subclass.message(), HasSubstr("MyNet"));
}

}  // namespace
}  // namespace qbench::graph::import
