// Children that are contained (base/process.h, base/containment.h): what they start ends with them,
// with and without the kernel's help, and they touch nothing of others.
#include "base/containment.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/process.h"
#include "gmock/gmock.h"

namespace qbench {
namespace {

using std::chrono::milliseconds;

class ContainedChild : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && !FindContainment().own_processes) {
      GTEST_SKIP() << "this system offers no process namespace";
    }
    setenv("QBENCH_CONTAIN", GetParam() ? "1" : "0", 1);
  }
  void TearDown() override { unsetenv("QBENCH_CONTAIN"); }

  ChildEnd Run(const std::string& script, ChildLimits limits = {}) const {
    if (limits.time.count() == 0) limits.time = milliseconds(20000);
    Result<ChildEnd> end = RunChild(Shell(script), limits);
    EXPECT_TRUE(end.ok()) << end.status().message();
    return end.ok() ? *end : ChildEnd{};
  }
  ChildOptions Shell(const std::string& script) const {
    ChildOptions options;
    options.argv = {"/bin/sh", "-c", script};
    options.contained = true;
    options.writable = {folder_.path()};
    return options;
  }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string Text(const std::string& name) const {
    const Result<std::string> text = ReadTextFile(Path(name));
    return text.ok() ? *text : "(nothing)";
  }
  // A script that hides processes in sessions of their own. Each writes a file once it sees "go".
  std::string Hide() const {
    return fmt::format(
        "for i in 1 2 3; do setsid sh -c 'echo > {0}/hidden.'$i'; while [ ! -e {0}/go ]; do "
        "sleep 0.1; done; echo alive > {0}/alive' & done; "
        "for i in 1 2 3; do until [ -e {0}/hidden.$i ]; do sleep 0.05; done; done; ",
        folder_.path().string());
  }
  // Processes whose command line names the test's folder: the hidden ones, and their shell.
  bool AnyAlive() const {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
      std::ifstream file(entry.path() / "cmdline", std::ios::binary);
      const std::string words((std::istreambuf_iterator<char>(file)), {});
      if (words.find(folder_.path().string()) != std::string::npos) return true;
    }
    return false;
  }
  void ExpectNoneAlive() const {
    std::ofstream(Path("go")) << "go";
    std::this_thread::sleep_for(milliseconds(700));
    EXPECT_EQ(Text("alive"), "(nothing)");
  }

  TempDir folder_ = *TempDir::Create("containment-test");
};

INSTANTIATE_TEST_SUITE_P(Kernel, ContainedChild, ::testing::Bool(),
                         [](const auto& kernel) { return kernel.param ? "Helps" : "DoesNotHelp"; });

TEST_P(ContainedChild, EndsAsItDid) {
  EXPECT_TRUE(Run("exit 0").ok());
  EXPECT_EQ(Run("exit 3").exit_status, 3);
  const ChildEnd crash = Run("kill -SEGV $$");
  EXPECT_EQ(crash.reason, ChildEnd::Reason::kSignaled);
  EXPECT_EQ(crash.signal, SIGSEGV);
  EXPECT_EQ(Run("kill -KILL $$").signal, SIGKILL);
  ChildOptions missing = Shell("");
  missing.argv = {"/no/such/program"};
  EXPECT_EQ(RunChild(missing, {}).status().code(), StatusCode::kNotFound);
}

TEST_P(ContainedChild, EndsAllThatItStarted) {
  ASSERT_TRUE(Run(Hide() + "exit 0").ok());
  ExpectNoneAlive();
}

TEST_P(ContainedChild, EndsAllThatItStartedAtItsTimeLimit) {
  const ChildEnd end = Run(Hide() + "while :; do sleep 1; done", {.time = milliseconds(300)});
  EXPECT_EQ(end.reason, ChildEnd::Reason::kTimeout);
  ExpectNoneAlive();
}

TEST_P(ContainedChild, ItsMemoryCountsInWhateverSession) {
  const ChildEnd end =
      Run("setsid sh -c 'x=$(head -c 200000000 /dev/zero | tr \"\\0\" y); sleep 9'; wait",
          {.resident_bytes = uint64_t{100} << 20});
  EXPECT_EQ(end.reason, ChildEnd::Reason::kMemory);
}

TEST_P(ContainedChild, IsKilledWhenItIsDropped) {
  {
    const Result<Child> child = Child::Spawn(Shell(Hide() + "while :; do sleep 1; done"));
    ASSERT_TRUE(child.ok()) << child.status().message();
  }
  ExpectNoneAlive();
}

TEST_P(ContainedChild, LeavesNoProcessOfThisOne) {
  Run(Hide());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_P(ContainedChild, EndsWithItsParent) {
  const pid_t parent = fork();
  if (parent == 0) {
    const Result<Child> child =
        Child::Spawn(Shell(Hide() + "touch " + Path("started") + "; while :; do sleep 1; done"));
    while (child.ok()) pause();
    _exit(1);
  }
  for (int i = 0; i < 400 && !std::filesystem::exists(Path("started")); ++i) {
    std::this_thread::sleep_for(milliseconds(50));
  }
  ASSERT_TRUE(std::filesystem::exists(Path("started")));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  // Nobody is left to wait for their end: it comes soon after.
  for (int i = 0; i < 400 && AnyAlive(); ++i) std::this_thread::sleep_for(milliseconds(50));
  EXPECT_FALSE(AnyAlive());
  ExpectNoneAlive();
}

class FullyContained : public ContainedChild {};
INSTANTIATE_TEST_SUITE_P(Kernel, FullyContained, ::testing::Values(true));

TEST_P(FullyContained, CannotSignalItsParents) {
  const ChildEnd end =
      Run(fmt::format("kill -0 {} 2>/dev/null && exit 7; kill -KILL $PPID; exit 5", getpid()));
  EXPECT_EQ(end.exit_status, 5) << end.Description();
}

TEST_P(FullyContained, SeesItsOwnProcessesAlone) {
  Run("ls -d /proc/[0-9]* | wc -l > " + Path("count"));
  EXPECT_LE(std::stoi(Text("count")), 6);  // supervisor, shell, what it started
}

TEST_P(FullyContained, HasNoNetwork) {
  if (!FindContainment().no_network) GTEST_SKIP() << "this system offers no network namespace";
  Run("tail -n +3 /proc/net/dev | grep -cv ' lo:' > " + Path("interfaces"));
  EXPECT_EQ(Text("interfaces"), "0\n");
}

TEST_P(FullyContained, WritesInItsFolderAlone) {
  if (!FindContainment().own_folders) GTEST_SKIP() << "this kernel has no Landlock";
  const TempDir other = *TempDir::Create("containment-test");
  const std::string artifact = (other.path() / "artifact").string();
  std::ofstream(artifact) << "sound";
  Run("echo mine > " + Path("own") + "; echo poison > " + artifact + "; rm -f " + artifact +
      "; touch " + artifact + ".new; cat " + artifact + " > " + Path("read") +
      "; echo x > /dev/null && echo null >> " + Path("own"));
  EXPECT_EQ(Text("own"), "mine\nnull\n");
  EXPECT_EQ(Text("read"), "sound") << "reading is not restricted";
  EXPECT_EQ(*ReadTextFile(artifact), "sound");
  EXPECT_FALSE(std::filesystem::exists(artifact + ".new"));
}

}  // namespace
}  // namespace qbench
