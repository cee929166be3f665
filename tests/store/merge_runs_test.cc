// Runs of one database into another: whole, once, and all or none whatever happens meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <set>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "harness/results/summary.h"
#include "harness/store/check_database.h"
#include "harness/store/export_runs.h"
#include "harness/store/store.h"
#include "tests/store/child_process.h"
#include "tests/store/same_fields.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using What = MergedRun::What;

class MergeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(folder_.ok()) << folder_.status().message();
    into_.emplace(Opened("into.sqlite"));
  }
  fs::path File(const std::string& name) const { return folder_->path() / name; }
  Store Opened(const std::string& name) const {
    auto store = Store::Open(File(name), OpenMode::kReadWrite);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return std::move(*store);
  }
  // A run that differs from others by its number of images and processes.
  static int64_t Add(Store& store, int images, int processes = 2, bool finished = true) {
    SampleRunOptions options;
    options.images = images;
    options.processes = processes;
    options.finished = finished;
    options.with_comparisons = true;
    const auto id = StoreSampleRun(store, options);
    EXPECT_TRUE(id.ok()) << id.status().message();
    return id.ok() ? *id : 0;
  }
  std::vector<MergedRun> Merged(Store& from, const std::vector<int64_t>& runs = {}) {
    const auto merged = into_->Merge(from, {.runs = runs});
    EXPECT_TRUE(merged.ok()) << merged.status().message();
    return merged.ok() ? *merged : std::vector<MergedRun>();
  }
  Status MergeStatus(Store& from) { return into_->Merge(from, {}).status(); }
  int64_t Count(const std::string& table, const std::string& file = "into.sqlite") const {
    SQLite::Database database(File(file).string(), SQLite::OPEN_READONLY);
    return database.execAndGet("SELECT COUNT(*) FROM " + table).getInt64();
  }

  Result<TempDir> folder_ = TempDir::Create("qbench-merge-test");
  std::optional<Store> into_;
};

void ExpectSameRun(const RunData& got, const RunData& expected) {
  const auto summaries = results::Summarize(got);
  auto wanted = results::Summarize(expected);
  ASSERT_EQ(summaries.size(), wanted.size());
  for (size_t i = 0; i < summaries.size(); ++i) {
    wanted[i].run_id = got.run.id;
    ExpectSameFields(summaries[i], wanted[i]);
    ASSERT_EQ(got.cells[i].measurements.size(), expected.cells[i].measurements.size());
    for (size_t j = 0; j < got.cells[i].measurements.size(); ++j) {
      const Measurement& one = got.cells[i].measurements[j];
      EXPECT_EQ(one.samples_ns, expected.cells[i].measurements[j].samples_ns);
      EXPECT_EQ(one.predictions, expected.cells[i].measurements[j].predictions);
      EXPECT_EQ(one.conditions, expected.cells[i].measurements[j].conditions);
    }
  }
  EXPECT_EQ(got.notes.size(), expected.notes.size());
  ASSERT_EQ(got.comparisons.size(), expected.comparisons.size());
  EXPECT_FALSE(got.comparisons.empty());
  auto layers = expected.comparisons.begin();
  for (const auto& [artifact, comparison] : got.comparisons) {
    EXPECT_EQ(comparison.layers.size(), layers->second.layers.size());
    ++layers;
  }
}

TEST_F(MergeTest, CopiesARunWithAllOfIt) {
  Add(*into_, 12);
  Store from = Opened("from.sqlite");
  Add(from, 18);
  Add(from, 24);
  MachinePeak peak;
  peak.type = "int8";
  ASSERT_TRUE(from.SetMachinePeaks(2, {peak}).ok());
  const auto merged = Merged(from);
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].into, 2);
  EXPECT_EQ(merged[1].into, 3);
  for (const MergedRun& run : merged) {
    EXPECT_EQ(run.what, What::kCopied);
    const auto got = into_->LoadRun(run.into);
    const auto expected = from.LoadRun(run.from);
    ASSERT_TRUE(got.ok() && expected.ok()) << got.status().message();
    ExpectSameRun(*got, *expected);
  }
  EXPECT_EQ(into_->MachinePeaks(3)->size(), 1U);
  EXPECT_EQ(Count("models"), 1) << "what both have is there once";
  EXPECT_EQ(Count("plugins"), 4);
  EXPECT_EQ(Count("artifacts"), 3);
  EXPECT_EQ(Count("dataset_splits"), 3);
  const auto check = CheckDatabase(File("into.sqlite"));
  ASSERT_TRUE(check.ok()) << check.status().message();
  EXPECT_THAT(check->flaws, ElementsAre());
}

