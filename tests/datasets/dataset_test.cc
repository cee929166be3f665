#include "datasets/dataset.h"

#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/sha256.h"
#include "datasets/hash_cache.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DatasetTest : public FolderTest {
 protected:
  DatasetTest() {
    search_.data_home = folder() / "home";
    search_.share = folder() / "share";
    search_.cache = folder() / "cache";
  }

  // `count` different images in a class folder.
  void AddImages(const fs::path& class_folder, int count, int seed = 0) {
    for (int i = 0; i < count; ++i) {
      WriteTestFile(class_folder / fmt::format("{:03}.bmp", i), MakeBmp(2, 2 + i, seed));
    }
  }

  Dataset Open(const fs::path& path) {
    Result<Dataset> dataset = OpenDataset(path.string(), search_);
    EXPECT_TRUE(dataset.ok()) << dataset.status().message();
    return dataset.ok() ? *std::move(dataset) : Dataset();
  }

  Status ErrorOf(const std::string& name) { return OpenDataset(name, search_).status(); }

  SearchPath search_;
};

std::vector<std::string> SplitNames(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const Split& split : dataset.splits) names.push_back(split.name);
  return names;
}

TEST_F(DatasetTest, AFolderWithoutSplitsIsSplitByContent) {
  const fs::path root = folder() / "pets";
  AddImages(root / "cat", 60);
  AddImages(root / "dög", 60, 100);
  const Dataset dataset = Open(root);
  EXPECT_EQ(dataset.name, "pets");
  EXPECT_THAT(dataset.labels, ElementsAre("cat", "dög"));
  EXPECT_THAT(SplitNames(dataset), ElementsAre("calibration", "test", "train"));
  EXPECT_EQ(dataset.split_rule, SplitRule());
  EXPECT_THAT(dataset.warnings, IsEmpty());
  size_t images = 0;
  for (const Split& split : dataset.splits) {
    std::string lines, last;
    for (const Image& image : split.images) {
      EXPECT_EQ(image.sha256, *Sha256HexOfFile(split.folder / image.path));
      EXPECT_EQ(image.file, split.folder / image.path);
      EXPECT_EQ(image.path.starts_with("cat/"), image.label == 0);
      EXPECT_EQ(SplitOfHash(image.sha256), split.name);
      EXPECT_LT(last, image.path);
      last = image.path;
      lines += image.sha256 + "  " + image.path + "\n";
    }
    EXPECT_EQ(split.sha256, Sha256Hex(lines));
    images += split.images.size();
  }
  EXPECT_EQ(images, 120u);
  EXPECT_FALSE((*dataset.FindSplit("train"))->images.empty());
  EXPECT_EQ(dataset.FindSplit("tset").status().message(),
            "data set pets has no split \"tset\"; it has calibration, test, train");
}

TEST_F(DatasetTest, TheRuleIsAboutTheFirstEightDigits) {
  const std::string rest(56, '0');
  EXPECT_EQ(SplitOfHash("00000000" + rest), "calibration");
  EXPECT_EQ(SplitOfHash("19999999" + rest), "calibration");  // 0.0999999998
  EXPECT_EQ(SplitOfHash("1999999a" + rest), "test");         // 0.1000000001
  EXPECT_EQ(SplitOfHash("4ccccccc" + rest), "test");         // 0.2999999998
  EXPECT_EQ(SplitOfHash("4ccccccd" + rest), "train");
  EXPECT_EQ(SplitOfHash("ffffffff" + rest), "train");
}

TEST_F(DatasetTest, KagglesFoldersAreSplits) {
  for (const bool nested : {false, true}) {
    const fs::path root = folder() / (nested ? "nested" : "flat");
    for (const char* split : {"seg_train", "seg_test"}) {
      const fs::path classes = nested ? root / split / split : root / split;
      AddImages(classes / "sea", 40, split[4]);
      AddImages(classes / "street", 40, split[4] + 50);
    }
    WriteTestFile(root / "seg_pred" / "1.bmp", MakeBmp(1, 1, 1));
    const Dataset dataset = Open(root);
    EXPECT_THAT(SplitNames(dataset), ElementsAre("calibration", "test", "train"));
    EXPECT_EQ((*dataset.FindSplit("test"))->images.size(), 80u);
    const Split& calibration = **dataset.FindSplit("calibration");
    EXPECT_EQ(calibration.images.size() + (*dataset.FindSplit("train"))->images.size(), 80u);
    EXPECT_FALSE(calibration.images.empty());
    for (const Image& image : calibration.images) EXPECT_TRUE(IsCalibrationHash(image.sha256));
    EXPECT_THAT(dataset.split_rule, HasSubstr("h < 0.10"));
  }
}

