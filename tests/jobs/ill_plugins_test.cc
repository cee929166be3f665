// Plugins that mean ill (tests/plugins/hostile/ill_deeds.h): each costs its own job, says why in
// one printable line, leaves no process behind, and touches nothing of others.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <thread>

#include "base/containment.h"
#include "base/file_descriptor.h"
#include "gmock/gmock.h"
#include "tests/jobs/worker_fixture.h"

namespace qbench::jobs {
namespace {

using store::Outcome;
using ::testing::HasSubstr;

class IllPlugins : public WorkerTest {
 protected:
  void SetUp() override {
    WorkerTest::SetUp();
    std::filesystem::create_directory(Path("victim"));
    setenv("HOSTILE_VICTIM", Path("victim").c_str(), 1);
    std::ofstream(Path("victim/secret")) << kSecret;
    std::ofstream(Path("victim/artifact")) << "sound";
  }

  JobOutcome RunDeed(const std::string& deed, std::chrono::milliseconds limit = kTimeLimit) {
    JobLimits limits;
    limits.time = std::chrono::duration_cast<decltype(limits.time)>(limit);
    AccuracyJob job{.artifact = model(), .runtime = Hostile(deed), .samples = samples()};
    job.instances = 1;  // or two threads would do it at once
    const JobOutcome outcome = Run(job, limits);
    for (const char c : outcome.reason) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << outcome.reason;
    }
    return outcome;
  }
  const SamplesRef& samples() {
    if (samples_.order.empty()) samples_ = WriteTestTensors();
    return samples_;
  }
  // No process that was started with this test's environment is left.
  void ExpectNoDaemon() const {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    const std::string mark = "HOSTILE_VICTIM=" + Path("victim").string();
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      std::ifstream file(entry.path() / "environ", std::ios::binary);
      const std::string environment{std::istreambuf_iterator<char>(file), {}};
      EXPECT_EQ(environment.find(mark), std::string::npos) << entry.path();
    }
  }

  static constexpr const char* kSecret = R"({"status":"ok","result":{}})";
  static constexpr std::chrono::seconds kTimeLimit{60};
  static constexpr std::chrono::seconds kHangTimeLimit{3};

 private:
  SamplesRef samples_;
};

TEST_F(IllPlugins, ALogThatIsSomethingElseIsNotWaitedForAndNotFollowed) {
  for (const char* deed : {"fifo_log", "linked_log"}) {
    const JobOutcome outcome = RunDeed(deed);
    EXPECT_EQ(outcome.status, Outcome::kCrashed) << deed;
    EXPECT_THAT(outcome.log, ::testing::Not(::testing::Contains(HasSubstr("status")))) << deed;
  }
  EXPECT_EQ(*ReadTextFile(Path("victim/secret")), kSecret);
}

TEST_F(IllPlugins, AnAnswerWithoutEndIsNotRead) {
  const JobOutcome outcome = RunDeed("endless_result");
  EXPECT_EQ(outcome.status, Outcome::kFailed);
  EXPECT_NE(outcome.reason, "");
}

TEST_F(IllPlugins, TheAnswersMemoryCannotBeTakenAway) {
  EXPECT_TRUE(RunDeed("cuts_result").ok()) << "it exits with 77 where it was cut";
}

TEST_F(IllPlugins, AFalseAnswerIsAFailureInOurWords) {
  for (const char* deed : {"false_result", "false_status", "garbled_message"}) {
    const JobOutcome outcome = RunDeed(deed);
    EXPECT_EQ(outcome.status, Outcome::kFailed) << deed;
    EXPECT_THAT(outcome.reason, ::testing::Not(HasSubstr("json.exception"))) << deed;
    EXPECT_NE(outcome.reason, "") << deed;
  }
}

TEST_F(IllPlugins, NoProcessOutlivesTheJob) {
  EXPECT_TRUE(RunDeed("daemons").ok());
  ExpectNoDaemon();
}

TEST_F(IllPlugins, NoProcessOutlivesACrash) {
  EXPECT_EQ(RunDeed("daemons_and_crash").status, Outcome::kCrashed);
  ExpectNoDaemon();
}

TEST_F(IllPlugins, NoProcessOutlivesTheTimeLimit) {
  EXPECT_EQ(RunDeed("daemons_and_hang", kHangTimeLimit).status, Outcome::kTimeout);
  ExpectNoDaemon();
}

TEST_F(IllPlugins, SignalsReachNobodyElse) {
  if (!FindContainment().own_processes) GTEST_SKIP() << "no process namespaces here";
  EXPECT_TRUE(RunDeed("kills_parent").ok());
  EXPECT_EQ(RunDeed("kills_group").status, Outcome::kCrashed);
  RunDeed("kills_all");  // that this test still runs is the point
}

