// The worker's end of the pipes, in a child process whose standard streams they are.
#include "harness/worker/worker_link.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>

#include "base/files.h"
#include "harness/jobs/parent_link.h"
#include "qbench/host.h"

namespace qbench::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Ends the child with 1 where something does not hold in it.
void Require(bool holds) {
  if (!holds) _exit(1);
}

// A process that has taken its standard streams over, and the parent's ends of its pipes.
class Worker {
 public:
  explicit Worker(const std::function<void(WorkerLink&)>& body) {
    EXPECT_EQ(pipe(in_), 0);
    EXPECT_EQ(pipe(out_), 0);
    pid_ = fork();
    if (pid_ != 0) {
      close(in_[0]);
      close(out_[1]);
      return;
    }
    dup2(in_[0], STDIN_FILENO);
    dup2(out_[1], STDOUT_FILENO);
    dup2(open(log_file().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    for (const int end : {in_[0], in_[1], out_[0], out_[1]}) close(end);
    // As in a program that begins: nothing was printed yet, which would settle the buffering.
    stdout = fdopen(STDOUT_FILENO, "w");
    Result<WorkerLink> link = WorkerLink::TakeStandardStreams();
    Require(link.ok());
    body(*link);
    fflush(nullptr);
    _exit(0);
  }
  ~Worker() {
    CloseIn();
    CloseOut();
  }

  void CloseIn() { Close(in_[1]); }
  void CloseOut() { Close(out_[0]); }
  // Everything that comes through the pipe until the worker ends.
  std::vector<std::string> Lines() const {
    std::string text;
    char buffer[4096];
    for (ssize_t got = 0; (got = read(out_[0], buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<size_t>(got));
    }
    std::vector<std::string> lines;
    for (size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos;
         start = end + 1) {
      lines.push_back(text.substr(start, end - start));
    }
    return lines;
  }
  int ExitStatus() const {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string Log() const { return *ReadTextFile(log_file()); }

 private:
  static void Close(int& descriptor) {
    if (descriptor >= 0) close(descriptor);
    descriptor = -1;
  }
  std::filesystem::path log_file() const { return folder_.path() / "log"; }

  TempDir folder_ = *TempDir::Create("worker-link-test");
  int in_[2] = {-1, -1};
  int out_[2] = {-1, -1};
  pid_t pid_ = -1;
};

TEST(WorkerLink, LogGoesToTheParentAndIntoTheFile) {
  const Worker worker([](WorkerLink& link) {
    link.Log(QBENCH_LOG_WARNING, "a \"line\"");
    link.Log(QBENCH_LOG_PLUGIN_MISBEHAVING, "another");
    link.Log(99, "a third");
  });
  EXPECT_THAT(worker.Lines(), ElementsAre(R"(["log",2,"a \"line\""])", R"(["log",5,"another"])",
                                          R"(["log",99,"a third"])"));
  EXPECT_EQ(worker.ExitStatus(), 0);
  EXPECT_EQ(worker.Log(), "warning: a \"line\"\nthe plugin misbehaves: another\nlog: a third\n");
}

TEST(WorkerLink, WhatAPluginPrintsGoesIntoTheFileAndWhatItReadsIsEmpty) {
  Worker worker([](WorkerLink& link) {
    printf("printed\n");
    Require(getchar() == EOF);
    Require(write(STDOUT_FILENO, "written\n", 8) == 8);
    Require(!link.Cancelled());
  });
  EXPECT_THAT(worker.Lines(), ElementsAre());
  EXPECT_EQ(worker.ExitStatus(), 0);
  EXPECT_EQ(worker.Log(), "printed\nwritten\n");
}

TEST(WorkerLink, ALineThatAPluginPrintedOutlivesItsCrash) {
  const Worker worker([](WorkerLink&) {
    printf("about to crash\n");
    raise(SIGKILL);
  });
  EXPECT_EQ(worker.ExitStatus(), -SIGKILL);
  EXPECT_EQ(worker.Log(), "about to crash\n");
}

TEST(WorkerLink, TheParentCancelsByClosing) {
  Worker worker([](WorkerLink& link) {
    while (!link.Cancelled()) usleep(1000);
    link.Log(QBENCH_LOG_INFO, "cancelled");
  });
  worker.CloseIn();
  EXPECT_EQ(worker.ExitStatus(), 0);
  EXPECT_THAT(worker.Log(), EndsWith("info: cancelled\n"));
}

TEST(WorkerLink, ProgressHasFewLinesAndTheLast) {
  constexpr uint64_t kTotal = 100'000;
  const Worker worker([](WorkerLink& link) {
    for (uint64_t done = 1; done <= kTotal; ++done) link.Progress("counting", done, kTotal);
  });
  const std::vector<std::string> lines = worker.Lines();
  ASSERT_FALSE(lines.empty());
  EXPECT_LT(lines.size(), kTotal / 10);
  EXPECT_EQ(lines.back(), R"(["progress","counting",100000,100000])");
  EXPECT_EQ(worker.ExitStatus(), 0);
}

TEST(WorkerLink, LongLinesAreShortenedAndStayLines) {
  const Worker worker([](WorkerLink& link) {
    link.Log(QBENCH_LOG_INFO, std::string(100'000, 'x'));
    link.Log(QBENCH_LOG_INFO, std::string(100'000, '"'));
    link.Progress(std::string(100'000, 'y'), 1, 1);
  });
  const std::vector<std::string> lines = worker.Lines();
  ASSERT_THAT(lines, SizeIs(3));
  for (const std::string& line : lines) {
    EXPECT_LT(line.size(), 4096U);  // PIPE_BUF: whole or not at all
    EXPECT_TRUE(ParseJson(line).ok()) << line;
  }
  EXPECT_THAT(lines[0], AllOf(StartsWith("[\"log\",1,\"xxx"), HasSubstr("…")));
  EXPECT_EQ(worker.ExitStatus(), 0);
}

// Nobody reads: the pipe is full after 64 kB, and the worker goes on.
TEST(WorkerLink, AFullPipeHoldsNobody) {
  const Worker worker([](WorkerLink& link) {
    for (int i = 0; i < 2000; ++i) link.Log(QBENCH_LOG_INFO, std::string(900, 'x'));
  });
  EXPECT_EQ(worker.ExitStatus(), 0);
  for (const std::string& line : worker.Lines()) EXPECT_TRUE(ParseJson(line).ok());
}

TEST(WorkerLink, AParentThatIsGoneIsNoEnd) {
  Worker worker([](WorkerLink& link) {
    while (!link.Cancelled()) usleep(1000);
    for (int i = 0; i < 3; ++i) link.Log(QBENCH_LOG_INFO, "to nobody");
  });
  worker.CloseOut();
  worker.CloseIn();
  EXPECT_EQ(worker.ExitStatus(), 0);
  EXPECT_THAT(worker.Log(), EndsWith("to nobody\n"));
}

TEST(WorkerLink, TheParentUnderstandsIt) {
  const Worker worker([](WorkerLink& link) {
    link.Log(QBENCH_LOG_ERROR, "a \\ and a \"");
    link.Progress("counting", 3, 3);
  });
  EXPECT_EQ(worker.ExitStatus(), 0);
  std::vector<std::string> heard;
  jobs::JobCallbacks callbacks;
  callbacks.log = [&](int severity, const std::string& line) {
    heard.push_back(fmt::format("{} {}", severity, line));
  };
  callbacks.progress = [&](const std::string& doing, uint64_t done, uint64_t total) {
    heard.push_back(fmt::format("{} {} {}", doing, done, total));
  };
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  jobs::ParentLink parent(ends[0], callbacks);
  for (const std::string& line : worker.Lines()) {
    ASSERT_GT(write(ends[1], (line + "\n").data(), line.size() + 1), 0);
  }
  parent.Drain();
  EXPECT_THAT(heard, ElementsAre("3 a \\ and a \"", "counting 3 3"));
  close(ends[0]);
  close(ends[1]);
}

class DescriptorGuardTest : public ::testing::Test {
 protected:
  void TearDown() override {
    close(first_);
    close(second_);
  }
  const TempDir folder_ = *TempDir::Create("descriptor-guard-test");
  int first_ = open("/dev/null", O_RDONLY);
  int second_ = open((folder_.path() / "file").c_str(), O_RDWR | O_CREAT, 0600);
};

TEST_F(DescriptorGuardTest, SeesWhatWasClosedOrReplaced) {
  const DescriptorGuard guard({first_, second_, 1000});  // the last was not open
  EXPECT_THAT(guard.Broken(), ElementsAre());
  const int kept = dup(second_);
  close(second_);
  EXPECT_THAT(guard.Broken(), ElementsAre(second_));
  ASSERT_EQ(dup2(kept, second_), second_);  // the same file again
  EXPECT_THAT(guard.Broken(), ElementsAre());
  ASSERT_EQ(dup2(kept, first_), first_);
  EXPECT_THAT(guard.Broken(), ElementsAre(first_));
  close(kept);
}

TEST(WorkerObserver, NotesCallsAndNamesWhatThePluginClosed) {
  const TempDir folder = *TempDir::Create("worker-observer-test");
  Result<jobs::Breadcrumb> parents = jobs::Breadcrumb::Create(folder.path() / "breadcrumb");
  ASSERT_TRUE(parents.ok());
  const Worker worker([&](WorkerLink& link) {
    Result<jobs::Breadcrumb> breadcrumb = jobs::Breadcrumb::Open(folder.path() / "breadcrumb");
    Require(breadcrumb.ok());
    WorkerObserver observer(*breadcrumb, link);
    observer.Enter("int8", host::Phase::kQuantize);
    Require(parents->Where() == "int8's quantize");
    observer.Leave();
    Require(parents->Where().empty());
    Require(observer.Check("int8", host::Phase::kQuantize).ok());
    close(STDOUT_FILENO);
    const Status status = observer.Check("int8", host::Phase::kQuantize);
    Require(status.code() == StatusCode::kInternal);
    link.Log(QBENCH_LOG_ERROR, status.message());
  });
  EXPECT_EQ(worker.ExitStatus(), 0);
  EXPECT_EQ(worker.Log(), "error: int8's quantize closed the worker's file descriptors (1)\n");
}

}  // namespace
}  // namespace qbench::worker
