// A model, its sidecar and a data set, held against each other before anything is measured.
#include "harness/plan/plan_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::plan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class LabelOutputsTest : public ::testing::Test {
 protected:
  LabelOutputsTest() {
    dataset_.name = "pets";
    dataset_.labels = {"cat", "dog"};
    model_.path = "net.h5";
    model_.sidecar.labels = {"dog", "cat"};
    model_.sidecar.input.width = model_.sidecar.input.height = 16;
    model_.input_shape = {1, 16, 16, 3};
    model_.output_shape = {1, 2};
    model_.output_operator = "SOFTMAX";
  }
  std::string Refusal() const {
    const Status status = LabelOutputs(model_, dataset_).status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message(), HasSubstr("net.h5"));
    return status.message();
  }

  PlannedModel model_;
  datasets::Dataset dataset_;
};

TEST_F(LabelOutputsTest, MapsLabelsByName) {
  EXPECT_THAT(*LabelOutputs(model_, dataset_), ElementsAre(1, 0));
}

TEST_F(LabelOutputsTest, OneOutputOfASigmoidTellsTwoClassesApart) {
  model_.output_shape = {1, 1};
  for (const char* other : {"FULLY_CONNECTED", "SOFTMAX", "TANH"}) {
    model_.output_operator = other;
    EXPECT_THAT(Refusal(), AllOf(HasSubstr(other), HasSubstr("end the model with a sigmoid"),
                                 Not(HasSubstr("sidecar"))));
  }
  model_.output_operator = "LOGISTIC";
  EXPECT_THAT(*LabelOutputs(model_, dataset_), ElementsAre(1, 0));
}

TEST_F(LabelOutputsTest, WhatNoSidecarCanMendDoesNotNameIt) {
  const PlannedModel sound = model_;
  model_.input_shape = {1, 3, 16, 16};
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("(NCHW) are not supported"), Not(HasSubstr("sidecar"))));
  model_ = sound;
  model_.output_shape = {1, 1001};
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("1001 outputs, the data set has 2 classes"),
                               Not(HasSubstr("sidecar"))));
  model_ = sound;
  model_.outputs = 2;
  EXPECT_THAT(Refusal(), AllOf(HasSubstr("1 inputs and 2 outputs"), Not(HasSubstr("sidecar"))));
}

TEST_F(LabelOutputsTest, WhatTheSidecarCanMendNamesIt) {
  model_.sidecar.input.width = 8;
  EXPECT_THAT(Refusal(), HasSubstr("its sidecar's [input] makes [1, 16, 8, 3]"));
  model_.sidecar.input.width = 16;
  model_.sidecar.labels = {"dog", "cat", "cow"};
  EXPECT_THAT(Refusal(), HasSubstr("its sidecar lists 3 labels: list 2 labels"));
  model_.sidecar.labels = {"Dog", "cat"};
  EXPECT_THAT(Refusal(), HasSubstr("differ in case alone; write them in the model's sidecar"));
  model_.sidecar.labels.clear();
  EXPECT_THAT(Refusal(), HasSubstr("names no labels; add them"));
}

}  // namespace
}  // namespace qbench::plan
