#include "harness/run/cache_contents.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>

#include "base/files.h"
#include "base/last_use.h"

namespace qbench::run {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::system_clock;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CacheContentsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("cache_contents_test");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(*folder));
  }
  fs::path Cache() const { return folder_->path(); }
  // A file of the cache that was changed and used so many days ago.
  fs::path Add(const fs::path& relative, size_t bytes, int days) {
    const fs::path file = Cache() / relative;
    fs::create_directories(file.parent_path());
    EXPECT_TRUE(WriteFileAtomically(file, std::string(bytes, 'x')).ok());
    SetAge(file, days);
    return file;
  }
  static void SetAge(const fs::path& file, int days) {
    timespec time{.tv_sec = std::time(nullptr) - days * 86400L, .tv_nsec = 0};
    const timespec times[2] = {time, time};
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }

  std::optional<TempDir> folder_;
};

TEST_F(CacheContentsTest, ListsWhatQbenchPutThereTheOldestFirst) {
  Add("artifacts/a/model.tflite", 1000, 50);
  Add("artifacts/a/result.json", 10, 3);
  Add("imports/b/model.tflite", 500, 5);
  Add("imports/b/import.json", 20, 5);
  Add("tensors/c.tensors", 300, 9);
  Add("hashes/d.json", 7, 1);
  Add("tensors/notes.txt", 1, 99);
  Add("else/where", 1, 99);
  const auto entries = ListCache(Cache());
  ASSERT_TRUE(entries.ok()) << entries.status().message();
  std::vector<std::string> names;
  std::vector<uint64_t> bytes;
  for (const CacheEntry& entry : *entries) {
    names.push_back(entry.path.filename());
    bytes.push_back(entry.bytes);
  }
  EXPECT_THAT(names, ElementsAre("c.tensors", "b", "a", "d.json"));
  EXPECT_THAT(bytes, ElementsAre(300, 520, 1010, 7));
}

TEST_F(CacheContentsTest, PassesLinksOver) {
  const fs::path elsewhere = Add("elsewhere/model.tflite", 10, 99).parent_path();
  fs::create_directories(Cache() / "artifacts");
  fs::create_directory_symlink(elsewhere, Cache() / "artifacts" / "link");
  const auto entries = ListCache(Cache());
  ASSERT_TRUE(entries.ok());
  EXPECT_THAT(*entries, IsEmpty());
  EXPECT_TRUE(ListCache(Cache() / "none").ok());
}

TEST_F(CacheContentsTest, AnEntryThatIsTakenIsNew) {
  const fs::path seal = Add("artifacts/a/result.json", 10, 40);
  MarkUsed(seal);
  const auto entries = ListCache(Cache());
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_LT(system_clock::now() - entries->front().last_use, hours(1));
}

std::vector<CacheEntry> Entries(const std::vector<std::pair<int, uint64_t>>& days_and_bytes,
                                system_clock::time_point now) {
  std::vector<CacheEntry> entries;
  for (const auto& [days, bytes] : days_and_bytes) {
    entries.push_back({.bytes = bytes, .last_use = now - hours(24 * days + 1)});
  }
  return entries;
}

TEST(ChooseForRemoval, TakesTheOldAndThenTheOldest) {
  const auto now = system_clock::now();
  const auto entries = Entries({{40, 100}, {31, 100}, {20, 100}, {5, 100}}, now);
  EXPECT_THAT(ChooseForRemoval(entries, {.older = hours(24 * 30)}, now), ElementsAre(0, 1));
  EXPECT_THAT(ChooseForRemoval(entries, {.max_bytes = 350}, now), ElementsAre(0));
  EXPECT_THAT(ChooseForRemoval(entries, {.max_bytes = 400}, now), IsEmpty());
  EXPECT_THAT(ChooseForRemoval(entries, {.older = hours(24 * 30), .max_bytes = 100}, now),
              ElementsAre(0, 1, 2));
}

TEST(ChooseForRemoval, LeavesWhatMayBeInUse) {
  const auto now = system_clock::now();
  const auto entries = Entries({{2, 100}, {0, 100}}, now);
  EXPECT_THAT(ChooseForRemoval(entries, {.older = hours(0), .max_bytes = 0}, now), ElementsAre(0));
}

TEST_F(CacheContentsTest, RemovesEntriesWhole) {
  Add("artifacts/a/model.tflite", 1000, 50);
  Add("artifacts/a/result.json", 10, 50);
  Add("tensors/c.tensors", 300, 50);
  const auto entries = ListCache(Cache());
  ASSERT_TRUE(entries.ok());
  for (const CacheEntry& entry : *entries) EXPECT_TRUE(RemoveEntry(entry).ok());
  EXPECT_THAT(*ListCache(Cache()), IsEmpty());
  EXPECT_TRUE(fs::is_empty(Cache() / "artifacts"));
}

}  // namespace
}  // namespace qbench::run