TEST_F(MergeTest, TheSameRunIsNotCopiedTwice) {
  Store from = Opened("from.sqlite");
  Add(from, 12);
  ASSERT_TRUE(from.RenameRun(1, "night").ok());
  EXPECT_EQ(Merged(from)[0].what, What::kCopied);
  Add(from, 18);
  ASSERT_TRUE(from.RenameRun(1, "called otherwise since").ok());
  const auto again = Merged(from);
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].what, What::kKnown);
  EXPECT_EQ(again[0].into, 1);
  EXPECT_EQ(again[1].what, What::kCopied);
  EXPECT_EQ(Count("runs"), 2);
  // Back where they came from, they are known as well.
  const auto back = from.Merge(*into_, {});
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->size(), 2U);
  for (const MergedRun& run : *back) EXPECT_EQ(run.what, What::kKnown);
}

TEST_F(MergeTest, ARunThatWentOnSinceIsNamed) {
  Store from = Opened("from.sqlite");
  Add(from, 12, 2, /*finished=*/false);
  Merged(from);
  const auto run = from.LoadRun(1);
  ASSERT_TRUE(run.ok());
  Measurement more = run->cells[0].measurements.back();
  more.repetition = 7;
  ASSERT_TRUE(from.CommitMeasurement(more).ok());
  const auto merged = Merged(from);
  EXPECT_EQ(merged[0].what, What::kIncomplete);
  EXPECT_EQ(merged[0].into, 1);
  EXPECT_EQ(Count("runs"), 1);
  // What is here has all that the older copy has.
  const auto back = from.Merge(*into_, {});
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_EQ(back->at(0).what, What::kKnown);
}

TEST_F(MergeTest, RunsOfOneSecondWithOtherSamplesAreOthers) {
  Store from = Opened("from.sqlite");
  Add(from, 12);
  Store other = Opened("other.sqlite");
  Add(other, 12);
  SQLite::Database(File("other.sqlite").string(), SQLite::OPEN_READWRITE)
      .exec("DROP TRIGGER measurements_are_final; UPDATE measurements SET finished_at = 'later'");
  Merged(from);
  EXPECT_EQ(Merged(other)[0].what, What::kCopied);
  EXPECT_EQ(Count("runs"), 2);
}

TEST_F(MergeTest, ANameIsGivenOnce) {
  Store from = Opened("from.sqlite");
  Add(from, 12);
  Add(from, 18);
  ASSERT_TRUE(from.RenameRun(1, "release").ok());
  ASSERT_TRUE(from.RenameRun(2, "mine").ok());
  Add(*into_, 24);
  ASSERT_TRUE(into_->RenameRun(1, "release").ok());
  const auto merged = Merged(from);
  EXPECT_TRUE(merged[0].name_is_taken);
  EXPECT_FALSE(merged[1].name_is_taken);
  EXPECT_EQ(into_->LoadRun(2)->run.name, "");
  EXPECT_EQ(into_->LoadRun(3)->run.name, "mine");
}

TEST_F(MergeTest, TakesTheRunsThatAreNamedAlone) {
  Store from = Opened("from.sqlite");
  for (const int images : {12, 18, 24}) Add(from, images);
  const auto merged = Merged(from, {3, 1});
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].from, 1);
  EXPECT_EQ(merged[1].from, 3);
  EXPECT_THAT(into_->Merge(from, {.runs = {9}}).status().message(),
              AllOf(HasSubstr("there is no run 9"), HasSubstr("from.sqlite")));
  EXPECT_THAT(MergeStatus(*into_).message(), HasSubstr("itself"));
}

