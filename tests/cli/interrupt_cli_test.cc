// Ctrl-C in the midst of what takes long: qbench and its children end, soon. The bounds are wide,
// as the machine that tests is busy; without the interruption each of these would take minutes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kInterrupted = 130;
// A hanging probe is given up after 20 s, and there are two.
constexpr double kSoon = 15;

bool HasChild(pid_t pid) { return !ChildrenOf(pid).empty(); }

class InterruptCliTest : public ::testing::Test {
 protected:
  // A plugin folder with this hostile plugin alone.
  std::vector<std::string> Only(const std::string& plugin) const {
    const fs::path folder = place_.File("plugins");
    fs::create_directories(folder);
    fs::copy_file(fs::path(QBENCH_BINARY_DIR) / "lib/qbench/hostile" / (plugin + ".so"),
                  folder / (plugin + ".so"), fs::copy_options::overwrite_existing);
    return {"QBENCH_PLUGIN_PATH=" + folder.string()};
  }

  static void ExpectInterrupted(const InterruptedAnswer& ended) {
    EXPECT_EQ(ended.answer.status, kInterrupted) << ended.answer.err;
    EXPECT_LT(ended.seconds, kSoon);
    EXPECT_TRUE(AllEnd(ended.children));
  }

  Workplace place_;
};

TEST_F(InterruptCliTest, WhilePluginsAreLookedAt) {
  const std::vector<std::string> hang = Only("hang_init");
  const std::string scenes = place_.SmallScenes(1).string();
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"plugin", "list"},
           {"doctor", "--no-peak"},
           {"quantize", "intel-cnn", "--plugins", "float", "-o", "x.tflite"},
           {"profile", "x.tflite"},
           place_.QuickRun({"intel-cnn", "--dataset", scenes})}) {
    SCOPED_TRACE(command[0]);
    const InterruptedAnswer ended = place_.RunAndInterrupt(command, hang, HasChild);
    ExpectInterrupted(ended);
    EXPECT_THAT(ended.answer.err, HasSubstr("interrupted"));
  }
}

TEST_F(InterruptCliTest, WhileAPluginMeasures) {
  const std::vector<std::string> hang = Only("hang_invoke");
  const std::string scenes = place_.SmallScenes(1).string();
  const fs::path decoded = place_.File("cache/qbench/tensors");
  const auto measuring = [&](pid_t pid) {
    std::error_code error;
    const bool split = fs::is_directory(decoded, error) && HasChild(pid);
    for (const pid_t child : split ? ChildrenOf(pid) : std::vector<pid_t>()) {
      const fs::path program = fs::read_symlink(fmt::format("/proc/{}/exe", child), error);
      std::ostringstream maps;
      maps << std::ifstream(fmt::format("/proc/{}/maps", child)).rdbuf();
      if (program.filename() == "qbench-worker" &&
          maps.str().find("hang_invoke.so") != std::string::npos) {
        return true;
      }
    }
    return false;
  };
  const InterruptedAnswer ended = place_.RunAndInterrupt(
      place_.QuickRun({"intel-cnn", "--dataset", scenes, "--plugins", "hang_invoke"}), hang,
      measuring);
  ExpectInterrupted(ended);
  EXPECT_THAT(ended.answer.err, HasSubstr("--resume"));
}

// A file that is never read to its end: what cannot look whether it shall stop.
class Blocking {
 public:
  explicit Blocking(fs::path path) : path_(std::move(path)) { mkfifo(path_.c_str(), 0600); }
  ~Blocking() {
    if (fd_ >= 0) close(fd_);
  }
  Blocking(const Blocking&) = delete;
  Blocking& operator=(const Blocking&) = delete;
  // Somebody reads it.
  bool IsRead() {
    if (fd_ < 0) fd_ = open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return fd_ >= 0;
  }

 private:
  fs::path path_;
  int fd_ = -1;
};

TEST_F(InterruptCliTest, WhatDoesNotLookIsEndedAllTheSame) {
  const std::string scenes = place_.SmallScenes(1).string();
  for (const int signals : {1, 2}) {
    SCOPED_TRACE(signals);
    const std::string recipe = place_.File(fmt::format("pipe{}.toml", signals)).string();
    Blocking pipe(recipe);
    const InterruptedAnswer ended = place_.RunAndInterrupt(
        place_.QuickRun(
            {"intel-cnn", "--dataset", scenes, "--plugins", "dynamic:recipe=" + recipe}),
        {}, [&](pid_t) { return pipe.IsRead(); }, signals);
    ExpectInterrupted(ended);
  }
}

}  // namespace
}  // namespace qbench::cli_test
