// Room on disks that are not there, and what a plan needs.
#include "harness/run/space_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/files.h"
#include "datasets/tensor_cache.h"

namespace qbench::run {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kMB = 1'000'000;

// One disk below /big, another below /small; of /odd nothing is known.
DiskSpaceFunction Disks(uint64_t big, uint64_t small) {
  return [=](const fs::path& path) -> std::optional<DiskSpace> {
    if (path.string().starts_with("/odd")) return std::nullopt;
    return path.string().starts_with("/big") ? DiskSpace{1, big} : DiskSpace{2, small};
  };
}

TEST(CheckSpace, PlacesOnADiskShareItsRoom) {
  const std::vector<SpaceNeed> needs = {
      {"the cache", "/big/cache", "choose another place with --cache", 60 * kMB, 60 * kMB},
      {"the database", "/big/db", "choose another place with --db", 50 * kMB, 50 * kMB},
      {"temporary files", "/small/tmp", "set TMPDIR", 1 * kMB, 1 * kMB}};
  const auto room = CheckSpace(needs, Disks(110 * kMB, kMB));
  ASSERT_TRUE(room.ok()) << room.status().message();
  EXPECT_THAT(*room, IsEmpty());
  const Status full = CheckSpace(needs, Disks(110 * kMB - 1, kMB)).status();
  EXPECT_EQ(full.code(), StatusCode::kNoSpace);
  EXPECT_EQ(full.message(),
            "not enough room: the cache (/big/cache) 60.0 MB, the database (/big/db) 50.0 MB will "
            "be needed at least, and 110.0 MB are free there; make room, or choose another place "
            "with --cache");
  EXPECT_THAT(CheckSpace(needs, Disks(110 * kMB, kMB - 1)).status().message(),
              AllOf(HasSubstr("temporary files (/small/tmp) 1.0 MB"), HasSubstr("or set TMPDIR"),
                    Not(HasSubstr("/big"))));
}

TEST(CheckSpace, WhatMayNotBeNeededIsAWarning) {
  const std::vector<SpaceNeed> needs = {
      {"the cache", "/big/cache", "choose another place with --cache", 10 * kMB, 70 * kMB}};
  const auto checked = CheckSpace(needs, Disks(69 * kMB, 0));
  ASSERT_TRUE(checked.ok()) << checked.status().message();
  EXPECT_THAT(*checked,
              ElementsAre(AllOf(HasSubstr("the cache (/big/cache) 70.0 MB may be needed"),
                                HasSubstr("69.0 MB are free there"), HasSubstr("--cache"))));
  EXPECT_THAT(*CheckSpace(needs, Disks(70 * kMB, 0)), IsEmpty());
}

TEST(CheckSpace, ADiskOfWhichNothingIsKnownHasRoom) {
  const auto checked = CheckSpace({{"the cache", "/odd/cache", "", 1 << 30, 1 << 30}}, Disks(0, 0));
  ASSERT_TRUE(checked.ok());
  EXPECT_THAT(*checked, IsEmpty());
}

TEST(DiskSpace, IsThatOfTheFolderThatIsThere) {
  const auto folder = TempDir::Create("qbench-space-test");
  ASSERT_TRUE(folder.ok());
  const auto there = DiskSpaceOf(folder->path());
  const auto below = DiskSpaceOf(folder->path() / "not" / "there" / "yet.sqlite");
  ASSERT_TRUE(there && below);
  EXPECT_EQ(there->disk, below->disk);
  EXPECT_GT(there->free_bytes, 0U);
}

class SpaceForRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("qbench-space-test");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(folder).value());
    places_ = {.cache = folder_->path() / "cache",
               .database = folder_->path() / "db.sqlite",
               .reports = {folder_->path() / "report.html"}};
    for (const char* name : {"test", "calibration", "train"}) {
      datasets::Split split;
      split.name = name;
      split.sha256 = name;
      split.images.resize(kImages);
      plan_.dataset.splits.push_back(split);
    }
    plan::PlannedModel& model = plan_.models.emplace_back();
    model.tflite = folder_->path() / "model.tflite";
    EXPECT_TRUE(WriteFileAtomically(model.tflite, Bytes(kModelBytes)).ok());
    model.sidecar.input.width = kSide;
    model.sidecar.input.height = kSide;
    for (const char* id : {"float", "int8"}) {
      plan_.selection.quantizers.emplace_back().plugin.descriptor.id = id;
    }
    plan_.selection.runtimes.emplace_back();
    plan_.cells = {{0, 0, 0, 1}, {0, 1, 0, 1}};
  }
  SpaceNeed Need(const std::string& what) const {
    for (const SpaceNeed& need : SpaceForRun(plan_, places_)) {
      EXPECT_LE(need.at_least, need.at_most) << need.what;
      if (need.what == what) return need;
    }
    ADD_FAILURE() << "no " << what;
    return {};
  }
  static constexpr uint64_t kImages = 1000;
  static constexpr int kSide = 100;
  static constexpr uint64_t kTensorBytes = kImages * kSide * kSide * 3;
  static constexpr uint64_t kModelBytes = 800'000;

  std::optional<TempDir> folder_;
  plan::Plan plan_;
  SpacePlaces places_;
};