// Either of them: the message names the one that is damaged, and nothing is copied.
TEST_F(MergeTest, ADamagedSourceLeavesNothing) {
  const std::pair<const char*, const char*> kEdits[] = {
      {"UPDATE cells SET status = 'splendid' WHERE id = 3", "splendid"},
      {"UPDATE images SET label = 6 WHERE position = 3", "label 6"},
      {"DELETE FROM images WHERE position = 3", "predictions"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM plugins", "plugins has no row"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM artifacts", "artifacts has no row"},
      {"UPDATE compared_layers SET inputs = x'05000000'", "before it"},
      {"DROP TRIGGER measurements_are_final; UPDATE measurements SET samples_ns = x'00' WHERE id = "
       "5",
       "odd"},
  };
  for (const auto& [sql, message] : kEdits) {
    for (const char* ending : {"", "-wal", "-shm"})
      fs::remove(File("from.sqlite").string() + ending);
    {
      Store from = Opened("from.sqlite");
      Add(from, 12);
    }
    SQLite::Database(File("from.sqlite").string(), SQLite::OPEN_READWRITE).exec(sql);
    auto from = Store::Open(File("from.sqlite"), OpenMode::kReadOnly);
    ASSERT_TRUE(from.ok());
    const Status status = MergeStatus(*from);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << sql;
    EXPECT_THAT(status.message(),
                AllOf(HasSubstr(message), HasSubstr("from.sqlite"), HasSubstr("qbench db check")))
        << sql;
    EXPECT_EQ(Count("runs"), 0) << sql;
    EXPECT_EQ(Count("measurements"), 0) << sql;
  }
}

TEST_F(MergeTest, AsksForRoomBeforeItWrites) {
  Store from = Opened("from.sqlite");
  Add(from, 600);
  std::vector<RoomNeed> asked;
  const auto refuse = [&](const std::vector<RoomNeed>& needs) {
    asked = needs;
    return Error(StatusCode::kNoSpace, "no room");
  };
  EXPECT_EQ(into_->Merge(from, {.room = refuse}).status().message(), "no room");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].place, File("into.sqlite"));
  // 3 cells: 600 classes and scores, 2 processes of 160 samples.
  EXPECT_GT(asked[0].at_least, 3U * (600 * 8 + 2 * 160 * 8));
  EXPECT_LT(asked[0].at_least, 2U * 3U * (600 * 8 + 2 * 160 * 8));
  EXPECT_EQ(Count("runs"), 0);
  Merged(from);
  EXPECT_EQ(into_->Merge(from, {.room = refuse}).status().message(), "no room");
  EXPECT_EQ(asked[0].at_least, 0U) << "all of it is there";
}

TEST_F(MergeTest, TheWishToStopLeavesNothing) {
  Store from = Opened("from.sqlite");
  Add(from, 12);
  const auto stop = [](const std::vector<RoomNeed>&) {
    RequestInterrupt();
    return OkStatus();
  };
  const auto merged = into_->Merge(from, {.room = stop});
  WithdrawInterrupt();
  EXPECT_EQ(merged.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(Count("runs"), 0);
}

// Ends the process in the midst of a write: when the log has so many bytes.
std::string MergeUntilTheLogHas(rlim_t bytes, const fs::path& from_path,
                                const fs::path& into_path) {
  return RunInChild([&](int out) {
    auto from = Store::Open(from_path, OpenMode::kReadOnly);
    auto into = Store::Open(into_path, OpenMode::kReadWrite);
    if (!from.ok() || !into.ok()) return Tell(out, "cannot open");
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);  // SIGXFSZ
    Tell(out, into->Merge(*from, {}).ok() ? "done" : "failed");
  });
}

