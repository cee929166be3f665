#include "base/files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "base/interrupt.h"
#include "gtest/gtest.h"

namespace qbench {
namespace {

// Bytes of files (those in memory too) that are in this process's memory.
uint64_t ResidentFileBytes() {
  std::ifstream status("/proc/self/status");
  uint64_t kilobytes = 0;
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string name;
    uint64_t value = 0;
    fields >> name >> value;
    if (name == "RssFile:" || name == "RssShmem:") kilobytes += value;
  }
  return kilobytes * 1024;
}

TEST(MappedFileTest, ReleasedPartsLeaveTheMemoryAndCanBeReadAgain) {
  constexpr size_t kBytes = size_t{16} << 20;
  const Result<TempDir> folder = TempDir::Create("files-test");
  ASSERT_TRUE(folder.ok()) << folder.status().message();
  Bytes content(kBytes);
  for (size_t i = 0; i < kBytes; ++i) content[i] = static_cast<uint8_t>(i * 131 >> 7);
  const auto path = folder->path() / "content";
  ASSERT_TRUE(WriteFileAtomically(path, content).ok());
  const Result<MappedFile> file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();

  const auto matches = [&](size_t first, size_t size) {
    return std::equal(content.begin() + static_cast<ptrdiff_t>(first),
                      content.begin() + static_cast<ptrdiff_t>(first + size),
                      file->bytes().begin() + static_cast<ptrdiff_t>(first));
  };
  const uint64_t before = ResidentFileBytes();
  ASSERT_TRUE(matches(0, kBytes));
  ASSERT_GE(ResidentFileBytes(), before + kBytes * 3 / 4) << "the test measures nothing";
  file->Release(file->bytes());
  EXPECT_LE(ResidentFileBytes(), before + kBytes / 4);

  // Parts that neither begin nor end with a page.
  constexpr size_t kPart = 300'001;
  for (size_t first = 77; first + kPart <= kBytes; first += kPart) {
    ASSERT_TRUE(matches(first, kPart)) << first;
    file->Release(file->bytes().subspan(first, kPart));
    ASSERT_LE(ResidentFileBytes(), before + kBytes / 4) << first;
  }
  file->Release(file->bytes().subspan(5, 0));
  EXPECT_TRUE(matches(0, kBytes));
}

TEST(CheckWritableTest, LeavesNothingBehindAndSaysWhatIsWrong) {
  const Result<TempDir> folder = TempDir::Create("files-test");
  ASSERT_TRUE(folder.ok());
  const auto file = folder->path() / "report.html";
  EXPECT_TRUE(CheckWritable(file).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
  ASSERT_TRUE(WriteFileAtomically(file, "old").ok());
  EXPECT_TRUE(CheckWritable(file).ok());
  EXPECT_EQ(*ReadTextFile(file), "old");

  const Status missing = CheckWritable(folder->path() / "missing/report.html");
  EXPECT_EQ(missing.code(), StatusCode::kIo);
  EXPECT_NE(missing.message().find("make its folder first"), std::string::npos);
  EXPECT_NE(CheckWritable(folder->path()).message().find("choose the name of a file"),
            std::string::npos);
  EXPECT_TRUE(CheckWritable("/dev/full").ok());  // written as it is, when it is time
}

TEST(CheckWritableTest, FindsThatThereIsNoRoom) {
  const Result<TempDir> folder = TempDir::Create("files-test");
  ASSERT_TRUE(folder.ok());
  const auto file = folder->path() / "report.html";
  // A limit on the size of files stands for a full disk.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{4096, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = CheckWritable(file, 8192);
  const Status fits = CheckWritable(file, 4096);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_NE(status.message().find("raise the limit of file sizes"), std::string::npos)
      << status.message();
  EXPECT_TRUE(fits.ok()) << fits.message();
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
}

class WriteTest : public ::testing::Test {
 protected:
  std::filesystem::path File(const std::string& name) const { return folder_.path() / name; }
  TempDir folder_ = *TempDir::Create("files-test");
};

TEST_F(WriteTest, SaysWhatCouldNotBeWrittenAndWhatToDo) {
  const Status full = WriteFileAtomically("/dev/full", "text");
  EXPECT_EQ(full.code(), StatusCode::kNoSpace);
  EXPECT_EQ(full.message(),
            "cannot write to /dev/full: no space left on device; make room there, or choose "
            "another place");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full")) << "a file took its place";
  const Status missing = WriteFileAtomically(File("nowhere/a"), "text");
  EXPECT_EQ(missing.code(), StatusCode::kIo);
  EXPECT_NE(missing.message().find("make its folder first"), std::string::npos);
  std::filesystem::create_directory(File("folder"));
  EXPECT_NE(WriteFileAtomically(File("folder"), "text").message().find("is a directory; choose"),
            std::string::npos);
  EXPECT_EQ(WriteFile("/dev/full", AsBytes("text")).message(), full.message());
}

TEST_F(WriteTest, WhatFailsLeavesTheOldFileAndNoOther) {
  ASSERT_TRUE(WriteFileAtomically(File("a"), "old").ok());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 100;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = WriteFileAtomically(File("a"), std::string(1000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_EQ(*ReadTextFile(File("a")), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(WriteTest, ALinkStaysAndItsTargetIsReplaced) {
  ASSERT_TRUE(WriteFileAtomically(File("target"), "old").ok());
  std::filesystem::create_symlink(File("target"), File("link"));
  ASSERT_TRUE(WriteFileAtomically(File("link"), "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(File("link")));
  EXPECT_EQ(*ReadTextFile(File("target")), "new");
}

TEST_F(WriteTest, APipeIsWrittenNotReplaced) {
  ASSERT_EQ(mkfifo(File("pipe").c_str(), 0600), 0);
  const int reader = open(File("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(WriteFileAtomically(File("pipe"), "text").ok());
  char read_back[8] = {};
  EXPECT_EQ(read(reader, read_back, sizeof(read_back)), 4);
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(File("pipe")));
}

TEST_F(WriteTest, TheUsersUmaskIsRespected) {
  const mode_t before = umask(077);
  const std::filesystem::path path = File("private");
  const Status status = WriteFileAtomically(path, "x");
  umask(0);
  const std::filesystem::path open_path = File("open");
  const Status open_status = WriteFileAtomically(open_path, "x");
  umask(before);
  ASSERT_TRUE(status.ok() && open_status.ok());
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat(open_path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0644U);
}

TEST_F(WriteTest, AFifoIsNoFileAndIsNotWaitedFor) {
  const std::filesystem::path fifo = File("model.h5");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(fifo).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MappedFile::Open(fifo).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(WriteTest, AllIsWrittenAtItsPlace) {
  const std::filesystem::path path = File("parts");
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(WriteAllAt(file.get(), AsBytes("world"), 6), 0);
  ASSERT_EQ(WriteAllAt(file.get(), AsBytes("hello "), 0), 0);
  EXPECT_EQ(*ReadTextFile(path), "hello world");
  EXPECT_EQ(WriteAllAt(-1, AsBytes("x"), 0), EBADF);
}

// A process that makes a temporary folder, says where it is and then waits to be killed.
class FolderOwner {
 public:
  explicit FolderOwner(const std::string& prefix) {
    int ends[2];
    if (pipe(ends) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      const Result<TempDir> folder = TempDir::Create(prefix);
      const std::string name = folder.ok() ? folder->path().string() : std::string();
      if (write(ends[1], name.data(), name.size()) < 0) _exit(1);
      close(ends[1]);
      while (true) pause();
    }
    close(ends[1]);
    char text[500];
    const ssize_t got = read(ends[0], text, sizeof(text));
    path_ = std::string(text, got > 0 ? static_cast<size_t>(got) : 0);
    close(ends[0]);
  }
  ~FolderOwner() { Kill(); }
  FolderOwner(const FolderOwner&) = delete;
  FolderOwner& operator=(const FolderOwner&) = delete;
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  pid_t pid_ = -1;
  std::filesystem::path path_;
};

TEST(TempDirTest, WhatAKilledProcessLeftIsRemovedByTheNextAndNothingElse) {
  const std::string prefix = "qbench-abandoned-" + std::to_string(getpid());
  FolderOwner killed(prefix);
  const FolderOwner living(prefix);
  ASSERT_TRUE(std::filesystem::is_directory(killed.path()));
  ASSERT_TRUE(std::filesystem::is_directory(living.path()));
  std::ofstream(killed.path() / "half a result") << "x";
  killed.Kill();
  const std::filesystem::path other = killed.path().string() + "-of-another-program";
  std::filesystem::create_directory(other);
  const Result<TempDir> mine = TempDir::Create(prefix);
  ASSERT_TRUE(mine.ok()) << mine.status().message();
  EXPECT_FALSE(std::filesystem::exists(killed.path()));
  EXPECT_TRUE(std::filesystem::exists(living.path()));
  EXPECT_TRUE(std::filesystem::exists(other));
  EXPECT_TRUE(std::filesystem::exists(mine->path()));
  std::filesystem::remove_all(other);
  std::filesystem::remove_all(living.path());
}

// The user wants to stop: nothing waits for others, and what is large ends in between.
class InterruptedFiles : public ::testing::Test {
 protected:
  InterruptedFiles() { RequestInterrupt(); }
  ~InterruptedFiles() override { WithdrawInterrupt(); }
  std::filesystem::path File(const char* name) const { return folder_.path() / name; }
  static constexpr size_t kLarge = size_t{20} << 20;

  TempDir folder_ = *TempDir::Create("files-test");
};

TEST_F(InterruptedFiles, APipeThatNobodyReadsIsNotWaitedFor) {
  ASSERT_EQ(mkfifo(File("pipe").c_str(), 0600), 0);
  EXPECT_EQ(WriteFile(File("pipe"), Bytes(10)).code(), StatusCode::kCancelled);
  const FileDescriptor reader(open(File("pipe").c_str(), O_RDONLY | O_NONBLOCK));
  EXPECT_TRUE(WriteFile(File("pipe"), Bytes(10)).ok()) << "there is room in it";
  const Status full = WriteFile(File("pipe"), Bytes(kLarge));
  EXPECT_EQ(full.code(), StatusCode::kCancelled);
  EXPECT_NE(full.message().find("interrupted while writing to"), std::string::npos);
}

TEST_F(InterruptedFiles, ALargeFileIsNotWrittenAndTheOldOneStays) {
  ASSERT_TRUE(WriteFileAtomically(File("file"), std::string_view("old")).ok()) << "it is small";
  EXPECT_EQ(WriteFileAtomically(File("file"), Bytes(kLarge)).code(), StatusCode::kCancelled);
  EXPECT_EQ(*ReadTextFile(File("file")), "old");
  const auto files = std::filesystem::directory_iterator(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "a temporary file is left";
}

TEST_F(InterruptedFiles, ALargeFileIsNotReadToItsEnd) {
  { std::ofstream(File("large")).put('x'); }
  std::filesystem::resize_file(File("large"), kLarge);
  EXPECT_EQ(ReadFile(File("large")).status().code(), StatusCode::kCancelled);
  std::filesystem::resize_file(File("large"), 1000);
  EXPECT_TRUE(ReadFile(File("large")).ok());
}

}  // namespace
}  // namespace qbench