TEST_F(DatasetTest, AClassMayBeCalledTrain) {
  AddImages(folder() / "d/train", 20);
  AddImages(folder() / "d/plane", 20, 9);
  EXPECT_THAT(Open(folder() / "d").labels, ElementsAre("plane", "train"));
}

TEST_F(DatasetTest, OneSplitFolderAlone) {
  AddImages(folder() / "a/train/x", 60);
  AddImages(folder() / "b/test/x", 5);
  const Dataset train = Open(folder() / "a");
  EXPECT_THAT(SplitNames(train), ElementsAre("calibration", "train"));
  EXPECT_THAT(train.FindSplit("test").status().message(),
              HasSubstr("it has calibration, train: training and calibration images are not"));
  EXPECT_THAT(SplitNames(Open(folder() / "b")), ElementsAre("test"));
}

TEST_F(DatasetTest, TooFewImagesForTheRuleAreSaid) {
  AddImages(folder() / "d/x", 1);
  ASSERT_EQ(SplitOfHash(Sha256Hex(MakeBmp(2, 2, 0))), "train");
  EXPECT_THAT(Open(folder() / "d").FindSplit("test").status().message(),
              HasSubstr("none of the 1 images falls into it: add images"));
  AddImages(folder() / "d/y", 60, 9);
  EXPECT_THAT(Open(folder() / "d").warnings,
              ElementsAre(HasSubstr("no image of x is in the test split")));
  // Training images of which none has h < 0.10.
  AddImages(folder() / "e/train/x", 1);
  AddImages(folder() / "e/test/x", 1, 9);
  EXPECT_THAT(Open(folder() / "e").FindSplit("calibration").status().message(),
              HasSubstr("has h < 0.10: add"));
}

TEST_F(DatasetTest, TheSameContentInTwoClassesIsWarnedOf) {
  AddImages(folder() / "d/test/x", 3);
  AddImages(folder() / "d/test/y", 3, 9);
  WriteTestFile(folder() / "d/test/y/copy.bmp", MakeBmp(2, 2, 0));
  EXPECT_THAT(Open(folder() / "d").warnings,
              ElementsAre("1 images are in two classes, so that one of the labels is wrong; the "
                          "first: test/x/000.bmp = test/y/copy.bmp"));
}

TEST_F(DatasetTest, ClassesThatDifferInCaseAloneAreSaid) {
  AddImages(folder() / "d/train/Cat", 3);
  AddImages(folder() / "d/test/cat", 3, 9);
  const std::string root = fs::canonical(folder() / "d").string();
  EXPECT_THAT(ErrorOf(folder() / "d").message(),
              HasSubstr(fmt::format("\"Cat\" of {0}/train and \"cat\" of {0}/test differ in case "
                                    "alone: rename one of them",
                                    root)));
}

TEST_F(DatasetTest, ImagesOfOtherFormatsAreSaid) {
  AddImages(folder() / "d/test/x", 3);
  WriteTestFile(folder() / "d/test/x/1.webp", AsBytes("RIFF"));
  EXPECT_THAT(Open(folder() / "d").warnings,
              ElementsAre(HasSubstr("1 images of a format that is not read (convert them")));
  WriteTestFile(folder() / "e/test/x/1.HEIC", AsBytes("x"));
  EXPECT_THAT(ErrorOf(folder() / "e").message(), HasSubstr("convert those in it"));
}

TEST_F(DatasetTest, ClassesOneFolderTooDeepAreSaid) {
  AddImages(folder() / "d/images/x", 3);
  EXPECT_THAT(ErrorOf(folder() / "d").message(),
              HasSubstr("images has no images, but folders (x): if those are the classes, name"));
}

