// What is tested on and what is calibrated on, for every set of split folders.
#include "datasets/split_folders.h"

#include <set>

#include "datasets/dataset.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Combination {
  std::vector<std::string> folders;
  std::string tested;      // the folder; empty: none
  std::string calibrated;  // the same
  bool warned = false;     // that validation is not used
};

const std::vector<Combination>& Combinations() {
  static const std::vector<Combination> all = {
      {{"train"}, "", "train"},
      {{"val"}, "val", ""},
      {{"test"}, "test", ""},
      {{"calibration"}, "", "calibration"},
      {{"train", "val"}, "val", "train"},
      {{"train", "test"}, "test", "train"},
      {{"train", "calibration"}, "", "calibration"},
      {{"val", "test"}, "test", "val"},
      {{"val", "calibration"}, "val", "calibration"},
      {{"test", "calibration"}, "test", "calibration"},
      {{"train", "val", "test"}, "test", "train", true},
      {{"train", "val", "calibration"}, "val", "calibration"},
      {{"train", "test", "calibration"}, "test", "calibration"},
      {{"val", "test", "calibration"}, "test", "calibration", true},
      {{"train", "val", "test", "calibration"}, "test", "calibration", true},
  };
  return all;
}

class SplitFoldersTest : public FolderTest {
 protected:
  // 60 images of two classes that no other folder has.
  void AddSplit(const fs::path& split) {
    const int seed = 20 * ++splits_;
    for (int i = 0; i < 60; ++i) {
      WriteTestFile(split / (i % 2 == 0 ? "cat" : "dog") / fmt::format("{}.bmp", i),
                    MakeBmp(2 + splits_, 2 + i, seed));
    }
  }

  Dataset Open(const fs::path& root) const {
    Result<Dataset> dataset = OpenDataset(root.string(), {});
    EXPECT_TRUE(dataset.ok()) << dataset.status().message();
    return dataset.ok() ? *std::move(dataset) : Dataset();
  }

  // The folder below `root` that the images of a split come from; empty where there is no split.
  static std::string FolderOf(const Dataset& dataset, std::string_view split) {
    const Result<const Split*> found = dataset.FindSplit(split);
    if (!found.ok()) return "";
    std::set<std::string> folders;
    for (const Image& image : (*found)->images) {
      folders.insert(fs::relative(image.file, dataset.folder).begin()->string());
    }
    EXPECT_EQ(folders.size(), 1U);
    return folders.empty() ? "" : *folders.begin();
  }

  void Check(const Combination& expected, const std::string& validation) {
    const fs::path root = folder() / fmt::format("d{}", splits_);
    std::string list;
    for (const std::string& name : expected.folders) {
      AddSplit(root / (name == "val" ? validation : name));
      list += name + " ";
    }
    SCOPED_TRACE(list + "with " + validation);
    const auto named = [&](const std::string& name) { return name == "val" ? validation : name; };
    const Dataset dataset = Open(root);
    EXPECT_EQ(FolderOf(dataset, "test"), named(expected.tested));
    EXPECT_EQ(FolderOf(dataset, "calibration"), named(expected.calibrated));
    EXPECT_THAT(dataset.split_rule, StartsWith("the splits are folders: "));
    if (expected.tested.empty()) {
      EXPECT_THAT(dataset.FindSplit("test").status().message(),
                  HasSubstr("not tested on: add " + dataset.folder.string() + "/test"));
    } else {
      EXPECT_THAT(dataset.split_rule, HasSubstr("test is " + named(expected.tested)));
      // Every one of its images is tested on.
      EXPECT_EQ((*dataset.FindSplit("test"))->images.size(), 60U);
    }
    if (expected.warned) {
      EXPECT_THAT(dataset.warnings,
                  ElementsAre(HasSubstr("the validation images in " +
                                        (dataset.folder / validation).string() + " are not used")));
      EXPECT_THAT(dataset.split_rule, HasSubstr(validation + " is not used"));
    } else {
      EXPECT_THAT(dataset.warnings, IsEmpty());
    }
  }

  int splits_ = 0;
};

TEST_F(SplitFoldersTest, EveryCombinationIsTestedOnWhatWasNotTrainedOn) {
  ASSERT_EQ(Combinations().size(), 15U);  // each of four folders is there or not
  for (const Combination& expected : Combinations()) Check(expected, "val");
}

