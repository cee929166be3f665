#include "datasets/import/intel_import.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstdlib>

#include "base/archive/unzip.h"
#include "datasets/dataset.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ZipEntry {
  std::string path;
  Bytes bytes;
  mode_t type = AE_IFREG;
};

void WriteZip(const fs::path& file, const std::vector<ZipEntry>& entries) {
  archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  ASSERT_EQ(archive_write_open_filename(writer, file.c_str()), ARCHIVE_OK);
  for (const ZipEntry& item : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.path.c_str());
    archive_entry_set_filetype(entry, item.type);
    archive_entry_set_perm(entry, 0644);
    if (item.type == AE_IFLNK) archive_entry_set_symlink(entry, "/etc");
    archive_entry_set_size(entry, static_cast<la_int64_t>(item.bytes.size()));
    ASSERT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
    archive_write_data(writer, item.bytes.data(), item.bytes.size());
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
}

constexpr const char* kClasses[] = {"buildings", "forest", "glacier", "mountain", "sea", "street"};

class IntelImportTest : public FolderTest {
 protected:
  // A set as Kaggle nests it: per class 8 training and 3 test images.
  std::vector<ZipEntry> Entries() {
    std::vector<ZipEntry> entries;
    int seed = 100;
    for (const char* label : kClasses) {
      for (int i = 0; i < 11; ++i) {
        const std::string split = i < 8 ? "seg_train" : "seg_test";
        entries.push_back(
            {fmt::format("{0}/{0}/{1}/{2}.bmp", split, label, i), MakeBmp(150, 150, ++seed)});
      }
    }
    entries.push_back({"seg_pred/seg_pred/1.bmp", MakeBmp(150, 150, 0)});
    return entries;
  }
  void WriteSource(const std::vector<ZipEntry>& entries) {
    for (const ZipEntry& entry : entries) WriteTestFile(source() / entry.path, entry.bytes);
  }
  fs::path source() const { return folder() / "source"; }
  fs::path target() const { return folder() / "home/datasets/intel"; }

  Result<ImportReport> Import(const fs::path& from) {
    ImportOptions options;
    options.source = from;
    options.data_home = folder() / "home";
    options.decode = decode_;
    options.progress = progress_;
    return ImportIntel(options);
  }

  Dataset OpenImported() {
    SearchPath search;
    search.data_home = folder() / "home";
    Result<Dataset> dataset = OpenDataset("intel", search);
    EXPECT_TRUE(dataset.ok()) << dataset.status().message();
    return dataset.ok() ? *dataset : Dataset();
  }

  ImportProgress progress_;
  DecodeOptions decode_ = FakeDecodeOptions();
};

TEST_F(IntelImportTest, FolderAndZipGiveTheSame) {
  WriteSource(Entries());
  WriteZip(folder() / "archive.zip", Entries());
  std::vector<std::string> checksums;
  for (const fs::path& from : {source(), folder() / "archive.zip", source()}) {
    const Result<ImportReport> report = Import(from);
    ASSERT_TRUE(report.ok()) << report.status().message();
    EXPECT_EQ(report->folder, target());
    EXPECT_THAT(report->broken, IsEmpty());
    EXPECT_THAT(report->odd_sized, IsEmpty());
    EXPECT_THAT(report->dropped_from_train, IsEmpty());
    EXPECT_THAT(report->notes, ElementsAre(HasSubstr("48 training and 18 test images")));
    EXPECT_EQ(report->counts.at("test").at("glacier"), 3u);
    const Dataset dataset = OpenImported();
    EXPECT_THAT(dataset.warnings, IsEmpty());
    EXPECT_EQ(dataset.labels, std::vector<std::string>(std::begin(kClasses), std::end(kClasses)));
    size_t images = 0;
    for (const Split& split : dataset.splits) {
      images += split.images.size();
      checksums.push_back(split.sha256);
      EXPECT_TRUE(split.name != "test" || split.images.size() == 18) << split.images.size();
      for (const Image& image : split.images) {
        if (split.name == "test") continue;
        EXPECT_EQ(IsCalibrationHash(image.sha256), split.name == "calibration");
      }
    }
    EXPECT_EQ(images, 66u);
  }
  ASSERT_EQ(checksums.size(), 9u);
  for (size_t i = 3; i < 9; ++i) EXPECT_EQ(checksums[i], checksums[i - 3]);
  // Nothing but the set (and the lock) is left.
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder() / "home/datasets")) {
    left.push_back(entry.path().filename());
  }
  EXPECT_THAT(left, ::testing::UnorderedElementsAre("intel", ".import.lock"));
}