TEST_F(SpaceForRunTest, CountsTheImagesOfTheSplitsThatAreRead) {
  const uint64_t test = Need("the cache").at_least;
  EXPECT_GT(test, kTensorBytes);
  EXPECT_LT(test, kTensorBytes * 11 / 10);
  plan_.selection.quantizers[1].plugin.descriptor.needs_samples = true;
  EXPECT_GE(Need("the cache").at_least, test + kTensorBytes);
  plan_.selection.quantizers[1].plugin.descriptor.needs_train = true;
  EXPECT_GE(Need("the cache").at_least, test + 2 * kTensorBytes);
  // Another model with the same input reads the same tensors.
  const uint64_t one = Need("the cache").at_least;
  plan_.models.push_back(plan_.models[0]);
  EXPECT_EQ(Need("the cache").at_least, one);
}

TEST_F(SpaceForRunTest, WhatTheCacheHasNeedsNoRoom) {
  const SpaceNeed before = Need("the cache");
  const std::string key =
      datasets::TensorKey(plan_.Test(), plan_.models[0].sidecar.input).substr(0, 32);
  fs::create_directories(places_.cache / "tensors");
  const fs::path file = places_.cache / "tensors" / (key + ".tensors");
  ASSERT_TRUE(WriteFileAtomically(file, Bytes(kTensorBytes + 100'000)).ok());
  const SpaceNeed tensors = Need("the cache");
  EXPECT_LT(tensors.at_least, before.at_least - kTensorBytes);
  EXPECT_GE(tensors.at_most, 2 * kModelBytes);
  // There are artifacts: nobody knows yet whether they are those of this run.
  fs::create_directories(places_.cache / "artifacts" / "some");
  EXPECT_EQ(Need("the cache").at_least, 0U);
  fs::resize_file(file, kTensorBytes / 2);
  EXPECT_GT(Need("the cache").at_least, kTensorBytes) << "half a file is none";
}

TEST_F(SpaceForRunTest, CountsPredictionsAndSamples) {
  const SpaceNeed small = Need("the database");
  plan_.measure.latency.min_samples = 1'000'000;
  const SpaceNeed large = Need("the database");
  EXPECT_GE(large.at_least, small.at_least + 2 * 3 * 7'900'000U);  // cells, repetitions
  places_.resume = true;
  EXPECT_LT(Need("the database").at_least, 1'000'000U) << "it may all be there";
  EXPECT_EQ(Need("the database").at_most, large.at_most);
  places_.resume = false;
  plan_.measure.latency.min_samples = std::numeric_limits<int64_t>::max();
  plan_.measure.latency.min_seconds = 1e300;
  EXPECT_GT(Need("the database").at_least, uint64_t{1} << 40) << "no number is too large";
}

TEST_F(SpaceForRunTest, EveryPlaceIsNamedWithWhatToDo) {
  places_.reports.push_back(folder_->path() / "rows.csv");
  std::vector<std::string> named;
  for (const SpaceNeed& need : SpaceForRun(plan_, places_)) {
    named.push_back(need.what + ": " + need.place.string());
    EXPECT_GT(need.at_most, 0U) << need.what;
    EXPECT_THAT(need.remedy, HasSubstr("another place")) << need.what;
  }
  EXPECT_THAT(named, ElementsAre("the cache: " + places_.cache.string(),
                                 "the database: " + places_.database.string(),
                                 "temporary files: " + fs::temp_directory_path().string(),
                                 "the report: " + places_.reports[0].string(),
                                 "the report: " + places_.reports[1].string()));
}

TEST_F(SpaceForRunTest, QuantizingNeedsItsSplitsAndTheArtifactTwice) {
  const auto needs = SpaceForQuantizing(plan_.models[0], {plan_.FindSplit("calibration")},
                                        places_.cache, folder_->path() / "out.tflite");
  ASSERT_EQ(needs.size(), 3U);
  EXPECT_GT(needs[0].at_least, kTensorBytes);
  EXPECT_EQ(needs[0].at_least, needs[0].at_most);
  for (const size_t place : {1U, 2U}) {
    EXPECT_GT(needs[place].at_least, kModelBytes / 10);
    EXPECT_GT(needs[place].at_most, kModelBytes);
  }
}

}  // namespace
}  // namespace qbench::run
