#include "datasets/verify.h"

#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class VerifyTest : public FolderTest {
 protected:
  VerifyTest() {
    int seed = 0;
    for (const char* split : {"train", "calibration", "test"}) {
      for (const char* label : {"a", "b"}) {
        for (int i = 0; i < 2; ++i) {
          WriteTestFile(File(split, label, i), MakeBmp(4, 4 + i, ++seed));
        }
      }
    }
  }
  std::filesystem::path File(const std::string& split, const std::string& label, int i) const {
    return folder() / "d" / split / label / fmt::format("{}.bmp", i);
  }
  VerifyReport Verify() {
    Result<Dataset> dataset = OpenDataset((folder() / "d").string(), {});
    EXPECT_TRUE(dataset.ok()) << dataset.status().message();
    Result<VerifyReport> report = VerifyDataset(*dataset, FakeDecodeOptions());
    EXPECT_TRUE(report.ok()) << report.status().message();
    return report.ok() ? *report : VerifyReport();
  }
};

TEST_F(VerifyTest, AWholeSetHasNoFindings) {
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.ok());
  EXPECT_THAT(report.warnings, IsEmpty());
  ASSERT_EQ(report.splits.size(), 3u);
  for (const SplitReport& split : report.splits) {
    EXPECT_EQ(split.images, 4u);
    EXPECT_THAT(split.images_of_label, ElementsAre(2u, 2u));
    EXPECT_THAT(split.sizes, UnorderedElementsAre(Pair("4x4", 2u), Pair("4x5", 2u)));
  }
}

TEST_F(VerifyTest, BrokenImagesOverlapsAndDuplicatesAreFindings) {
  WriteTestFile(File("train", "a", 0), AsBytes("nonsense"));
  WriteTestFile(File("train", "b", 7), MakeBmp(4, 4, 9));  // test/a/0
  WriteTestFile(File("test", "b", 7), MakeBmp(4, 4, 11));  // test/b/0
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(report.errors,
              UnorderedElementsAre(HasSubstr("train/a/0.bmp cannot be decoded: not an"),
                                   HasSubstr("test/a/0.bmp and train/b/7.bmp have the same "
                                             "content; remove"),
                                   HasSubstr("test/a/0.bmp and train/b/7.bmp have the same "
                                             "content and two labels")));
  EXPECT_THAT(report.warnings,
              ElementsAre(HasSubstr("test/b/7.bmp has the content of an earlier")));
}

TEST_F(VerifyTest, ChecksumsOfTheManifestAreCompared) {
  Result<Dataset> dataset = OpenDataset((folder() / "d").string(), {});
  ASSERT_TRUE(dataset.ok());
  Manifest manifest;
  manifest.name = "d";
  manifest.labels = dataset->labels;
  for (const Split& split : dataset->splits) {
    manifest.splits[split.name] = {split.name, split.images.size(), split.sha256};
  }
  ASSERT_TRUE(WriteManifest(folder() / "d" / kManifestName, manifest).ok());
  EXPECT_TRUE(Verify().ok());
  WriteTestFile(File("test", "a", 0), MakeBmp(4, 4, 200));
  EXPECT_THAT(Verify().errors, ElementsAre(HasSubstr("the test split has 4 images with checksum")));
}

TEST_F(VerifyTest, ManyFindingsAreCounted) {
  for (int i = 0; i < 50; ++i)
    WriteTestFile(File("train", "a", i + 10), AsBytes(std::to_string(i)));
  const VerifyReport report = Verify();
  ASSERT_EQ(report.errors.size(), 21u);
  EXPECT_EQ(report.errors.back(), "and 30 more images that cannot be decoded");
}

}  // namespace
}  // namespace qbench::datasets