TEST_F(DatasetTest, SplitsMustHaveTheSameClasses) {
  AddImages(folder() / "d/train/x", 3);
  AddImages(folder() / "d/train/y", 3, 1);
  AddImages(folder() / "d/test/x", 3, 2);
  AddImages(folder() / "d/test/z", 3, 3);
  const Status status = ErrorOf(folder() / "d");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("no folder y, z is no class"));
}

TEST_F(DatasetTest, AnEmptyClassFolderIsNamed) {
  AddImages(folder() / "d/x", 3);
  fs::create_directories(folder() / "d/empty");
  WriteTestFile(folder() / "d/empty/notes.txt", AsBytes("no image"));
  const Status status = ErrorOf(folder() / "d");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("d/empty has no images"));
}

TEST_F(DatasetTest, AFolderWithoutClassesIsAnError) {
  WriteTestFile(folder() / "d/1.bmp", MakeBmp(1, 1, 1));
  EXPECT_THAT(ErrorOf(folder() / "d").message(), HasSubstr("one folder a class"));
}

TEST_F(DatasetTest, WhatLiesAboutIsWarnedOf) {
  AddImages(folder() / "d/x", 3);
  WriteTestFile(folder() / "d/README", AsBytes("x"));
  WriteTestFile(folder() / "d/stray.jpg", AsBytes("x"));
  WriteTestFile(folder() / "d/.hidden", AsBytes("x"));
  WriteTestFile(folder() / "d/x/sub/1.bmp", MakeBmp(1, 1, 1));
  const Dataset dataset = Open(folder() / "d");
  ASSERT_EQ(dataset.warnings.size(), 2u);
  EXPECT_THAT(dataset.warnings[0], HasSubstr("2 files beside the class folders"));
  EXPECT_THAT(dataset.warnings[0], HasSubstr("README, …"));
  EXPECT_THAT(dataset.warnings[1], HasSubstr("sub"));
}

TEST_F(DatasetTest, LinksThatLoopDoNoHarm) {
  AddImages(folder() / "d/x", 3);
  fs::create_directory_symlink(folder() / "d/x", folder() / "d/x/again");
  fs::create_symlink("self.bmp", folder() / "d/x/self.bmp");
  const Dataset dataset = Open(folder() / "d");
  EXPECT_THAT(dataset.warnings, ElementsAre(HasSubstr("1 files that are no images"),
                                            HasSubstr("1 folders (a class's images lie")));
  // A class folder that is the data set itself has folders and no images.
  fs::create_directory_symlink(folder() / "d", folder() / "d/loop");
  EXPECT_THAT(ErrorOf(folder() / "d").message(), HasSubstr("loop has no images"));
}

TEST_F(DatasetTest, NamesThatCannotBeLabelsAreRefused) {
  for (const char* name : {"line\nbreak", "back\\slash", "\xff\xfe"}) {
    const fs::path root = folder() / "d";
    AddImages(root / name, 1);
    const Status status = ErrorOf(root);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("has a control character or a backslash in its name"));
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
    fs::remove_all(root);
  }
}

TEST_F(DatasetTest, AFolderThatCannotBeReadIsNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read every folder";
  AddImages(folder() / "d/x", 1);
  chmod((folder() / "d/x").c_str(), 0);
  const Status status = ErrorOf(folder() / "d");
  chmod((folder() / "d/x").c_str(), 0755);
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("d/x: Permission denied"));
}

TEST_F(DatasetTest, TheSameContentInTwoSplitsIsWarnedOf) {
  AddImages(folder() / "d/train/x", 10);
  AddImages(folder() / "d/test/x", 10, 77);
  WriteTestFile(folder() / "d/test/x/copy.bmp", MakeBmp(2, 2, 0));
  WriteTestFile(folder() / "d/test/x/again.bmp", MakeBmp(2, 2, 77));
  const Dataset dataset = Open(folder() / "d");
  const std::vector<Overlap> overlaps = FindOverlaps(dataset);
  ASSERT_EQ(overlaps.size(), 1u);
  EXPECT_THAT((std::vector{overlaps[0].first, overlaps[0].second}),
              ::testing::Contains("test/x/copy.bmp"));
  EXPECT_THAT(dataset.warnings, ElementsAre(HasSubstr("1 images are in two splits")));
  const Split& test = **dataset.FindSplit("test");
  const std::vector<size_t> duplicates = FindDuplicates(test);
  ASSERT_EQ(duplicates.size(), 1u);
  EXPECT_EQ(test.images[duplicates[0]].path, "x/again.bmp");
}

