// What the store says when its file or its disk is not as it should be.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "harness/store/store.h"
#include "tests/store/child_process.h"
#include "tests/store/sample_run.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class StoreFailuresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("qbench-store-test");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    folder_.emplace(std::move(folder).value());
  }
  void TearDown() override { fs::permissions(folder_->path(), fs::perms::owner_all); }
  fs::path path() const { return folder_->path() / "qbench.sqlite"; }
  Status OpenStatus(OpenMode mode) { return Store::Open(path(), mode).status(); }
  void MakeSampleRun() {
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    ASSERT_TRUE(store.ok()) << store.status().message();
    SampleRunOptions options;
    options.images = 60;
    ASSERT_TRUE(StoreSampleRun(*store, options).ok());
  }
  // The folder may be entered and read, but not written, by a process without privileges.
  void MakeFolderReadOnly() {
    fs::permissions(folder_->path(), fs::perms{0555});
    fs::permissions(path(), fs::perms{0444}, fs::perm_options::replace);
  }
  std::optional<TempDir> folder_;
};

// Permissions do not bind root, so become somebody else; returns false where that is not possible.
bool DropPrivileges() {
  constexpr uid_t kNobody = 65534;
  return geteuid() != 0 ||
         (setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 && setuid(kNobody) == 0);
}

TEST_F(StoreFailuresTest, SecondWriterIsToldWhoWrites) {
  auto first = Store::Open(path(), OpenMode::kReadWrite);
  ASSERT_TRUE(first.ok());
  const Status second = OpenStatus(OpenMode::kReadWrite);
  EXPECT_EQ(second.code(), StatusCode::kTimeout);
  EXPECT_THAT(second.message(),
              AllOf(HasSubstr("process " + std::to_string(getpid())), HasSubstr("--db FILE")));
  EXPECT_EQ(RunInChild([&](int out) { Tell(out, OpenStatus(OpenMode::kReadWrite).message()); }),
            second.message());
  { Store closed = std::move(*first); }
  EXPECT_TRUE(OpenStatus(OpenMode::kReadWrite).ok());
}

TEST_F(StoreFailuresTest, MissingDatabaseOrFolder) {
  const Status missing = OpenStatus(OpenMode::kReadOnly);
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("make one with 'qbench run'"));
  EXPECT_FALSE(fs::exists(path()));
  const Status no_folder = Store::Open(path() / "x" / "y", OpenMode::kReadWrite).status();
  EXPECT_THAT(no_folder.message(), HasSubstr("folder does not exist"));
  EXPECT_THAT(Store::Open(folder_->path(), OpenMode::kReadWrite).status().message(),
              HasSubstr("is a folder"));
}

TEST_F(StoreFailuresTest, FileThatIsNoDatabaseIsLeftAlone) {
  const std::string text(5000, 'x');
  ASSERT_TRUE(WriteFileAtomically(path(), text).ok());
  for (OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
    const Status status = OpenStatus(mode);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr("is not a qbench database"));
  }
  EXPECT_EQ(*ReadTextFile(path()), text);
}

TEST_F(StoreFailuresTest, DatabaseOfAnotherProgramIsLeftAlone) {
  {
    SQLite::Database other(path().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    other.exec("CREATE TABLE runs (id INTEGER PRIMARY KEY)");
  }
  const std::string before = *ReadTextFile(path());
  const Status status = OpenStatus(OpenMode::kReadWrite);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("database of another program"));
  EXPECT_EQ(*ReadTextFile(path()), before);
}