TEST_F(SplitFoldersTest, SynonymsOfValidation) {
  for (const char* name : {"valid", "validation", "Validation"}) {
    Check({{"train", "val"}, "val", "train"}, name);
    Check({{"train", "val", "test"}, "test", "train", true}, name);
    Check({{"val"}, "val", ""}, name);
  }
}

TEST_F(SplitFoldersTest, SynonymsOfTheOthers) {
  AddSplit(folder() / "d/Training");
  AddSplit(folder() / "d/TESTING");
  const Dataset dataset = Open(folder() / "d");
  EXPECT_EQ(FolderOf(dataset, "test"), "TESTING");
  EXPECT_EQ(FolderOf(dataset, "train"), "Training");
  EXPECT_EQ(SplitOfName("trains"), "");
}

TEST_F(SplitFoldersTest, TwoFoldersOfOneMeaningAreRefused) {
  AddSplit(folder() / "d/train");
  AddSplit(folder() / "d/val");
  AddSplit(folder() / "d/validation");
  const Status status = OpenDataset((folder() / "d").string(), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("look like the validation split; move one"));
}

TEST_F(SplitFoldersTest, WhatLiesBesideTheSplitsIsNamed) {
  AddSplit(folder() / "d/train");
  AddSplit(folder() / "d/val");
  AddSplit(folder() / "d/more");
  WriteTestFile(folder() / "d/test/1.bmp", MakeBmp(1, 1, 1));  // no labels, as Kaggle has it
  const Dataset dataset = Open(folder() / "d");
  EXPECT_EQ(FolderOf(dataset, "test"), "val");
  EXPECT_THAT(dataset.warnings, ElementsAre(HasSubstr("test in"), HasSubstr("more in")));
  EXPECT_THAT(dataset.warnings[0], HasSubstr("is not used: no class folders"));
  EXPECT_EQ(dataset.unused, dataset.warnings);
}

TEST_F(SplitFoldersTest, ImagesBesideTheClassFoldersOfASplitDoNotHideIt) {
  for (const char* split : {"train", "test"}) {
    AddSplit(folder() / "d" / split);
    WriteTestFile(folder() / "d" / split / "stray.bmp", MakeBmp(1, 1, split[1]));
  }
  const Dataset dataset = Open(folder() / "d");
  EXPECT_THAT(dataset.labels, ElementsAre("cat", "dog"));
  EXPECT_EQ(FolderOf(dataset, "test"), "test");
  EXPECT_THAT(dataset.warnings, Each(HasSubstr("1 files beside the class folders")));
}

TEST_F(SplitFoldersTest, SplitsWithoutClassFoldersAreNotClasses) {
  WriteTestFile(folder() / "d/train/1.bmp", MakeBmp(1, 1, 1));
  WriteTestFile(folder() / "d/test/1.bmp", MakeBmp(1, 1, 2));
  const Status status = OpenDataset((folder() / "d").string(), {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("test, train in"));
  EXPECT_THAT(status.message(), HasSubstr("one folder a class, as in test/cat/1.jpg"));
}

TEST_F(SplitFoldersTest, ATrainingFolderThatIsNamedItselfIsWarnedOf) {
  AddSplit(folder() / "d/train");
  AddSplit(folder() / "d/val");
  EXPECT_THAT(Open(folder() / "d/train").warnings,
              ElementsAre(HasSubstr("called like a folder of training images")));
  EXPECT_THAT(Open(folder() / "d/val").warnings, IsEmpty());
}

TEST_F(SplitFoldersTest, ClassesMayBeCalledValidAndInvalid) {
  for (int i = 0; i < 60; ++i) {
    WriteTestFile(folder() / "d/valid" / fmt::format("{}.bmp", i), MakeBmp(1, 1 + i, 1));
    WriteTestFile(folder() / "d/invalid" / fmt::format("{}.bmp", i), MakeBmp(1, 1 + i, 2));
  }
  const Dataset dataset = Open(folder() / "d");
  EXPECT_THAT(dataset.labels, ElementsAre("invalid", "valid"));
  EXPECT_THAT(dataset.split_rule, Not(HasSubstr("folders: ")));
}

}  // namespace
}  // namespace qbench::datasets
