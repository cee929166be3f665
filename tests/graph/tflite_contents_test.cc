#include "graph/tflite/tflite_contents.h"

#include "gmock/gmock.h"
#include "graph/operators.h"
#include "graph/tflite/tflite_codes.h"
#include "graph/tflite/tflite_names.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/graph/foreign_file.h"
#include "tests/graph/model_builder.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TfliteNamesTest, AreTheFormatsOwn) {
  for (const OperatorInfo& op : AllOperators()) {
    EXPECT_EQ(BuiltinOperatorName(CodeOf(op.kind)), op.name);
    EXPECT_EQ(OperatorOfCode(CodeOf(op.kind)), op.kind) << op.name;
  }
  EXPECT_EQ(CodeOf(OpKind::kConv2D), 3);
  EXPECT_EQ(CodeOf(OpKind::kHardSwish), 117);
  EXPECT_EQ(OperatorOfCode(kCustomOperatorCode), std::nullopt);
  EXPECT_EQ(BuiltinOperatorCode("BUILTIN_400"), -1);
  EXPECT_EQ(BuiltinOperatorName(0), "ADD");
  EXPECT_EQ(BuiltinOperatorName(16), "LSTM");
  EXPECT_EQ(BuiltinOperatorName(111), "ELU");
  EXPECT_EQ(BuiltinOperatorName(126), "BATCH_MATMUL");
  EXPECT_EQ(BuiltinOperatorName(206), "STABLEHLO_COMPOSITE");
  EXPECT_EQ(BuiltinOperatorName(209), "STABLEHLO_CASE");
  EXPECT_EQ(BuiltinOperatorName(210), "BUILTIN_210");
  EXPECT_EQ(BuiltinOperatorName(-1), "BUILTIN_-1");
  for (size_t i = 0; i < kDataTypeCount; ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(ElementTypeName(CodeOf(type)), DataTypeName(type));
    EXPECT_EQ(TypeOfCode(CodeOf(type)), type) << DataTypeName(type);
  }
  EXPECT_EQ(CodeOf(DataType::kInt8), 9);
  EXPECT_EQ(CodeOf(DataType::kInt4), 17);
  EXPECT_EQ(TypeOfCode(5), std::nullopt);
  EXPECT_EQ(ElementTypeName(5), "string");
  EXPECT_EQ(ElementTypeName(22), "float8_e5m2");
}

// Known or not, of every subgraph.
TEST(TfliteContentsTest, ListsEveryOperator) {
  const auto contents =
      ListTflite(ForeignFile{.code = 108, .subgraphs = 2, .more_codes = {19, 152}}.Build());
  ASSERT_TRUE(contents.ok()) << contents.status().message();
  EXPECT_EQ(contents->subgraphs, 2);
  std::vector<std::string> kinds;
  std::vector<bool> known;
  for (const TfliteOpEntry& op : contents->ops) {
    kinds.push_back(op.kind);
    known.push_back(op.known);
  }
  EXPECT_THAT(kinds, ElementsAre("COS", "RELU", "RELU_0_TO_1", "COS", "RELU", "RELU_0_TO_1"));
  EXPECT_THAT(known, ElementsAre(false, true, false, false, true, false));
  EXPECT_EQ(contents->ops[4].subgraph, 1);
  ASSERT_EQ(contents->ops[2].outputs.size(), 1U);
  EXPECT_EQ(contents->ops[2].outputs[0].name, "t3");
  EXPECT_EQ(contents->ops[2].outputs[0].type, "float32");
  EXPECT_THAT(contents->ops[2].outputs[0].shape, ElementsAre(1, 1));
  EXPECT_THAT(contents->unsupported,
              ElementsAre("operators that qbench does not know: COS ('t1'), RELU_0_TO_1 ('t3')",
                          "the file: 2 subgraphs; qbench reads models of one"));
}

// Types and shapes that no runtime could be fed with do not hide the rest.
TEST(TfliteContentsTest, ListsFilesThatCannotBeRun) {
  const auto contents = ListTflite(ForeignFile{.type = 5, .shape_signature = {1, -1}}.Build());
  ASSERT_TRUE(contents.ok()) << contents.status().message();
  EXPECT_EQ(contents->inputs[0].type, "string");
  EXPECT_THAT(contents->inputs[0].shape, ElementsAre(1, -1));
  EXPECT_THAT(contents->unsupported,
              ElementsAre("tensor 0 ('t0') and 1 more: element type string"));
}

TEST(TfliteContentsTest, FilesThatAreReadLackNothing) {
  const Result<Bytes> bytes = WriteTflite(EveryFloatOperator());
  ASSERT_TRUE(bytes.ok());
  const auto contents = ListTflite(*bytes);
  ASSERT_TRUE(contents.ok()) << contents.status().message();
  EXPECT_THAT(contents->unsupported, IsEmpty());
  EXPECT_EQ(contents->ops.size(), EveryFloatOperator().graph.ops.size());
}

TEST(TfliteContentsTest, RefusesWhatIsNoTflite) {
  EXPECT_EQ(ListTflite(Bytes(100, 7)).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph
