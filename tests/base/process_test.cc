#include "base/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qbench {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

ChildOptions Shell(std::string script) {
  ChildOptions options;
  options.argv = {"/bin/sh", "-c", std::move(script)};
  return options;
}

ChildEnd RunShell(const ChildOptions& options, ChildLimits limits = {}) {
  // A test that goes wrong fails rather than hangs.
  if (limits.time.count() == 0) limits.time = milliseconds(20000);
  Result<ChildEnd> end = RunChild(options, limits);
  EXPECT_TRUE(end.ok()) << end.status().message();
  return end.ok() ? *end : ChildEnd{};
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[256];
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

TEST(ProcessTest, ReportsTheExitStatus) {
  EXPECT_TRUE(RunShell(Shell("exit 0")).ok());
  const ChildEnd end = RunShell(Shell("exit 3"));
  EXPECT_FALSE(end.ok());
  EXPECT_EQ(end.exit_status, 3);
  EXPECT_EQ(end.Description(), "exit status 3");
  EXPECT_EQ(end.ToStatus("worker").code(), StatusCode::kCrashed);
  EXPECT_EQ(end.ToStatus("worker").message(), "worker: exit status 3");
}

TEST(ProcessTest, NamesTheSignal) {
  const ChildEnd end = RunShell(Shell("kill -SEGV $$"));
  EXPECT_EQ(end.reason, ChildEnd::Reason::kSignaled);
  EXPECT_EQ(end.signal, SIGSEGV);
  EXPECT_EQ(end.Description(), "signal 11 (Segmentation fault)");
}

TEST(ProcessTest, AProgramThatIsNotThereIsNotStarted) {
  ChildOptions options;
  options.argv = {"/nowhere/program"};
  Result<Child> child = Child::Spawn(options);
  ASSERT_FALSE(child.ok());
  EXPECT_EQ(child.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(child.status().message(), "cannot start /nowhere/program: No such file or directory");
  EXPECT_EQ(Child::Spawn({}).status().code(), StatusCode::kInvalidArgument);
}

TEST(ProcessTest, PipesConnectTheStandardStreams) {
  ChildOptions options = Shell("read line; echo \"got $line\"; echo oops >&2");
  options.in = Redirect::Pipe();
  options.out = Redirect::Pipe();
  options.err = Redirect::Pipe();
  Result<Child> child = Child::Spawn(options);
  ASSERT_TRUE(child.ok()) << child.status().message();
  ASSERT_EQ(write(child->in(), "word\n", 5), 5);
  child->CloseIn();
  EXPECT_EQ(ReadAll(child->out()), "got word\n");
  EXPECT_EQ(ReadAll(child->err()), "oops\n");
  EXPECT_TRUE(child->Wait({}).ok());
}

TEST(ProcessTest, FilesConnectTheStandardStreams) {
  Result<TempDir> folder = TempDir::Create("process");
  ASSERT_TRUE(folder.ok());
  const auto in = folder->path() / "in", out = folder->path() / "out";
  ASSERT_TRUE(WriteFileAtomically(in, "text").ok());
  ChildOptions options = Shell("cat; cat nothing 2>&1 | grep -c nothing");
  options.in = Redirect::File(in);
  options.out = Redirect::File(out);
  EXPECT_TRUE(RunShell(options).ok());
  EXPECT_EQ(*ReadTextFile(out), "text1\n");
  options.in = Redirect::File(folder->path() / "missing");
  EXPECT_EQ(Child::Spawn(options).status().code(), StatusCode::kNotFound);
}

TEST(ProcessTest, EnvironmentEntriesReplaceTheParents) {
  ChildOptions options = Shell("echo $HOME $QBENCH_TEST_ENTRY; env | grep -c '^HOME='");
  options.environment = {"HOME=/there", "QBENCH_TEST_ENTRY=x"};
  options.out = Redirect::Pipe();
  Result<Child> child = Child::Spawn(options);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(ReadAll(child->out()), "/there x\n1\n");
}

TEST(ProcessTest, TheChildInheritsNoOtherDescriptor) {
  const int leaked = open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library might
  ASSERT_GE(leaked, 3);
  ChildOptions options = Shell(fmt::format("test -e /proc/self/fd/{}", leaked));
  EXPECT_EQ(RunShell(options).exit_status, 1);
  close(leaked);
}

TEST(ProcessTest, TheTimeLimitStopsTheWholeGroup) {
  ChildOptions options = Shell("sleep 60 & echo $!; wait");
  options.out = Redirect::Pipe();
  Result<Child> child = Child::Spawn(options);
  ASSERT_TRUE(child.ok());
  char buffer[32] = {};
  ASSERT_GT(read(child->out(), buffer, sizeof(buffer) - 1), 0);
  const pid_t grandchild = std::stoi(buffer);
  EXPECT_EQ(kill(grandchild, 0), 0);
  const ChildEnd end = child->Wait({.time = milliseconds(100)});
  EXPECT_EQ(end.reason, ChildEnd::Reason::kTimeout);
  EXPECT_EQ(end.Description(), "stopped after the time limit of 0.1 s");
  EXPECT_EQ(end.ToStatus("x").code(), StatusCode::kTimeout);
  // The pipe's end is reached only when nobody holds its other side any more.
  EXPECT_EQ(ReadAll(child->out()), "");
}

TEST(ProcessTest, WhatIsLeftOfTheGroupEndsWithTheChild) {
  ChildOptions options = Shell("sleep 60 & exit 0");
  options.out = Redirect::Pipe();
  Result<Child> child = Child::Spawn(options);
  ASSERT_TRUE(child.ok());
  EXPECT_TRUE(child->Wait({}).ok());
  EXPECT_EQ(ReadAll(child->out()), "");
}

// 64 MiB in a shell variable, held by the child or by a child of it.
constexpr char kGrow[] =
    "x=0123456789abcdef; while [ ${#x} -lt 67108864 ]; do x=$x$x; done; sleep 60";

TEST(ProcessTest, TheMemoryLimitStopsTheChild) {
  const ChildEnd end = RunShell(Shell(kGrow), {.resident_bytes = uint64_t{24} << 20});
  EXPECT_EQ(end.reason, ChildEnd::Reason::kMemory);
  EXPECT_EQ(end.Description(), "stopped at the memory limit of 24 MiB");
  EXPECT_EQ(end.ToStatus("x").code(), StatusCode::kOutOfMemory);
}

TEST(ProcessTest, TheMemoryLimitCountsTheWholeGroup) {
  const ChildEnd end =
      RunShell(Shell(fmt::format("({}) & wait", kGrow)), {.resident_bytes = uint64_t{24} << 20});
  EXPECT_EQ(end.reason, ChildEnd::Reason::kMemory);
}

TEST(ProcessTest, ThePeakIsTheChildsOwn) {
  std::vector<char> mine(size_t{128} << 20, 1);  // must not be counted
  const ChildEnd end =
      RunShell(Shell("x=0123456789abcdef; while [ ${#x} -lt 16777216 ]; do x=$x$x; "
                     "done; sleep 0.2"));
  EXPECT_TRUE(end.ok());
  EXPECT_GE(end.peak_rss_bytes, uint64_t{16} << 20);
  EXPECT_LT(end.peak_rss_bytes, uint64_t{120} << 20);
  EXPECT_EQ(mine[7], 1);
}

TEST(ProcessTest, ThePollCanCancel) {
  int polls = 0;
  Result<ChildEnd> end =
      RunChild(Shell("sleep 60"), {.poll = milliseconds(1)}, [&] { return ++polls < 5; });
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->reason, ChildEnd::Reason::kCancelled);
  EXPECT_EQ(polls, 6);  // and once after the end
  EXPECT_EQ(end->ToStatus("x").code(), StatusCode::kCancelled);
}

TEST(ProcessTest, AReadableDescriptorWakesThePoll) {
  ChildOptions options = Shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done");
  options.out = Redirect::Pipe();
  Result<Child> child = Child::Spawn(options);
  ASSERT_TRUE(child.ok());
  ASSERT_EQ(fcntl(child->out(), F_SETFL, O_NONBLOCK), 0);
  std::string text;
  const ChildEnd end = child->Wait(
      {.time = milliseconds(20000), .poll = milliseconds(10000)},
      [&] {
        text += ReadAll(child->out());
        return true;
      },
      child->out());
  EXPECT_TRUE(end.ok()) << end.Description();
  EXPECT_EQ(text.size(), 220000u);
}

TEST(ProcessTest, ADroppedChildIsKilled) {
  pid_t pid = 0;
  {
    Result<Child> child = Child::Spawn(Shell("sleep 60"));
    ASSERT_TRUE(child.ok());
    pid = child->pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST(ProcessTest, TheChildDiesWithTheThreadThatStartedIt) {
  ChildOptions options = Shell("sleep 60");
  options.out = Redirect::Pipe();
  std::optional<Child> child;
  std::thread([&] {
    Result<Child> started = Child::Spawn(options);
    if (started.ok()) child.emplace(*std::move(started));
  }).join();
  ASSERT_TRUE(child.has_value());
  const ChildEnd end = child->Wait({.time = milliseconds(20000)});
  EXPECT_EQ(end.signal, SIGKILL) << end.Description();
}

TEST(ChildTest, OnlyTheDescriptorThatIsInheritedIsOpenInIt) {
  const FileDescriptor given(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FileDescriptor other(open("/dev/null", O_RDONLY));  // as a careless library leaves it
  ASSERT_TRUE(given.ok() && other.ok());
  for (const bool contained : {false, true}) {
    ChildOptions options;
    options.argv = {
        "/bin/sh", "-c",
        fmt::format("test -e /proc/self/fd/{} -a ! -e /proc/self/fd/{}", given.get(), other.get())};
    options.inherited = given.get();
    options.contained = contained;
    const Result<ChildEnd> end = RunChild(options, {});
    ASSERT_TRUE(end.ok()) << end.status().message();
    EXPECT_TRUE(end->ok()) << contained << ": " << end->Description();
  }
}

}  // namespace
}  // namespace qbench