TEST_F(MergeTest, KilledInTheMiddleThereIsNothingOfIt) {
  {
    Store from = Opened("from.sqlite");
    for (const int images : {3000, 3600, 4200}) Add(from, images, 6);
  }
  Add(*into_, 12);
  into_.reset();
  int killed = 0;
  for (const rlim_t bytes : {100'000, 250'000, 400'000, 550'000, 700'000}) {
    killed += MergeUntilTheLogHas(bytes, File("from.sqlite"), File("into.sqlite")).empty() ? 1 : 0;
    into_.emplace(Opened("into.sqlite"));
    EXPECT_EQ(Count("runs"), 1) << bytes;
    EXPECT_EQ(Count("cells"), 3) << bytes;
    const auto check = CheckDatabase(File("into.sqlite"));
    ASSERT_TRUE(check.ok()) << check.status().message();
    EXPECT_THAT(check->flaws, ElementsAre()) << bytes;
    into_.reset();
  }
  EXPECT_EQ(killed, 5) << "the limits must be reached";
  into_.emplace(Opened("into.sqlite"));
  auto from = Store::Open(File("from.sqlite"), OpenMode::kReadOnly);
  ASSERT_TRUE(from.ok());
  EXPECT_EQ(Merged(*from).size(), 3U);
}

TEST_F(MergeTest, AFullDiskLeavesWhatWasThere) {
  {
    Store from = Opened("from.sqlite");
    Add(from, 6000, 6);
  }
  const fs::path small = File("small");
  fs::create_directory(small);
  const std::string said = RunInChild([&](int out) {
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", small.c_str(), "tmpfs", 0, "size=700k") != 0) {
      return Tell(out, "no mount");
    }
    auto from = Store::Open(File("from.sqlite"), OpenMode::kReadOnly);
    auto into = Store::Open(small / "into.sqlite", OpenMode::kReadWrite);
    if (!from.ok() || !into.ok()) return Tell(out, "cannot open");
    Add(*into, 12);
    Tell(out, into->Merge(*from, {}).status().message());
    Tell(out, fmt::format(" runs={}", into->Runs()->size()));
    mount("none", small.c_str(), "tmpfs", MS_REMOUNT, "size=9m");
    Tell(out, into->Merge(*from, {}).ok() ? " then ok" : " then failed");
  });
  if (said == "no mount") GTEST_SKIP() << "this system lets no test mount a file system";
  EXPECT_THAT(said, AllOf(HasSubstr("the disk is full"), HasSubstr("into.sqlite"),
                          HasSubstr(" runs=1"), HasSubstr(" then ok")));
}

TEST_F(MergeTest, ExportsIntoANewFileAlone) {
  Add(*into_, 12);
  Add(*into_, 18);
  const auto exported = ExportRuns(*into_, File("new.sqlite"), {.runs = {2}});
  ASSERT_TRUE(exported.ok()) << exported.status().message();
  ASSERT_EQ(exported->size(), 1U);
  EXPECT_EQ((*exported)[0].into, 1);
  auto store = Store::Open(File("new.sqlite"), OpenMode::kReadOnly);
  ASSERT_TRUE(store.ok()) << store.status().message();
  ExpectSameRun(*store->LoadRun(1), *into_->LoadRun(2));
  EXPECT_EQ(Count("dataset_splits", "new.sqlite"), 1);
  const Status again = ExportRuns(*into_, File("new.sqlite"), {}).status();
  EXPECT_THAT(again.message(), AllOf(HasSubstr("is there already"), HasSubstr("new.sqlite")));
  // What fails leaves nothing.
  EXPECT_FALSE(ExportRuns(*into_, File("other.sqlite"), {.runs = {9}}).ok());
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder_->path())) {
    files.insert(entry.path().filename().string());
  }
  for (const std::string& file : files) {
    EXPECT_EQ(file.find("unfinished"), std::string::npos) << file;
    EXPECT_FALSE(file.starts_with("other.sqlite")) << file;
  }
}

TEST_F(MergeTest, VacuumGivesBackWhatADeletedRunHad) {
  Add(*into_, 6000, 6);
  Add(*into_, 12);
  ASSERT_TRUE(into_->DeleteRun(1).ok());
  const auto before = into_->LoadRun(2);
  std::vector<RoomNeed> asked;
  const auto vacuumed = into_->Vacuum([&](const std::vector<RoomNeed>& needs) {
    asked = needs;
    return OkStatus();
  });
  ASSERT_TRUE(vacuumed.ok()) << vacuumed.status().message();
  EXPECT_EQ(asked.size(), 2U);
  EXPECT_FALSE(vacuumed->is_read);
  EXPECT_LT(vacuumed->bytes_after * 2, vacuumed->bytes_before);
  EXPECT_EQ(vacuumed->bytes_after, fs::file_size(File("into.sqlite")));
  ExpectSameRun(*into_->LoadRun(2), *before);
  EXPECT_EQ(Add(*into_, 18), 3) << "no number is given twice";
  EXPECT_FALSE(into_->Vacuum([](const auto&) { return Error(StatusCode::kNoSpace, "x"); }).ok());
}

TEST_F(MergeTest, VacuumStopsWhenAsked) {
  Add(*into_, 6000, 6);
  RequestInterrupt();
  const auto vacuumed = into_->Vacuum(nullptr);
  WithdrawInterrupt();
  EXPECT_EQ(vacuumed.status().code(), StatusCode::kCancelled) << vacuumed.status().message();
  EXPECT_EQ(into_->LoadRun(1)->cells.size(), 3U);
}

}  // namespace
}  // namespace qbench::store
