#include "graph/tflite/tflite_reader.h"

#include <memory>

#include "base/files.h"
#include "gmock/gmock.h"
#include "graph/tflite/tflite_names.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/fuzz/mutate.h"
#include "tests/graph/foreign_file.h"
#include "tests/graph/model_builder.h"
#include "tests/graph/peer_files.h"
#include "tflite_generated.h"

namespace qbench::graph {
namespace {

using testing::HasSubstr;

Bytes SmallFile() {
  const Result<Bytes> bytes = WriteTflite(EveryFloatOperator());
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return *bytes;
}

Result<Model> Read(Bytes bytes) {
  return ReadTflite(std::make_shared<const Bytes>(std::move(bytes)));
}

TEST(TfliteReaderTest, NotATfliteFile) {
  for (const char* text : {"", "TFL3", "\x89HDF\r\n\x1a\nxxxxxxxx", "    TFL3"}) {
    const Bytes bytes(text, text + std::strlen(text));
    EXPECT_EQ(Read(bytes).status().code(), StatusCode::kCorrupt);
    EXPECT_EQ(InspectTflite(bytes).status().code(), StatusCode::kCorrupt);
  }
}

TEST(TfliteReaderTest, EveryTruncationIsRefused) {
  const Bytes whole = SmallFile();
  for (size_t size = 0; size < whole.size(); size += 1 + size / 200) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(Read(cut).status().code(), StatusCode::kCorrupt) << size << " bytes";
    EXPECT_EQ(InspectTflite(cut).status().code(), StatusCode::kCorrupt) << size << " bytes";
  }
}

TEST(TfliteReaderTest, InspectTakesUnalignedBytes) {
  Bytes shifted = SmallFile();
  shifted.insert(shifted.begin(), 0);
  const Result<TfliteInfo> info = InspectTflite(ByteSpan(shifted).subspan(1));
  ASSERT_TRUE(info.ok()) << info.status().message();
  EXPECT_EQ(info->inputs[0].shape, (Shape{1, 9, 8, 3}));
}

// ---- files that qbench's writer does not write ----

void ExpectUnsupported(const ForeignFile& file, const char* message, bool can_inspect = true) {
  const Result<Model> model = Read(file.Build());
  EXPECT_EQ(model.status().code(), StatusCode::kUnsupported) << model.status().message();
  EXPECT_THAT(model.status().message(), HasSubstr(message));
  EXPECT_EQ(InspectTflite(file.Build()).ok(), can_inspect);
}

TEST(ForeignFileTest, PlainOnesAreRead) { EXPECT_TRUE(Read(ForeignFile{}.Build()).ok()); }

TEST(ForeignFileTest, WhatTheIrDoesNotHaveIsNamed) {
  ExpectUnsupported({.code = 105}, "REVERSE_V2 ('t1')");
  ExpectUnsupported({.code = 108}, "an operator that qbench does not know: COS ('t1')");
  ExpectUnsupported({.code = 152}, "RELU_0_TO_1");
  ExpectUnsupported({.code = 9999}, "BUILTIN_9999");
  ExpectUnsupported({.code = kCustomOperatorCode, .custom_code = "Mine"},
                    "custom operator Mine ('t1')");
  ExpectUnsupported({.code = kCustomOperatorCode, .custom_code = "edgetpu-custom-op"},
                    "compiled for an Edge TPU");
  ExpectUnsupported({.code = kCustomOperatorCode, .custom_code = "FlexErf"},
                    "custom operator FlexErf: an operator of TensorFlow itself");
  ExpectUnsupported({.subgraphs = 2}, "2 subgraphs");
  ExpectUnsupported({.details = true}, "quantization scheme 2", false);
  ExpectUnsupported({.shape_signature = {-1, -1}},
                    "tensor 0 ('t0') and 1 more: dimension 1 is free");
  ExpectUnsupported({.type = 5}, "element type string", false);
}

// Not the first alone, which the next attempt would be answered with the second of.
TEST(ForeignFileTest, EverythingThatIsMissingIsSaidAtOnce) {
  const ForeignFile file{.code = 108, .shape_signature = {1, -1}, .more_codes = {152, 19, 108}};
  ExpectUnsupported(
      file,
      "operators that qbench does not know: "
      "COS (2 of them, the first 't1'), RELU_0_TO_1 ('t2'); tensor 0 ('t0') and 4 more");
  ForeignFile many;
  for (int32_t code = 118; code < 138; ++code) many.more_codes.push_back(code);
  ExpectUnsupported(many, "and 7 more (qbench inspect lists all)");
}

TEST(ForeignFileTest, InspectNamesOperatorsItDoesNotKnow) {
  const Result<TfliteInfo> info = InspectTflite(
      ForeignFile{.code = kCustomOperatorCode, .custom_code = "Mine", .subgraphs = 2}.Build());
  ASSERT_TRUE(info.ok()) << info.status().message();
  EXPECT_THAT(info->operator_names, testing::ElementsAre("Mine"));
  EXPECT_EQ(info->subgraphs, 2);
}

TEST(ForeignFileTest, IndicesOutOfRangeAreRefused) {
  const Bytes bytes = ForeignFile{.inputs = {2}}.Build();
  EXPECT_THAT(Read(bytes).status().message(), HasSubstr("refers to tensor 2 of 2"));
  EXPECT_EQ(InspectTflite(bytes).status().code(), StatusCode::kCorrupt);
}

TEST(ForeignFileTest, AReshapesOptionsBecomeAConstant) {
  const Result<Model> model =
      Read(ForeignFile{.code = BuiltinOperatorCode("RESHAPE"), .reshape_options = true}.Build());
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Op& op = model->graph.ops[0];
  ASSERT_EQ(op.inputs.size(), 2U);
  EXPECT_THAT(model->graph.tensors[static_cast<size_t>(op.inputs[1])].constant->Values<int32_t>(),
              testing::ElementsAre(-1, 1));
}

TEST(ForeignFileTest, ConvolutionsWithoutOptionsAreRefused) {
  const Result<Model> model = Read(ForeignFile{.code = BuiltinOperatorCode("SOFTMAX")}.Build());
  EXPECT_EQ(model.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(model.status().message(), HasSubstr("options are missing"));
}

// A file whose many tensors share one long name: a few hundred kilobytes that stand for gigabytes.
TEST(ForeignFileTest, RepeatedDataIsRefused) {
  flatbuffers::FlatBufferBuilder b;
  const auto name = b.CreateString(std::string(100000, 'x'));
  std::vector<flatbuffers::Offset<wire::Tensor>> tensors;
  for (int i = 0; i < 10000; ++i) {
    tensors.push_back(
        wire::CreateTensor(b, 0, static_cast<int8_t>(ElementTypeCode("float32")), 0, name));
  }
  const auto tensor_vector = b.CreateVector(tensors);
  const auto graphs = b.CreateVector(std::vector{wire::CreateSubGraph(b, tensor_vector)});
  const auto buffers = b.CreateVector(std::vector{wire::CreateBuffer(b)});
  b.Finish(wire::CreateModel(b, 3, 0, graphs, 0, buffers), "TFL3");
  const Bytes bytes(b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize());
  EXPECT_THAT(InspectTflite(bytes).status().message(), HasSubstr("again and again"));
  EXPECT_EQ(Read(bytes).status().code(), StatusCode::kCorrupt);
}

// ---- mutations ----

// Whatever the reader accepts, the writer writes and the reader reads again, equal.
void ReadMutations(const Bytes& original, uint64_t seed, int count) {
  fuzz::Mutator mutator(seed);
  int accepted = 0;
  for (int i = 0; i < count; ++i) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", mutation " << i);
    Bytes mutated = mutator.Mutate(original);
    const Result<TfliteInfo> info = InspectTflite(mutated);
    const Result<Model> model = Read(std::move(mutated));
    if (!model.ok()) {
      ASSERT_TRUE(model.status().code() == StatusCode::kCorrupt ||
                  model.status().code() == StatusCode::kUnsupported);
      continue;
    }
    ++accepted;
    ASSERT_TRUE(info.ok()) << info.status().message();
    const Result<Bytes> written = WriteTflite(*model);
    ASSERT_TRUE(written.ok()) << written.status().message();
    const Result<Model> again = Read(*written);
    ASSERT_TRUE(again.ok()) << again.status().message();
    ASSERT_TRUE(LacksABias(model->graph) || again->graph == model->graph);
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, count);
}

TEST(MutatedFileTest, OfOurWriter) { ReadMutations(SmallFile(), 20240607, 2000); }

TEST(MutatedFileTest, OfThePeers) {
  const std::vector<std::filesystem::path> files = PeerTfliteFiles("mbv2_035_96");
  if (files.empty()) GTEST_SKIP() << kNoPeers;
  for (const std::filesystem::path& path : files) {
    SCOPED_TRACE(path.filename());
    const Result<Bytes> bytes = ReadFile(path);
    ASSERT_TRUE(bytes.ok());
    ReadMutations(*bytes, 77, 60);
  }
}

}  // namespace
}  // namespace qbench::graph
