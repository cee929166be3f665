#include "harness/plan/label_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace qbench::plan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LabelSourceTest : public ::testing::Test {
 protected:
  LabelSourceTest() {
    dataset_.name = "pets";
    dataset_.labels = {"cat", "dog"};
    model_.path = "net.tflite";
    model_.input_shape = {1, 8, 8, 3};
    model_.output_shape = {1, 2};
  }
  std::filesystem::path File(const std::string& text) const {
    std::filesystem::path file = folder_.path() / "labels.txt";
    EXPECT_TRUE(WriteFileAtomically(file, text).ok());
    return file;
  }
  std::string Refusal(const std::string& text) const {
    const Status status = ReadLabelFile(File(text), 2).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("labels.txt"));
    return status.message();
  }
  Result<LabelSource> Find(const std::optional<std::filesystem::path>& file,
                           bool with_dataset = true) const {
    return FindLabels(model_, 2, file, with_dataset ? &dataset_ : nullptr);
  }

  const TempDir folder_ = *TempDir::Create("label-source-test");
  datasets::Dataset dataset_;
  PlannedModel model_;
};

TEST_F(LabelSourceTest, AFileHasALabelALine) {
  const auto read = ReadLabelFile(File("\xEF\xBB\xBF dog\r\ncat \n\n\n"), 2);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_THAT(read->labels, ElementsAre("dog", "cat"));
  EXPECT_FALSE(read->guess);
  EXPECT_THAT(ReadLabelFile(File("dog\ncat"), 2)->labels, ElementsAre("dog", "cat"));
}

TEST_F(LabelSourceTest, WhatIsWrongWithAFileIsSaid) {
  EXPECT_THAT(Refusal("cat\n"), HasSubstr("1 label for 2 classes"));
  EXPECT_THAT(Refusal("cat\ndog\ncow\n"), HasSubstr("3 labels for 2 classes"));
  EXPECT_THAT(Refusal(""), HasSubstr("0 labels for 2 classes"));
  EXPECT_THAT(Refusal("cat\ncat\n"),
              AllOf(HasSubstr("lines 1 and 2 both say \"cat\""), HasSubstr("one label a line")));
  EXPECT_THAT(Refusal("cat\n\ndog\n"), HasSubstr("line 2 is empty"));
  EXPECT_EQ(ReadLabelFile(folder_.path() / "none.txt", 2).status().code(), StatusCode::kNotFound);
}

TEST_F(LabelSourceTest, AFileComesBeforeMetadataAndTheseBeforeFolders) {
  const auto folders = Find(std::nullopt);
  ASSERT_TRUE(folders.ok());
  EXPECT_THAT(folders->labels, ElementsAre("cat", "dog"));
  EXPECT_TRUE(folders->guess);
  model_.metadata = {{"labels", {"dog", "cat"}}};
  EXPECT_THAT(Find(std::nullopt)->labels, ElementsAre("dog", "cat"));
  EXPECT_FALSE(Find(std::nullopt)->guess);
  EXPECT_TRUE(FindLabels(model_, 2, std::nullopt, &dataset_, true)->guess);
  EXPECT_THAT(Find(File("cat\ndog\n"))->labels, ElementsAre("cat", "dog"));
  model_.metadata = {};
  EXPECT_THAT(Find(std::nullopt, false)->labels, IsEmpty());
}

TEST_F(LabelSourceTest, LabelsAreTheClassesOfTheDataSet) {
  EXPECT_THAT(
      Find(File("cat\nCow\n")).status().message(),
      AllOf(HasSubstr("not the class folders of pets"), HasSubstr("only the labels have Cow"),
            HasSubstr("only the data set has dog"), HasSubstr("--labels")));
  EXPECT_THAT(Find(File("cat\nDog\n")).status().message(), HasSubstr("differ in case alone"));
  model_.metadata = {{"labels", {"cat", "dog", "cow"}}};
  EXPECT_THAT(
      Find(std::nullopt).status().message(),
      AllOf(HasSubstr("net.tflite: the labels of its metadata: 3 labels"), HasSubstr("--labels")));
  model_.metadata = {};
  dataset_.labels.emplace_back("cow");
  EXPECT_THAT(Find(std::nullopt).status().message(),
              HasSubstr("the model has 2 outputs, the data set has 3 classes"));
}

TEST(UsualOrders, AreThoseThatDiffer) {
  const auto names = [](const std::vector<std::string>& labels) {
    std::vector<std::string> all;
    for (const LabelOrder& order : UsualOrders(labels)) all.push_back(order.name);
    return all;
  };
  EXPECT_THAT(names({"cat", "dog"}), ElementsAre("as given"));
  EXPECT_THAT(names({"dog", "cat"}), ElementsAre("as given", "sorted"));
  EXPECT_THAT(names({"1", "10", "2"}), ElementsAre("as given", "by number"));
  EXPECT_THAT(names({"2", "1", "10"}), ElementsAre("as given", "sorted", "by number"));
  EXPECT_THAT(UsualOrders({"class 1", "class 10", "class 2"}).back().labels,
              ElementsAre("class 1", "class 2", "class 10"));
  EXPECT_THAT(UsualOrders({"10 cows", "9 cats"}).back().labels, ElementsAre("9 cats", "10 cows"));
}

}  // namespace
}  // namespace qbench::plan