TEST_F(StoreFailuresTest, NewerDatabaseAsksForANewerQbench) {
  MakeSampleRun();
  SQLite::Database(path().string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
  for (OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
    EXPECT_THAT(OpenStatus(mode).message(), AllOf(HasSubstr("newer"), HasSubstr("update qbench")));
  }
}

// Overwrites every page but the first, in turn, with noise: a Status each time, never a crash, and
// where a run loads all the same, its records are consistent.
TEST_F(StoreFailuresTest, DamagedPagesAreReported) {
  MakeSampleRun();
  const std::string whole = *ReadTextFile(path());
  constexpr size_t kPage = 4096;
  int damaged = 0;
  for (size_t page = 1; page < whole.size() / kPage; ++page) {
    std::string broken = whole;
    for (size_t i = 0; i < kPage; ++i) broken[page * kPage + i] = static_cast<char>(i * 37 + page);
    ASSERT_TRUE(WriteFileAtomically(path(), broken).ok());
    auto store = Store::Open(path(), OpenMode::kReadOnly);
    const Status status = store.ok() ? store->LoadRun(1).status() : store.status();
    if (status.ok() || status.code() == StatusCode::kNotFound) continue;
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << page << ": " << status.message();
    EXPECT_THAT(status.message(), HasSubstr(path().string()));
    ++damaged;
  }
  EXPECT_GT(damaged, 10);
}

TEST_F(StoreFailuresTest, RowsThatBreakTheRulesAreReported) {
  const std::pair<const char*, const char*> kEdits[] = {
      {"UPDATE cells SET status = 'splendid'", "splendid"},
      {"UPDATE runs SET host = '{'", "host is not JSON"},
      {"UPDATE images SET label = 6 WHERE position = 3", "label 6"},
      {"UPDATE images SET label = 1 << 40 WHERE position = 3", "out of range"},
      {"DELETE FROM images WHERE position = 3", "predictions"},
      {"PRAGMA foreign_keys = OFF; DELETE FROM artifacts", "not there"},
      {"DROP TRIGGER measurements_are_final; UPDATE measurements SET samples_ns = x'00'", "odd"},
  };
  for (const auto& [sql, message] : kEdits) {
    fs::remove(path());
    MakeSampleRun();
    SQLite::Database(path().string(), SQLite::OPEN_READWRITE).exec(sql);
    auto store = Store::Open(path(), OpenMode::kReadOnly);
    ASSERT_TRUE(store.ok());
    const Status status = store->LoadRun(1).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << sql;
    EXPECT_THAT(status.message(), HasSubstr(message)) << sql;
  }
}

TEST_F(StoreFailuresTest, TheDatabaseItselfRefusesToRewriteAMeasurement) {
  MakeSampleRun();
  SQLite::Database database(path().string(), SQLite::OPEN_READWRITE);
  EXPECT_THROW(database.exec("UPDATE measurements SET status = 'ok'"), SQLite::Exception);
}

TEST_F(StoreFailuresTest, ReadOnlyFolderCanBeReadButNotWritten) {
  MakeSampleRun();
  MakeFolderReadOnly();
  const std::string said = RunInChild([&](int out) {
    if (!DropPrivileges()) return Tell(out, "no other user");
    auto reader = Store::Open(path(), OpenMode::kReadOnly);
    Tell(out, reader.ok() ? "read " + std::to_string(reader->LoadRun(1)->cells.size())
                          : reader.status().message());
    Tell(out, "; " + OpenStatus(OpenMode::kReadWrite).message());
  });
  EXPECT_THAT(said, AllOf(HasSubstr("read 3; "), HasSubstr(path().string()),
                          HasSubstr("read-only; make it writable"), HasSubstr("--db FILE")));
}

Measurement BigMeasurement(int32_t repetition) {
  Measurement measurement;
  measurement.cell_id = 1;
  measurement.repetition = repetition;
  measurement.samples_ns.assign(40'000, 1e6);
  return measurement;
}

// Commits until the disk refuses; tells the refusal and how many went well.
void FillDisk(int out, Store& store) {
  for (int32_t i = 100; i < 200; ++i) {
    const Status status = store.CommitMeasurement(BigMeasurement(i));
    if (status.ok()) continue;
    return Tell(out, status.message() + " committed=" + std::to_string(i - 100));
  }
  Tell(out, "never full");
}

void ExpectCommitted(Store& store, const std::string& said) {
  const size_t mark = said.rfind("committed=");
  ASSERT_NE(mark, std::string::npos) << said;
  const size_t committed = std::stoul(said.substr(mark + 10));
  EXPECT_GT(committed, 0U);
  EXPECT_EQ(store.Measurements(1)->size(), committed + 4) << said;
}

TEST_F(StoreFailuresTest, FileSizeLimitLosesOnlyTheMeasurementThatDidNotFit) {
  MakeSampleRun();
  const std::string said = RunInChild([&](int out) {
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    if (!store.ok()) return Tell(out, store.status().message());
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{2'000'000, 2'000'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    FillDisk(out, *store);
  });
  EXPECT_THAT(said, AllOf(HasSubstr(path().string()), HasSubstr("ulimit -f")));
  auto store = Store::Open(path(), OpenMode::kReadWrite);
  ASSERT_TRUE(store.ok()) << store.status().message();
  ExpectCommitted(*store, said);
  EXPECT_TRUE(store->CommitMeasurement(BigMeasurement(300)).ok());
}

// A real full disk: a small tmpfs in a mount namespace of its own, where the system allows that.
TEST_F(StoreFailuresTest, FullDiskLosesOnlyTheMeasurementThatDidNotFit) {
  const std::string said = RunInChild([&](int out) {
    if (unshare(CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder_->path().c_str(), "tmpfs", 0, "size=2m") != 0) {
      return Tell(out, "no mount");
    }
    MakeSampleRun();
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    if (!store.ok()) return Tell(out, store.status().message());
    FillDisk(out, *store);
    // The store goes on as soon as there is room.
    mount("none", folder_->path().c_str(), "tmpfs", MS_REMOUNT, "size=8m");
    Tell(out, store->CommitMeasurement(BigMeasurement(300)).ok() ? " then ok" : " then failed");
    Tell(out, " stored=" + std::to_string(store->Measurements(1)->size()));
  });
  if (said == "no mount") GTEST_SKIP() << "this system lets no test mount a file system";
  EXPECT_THAT(said, AllOf(HasSubstr("the disk is full"), HasSubstr(path().string()),
                          HasSubstr("--resume"), HasSubstr("then ok")));
  const size_t committed = std::stoul(said.substr(said.rfind("committed=") + 10));
  EXPECT_EQ(std::stoul(said.substr(said.rfind("stored=") + 7)), committed + 5);
}

// The rows that were committed before are saved, and the message says where.
class LostDatabaseTest : public StoreFailuresTest {
 protected:
  Status AddNote(Store& store) {
    return store.AddNote({0, run_, "2025-11-20T23:18:04Z", NoteSeverity::kInfo, "a note"});
  }
  Store OpenWithRun() {
    auto store = Store::Open(path(), OpenMode::kReadWrite);
    EXPECT_TRUE(store.ok()) << store.status().message();
    store::Run run;
    run.started_at = "2025-11-20T23:18:04Z";
    run_ = *store->BeginRun(run);
    EXPECT_TRUE(AddNote(*store).ok());
    return std::move(*store);
  }
  void ExpectSaved(const Status& status) {
    EXPECT_EQ(status.code(), StatusCode::kIo);
    EXPECT_THAT(status.message(), HasSubstr("what was measured is in"));
    const fs::path saved = path().string() + ".saved-" + std::to_string(getpid());
    auto store = Store::Open(saved, OpenMode::kReadOnly);
    ASSERT_TRUE(store.ok()) << store.status().message();
    const auto data = store->LoadRun(run_);
    ASSERT_TRUE(data.ok()) << data.status().message();
    EXPECT_EQ(data->notes.size(), 1u);
  }
  int64_t run_ = 0;
};

TEST_F(LostDatabaseTest, DeletedWhileItIsWritten) {
  Store store = OpenWithRun();
  for (const char* ending : {"", "-wal", "-shm"}) fs::remove(path().string() + ending);
  const Status status = AddNote(store);
  EXPECT_THAT(status.message(), HasSubstr("was moved or deleted"));
  ExpectSaved(status);
  EXPECT_EQ(AddNote(store).message(), status.message());
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(LostDatabaseTest, MovedWhileItIsWritten) {
  Store store = OpenWithRun();
  fs::rename(path(), folder_->path() / "elsewhere.sqlite");
  ExpectSaved(AddNote(store));
}

TEST_F(LostDatabaseTest, ReplacedWhileItIsWritten) {
  Store store = OpenWithRun();
  fs::rename(path(), folder_->path() / "elsewhere.sqlite");
  std::ofstream(path()) << "another file";
  const Status status = AddNote(store);
  EXPECT_THAT(status.message(), HasSubstr("was replaced"));
  ExpectSaved(status);
  EXPECT_EQ(*ReadTextFile(path()), "another file");
}

TEST_F(StoreFailuresTest, ALinkIsFollowedOnlyToTheUsersOwnFile) {
  const fs::path link = folder_->path() / "link.sqlite";
  MakeSampleRun();
  fs::create_symlink(path(), link);
  EXPECT_TRUE(Store::Open(link, OpenMode::kReadWrite).ok());
  const auto refused = [&] {
    const Status status = Store::Open(link, OpenMode::kReadWrite).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("name the file itself"));
  };
  fs::remove(link);
  fs::create_symlink(folder_->path() / "not there", link);
  refused();
  EXPECT_FALSE(fs::exists(folder_->path() / "not there"));
  if (geteuid() != 0) return;  // only root has files of others at hand
  ASSERT_EQ(chown(path().c_str(), 65534, 65534), 0);
  fs::remove(link);
  fs::create_symlink(path(), link);
  refused();
}

TEST_F(StoreFailuresTest, AVersionThatCannotBeIsDamage) {
  MakeSampleRun();
  for (const int version : {-1, 0, -2147483647}) {
    SQLite::Database(path().string(), SQLite::OPEN_READWRITE)
        .exec("PRAGMA user_version = " + std::to_string(version));
    for (const auto mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
      const Status status = OpenStatus(mode);
      EXPECT_EQ(status.code(), StatusCode::kCorrupt) << version;
      EXPECT_THAT(status.message(), HasSubstr("is damaged")) << version;
    }
  }
}

}  // namespace
}  // namespace qbench::store
