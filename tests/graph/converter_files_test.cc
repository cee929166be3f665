// .tflite files as converters write them and qbench's writer does not: several signatures, shapes
// that are computed because the batch is open, operators that are a RESHAPE by another name.
#include <memory>

#include "gmock/gmock.h"
#include "graph/tflite/tflite_contents.h"
#include "graph/tflite/tflite_reader.h"
#include "gtest/gtest.h"
#include "tests/graph/metadata_file.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Model> Read(Bytes file) {
  return ReadTflite(std::make_shared<const Bytes>(std::move(file)));
}

TEST(SignaturesTest, TheFirstSubgraphsIsReadAndAllAreListed) {
  const Bytes file = WithSignatures({"serving_default", "features"});
  const Result<Model> model = Read(file);
  ASSERT_TRUE(model.ok()) << model.status().message();
  EXPECT_EQ(model->graph.ops.size(), 1U);
  EXPECT_EQ(model->signature->key, "serving_default");
  const Result<TfliteContents> contents = ListTflite(file);
  ASSERT_TRUE(contents.ok());
  EXPECT_THAT(contents->signatures, ElementsAre("serving_default", "features"));
  EXPECT_EQ(contents->signature, "serving_default");
  // The default one may be another subgraph's: what runs without being told is the first.
  EXPECT_EQ(Read(WithSignatures({"features", "serving_default"}))->signature->key, "features");
}

TEST(SignaturesTest, ASubgraphOfNoSignatureIsOfAnotherUse) {
  EXPECT_THAT(Read(WithSignatures({"serving_default"})).status().message(),
              HasSubstr("2 subgraphs"));
}

TEST(ShapeFoldingTest, AShapeThatDependsOnTheBatchAloneIsAConstant) {
  for (const int32_t last : {12, -1}) {
    const Result<Model> model = Read(WithShapeArithmetic(last));
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_EQ(model->graph.ops.size(), 1U);
    const Op& reshape = model->graph.ops[0];
    EXPECT_EQ(reshape.kind, OpKind::kReshape);
    EXPECT_THAT(std::get<ReshapeOptions>(reshape.options).new_shape, ElementsAre(-1, 12));
    EXPECT_TRUE(model->graph.tensors[reshape.inputs[1]].is_constant());
  }
}

TEST(ShapeFoldingTest, WhatElseIsMadeOfItStaysUnknown) {
  EXPECT_THAT(Read(WithShapeArithmetic(12, true)).status().message(), HasSubstr("SHAPE"));
  // A wrong number is a wrong file.
  EXPECT_EQ(Read(WithShapeArithmetic(5)).status().code(), StatusCode::kCorrupt);
}

TEST(SqueezeTest, IsAReshape) {
  const Result<Model> model = Read(WithSqueeze());
  ASSERT_TRUE(model.ok()) << model.status().message();
  ASSERT_EQ(model->graph.ops.size(), 1U);
  EXPECT_THAT(std::get<ReshapeOptions>(model->graph.ops[0].options).new_shape, ElementsAre(-1, 3));
}

}  // namespace
}  // namespace qbench::graph