TEST_F(IntelImportTest, FindingsAreReported) {
  std::vector<ZipEntry> entries = Entries();
  entries.push_back({"seg_train/seg_train/sea/odd.bmp", MakeBmp(113, 150, 200)});
  entries.push_back({"seg_train/seg_train/sea/broken.jpg", Bytes{1, 2, 3}});
  entries.push_back({"seg_train/seg_train/street/leak.bmp", entries[8].bytes});  // test/buildings
  entries.push_back({"seg_test/seg_test/sea/twice.bmp", entries[8].bytes});
  WriteSource(entries);
  const Result<ImportReport> report = Import(source());
  ASSERT_TRUE(report.ok()) << report.status().message();
  ASSERT_EQ(report->odd_sized.size(), 1u);
  EXPECT_EQ(report->odd_sized[0].path, "train/sea/odd.bmp");
  EXPECT_EQ(report->odd_sized[0].width, 113);
  EXPECT_EQ(report->odd_sized[0].height, 150);
  ASSERT_EQ(report->broken.size(), 1u);
  EXPECT_EQ(report->broken[0].path, "train/sea/broken.jpg");
  EXPECT_THAT(report->broken[0].reason, HasSubstr("not an image"));
  EXPECT_THAT(report->dropped_from_train, ElementsAre("train/street/leak.bmp"));
  EXPECT_THAT(report->duplicates, ElementsAre("test/sea/twice.bmp"));
  EXPECT_THAT(FindOverlaps(OpenImported()), IsEmpty());
  EXPECT_EQ(report->manifest.splits.at("test").images, 19u);
}

TEST_F(IntelImportTest, AFailedOrCancelledImportLeavesTheEarlierOne) {
  WriteSource(Entries());
  ASSERT_TRUE(Import(source()).ok());
  const std::string before = *ReadTextFile(target() / kManifestName);
  progress_ = [](std::string_view stage, size_t, size_t) { return stage != "copy"; };
  EXPECT_EQ(Import(source()).status().code(), StatusCode::kCancelled);
  progress_ = {};
  fs::remove_all(source() / "seg_test/seg_test/sea");
  const Status status = Import(source()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("not those of the Intel set"));
  EXPECT_EQ(*ReadTextFile(target() / kManifestName), before);
  EXPECT_THAT(OpenImported().warnings, IsEmpty());
}

TEST_F(IntelImportTest, WrongSourcesAreNamed) {
  EXPECT_EQ(Import(folder() / "nothing").status().code(), StatusCode::kNotFound);
  fs::create_directories(source());
  EXPECT_THAT(Import(source()).status().message(), HasSubstr("does not hold the Intel set"));
  WriteTestFile(folder() / "text", AsBytes("text"));
  EXPECT_THAT(Import(folder() / "text").status().message(),
              HasSubstr("neither a folder nor a zip"));
}

TEST_F(IntelImportTest, IsFoundByItsName) {
  EXPECT_EQ(FindImporter("imagenet"), nullptr);
  const DatasetImporter* importer = FindImporter("intel");
  ASSERT_NE(importer, nullptr);
  EXPECT_EQ(importer->import, &ImportIntel);
  ASSERT_EQ(ImportableDatasets().size(), 1U);
  EXPECT_EQ(ImportableDatasets()[0].name, "intel");
  EXPECT_THAT(ImportableDatasets()[0].hint, HasSubstr("puneet6060/intel-image-classification"));
  EXPECT_THAT(ImportableDatasets()[0].hint, HasSubstr("qbench dataset import intel PATH"));
}