TEST_F(IllPlugins, AStoppedWorkerMeetsItsTimeLimit) {
  EXPECT_EQ(RunDeed("stops_itself", kHangTimeLimit).status, Outcome::kTimeout);
}

TEST_F(IllPlugins, FilesOfOthersStayAsTheyAre) {
  if (!FindContainment().own_folders) GTEST_SKIP() << "no Landlock here";
  RunDeed("edits_others");
  EXPECT_EQ(*ReadTextFile(Path("victim/artifact")), "sound");
  EXPECT_FALSE(std::filesystem::exists(Path("victim/new")));
}

TEST_F(IllPlugins, ACutOrRemovedJobFolderEndsThatJobAlone) {
  EXPECT_EQ(RunDeed("cuts_breadcrumb").status, Outcome::kCrashed);
  RunDeed("removes_folder");  // it may still find a place for its answer
}

TEST_F(IllPlugins, WhatIsPrintedIsBoundedAndHarmless) {
  EXPECT_TRUE(RunDeed("floods_streams").ok());
  const JobOutcome outcome = RunDeed("escapes_in_log");
  EXPECT_EQ(outcome.status, Outcome::kCrashed);
  for (const std::string& line : outcome.log) {
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\x07'), std::string::npos);
  }
}

TEST_F(IllPlugins, TheNetworkIsNotReached) {
  if (!FindContainment().no_network) GTEST_SKIP() << "no network namespaces here";
  const FileDescriptor server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(server.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(server.get(), 5), 0);
  ASSERT_EQ(getsockname(server.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::ofstream(Path("victim/port")) << ntohs(address.sin_port);
  EXPECT_TRUE(RunDeed("network").ok());  // it exits with 77 where it gets through
}

TEST_F(IllPlugins, OneThatSleepsAtItsEndIsNamed) {
  const JobOutcome outcome = RunDeed("sleeps_in_deinit", kHangTimeLimit);
  if (outcome.status == Outcome::kTimeout) {
    EXPECT_THAT(outcome.reason, HasSubstr("sleeps_in_deinit"));
  } else {
    EXPECT_TRUE(outcome.ok()) << outcome.reason;  // it is never unloaded
  }
}

// What stands in a row is of the file with the row's hash.
TEST_F(IllPlugins, AnArtifactThatWasChangedIsNotMeasured) {
  AccuracyJob job{.artifact = model(),
                  .artifact_sha256 = *Sha256HexOfFile(model()),
                  .runtime = Fake("fake_runtime"),
                  .samples = samples()};
  EXPECT_TRUE(Run(job).ok()) << Run(job).reason;
  Bytes bytes = *ReadFile(model());
  bytes.push_back(0);
  ASSERT_TRUE(WriteFileAtomically(model(), bytes).ok());
  const JobOutcome outcome = Run(job);
  EXPECT_EQ(outcome.status, Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("is no longer the file that was made"));
}

// Kills the first worker that is started below a folder, from outside.
class WorkerKiller {
 public:
  explicit WorkerKiller(std::string folder)
      : folder_(std::move(folder)), thread_([this] { Hunt(); }) {}
  ~WorkerKiller() { Stop(); }
  WorkerKiller(const WorkerKiller&) = delete;
  WorkerKiller& operator=(const WorkerKiller&) = delete;
  bool Stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    return hit_;
  }

 private:
  void Hunt() {
    while (!done_ && !hit_) {
      std::error_code error;
      for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        const std::string line{std::istreambuf_iterator<char>(file), {}};
        if (line.find("/bin/qbench-") == std::string::npos) continue;
        if (line.find(folder_) == std::string::npos) continue;
        const pid_t pid = std::stoi(entry.path().filename().string());
        if (kill(pid, SIGKILL) == 0) hit_ = true;
        break;
      }
    }
  }

  std::string folder_;
  std::atomic<bool> done_{false};
  std::atomic<bool> hit_{false};
  std::thread thread_;
};

TEST_F(IllPlugins, AWorkerThatLooksIsStartedAgainWhenItIsKilled) {
  int hits = 0;
  for (int i = 0; i < 20 && hits < 2; ++i) {
    WorkerKiller killer(Path("qbench-job-"));
    const JobOutcome outcome = Run(ImportJob{.model = model()});
    EXPECT_TRUE(outcome.ok()) << outcome.reason;
    hits += killer.Stop() ? 1 : 0;
  }
  EXPECT_GT(hits, 0) << "no worker was killed in time: the test shows nothing";
}

}  // namespace
}  // namespace qbench::jobs
