#include "datasets/model_fit.h"

#include "gmock/gmock.h"

namespace qbench::datasets {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Shape = std::vector<int32_t>;

Preprocessing Rgb(int width, int height) {
  Preprocessing input;
  input.width = width;
  input.height = height;
  return input;
}

TEST(CheckInputShape, TheSidecarIsAdvisedWhereItHelps) {
  EXPECT_TRUE(CheckInputShape(Shape{1, 64, 96, 3}, Rgb(96, 64)).ok());
  EXPECT_TRUE(CheckInputShape(Shape{-1, 64, 96, 3}, Rgb(96, 64)).ok());
  const Status turned = CheckInputShape(Shape{1, 64, 96, 3}, Rgb(64, 96));
  EXPECT_EQ(turned.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(turned.message(),
            "the model takes [1, 64, 96, 3], its sidecar's [input] makes [1, 96, 64, 3]: write "
            "width = 96, height = 64 and channels = \"RGB\" or \"BGR\" there");
  EXPECT_THAT(CheckInputShape(Shape{1, 28, 28, 1}, Rgb(28, 28)).message(),
              HasSubstr("channels = \"GRAY\""));
}

TEST(CheckInputShape, WhatNoSidecarCanMendIsSaid) {
  const std::vector<std::pair<Shape, std::string>> cases = {
      {{1, 3, 16, 16}, "channels first (NCHW) are not supported"},
      {{1, 1, 28, 28}, "channels first (NCHW) are not supported"},
      {{4, 16, 16, 3}, "a fixed batch of 4 is not supported"},
      {{1, -1, -1, 3}, "a free size is not supported"},
      {{1, 16, 16, 4}, "4 channels are not supported"},
      {{1, 5000, 16, 3}, "more than 4096 x 4096 pixels"},
      {{1, 784}, "that is no image"},
      {{}, "that is no image"},
  };
  for (const auto& [shape, words] : cases) {
    const Status status = CheckInputShape(shape, Rgb(16, 16));
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << words;
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_THAT(status.message(), HasSubstr(ShapeText(shape)));
    EXPECT_THAT(status.message(), Not(HasSubstr("sidecar")));
  }
}

TEST(ClassesOfOutput, CountsScores) {
  EXPECT_EQ(*ClassesOfOutput(Shape{1, 6}), 6U);
  EXPECT_EQ(*ClassesOfOutput(Shape{1, 1, 1, 1001}), 1001U);
  EXPECT_EQ(*ClassesOfOutput(Shape{-1, 10}), 10U);
  EXPECT_EQ(*ClassesOfOutput(Shape{1, 6, 1, 1}), 6U);
  EXPECT_EQ(*ClassesOfOutput(Shape{6}), 6U);
  EXPECT_EQ(*ClassesOfOutput(Shape{1, 1}), 2U);
  for (const Shape& shape :
       {Shape{1, 16, 16, 6}, Shape{1, -1, 6}, Shape{4, 6}, Shape{4, 1}, Shape{}}) {
    EXPECT_EQ(ClassesOfOutput(shape).status().code(), StatusCode::kUnsupported);
  }
}

TEST(CheckClassCounts, TheSidecarIsAdvisedWhereItHelps) {
  EXPECT_TRUE(CheckClassCounts(Shape{1, 6}, 6, 6).ok());
  EXPECT_TRUE(CheckClassCounts(Shape{1, 1}, 2, 2).ok());
  EXPECT_TRUE(CheckClassCounts(Shape{1, 6}, 0, 6).ok());
  EXPECT_EQ(CheckClassCounts(Shape{1, 6}, 5, 6).message(),
            "the model has 6 outputs, its sidecar lists 5 labels: list 6 labels, in the order of "
            "the outputs");
  EXPECT_THAT(CheckClassCounts(Shape{1, 1}, 1, 2).message(),
              HasSubstr("lists 1 label: list 2 labels, in the order of the outputs (first the "
                        "class of 0"));
  // Labels that fit the data set, but not the model, and the other way round.
  for (const size_t labels : {0, 6, 1001}) {
    const Status status = CheckClassCounts(Shape{1, 1001}, labels, 6);
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_EQ(status.message(),
              "the model has 1001 outputs, the data set has 6 classes: accuracy over a part of the "
              "classes is not supported; name a data set with one folder for each of the 1001");
  }
  EXPECT_THAT(CheckClassCounts(Shape{1, 1}, 1, 1).message(),
              HasSubstr("one output, which tells two classes apart, the data set has 1 class:"));
  EXPECT_THAT(CheckClassCounts(Shape{1, 1}, 6, 6).message(), Not(HasSubstr("sidecar")));
}

}  // namespace
}  // namespace qbench::datasets