TEST_F(IntelImportTest, TheImagesInTheSharedFolderImport) {
  const char* variable = std::getenv("QBENCH_SHARED");
  const fs::path shared = variable != nullptr ? variable : QBENCH_SOURCE_DIR "/../shared";
  if (!fs::is_directory(shared / "intel")) {
    GTEST_SKIP() << "no folder " << shared / "intel"
                 << "; set QBENCH_SHARED";
  }
  decode_ = TestDecodeOptions();
  const Result<ImportReport> report = Import(shared / "intel");
  ASSERT_TRUE(report.ok()) << report.status().message();
  EXPECT_THAT(report->broken, IsEmpty());
  EXPECT_EQ(report->manifest.splits.at("test").images, 1200u);
  EXPECT_EQ(report->manifest.splits.at("train").images +
                report->manifest.splits.at("calibration").images +
                report->dropped_from_train.size(),
            5433u);
  EXPECT_THAT(FindOverlaps(OpenImported()), IsEmpty());
}

class UnzipTest : public FolderTest {
 protected:
  UnzipTest() { fs::create_directory(folder() / "out"); }
  Status UnzipAll(const UnzipLimits& limits = {}) {
    return Unzip(folder() / "a.zip", folder() / "out", limits,
                 [](std::string_view) { return true; });
  }
};

TEST_F(UnzipTest, NothingGetsOut) {
  for (const char* path : {"../x", "a/../../x", "/tmp/x", "a/./x"}) {
    WriteZip(folder() / "a.zip", {{path, {1}}});
    const Status status = UnzipAll();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << path;
    EXPECT_THAT(status.message(), HasSubstr("unsafe path")) << path;
    EXPECT_TRUE(fs::is_empty(folder() / "out"));
  }
  // A link is passed over, so that nothing is written through it.
  WriteZip(folder() / "a.zip", {{"link", {}, AE_IFLNK}, {"link/x", {1}}});
  EXPECT_TRUE(UnzipAll().ok());
  EXPECT_TRUE(fs::is_directory(fs::symlink_status(folder() / "out/link")));
}

TEST_F(UnzipTest, LimitsAreKept) {
  WriteZip(folder() / "a.zip", {{"x", Bytes(100000)}, {"y", Bytes(100000)}});
  EXPECT_THAT(UnzipAll({.file_bytes = 1000}).message(), HasSubstr("more bytes in one file"));
  fs::remove(folder() / "out/x");
  EXPECT_THAT(UnzipAll({.total_bytes = 150000}).message(), HasSubstr("more bytes than"));
  fs::remove_all(folder() / "out");
  fs::create_directory(folder() / "out");
  EXPECT_THAT(UnzipAll({.entries = 1}).message(), HasSubstr("more entries"));
}

TEST_F(UnzipTest, TheSamePathTwiceIsCorrupt) {
  WriteZip(folder() / "a.zip", {{"x", {1}}, {"x", {2}}});
  EXPECT_EQ(UnzipAll().code(), StatusCode::kCorrupt);
}

TEST_F(UnzipTest, TruncatedAndDamagedZipsAreErrors) {
  Bytes noise(3000);
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<uint8_t>(i * i % 251);
  WriteZip(folder() / "whole.zip", {{"x", noise}, {"y", noise}});
  const Bytes whole = *ReadFile(folder() / "whole.zip");
  for (size_t size = 40; size + 200 < whole.size(); size += 97) {
    WriteTestFile(folder() / "a.zip", ByteSpan(whole).first(size));
    EXPECT_FALSE(UnzipAll().ok()) << size;
    fs::remove_all(folder() / "out");
    fs::create_directory(folder() / "out");
  }
  Bytes damaged = whole;
  damaged[100] ^= 0xff;
  WriteTestFile(folder() / "a.zip", damaged);
  const Status status = UnzipAll();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("download it again"));
}

}  // namespace
}  // namespace qbench::datasets