TEST_F(DatasetTest, SamplesAreBalancedAndDoNotDependOnNames) {
  AddImages(folder() / "d/test/a", 20);
  AddImages(folder() / "d/test/b", 4, 50);
  const Split split = *Open(folder() / "d").FindSplit("test").value();
  const auto hashes = [&](const std::vector<size_t>& sample) {
    std::vector<std::string> result;
    result.reserve(sample.size());
    for (const size_t i : sample) result.push_back(split.images[i].sha256);
    return result;
  };
  const std::vector<size_t> sample = SampleImages(split, 10);
  EXPECT_EQ(std::set(sample.begin(), sample.end()).size(), 10u);
  int of_b = 0;
  for (const size_t i : sample) of_b += split.images[i].label;
  EXPECT_EQ(of_b, 4);
  EXPECT_EQ(SampleImages(split, 100).size(), 24u);
  // The first ones of a larger sample are the smaller sample.
  std::vector<std::string> larger = hashes(SampleImages(split, 24));
  larger.resize(10);
  EXPECT_EQ(larger, hashes(sample));
}

TEST_F(DatasetTest, AnotherSeedTakesOtherSamplesAsBalanced) {
  AddImages(folder() / "d/test/a", 20);
  AddImages(folder() / "d/test/b", 20, 50);
  const Split split = *Open(folder() / "d").FindSplit("test").value();
  EXPECT_EQ(SampleImages(split, 10, 0), SampleImages(split, 10));
  const std::vector<size_t> one = SampleImages(split, 10, 1);
  EXPECT_EQ(SampleImages(split, 10, 1), one);
  EXPECT_NE(SampleImages(split, 10, 0), one);
  EXPECT_NE(SampleImages(split, 10, 2), one);
  EXPECT_EQ(std::set(one.begin(), one.end()).size(), 10u);
  EXPECT_EQ(std::ranges::count_if(one, [&](size_t i) { return split.images[i].label == 1; }), 5);
}

// Data sets by name.
class NamedDatasetTest : public DatasetTest {
 protected:
  // A data set with manifest and one split.
  void Install(const fs::path& root, const std::string& name) {
    AddImages(root / "datasets" / name / "test" / "a", 3);
    AddImages(root / "datasets" / name / "test" / "b", 3, 9);
    Manifest manifest;
    manifest.name = name;
    manifest.title = "Title";
    manifest.licence = "CC0";
    manifest.labels = {"b", "a"};
    manifest.splits["test"] = {"test", 6,
                               (*Open(root / "datasets" / name).FindSplit("test"))->sha256};
    ASSERT_TRUE(WriteManifest(root / "datasets" / name / kManifestName, manifest).ok());
  }
};

TEST_F(NamedDatasetTest, ImportedComesBeforeShipped) {
  Install(search_.share, "tiny");
  EXPECT_EQ(Open("tiny").folder, fs::canonical(search_.share / "datasets/tiny"));
  Install(search_.data_home, "tiny");
  const Dataset dataset = Open("tiny");
  EXPECT_EQ(dataset.folder, fs::canonical(search_.data_home / "datasets/tiny"));
  EXPECT_THAT(dataset.labels, ElementsAre("b", "a"));  // the manifest's order
  EXPECT_EQ(dataset.splits[0].images[0].label, 1);
  EXPECT_THAT(dataset.warnings, IsEmpty());
}

TEST_F(NamedDatasetTest, ADifferenceFromTheManifestIsWarnedOf) {
  Install(search_.share, "tiny");
  WriteTestFile(search_.share / "datasets/tiny/test/a/new.bmp", MakeBmp(1, 1, 1));
  EXPECT_THAT(Open("tiny").warnings, ElementsAre(HasSubstr("7 images, 6 expected")));
  AddImages(search_.share / "datasets/tiny/test/extra", 1);
  EXPECT_THAT(ErrorOf("tiny").message(), HasSubstr("extra is no class"));
}

