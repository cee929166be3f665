#include "datasets/file_names.h"

#include <filesystem>

#include "datasets/dataset.h"
#include "datasets/name_differences.h"
#include "datasets/tensor_cache.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(EscapeName, ShowsWhatIsNoTextAndComesBack) {
  EXPECT_EQ(EscapeName("plain name.jpg"), "plain name.jpg");
  EXPECT_EQ(EscapeName("größe 木 🌲"), "größe 木 🌲");
  EXPECT_EQ(EscapeName("line\nbreak\t\x7f"), "line\\x0abreak\\x09\\x7f");
  EXPECT_EQ(EscapeName("back\\slash"), "back\\x5cslash");
  EXPECT_EQ(EscapeName("caf\xe9.jpg"), "caf\\xe9.jpg");  // Latin-1
  EXPECT_EQ(EscapeName("\xc0\xaf\xed\xa0\x80\xf5"), "\\xc0\\xaf\\xed\\xa0\\x80\\xf5");
  EXPECT_EQ(EscapeName("cut \xe6\x9c"), "cut \\xe6\\x9c");
  for (const std::string name : {"plain", "line\nbreak", "caf\xe9", "a\\x0ab", "木\x01", ""}) {
    EXPECT_EQ(UnescapeName(EscapeName(name)), name);
  }
}

TEST(UnescapeName, TakesNothingElse) {
  for (const char* text : {"\\", "\\x", "\\x4", "\\x4g", "\\n", "\\x41", "\\x+1", "\n"}) {
    EXPECT_EQ(UnescapeName(text), std::nullopt) << text;
  }
}

TEST(CompareNames, FindsNamesThatAreNearlyTheSame) {
  const NameDifferences names = CompareNames({"Buildings", "sea", "traffic light", "cat"},
                                             {"buildings", "sea", "Traffic_Light", "dog"});
  ASSERT_EQ(names.alike.size(), 2U);
  EXPECT_EQ(names.alike[0].second, "buildings");
  EXPECT_EQ(names.alike[1].second, "Traffic_Light");
  EXPECT_THAT(names.only_first, ElementsAre("cat"));
  EXPECT_THAT(names.only_second, ElementsAre("dog"));
  EXPECT_EQ(DescribeAlike({names.alike[0]}, "the model", "the data set"),
            "\"Buildings\" of the model and \"buildings\" of the data set differ in case alone");
  EXPECT_THAT(
      DescribeAlike(names.alike, "a", "b"),
      HasSubstr("\"traffic light\" and \"Traffic_Light\" differ in case, spaces, hyphens or "
                "underscores alone"));
  EXPECT_TRUE(CompareNames({"b", "a"}, {"a", "b"}).empty());
  EXPECT_EQ(FewNames({"1", "2", "3", "4", "5", "6", "7"}), "1, 2, 3, 4, 5 and 2 more");
}

// Images by odd names, from the folder to their pixels.
class OddNamesTest : public FolderTest {};

TEST_F(OddNamesTest, EveryNameIsReadToItsPixels) {
  const std::vector<std::string> names = {
      "line\nbreak.bmp", "caf\xe9.bmp",   "back\\slash.bmp", " space .bmp ",
      "-dash.BMP",       "tab\t\x01.bmp", "木.bmp",          std::string(251, 'x') + ".bmp"};
  std::vector<std::string> expected;
  for (size_t i = 0; i < names.size(); ++i) {
    WriteTestFile(folder() / "d/test/x" / names[i], MakeBmp(2, 2, static_cast<int>(i)));
    // ".bmp " is no ending of an image.
    if (!names[i].ends_with(' ')) expected.push_back("x/" + EscapeName(names[i]));
  }
  std::ranges::sort(expected);
  const SearchPath search{{}, {}, folder() / "cache"};
  for (int time = 0; time < 2; ++time) {  // the second time with hashes from the cache
    const Result<Dataset> dataset = OpenDataset((folder() / "d").string(), search);
    ASSERT_TRUE(dataset.ok()) << dataset.status().message();
    EXPECT_THAT(dataset->warnings, ElementsAre(HasSubstr("1 files that are no images")));
    const Split& test = **dataset->FindSplit("test");
    std::vector<std::string> paths;
    for (const Image& image : test.images) paths.push_back(image.path);
    EXPECT_EQ(paths, expected);
    Preprocessing input;
    input.width = input.height = 2;
    input.mean = {0, 0, 0};
    input.std = {1, 1, 1};
    const Result<TensorCache> tensors =
        EnsureTensors(test, input, folder() / "cache", FakeDecodeOptions());
    ASSERT_TRUE(tensors.ok()) << tensors.status().message();
    EXPECT_THAT(tensors->broken(), IsEmpty());
    for (size_t i = 0; i < test.images.size(); ++i) {
      const auto name =
          std::ranges::find(names, test.images[i].file.filename().string()) - names.begin();
      EXPECT_EQ(tensors->pixels(i)[0], name) << test.images[i].path;
    }
  }
}

TEST_F(OddNamesTest, ABreakInTheNameOfAFolderAboveDoesNoHarm) {
  for (int i = 0; i < 3; ++i) {
    WriteTestFile(folder() / "a\nb/test/x" / fmt::format("{}.bmp", i), MakeBmp(2, 2, i));
  }
  const Result<Dataset> dataset = OpenDataset((folder() / "a\nb").string(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  EXPECT_EQ(dataset->name, "a\\x0ab");
  Preprocessing input;
  input.width = input.height = 2;
  input.mean = {0, 0, 0};
  input.std = {1, 1, 1};
  const Result<TensorCache> tensors =
      EnsureTensors(**dataset->FindSplit("test"), input, folder() / "c\nd", FakeDecodeOptions());
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  EXPECT_EQ(tensors->pixels(2)[0], 2);
}

TEST_F(OddNamesTest, WhatSystemsLeaveAboutIsPassedOver) {
  WriteTestFile(folder() / "d/test/x/1.bmp", MakeBmp(1, 1, 1));
  for (const char* name : {"Thumbs.db", "desktop.ini", ".DS_Store", "._1.bmp"}) {
    WriteTestFile(folder() / "d/test/x" / name, AsBytes("x"));
    WriteTestFile(folder() / "d/test" / name, AsBytes("x"));
    WriteTestFile(folder() / "d" / name, AsBytes("x"));
  }
  for (const char* name : {".ipynb_checkpoints", "__MACOSX"}) {
    WriteTestFile(folder() / "d/test" / name / "1.bmp", MakeBmp(1, 1, 2));
    WriteTestFile(folder() / "d" / name / "1.bmp", MakeBmp(1, 1, 2));
  }
  const Result<Dataset> dataset = OpenDataset((folder() / "d").string(), {});
  ASSERT_TRUE(dataset.ok()) << dataset.status().message();
  EXPECT_THAT(dataset->warnings, IsEmpty());
  EXPECT_THAT(dataset->labels, ElementsAre("x"));
}

}  // namespace
}  // namespace qbench::datasets
