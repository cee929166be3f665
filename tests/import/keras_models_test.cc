// Small models of Keras 2 and Keras 3 with Keras's own answers (made by make_models.py), and the
// peers' networks where they are there.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "graph/import/keras/keras_model.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/graph/peer_files.h"
#include "tests/import/run_model.h"

namespace qbench::graph::import {
namespace {

const std::filesystem::path kData = std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data";

// <stem>.x0.npy, <stem>.x1.npy, …
std::vector<Array> ReadArrays(const std::string& stem, char kind) {
  std::vector<Array> arrays;
  for (int i = 0; i < 4; ++i) {
    auto array = ReadNpy(kData / (stem + "." + kind + std::to_string(i) + ".npy"));
    if (!array.ok()) break;
    arrays.push_back(std::move(*array));
  }
  return arrays;
}

class SmallModels : public testing::TestWithParam<const char*> {};

TEST_P(SmallModels, AnswersAsKeras) {
  const std::string stem = GetParam();
  auto model = ReadKerasModel(kData / (stem + ".h5"));
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto inputs = ReadArrays(stem, 'x');
  const auto expected = ReadArrays(stem, 'y');
  ASSERT_EQ(inputs.size(), model->graph.inputs.size());
  ASSERT_EQ(expected.size(), model->graph.outputs.size());
  // Outputs go up to 20.
  EXPECT_LE(LargestDifference(*model, inputs, expected), 1e-5);
  const Status optimized = Optimize(*model);
  ASSERT_TRUE(optimized.ok()) << optimized.message();
  EXPECT_LE(LargestDifference(*model, inputs, expected), 1e-5);
}

// The same models as archives, whose weights have no names.
class Archives : public testing::TestWithParam<const char*> {};

TEST_P(Archives, AnswersAsKeras) {
  const std::string stem = GetParam();
  const auto model = ReadKerasModel(kData / (stem + ".keras"));
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto expected = ReadArrays(stem, 'y');
  ASSERT_EQ(expected.size(), model->graph.outputs.size());
  EXPECT_LE(LargestDifference(*model, ReadArrays(stem, 'x'), expected), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Keras, Archives,
                         testing::Values("attention.keras2", "attention.keras3", "sequences.keras2",
                                         "sequences.keras3", "convolutions.keras2",
                                         "convolutions.keras3", "nested.keras2", "nested.keras3",
                                         "pooling.keras3", "preprocessing.keras2",
                                         "preprocessing.keras3", "shared.keras2", "shared.keras3"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(KerasZip, ContentCountsAndNotTheName) {
  const auto folder = TempDir::Create("keras-zip");
  ASSERT_TRUE(folder.ok());
  for (const auto& [from, to] : {std::pair("nested.keras3.keras", "archive.h5"),
                                 std::pair("nested.keras3.h5", "hdf5.keras")}) {
    std::filesystem::copy_file(kData / from, folder->path() / to);
    const auto model = ReadKerasModel(folder->path() / to);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ(model->description, "nested");
  }
}

TEST(KerasZip, SaysWhatIsWrongWithAnArchive) {
  const auto folder = TempDir::Create("keras-zip");
  ASSERT_TRUE(folder.ok());
  const auto whole = ReadFile(kData / "nested.keras3.keras");
  ASSERT_TRUE(whole.ok());
  for (const size_t size : {size_t{100}, whole->size() / 2}) {
    const std::filesystem::path path = folder->path() / "cut.keras";
    ASSERT_TRUE(WriteFileAtomically(path, ByteSpan(*whole).first(size)).ok());
    const auto model = ReadKerasModel(path);
    ASSERT_FALSE(model.ok()) << size;
    EXPECT_EQ(model.status().message().find(path.string()), 0U) << model.status().message();
  }
}

TEST_P(SmallModels, TensorsAreNamedApart) {
  const auto model = ReadKerasModel(kData / (std::string(GetParam()) + ".h5"));
  ASSERT_TRUE(model.ok());
  std::vector<std::string> names;
  for (const Tensor& tensor : model->graph.tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

INSTANTIATE_TEST_SUITE_P(
    Keras, SmallModels,
    testing::Values("activations.keras3", "attention.keras2", "attention.keras3", "caffe.keras2",
                    "caffe.keras3", "channels_first.keras3", "sequences.keras2", "sequences.keras3",
                    "slopes.keras2", "slopes.keras3", "augmentation.keras2", "augmentation.keras3",
                    "convolutions.keras2", "convolutions.keras3", "in_sequential.keras3",
                    "nested.keras2", "nested.keras3", "pooling.keras3", "precision.keras2",
                    "precision.keras3", "preprocessing.keras2", "preprocessing.keras3",
                    "shared.keras2", "shared.keras3"),
    [](const auto& test) {
      std::string name = test.param;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(KerasH5, NamesInputsOutputsAndLayersAsKerasDoes) {
  for (const char* file : {"nested.keras2.h5", "nested.keras3.h5"}) {
    const auto model = ReadKerasModel(kData / file);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_TRUE(model->signature.has_value());
    EXPECT_EQ(model->signature->key, "serving_default");
    EXPECT_EQ(model->signature->input_names, std::vector<std::string>{"image"});
    EXPECT_EQ(model->signature->output_names, std::vector<std::string>{"head"});
    EXPECT_EQ(model->description, "nested");
    const Graph& graph = model->graph;
    EXPECT_EQ(graph.ops.front().name, "middle/backbone/conv");
    EXPECT_EQ(graph.ops.back().name, "head/logits");
    EXPECT_EQ(graph.tensors[graph.outputs[0]].name, "head/logits");
    EXPECT_TRUE(graph.tensors[graph.inputs[0]].dynamic_batch);
    EXPECT_EQ(graph.tensors[graph.inputs[0]].shape, (Shape{1, 8, 8, 3}));
  }
}

TEST(KerasH5, LayersThatDoNothingLeaveNoOperators) {
  const auto model = ReadKerasModel(kData / "augmentation.keras3.h5");
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_EQ(model->graph.ops.size(), 2U);
  EXPECT_EQ(model->graph.ops[0].kind, OpKind::kConv2D);
  EXPECT_EQ(model->graph.ops[1].kind, OpKind::kMean);
}

TEST(KerasH5, ChannelsFirstLeavesNoTransposes) {
  std::vector<std::string> notes;
  auto model = ReadKerasModel(kData / "channels_first.keras3.h5", &notes);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Optimize(*model).ok());
  for (const Op& op : model->graph.ops) {
    EXPECT_NE(op.kind, OpKind::kTranspose) << op.name;
  }
  EXPECT_EQ(model->graph.tensors[model->graph.inputs[0]].shape, (Shape{1, 8, 6, 3}));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0],
            "the input \"image\" is 3x8x6 in the file, channels first, and 8x6x3 here: height, "
            "width, channels");
}

TEST(KerasH5, PreprocessingGoesIntoTheFirstConvolution) {
  for (const char* file : {"caffe.keras2.h5", "caffe.keras3.h5"}) {
    auto model = ReadKerasModel(kData / file);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_TRUE(Optimize(*model).ok());
    EXPECT_EQ(model->graph.ops.size(), 3U) << file;  // channels turned, convolution, maximum
  }
}

TEST(KerasH5, ListsAllThatIsMissing) {
  std::vector<std::string> missing;
  const auto model = ReadKerasModel(kData / "unreadable.keras3.h5", nullptr, &missing);
  EXPECT_EQ(model.status().code(), StatusCode::kUnsupported);
  ASSERT_EQ(missing.size(), 5U) << model.status().message();
  const auto has = [&](std::string_view begin, std::string_view what) {
    return std::ranges::any_of(missing, [&](const std::string& line) {
      return line.starts_with(begin) && line.find(what) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("layer \"mish\" (Conv2D)", "the activation \"mish\" is not known"));
  EXPECT_TRUE(has("layer \"attention\" (Attention)", "cannot be read"));
  EXPECT_TRUE(has("layer \"exp\" (Exp)", "the operator Exp cannot be read"));
  // These are told by building around the others.
  EXPECT_TRUE(has("layer \"bicubic\" (Resizing)", "bicubic"));
  EXPECT_TRUE(has("layer \"larger\" (CenterCrop)", "12x12"));
}

TEST(KerasH5, SharedLayersHaveTheirWeightsOnce) {
  const auto model = ReadKerasModel(kData / "shared.keras2.h5");
  ASSERT_TRUE(model.ok()) << model.status().message();
  const auto& tensors = model->graph.tensors;
  EXPECT_EQ(std::count_if(tensors.begin(), tensors.end(),
                          [](const Tensor& t) { return t.name.starts_with("again/kernel"); }),
            1);
}

// What Keras computes in float16, or takes as whole numbers, is float32 here, and that is said.
TEST(KerasH5, SaysWhatIsComputedInAnotherType) {
  for (const char* file : {"precision.keras2.h5", "precision.keras3.h5"}) {
    std::vector<std::string> notes;
    ASSERT_TRUE(ReadKerasModel(kData / file, &notes).ok());
    ASSERT_EQ(notes.size(), 2U);
    EXPECT_EQ(
        notes[0],
        "the input \"image\" is uint8 in the file, and float32 here: it takes the same numbers");
    EXPECT_EQ(notes[1], "5 layers of dtype mixed_float16 (\"bn\" is one) compute in float32 here");
  }
  std::vector<std::string> notes;
  ASSERT_TRUE(ReadKerasModel(kData / "nested.keras2.h5", &notes).ok());
  EXPECT_TRUE(notes.empty());
}

TEST(KerasH5, SaysWhatIsWrongWithAFileOfWeights) {
  const auto model = ReadKerasModel(kData / "weights_only.h5");
  EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(model.status().message().find("weights_only.h5: no model in it"), std::string::npos);
  EXPECT_NE(model.status().message().find("model.save("), std::string::npos);
}

struct Peer {
  const char* model;
  const char* check;
  int64_t float_bytes;  // what TensorFlow's converter makes of it
};

class Peers : public testing::TestWithParam<Peer> {};

// The bar of the project: within 1e-5 of Keras.
TEST_P(Peers, AgreesWithKeras) {
  const std::filesystem::path peers = SharedDir() / "peers";
  const Peer& peer = GetParam();
  if (!std::filesystem::exists(peers / peer.model)) GTEST_SKIP() << kNoPeers;
  auto model = ReadKerasModel(peers / peer.model);
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Optimize(*model).ok());
  const auto bytes = WriteTflite(*model);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  EXPECT_LE(static_cast<int64_t>(bytes->size()), peer.float_bytes);
  const auto read = ReadTflite(std::make_shared<const Bytes>(*bytes));
  ASSERT_TRUE(read.ok()) << read.status().message();
  const auto input = ReadNpy(peers / (std::string(peer.check) + ".check_x.npy"));
  const auto expected = ReadNpy(peers / (std::string(peer.check) + ".check_y.npy"));
  ASSERT_TRUE(input.ok() && expected.ok());
  const double difference = LargestDifference(*read, {*input}, {*expected});
  RecordProperty("difference", std::to_string(difference * 1e6) + "e-6");
  EXPECT_LE(difference, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Keras, Peers,
                         testing::Values(Peer{"intelcnn.h5", "intelcnn", 14024536},
                                         Peer{"mbv2_035_96.h5", "mbv2_035_96", 1623248},
                                         Peer{"mbv2_100_299.h5", "mbv2_100_299", 8879228},
                                         Peer{"mbv2_035_96.keras3.h5", "mbv2_035_96", 1623248},
                                         Peer{"mbv2_035_96.keras3.keras", "mbv2_035_96", 1623248}),
                         [](const auto& test) {
                           std::string name = test.param.model;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

// Files that people could not bring in, with Keras's own answers.
class Cases : public testing::TestWithParam<const char*> {};

TEST_P(Cases, AgreesWithKeras) {
  const std::filesystem::path stem = SharedDir() / "cases" / GetParam();
  if (!std::filesystem::exists(stem.string() + ".h5")) {
    GTEST_SKIP() << "no " << GetParam() << ".h5: set QBENCH_SHARED to the folder that holds cases/";
  }
  auto model = ReadKerasModel(stem.string() + ".h5");
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_TRUE(Optimize(*model).ok());
  const auto input = ReadNpy(stem.string() + ".check_x.npy");
  const auto expected = ReadNpy(stem.string() + ".check_y.npy");
  ASSERT_TRUE(input.ok() && expected.ok());
  EXPECT_LE(LargestDifference(*model, {*input}, {*expected}), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Keras, Cases,
                         testing::Values("bn_scale_1", "bn_v1", "keras2_tutorial", "keras3_aug",
                                         "nested_blocks_k3"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace qbench::graph::import