TEST_F(NamedDatasetTest, ListShowsWhatThereIsAndWhatCouldBe) {
  search_.importable = {{"later", "A set to import", "import it"}};
  Install(search_.share, "tiny");
  WriteTestFile(search_.data_home / "datasets/bad" / kManifestName, AsBytes("name = 1"));
  const std::vector<DatasetSummary> list = ListDatasets(search_);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].name, "bad");
  EXPECT_THAT(list[0].note, HasSubstr("name must be a string"));
  EXPECT_EQ(list[1].name, "later");
  EXPECT_EQ(list[1].title, "A set to import");
  EXPECT_EQ(list[1].kind, "not imported");
  EXPECT_EQ(list[1].note, "import it");
  EXPECT_EQ(list[2].name, "tiny");
  EXPECT_EQ(list[2].kind, "shipped");
  EXPECT_EQ(list[2].splits.at("test").images, 6u);
}

TEST_F(NamedDatasetTest, UnknownNamesGetTheNextStep) {
  search_.importable = {{"later", "A set to import", "import it"}};
  Install(search_.share, "tiny");
  EXPECT_EQ(
      ErrorOf("tinny").message(),
      "no data set and no folder \"tinny\"; there are later, tiny, or name any folder with one "
      "sub-folder a class");
  EXPECT_EQ(ErrorOf("later").code(), StatusCode::kNotFound);
  EXPECT_EQ(ErrorOf("later").message(), "import it");
  Install(search_.data_home, "later");
  EXPECT_TRUE(OpenDataset("later", search_).ok());
}

TEST_F(NamedDatasetTest, AnImportedOneIsListedAsThat) {
  search_.importable = {{"later", "A set to import", "import it"}};
  Install(search_.data_home, "later");
  const std::vector<DatasetSummary> list = ListDatasets(search_);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].kind, "imported");
}

TEST_F(DatasetTest, HashesAreRememberedUntilAFileChanges) {
  const fs::path file = folder() / "1.bmp", cache = folder() / "hashes.json";
  const auto settled = fs::file_time_type::clock::now() - std::chrono::hours(1);
  WriteTestFile(file, MakeBmp(1, 1, 1));
  fs::last_write_time(file, settled);
  const auto hash = [&](size_t expected_misses) {
    HashCache hashes(cache);
    const std::string sha256 = *hashes.Hash(file);
    EXPECT_EQ(hashes.misses(), expected_misses);
    hashes.Save();
    return sha256;
  };
  const std::string first = hash(1);
  EXPECT_EQ(hash(0), first);
  WriteTestFile(file, MakeBmp(1, 1, 2));  // same size, another time and inode
  fs::last_write_time(file, settled + std::chrono::nanoseconds(1));
  const std::string second = hash(1);
  EXPECT_EQ(second, *Sha256HexOfFile(file));
  EXPECT_EQ(hash(0), second);
  // A file that has just been changed may change again unseen.
  fs::last_write_time(file, fs::file_time_type::clock::now());
  hash(1);
  hash(1);
  WriteTestFile(cache, AsBytes("rubbish"));
  EXPECT_EQ(hash(1), second);
  // A digit that flipped must not become the image's hash.
  fs::last_write_time(file, settled);
  EXPECT_EQ(hash(1), second);
  EXPECT_EQ(hash(0), second);
  std::string damaged = *ReadTextFile(cache);
  const size_t digit = damaged.find(second);
  ASSERT_NE(digit, std::string::npos);
  damaged[digit] = damaged[digit] == '0' ? '1' : '0';
  WriteTestFile(cache, AsBytes(damaged));
  EXPECT_EQ(hash(1), second);
  HashCache nowhere(folder() / "1.bmp/impossible/hashes.json");
  EXPECT_EQ(*nowhere.Hash(file), second);
  nowhere.Save();
}

}  // namespace
}  // namespace qbench::datasets
